"""What one stated as a preference: shown to oneself, and erased. It changes no limit and approves nothing."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from ui.api.doors import At, Ticket
from ui.api.fields import PathId, Told

router = APIRouter(tags=["preferences"])


class PreferenceTold(Told):
    """In one's own words, out of the message in which one said it. `household`: what that conversation was
    about.
    """

    preference: str
    text: str
    household: str | None
    thread: str
    message: str
    kept_at: datetime


@router.get("/v1/preferences", response_model=tuple[PreferenceTold, ...], summary="One's own preferences")
async def preferences(at: At, ticket: Ticket) -> tuple[PreferenceTold, ...]:
    """What the copilot is shown of what one stated, oldest first."""
    found = await at.intake.preferences.mine(ticket)
    return tuple(
        PreferenceTold(
            preference=one.preference,
            text=one.text,
            household=one.household,
            thread=one.thread,
            message=one.message,
            kept_at=one.kept_at,
        )
        for one in found
    )


@router.delete("/v1/preferences/{preference}", status_code=204, summary="Erase one of them")
async def erase(preference: PathId, at: At, ticket: Ticket) -> None:
    """It is shown to nobody any more. The message in which one said it stays in the record."""
    await at.intake.preferences.erase(ticket, preference)
