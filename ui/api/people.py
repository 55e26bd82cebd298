"""People at work: one's own authenticator, who stands in for whom, and what compliance records of colleagues.

Rule 1: nothing is decided here: the database compares codes and passwords, and the append says yes or no.
Rule 2: a secret is shown once, to whoever asked for it with her password, and kept nowhere here.
"""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Annotated, Any, Final, Literal

import segno
from fastapi import APIRouter
from pydantic import BeforeValidator, SecretStr, StringConstraints, WithJsonSchema

from core.ids import AccountId, HouseholdId, PersonId
from core.ledger.envelope import Recorded
from core.settings import Secret
from ui.api.doors import At, Key, Ticket
from ui.api.fields import Ask, Id, PathId, Told

router = APIRouter(tags=["people at work"])

_SIX_DIGITS: Final = re.compile(r"[0-9]{3} ?[0-9]{3}", re.ASCII)


def _code(value: Any) -> Any:
    if not isinstance(value, str) or not _SIX_DIGITS.fullmatch(value):
        raise ValueError("a code has six digits")
    return value


Code = Annotated[SecretStr, BeforeValidator(_code), WithJsonSchema({"type": "string", "format": "password"})]
Password = Annotated[SecretStr, StringConstraints(min_length=1, max_length=200)]


class Authenticator(Told):
    """Whether one has an authenticator: then its code is asked for, else the password."""

    enrolled: bool


class OfferAsk(Ask):
    password: Password


class Offered(Told):
    """Shown once: the address that an authenticator reads, and the same as a picture. Secret until it is
    enrolled, and after."""

    uri: str
    picture: str  # SVG


class CodeAsk(Ask):
    code: Code


class Done(Told):
    seq: int
    repeated: bool


class Name(Ask):
    """`advisor` is for operations, who asks in an advisor's place; another person confirms that."""

    delegate: Id
    from_day: date
    until_day: date
    advisor: Id | None = None


class Named(Told):
    delegation: str
    seq: int
    repeated: bool


class Delegation(Told):
    """`status`: ASKED, NAMED or ENDED. Both days are included."""

    delegation: str
    advisor: str
    delegate: str
    from_day: date
    until_day: date
    named_by: str
    confirmed_by: str | None
    status: str


class Register(Ask):
    """The same registration from the same day again says when it ends, or that it does not."""

    registration: Literal["S7", "S14", "S24", "S66"]
    valid_from: date
    valid_until: date | None = None


class Pay(Ask):
    """All that somebody's pay depends on. Empty: on no account and nobody."""

    households: tuple[Id, ...] = ()
    accounts: tuple[Id, ...] = ()
    advisors: tuple[Id, ...] = ()


class ReportTo(Ask):
    reports_to: Id | None


class Relate(Ask):
    """All households of that person, or of the spouse."""

    related_households: tuple[Id, ...]


@router.get("/v1/me/authenticator", response_model=Authenticator, summary="Whether one has an authenticator")
async def authenticator(at: At, ticket: Ticket) -> Authenticator:
    return Authenticator(enrolled=await at.approval.stepping_up.enrolled(ticket))


@router.post(
    "/v1/me/authenticator", status_code=201, response_model=Offered, summary="A secret for an authenticator"
)
async def offer(ask: OfferAsk, at: At, ticket: Ticket) -> Offered:
    """It counts once a first code of it came; good for ten minutes until then."""
    offered = await at.approval.stepping_up.offer(ticket, _secret(ask.password))
    return Offered(uri=offered.uri.reveal(), picture=picture(offered.uri.reveal()))


@router.post("/v1/me/authenticator/enrol", response_model=Done, summary="Prove its first code")
async def enrol(ask: CodeAsk, at: At, ticket: Ticket) -> Done:
    return _done(await at.approval.stepping_up.enrol(ticket, _secret(ask.code)))


@router.post("/v1/me/authenticator/remove", response_model=Done, summary="Remove it, with a code of it")
async def remove(ask: CodeAsk, at: At, ticket: Ticket) -> Done:
    return _done(await at.approval.stepping_up.remove(ticket, _secret(ask.code)))


@router.get("/v1/delegations", response_model=tuple[Delegation, ...], summary="Who stands in for whom")
async def delegations(at: At, ticket: Ticket) -> tuple[Delegation, ...]:
    return tuple(
        Delegation(
            delegation=one.delegation,
            advisor=one.advisor,
            delegate=one.delegate,
            from_day=one.from_day,
            until_day=one.until_day,
            named_by=one.named_by,
            confirmed_by=one.confirmed_by,
            status=one.status,
        )
        for one in await at.approval.staff.delegations(ticket)
    )


@router.post("/v1/delegations", status_code=201, response_model=Named, summary="Name who stands in for one")
async def name_delegate(ask: Name, at: At, ticket: Ticket, key: Key) -> Named:
    """She may submit and withdraw in the advisor's place, and sees her book, on these business days."""
    delegation, recorded = await at.approval.staff.name_delegate(
        ticket,
        PersonId(ask.advisor) if ask.advisor else None,
        PersonId(ask.delegate),
        (ask.from_day, ask.until_day),
        key=key,
    )
    return Named(delegation=delegation, seq=recorded.seq, repeated=recorded.duplicate)


@router.post(
    "/v1/delegations/{delegation}/confirm", response_model=Done, summary="Confirm what operations asked"
)
async def confirm_delegate(delegation: PathId, at: At, ticket: Ticket) -> Done:
    return _done(await at.approval.staff.confirm_delegate(ticket, delegation))


@router.post("/v1/delegations/{delegation}/end", response_model=Done, summary="End it now")
async def end_delegate(delegation: PathId, at: At, ticket: Ticket) -> Done:
    return _done(await at.approval.staff.end_delegate(ticket, delegation))


@router.post("/v1/people/{person}/registrations", response_model=Done, summary="Record a registration's term")
async def register(person: PathId, ask: Register, at: At, ticket: Ticket) -> Done:
    return _done(
        await at.approval.staff.register(
            ticket, PersonId(person), ask.registration, ask.valid_from, ask.valid_until
        )
    )


@router.post("/v1/people/{person}/pay", response_model=Done, summary="Record what somebody's pay depends on")
async def pay(person: PathId, ask: Pay, at: At, ticket: Ticket) -> Done:
    return _done(
        await at.approval.staff.pay(
            ticket,
            PersonId(person),
            households=tuple(HouseholdId(one) for one in ask.households),
            accounts=tuple(AccountId(one) for one in ask.accounts),
            advisors=tuple(PersonId(one) for one in ask.advisors),
        )
    )


@router.post("/v1/people/{person}/reports-to", response_model=Done, summary="Record to whom somebody reports")
async def report_to(person: PathId, ask: ReportTo, at: At, ticket: Ticket) -> Done:
    superior = PersonId(ask.reports_to) if ask.reports_to else None
    return _done(await at.approval.staff.report_to(ticket, PersonId(person), superior))


@router.post(
    "/v1/people/{person}/related", response_model=Done, summary="Record somebody's related households"
)
async def relate(person: PathId, ask: Relate, at: At, ticket: Ticket) -> Done:
    households = tuple(HouseholdId(one) for one in ask.related_households)
    return _done(await at.approval.staff.relate(ticket, PersonId(person), households))


def picture(uri: str) -> str:
    """The address as an SVG that every authenticator reads, made here: no picture is fetched."""
    out = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        out, kind="svg", scale=5, border=4, xmldecl=False, svgns=True
    )
    return out.getvalue().decode()


def _secret(typed: SecretStr) -> Secret:
    return Secret(typed.get_secret_value())


def _done(recorded: Recorded) -> Done:
    return Done(seq=recorded.seq, repeated=recorded.duplicate)
