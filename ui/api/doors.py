"""What a route stands in front of: the two doors of this process, the line to the copilot, and who asks.

Rule 1: a route holds no pool, no key and no login; it asks a door, with the caller's own ticket.
Rule 2: a ticket comes in the Authorization header and nowhere else: no cookie, no query, no body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, cast

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.clock import Clock
from core.direct.askers import KEY_BEGINS
from core.errors import SignInRequired
from core.gate.approval import Approval
from core.halts.door import Halting
from core.intake import Intake
from core.settings import Secret
from ui.api.problems import KeyMissing
from ui.api.relay import CopilotLine, Turns
from ui.api.tries import Tries


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything that the routes of this process use."""

    intake: Intake
    approval: Approval
    halting: Halting
    copilot: CopilotLine
    turns: Turns
    tries: Tries
    clock: Clock
    loopback: Secret


def doors(request: Request) -> Doors:
    """The doors of the process that serves this request."""
    return cast(Doors, request.app.state.doors)


_bearer: Final = HTTPBearer(auto_error=False, description="the ticket that POST /v1/sessions answered")


def ticket(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """The caller's ticket, not yet looked at.

    Raises:
        SignInRequired: there is none.
    """
    if given is None or not given.credentials or len(given.credentials) > 512:
        raise SignInRequired(
            "no ticket was presented", fix="sign in, then send 'Authorization: Bearer <ticket>'"
        )
    if given.credentials.startswith(KEY_BEGINS):
        raise SignInRequired("a program's key places orders and nothing else", fix="sign in as a person")
    return given.credentials


def ticket_or_key(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """A person's ticket or a program's key, not yet looked at.

    Raises:
        SignInRequired: there is neither.
    """
    if given is not None and given.credentials.startswith(KEY_BEGINS) and len(given.credentials) <= 512:
        return given.credentials
    return ticket(given)


def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="the caller's own, one for each thing it wants; the same key gets the first answer",
            pattern=r"^[A-Za-z0-9._:-]{8,100}$",
        ),
    ] = None,
) -> str:
    """The caller's key for what this request creates.

    Raises:
        KeyMissing: there is none, so that a second click could create a second thing.
    """
    if key is None:
        raise KeyMissing(
            "the Idempotency-Key header is missing",
            fix="send one of 8 to 100 letters, digits or dashes; the same one when you try again",
            field="Idempotency-Key",
        )
    return key


At = Annotated[Doors, Depends(doors)]
Ticket = Annotated[str, Depends(ticket)]
TicketOrKey = Annotated[str, Depends(ticket_or_key)]
Key = Annotated[str, Depends(idempotency_key)]
