"""Signing in and out, and who one is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import SecretStr, StringConstraints

from core.errors import NotPermitted, SignInRequired
from core.people.sessions import Session
from ui.api.doors import At, Doors, Ticket
from ui.api.fields import Ask, Told
from ui.api.problems import TooManyTries

router = APIRouter(tags=["sessions"])

LOCKED_FOR: Final = timedelta(minutes=15)  # the database counts wrong passwords by login

Login = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._@-]+$")]


class SignIn(Ask):
    login: Login
    password: Annotated[SecretStr, StringConstraints(min_length=1, max_length=200)]


class SignedIn(Told):
    """`ticket` is a secret: whoever holds it is this person until `expires_at`."""

    ticket: str
    person: str
    role: str
    expires_at: datetime


class Me(Told):
    person: str
    login: str
    role: str
    name: str
    registrations: tuple[str, ...]


@router.post("/v1/sessions", status_code=201, response_model=SignedIn, summary="Sign in")
async def sign_in(ask: SignIn, at: At, request: Request) -> SignedIn:
    """A ticket for a login and its password. Which of the two was wrong is not said."""
    session = await signed_in(at, address_of(request), ask.login, ask.password.get_secret_value())
    person = await at.intake.whoami(session.ticket)
    return SignedIn(
        ticket=session.ticket, person=session.person, role=person.role, expires_at=session.expires_at
    )


async def signed_in(at: Doors, address: str, login: str, password: str) -> Session:
    """The session for a right password.

    Raises:
        SignInRequired: login or password is wrong.
        TooManyTries: too many wrong ones came from this address.
    """
    at.tries.look(address)
    try:
        return await at.intake.sign_in(login, password)
    except SignInRequired:
        at.tries.was_wrong(address)
        raise
    except NotPermitted as no:
        wait = LOCKED_FOR // timedelta(seconds=1)
        raise TooManyTries(no.says, fix=no.fix, wait_seconds=wait) from no


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


@router.delete("/v1/sessions", status_code=204, summary="Sign out")
async def sign_out(at: At, ticket: Ticket) -> Response:
    """The ticket ends now, here and in the copilot."""
    await at.intake.sign_out(ticket)
    return Response(status_code=204)


@router.get("/v1/me", response_model=Me, summary="Who one is")
async def me(at: At, ticket: Ticket) -> Me:
    person = await at.intake.whoami(ticket)
    return Me(
        person=person.person,
        login=person.login,
        role=person.role,
        name=person.name,
        registrations=tuple(person.registrations),
    )
