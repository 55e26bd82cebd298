"""Which households need their advisor today, and why, in dollars."""

from __future__ import annotations

from fastapi import APIRouter

from core.plan.worklist import worklist
from ui.api.doors import At, Ticket
from ui.api.fields import Amount, Told
from ui.api.names import household_names

router = APIRouter(tags=["worklist"])


class Need(Told):
    """One reason why one household needs its advisor. `rank` 1 is first; `dollars` is what it is about."""

    rank: int
    household: str
    name: str
    account: str | None
    reason: str
    says: str
    dollars: Amount


@router.get("/v1/worklist", response_model=tuple[Need, ...], summary="Who needs the advisor, ranked")
async def needs(at: At, ticket: Ticket) -> tuple[Need, ...]:
    """Empty when nobody does."""
    pictures = await at.intake.pictures(ticket)
    names = await household_names(at, ticket, await at.intake.households(ticket))
    return tuple(
        Need(
            rank=n.rank,
            household=n.household,
            name=names[n.household],
            account=n.account,
            reason=n.reason,
            says=n.says,
            dollars=n.dollars,
        )
        for n in worklist(pictures)
    )
