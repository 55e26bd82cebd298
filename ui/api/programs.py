"""Keys of programs that place orders: operations gives and takes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from core.ids import AccountId, PersonId
from ui.api.doors import At, Ticket
from ui.api.fields import Ask, Id, Told

router = APIRouter(tags=["programs"])

NAME = r"^mch-[a-z0-9-]{1,40}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
PathName = Annotated[str, Path(pattern=NAME)]


class Admit(Ask):
    """`days`: how long the key is good. `signals`: a strategy, whose webhook signs with the key."""

    machine: Name
    advisor_id: Id
    days: int = Field(ge=1, le=400, strict=True)
    signals: bool = Field(default=False, strict=True)


class Switch(Ask):
    account_id: Id
    on: bool = Field(strict=True)


class Switched(Told):
    machine: str
    account_id: str
    on: bool
    seq: int


class Admitted(Told):
    """`key` is a secret, and is shown this once."""

    machine: str
    advisor_id: str
    key: str


class Dismissed(Told):
    machine: str
    seq: int


@router.post("/v1/programs", status_code=201, response_model=Admitted, summary="A key for a program")
async def admit(ask: Admit, at: At, ticket: Ticket) -> Admitted:
    """Operations admits a program. It drafts orders in that advisor's book, and can do nothing else."""
    machines, advisor = at.approval.machines, PersonId(ask.advisor_id)
    admitting = machines.admit_strategy if ask.signals else machines.admit
    key = await admitting(ticket, ask.machine, advisor, days=ask.days)
    return Admitted(machine=ask.machine, advisor_id=ask.advisor_id, key=key)


@router.post("/v1/programs/{machine}/signals", response_model=Switched, summary="Signals on or off")
async def switch(machine: PathName, ask: Switch, at: At, ticket: Ticket) -> Switched:
    """The account's advisor lets a strategy's signals draft in it. Off until she does."""
    said = await at.approval.machines.switch(ticket, machine, AccountId(ask.account_id), on=ask.on)
    return Switched(machine=machine, account_id=ask.account_id, on=ask.on, seq=said.seq)


@router.delete("/v1/programs/{machine}", response_model=Dismissed, summary="A program's key ends")
async def dismiss(machine: PathName, at: At, ticket: Ticket) -> Dismissed:
    return Dismissed(machine=machine, seq=(await at.approval.machines.dismiss(ticket, machine)).seq)
