"""The lines of a venue's socket session, as both sides write them: JSON, one object a line, over TCP.

The other side speaks first: `{"hello": {"venue", "key", "session", "got"}}`. The venue answers
`{"welcome": {"venue", "simulated", "resumed", "seen", "beat_ms"}}`, or `{"bye": "why"}` and ends.
A question is `{"n", "ask", ...}`: `n` counts from one without a gap. Its answer is
`{"s", "n", "status", "told"}`: `s` counts the answers, in whatever order they are ready. `{"beat": k}` shows
that a side is there, and tells the venue that answers up to `k` have come.

Rule 1: a session outlives its connection. Who comes back with its name and the last `s` that it got is told
    which question the venue saw last, and gets again every answer after `got`. So what never arrived is known
    to have never arrived, and what was answered is not in doubt.
Rule 2: a session that the venue does not know (it was started anew) is a new one: what was asked is in doubt.
Rule 3: a gap in `n` or `s`, a line that is no object or too long, or silence for three beats ends it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final

import msgspec

LONGEST_LINE: Final = 1 << 22  # bytes: a page of five hundred reports fits
BEAT: Final = timedelta(seconds=1)
SILENT_BEATS: Final = 3
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])
_ENCODER: Final = msgspec.json.Encoder()


def line(**fields: Any) -> bytes:
    return _ENCODER.encode(fields) + b"\n"


async def next_line(reader: asyncio.StreamReader, within: timedelta) -> dict[str, Any] | None:
    """The next object; None where the other side is done, silent for too long, or speaks something else."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            return _DECODER.decode(await reader.readuntil(b"\n"))
    except (
        asyncio.IncompleteReadError,
        asyncio.LimitOverrunError,
        ConnectionError,
        TimeoutError,
        msgspec.DecodeError,
        ValueError,
    ):
        return None
