"""The free text of steps on its way to the record: sealed for its subject, and kept once where it is long.

Rule 1: whatever may hold a client's words leaves this process sealed. One call seals many texts.
Rule 2: a large text is kept before the entry that names it; where it cannot be kept, there is no entry.
Rule 3: a text that this request has sealed before is not sent again.
Rule 4: a step that waits for what comes of it has its texts beside it in clear, in this process and in its
    sealed checkpoint; its entry has them sealed, and no entry is made before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from core.errors import NotFound
from core.fact import Sealed, Words
from core.ids import SubjectId
from core.people.events import DecisionTaken, Read, RunBegun, StepTaken
from tools.contract import GraphStep, Turn

FIELD: Final = "step"
UNSEALED: Final = Words()  # of a text that stands beside its step until that goes on record
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
    if turn.worded:
        return next(subject for subject, _ in turn.worded)  # as it was for what was sealed before
    lines = await turn.desk.households()
    if not lines:
        raise NotFound("there are no households in your book", fix="ask operations to assign you some")
    return SubjectId(lines[0].advisor)


async def words_of(turn: Turn, texts: Sequence[str], ask: str | None = None) -> tuple[Words, ...]:
    """What entries carry of these texts, in order. Last, where there is one, of a question: that is sealed in
    its entry however long it is.

    Raises:
        WorldFailed: they could not be sealed or kept.
        Refused: they may not be kept.
    """
    if not texts and ask is None:
        return ()
    subject = await speaker(turn)
    cut = [text if len(text) <= LONGEST else text[:LONGEST] + CUT for text in texts]
    fresh = [text for text in dict.fromkeys(cut) if (subject, text) not in turn.worded]
    asked = [] if ask is None else [("ask", ask)]
    wanted = [*asked, *((FIELD, text) for text in fresh)]
    sealed: list[Sealed] = []
    for start in range(0, len(wanted), AT_ONCE):
        sealed += await turn.people.seal(subject, wanted[start : start + AT_ONCE])
    own = [Words(sealed=one) for one in sealed[: len(asked)]]
    if fresh:
        found = await turn.desk.keep(sealed[len(asked) :])
        turn.worded.update(zip([(subject, text) for text in fresh], found, strict=True))
    return (*(turn.worded[subject, text] for text in cut), *own)


def kept_as(turn: Turn, text: str) -> Words | None:
    """What an entry carries of a text that this request has sealed before."""
    if not turn.worded:
        return None
    return turn.worded.get((next(subject for subject, _ in turn.worded), text))


def worded(fact: GraphStep, words: Iterator[Words]) -> GraphStep:
    """The step with its words, where they were not sealed yet: one for each."""
    match fact:
        case StepTaken(thought=thought) if thought is not None:
            read = tuple(
                one if one.words != UNSEALED else Read(by=one.by, words=next(words)) for one in thought.read
            )
            said = next(words) if thought.said == UNSEALED else thought.said
            whole = thought.model_copy(update={"read": read, "said": said})
            return fact.model_copy(update={"thought": whole})
        case DecisionTaken(why=why) if why == UNSEALED:
            return fact.model_copy(update={"why": next(words)})
        case RunBegun(words=shown) if shown == UNSEALED:
            return fact.model_copy(update={"words": next(words)})
    return fact
