"""What stands behind the sentences of an answer: from the record and the library, not from the copilot.

Rule 1: source number n of an answer is the n-th that it cites; `[n]` in its text means that one.
Rule 2: a tool's source is its `ToolCalled` entry: which tool, of which state of the book, as of when.
Rule 3: a source that this person may not see is named and not opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.book.views import JournalLine
from core.errors import NotFound
from core.ids import TraceId
from core.intake import MessageView
from ui.api.doors import Doors
from ui.api.fields import Told


class Source(Told):
    """`says` names it for people. A passage has its `text`; a tool's answer has its `entry` in the record,
    what the figures are of (`of`, as "book at entry 812") and the market time `as_of`."""

    number: int
    source: str
    says: str
    text: str | None = None
    tool: str | None = None
    of: str | None = None
    as_of: datetime | None = None
    entry: int | None = None


async def sources_of(
    at: Doors, ticket: str, said: Sequence[MessageView]
) -> Mapping[tuple[str, ...], tuple[Source, ...]]:
    """The sources of each answer, by what it cites."""
    cites = {cited_by(message): message for message in said if message.cited}
    calls = await _calls(at, ticket, {message.trace for message in cites.values()})
    passages = {
        source: await _passage(at, ticket, source)
        for source in dict.fromkeys(one for cited in cites for one in cited if one.startswith("passage/"))
    }
    return {
        cited: tuple(_source(n, source, calls, passages) for n, source in enumerate(cited, start=1))
        for cited in cites
    }


def cited_by(message: MessageView) -> tuple[str, ...]:
    """The sources of one answer in the order of their numbers."""
    return tuple(dict.fromkeys(one.source for one in message.cited))


async def _calls(at: Doors, ticket: str, traces: Iterable[TraceId]) -> Mapping[str, JournalLine]:
    lines = [line for trace in traces for line in await at.intake.trace(ticket, trace)]
    return {f"tool/{line.payload['call']}": line for line in lines if line.event_type == "ToolCalled"}


async def _passage(at: Doors, ticket: str, source: str) -> dict[str, Any]:
    number = source.removeprefix("passage/")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return {"says": "a passage that is not stored"}
    try:
        found = await at.intake.library.passage(ticket, int(number))
    except NotFound:
        return {"says": "a passage that you may not see"}
    return {"says": f"{found.title}, {found.source}, {found.dated}", "text": found.text}


def _source(
    number: int, source: str, calls: Mapping[str, JournalLine], passages: Mapping[str, dict[str, Any]]
) -> Source:
    if source in passages:
        return Source(number=number, source=source, **passages[source])
    line = calls.get(source)
    if line is None:
        return Source(number=number, source=source, says="a look-up that is not in this record")
    tool = str(line.payload["tool"])
    return Source(
        number=number,
        source=source,
        says=tool.replace("_", " "),
        tool=tool,
        of=line.payload.get("source"),
        as_of=line.payload.get("as_of"),
        entry=line.seq,
    )
