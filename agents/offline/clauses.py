"""One message, several requests: where it is cut, and which pieces ask for nothing.

Rule 1: every piece stands in the message letter by letter.
Rule 2: a piece is a request of its own only where it reads as one; what does not goes with what is before it.
Rule 3: behind a trade, "and" and a comma begin a new request only with a word of doing or asking: "with the
    oldest lots, and no more than $5,000 of gains" belongs to the trade.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

MOST: Final = 4  # requests of one message
_CUT: Final = re.compile(
    r"(?<=[.!?;])\s+(?=\S)|,?\s+(?:and then|then|and also|and|also|plus|oh and)\s+(?=\S)"
    r"|[,:]\s+(?:then\s+|and\s+)?(?=\S)"
    r"|\s+[-–—]\s+(?=\S)",
    re.IGNORECASE,
)
_BEGINS: Final = re.compile(
    r"(?:please |can you |could you |let me know |let's |we (?:need|want) to |i (?:need|want) (?:to )?"
    r"|also |now |just )*"
    r"(?:what|which|how|who|when|why|is|are|does|do|did|has|have|tell|show|see|check|give|list|look"
    r"|compare|explain"
    r"|draft|write|compose|prepare|sell|buy|purchase|acquire|pick up|offload|unload|trim|rebalance"
    r"|re-balance|harvest"
    r"|raise|invest|deploy|exit|unwind|cancel|bring|free up|summari[sz]e|any)\b",
    re.IGNORECASE,
)


def pieces(text: str, reads: Callable[[str], str | None], trades: frozenset[str]) -> list[str]:
    """The requests of the text in its order; the whole text where it is one.

    `reads` names what a piece asks for, None where it asks for nothing by itself; `trades` are the names of
    what is drafted.
    """
    found: list[tuple[int, int, str]] = []
    starts = [0, *(cut.end() for cut in _CUT.finditer(text))]
    ends = [*(cut.start() for cut in _CUT.finditer(text)), len(text)]
    for start, end in zip(starts, ends, strict=True):
        name = reads(text[start:end])
        drafted = bool(found) and found[-1][2] in trades
        if name is None or (drafted and not _BEGINS.match(text, start)):
            if found:
                found[-1] = (found[-1][0], end, found[-1][2])
        elif found and found[-1][2] == name and name not in trades:
            found[-1] = (found[-1][0], end, name)
        else:
            found.append((start, end, name))
    if not 2 <= len(found) <= MOST:
        return [text]
    return [text[start:end].strip(" ,;") for start, end, _ in found]
