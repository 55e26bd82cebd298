"""The free text of steps on its way to the record: sealed for its subject, and kept once where it is long.

Rule 1: whatever may hold a client's words leaves this process sealed. One call seals many texts.
Rule 2: a large text is kept before the entry that names it; where it cannot be kept, there is no entry.
Rule 3: a text that this request has sealed before is not sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.errors import NotFound
from core.fact import Sealed, Words
from core.ids import SubjectId
from tools.contract import Turn

FIELD: Final = "step"
LONGEST: Final = 190_000  # characters of one text; what is longer is cut, and says so
CUT: Final = "\n[the rest was left out of the record]"
AT_ONCE: Final = 90  # texts in one request


async def speaker(turn: Turn) -> SubjectId:
    """Whose words a thread holds: its household's, or the advisor's own where none is pinned.

    Raises:
        NotFound: the asker has no book.
    """
    if turn.household is not None:
        return SubjectId(turn.household)
    lines = await turn.desk.households()
    if not lines:
        raise NotFound("there are no households in your book", fix="ask operations to assign you some")
    return SubjectId(lines[0].advisor)


async def words_of(turn: Turn, texts: Sequence[str]) -> tuple[Words, ...]:
    """What entries carry of these texts, in order.

    Raises:
        WorldFailed: they could not be sealed or kept.
        Refused: they may not be kept.
    """
    subject = await speaker(turn)
    cut = [text if len(text) <= LONGEST else text[:LONGEST] + CUT for text in texts]
    fresh = [text for text in dict.fromkeys(cut) if (subject, text) not in turn.worded]
    for start in range(0, len(fresh), AT_ONCE):
        some = fresh[start : start + AT_ONCE]
        sealed = await turn.people.seal(subject, [(FIELD, text) for text in some])
        found = await turn.desk.keep(sealed)
        turn.worded.update(zip([(subject, text) for text in some], found, strict=True))
    return tuple(turn.worded[subject, text] for text in cut)


async def of_a_call(turn: Turn, ask: str, told: str) -> tuple[Sealed, Words]:
    """A question, which stays in its entry, and what was told: one request for both."""
    subject = await speaker(turn)
    asked, observed = await turn.people.seal(subject, [("ask", ask), (FIELD, told)])
    [words] = await turn.desk.keep([observed])
    turn.worded[subject, told] = words
    return asked, words
