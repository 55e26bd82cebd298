"""Why a trade proposal is made, as a card shows it: the advisor's adopted words, or a model's draft of them.

Rule 1: a draft is the copilot's answer in the conversation that the proposal was drafted in. It is shown as a
    draft and stands in no decision until she adopts it.
"""

from __future__ import annotations

from core.book.views import ProposalView
from ui.api.doors import Doors
from ui.api.fields import Told


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
    return Rationale(text=drafts[-1].text, by=None, drafted_in=drafts[-1].message)
