"""Why a trade proposal is made, as a card shows it: the advisor's adopted words, or a model's draft of them.

Rule 1: a draft is of the copilot's answer in the conversation that the proposal was drafted in. It is shown
    as a draft and stands in no decision until she adopts it.
Rule 2: of that answer the reasons alone: what is to be done, what it does to each account, what was noted.
    The orders, the other ways and what comes next stand on the card beside it.
"""

from __future__ import annotations

import re
from typing import Final

from core.book.views import ProposalView
from ui.api.doors import Doors
from ui.api.fields import Told

_OPENS: Final = "The proposal to "
_CITED: Final = re.compile(r"\s*\[(?:tool|passage)/[^\]\s]+\]")
_STANDS_BESIDE: Final = re.compile(
    r"- (?:(?:buy|sell) [\d,.]+ |beside it, |needs a written reason, |and \d+ more orders, )", re.IGNORECASE
)


class Rationale(Told):
    """`by` is the person whose words they are; null: a model's draft, which nobody has adopted. `drafted_in`
    is the message whose answer holds the draft: an advisor who adopts it names it."""

    text: str
    by: str | None
    drafted_in: str | None


async def rationale_of(at: Doors, ticket: str, view: ProposalView) -> Rationale | None:
    """What stands in the submission; before it, what the copilot said of it, where she may read that."""
    if view.rationale is not None:
        (text,) = await at.intake.clear(ticket, "rationale", [view.rationale.text])
        return Rationale(text=text, by=view.rationale.by, drafted_in=view.rationale.drafted_in)
    if view.status != "ASSESSED" or view.agent is None or view.thread is None:
        return None
    said = await at.intake.messages(ticket, view.thread)
    drafts = [one for one in said if one.role == "copilot" and one.trace == view.trace]
    if not drafts:
        return None
    return Rationale(text=reasons(drafts[-1].text), by=None, drafted_in=drafts[-1].message)


def reasons(answer: str) -> str:
    """Why, of an answer that tells of a proposal; the answer itself where it tells of none."""
    lines = [_CITED.sub("", line).strip() for line in answer.splitlines()]
    begins = [n for n, line in enumerate(lines) if line.startswith(_OPENS)]
    if not begins:
        return answer
    told = [lines[begins[-1]]]
    for line in lines[begins[-1] + 1 :]:
        if not line.startswith("- "):
            break
        if not _STANDS_BESIDE.match(line):
            told.append(line)
    return "\n".join(told)
