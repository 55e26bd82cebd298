"""What a correction is about, as a card and a ticket show it: the order, and why, as operations wrote it."""

from __future__ import annotations

from core.book.views import ProposalView
from ui.api.doors import Doors
from ui.api.fields import Told


class Corrects(Told):
    order: str
    cause: str


async def corrects_of(at: Doors, ticket: str, view: ProposalView) -> Corrects | None:
    """None: it is a usual proposal."""
    if view.corrects is None or view.cause is None:
        return None
    (cause,) = await at.intake.clear(ticket, "cause", [view.cause])
    return Corrects(order=view.corrects, cause=cause)
