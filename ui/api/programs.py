"""Keys of programs that place orders: operations gives and takes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from core.ids import PersonId
from ui.api.doors import At, Ticket
from ui.api.fields import Ask, Id, Told

router = APIRouter(tags=["programs"])

NAME = r"^mch-[a-z0-9-]{1,40}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
PathName = Annotated[str, Path(pattern=NAME)]


class Admit(Ask):
    """`days`: how long the key is good."""

    machine: Name
    advisor_id: Id
    days: int = Field(ge=1, le=400, strict=True)


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
    key = await at.approval.machines.admit(ticket, ask.machine, PersonId(ask.advisor_id), days=ask.days)
    return Admitted(machine=ask.machine, advisor_id=ask.advisor_id, key=key)


@router.delete("/v1/programs/{machine}", response_model=Dismissed, summary="A program's key ends")
async def dismiss(machine: PathName, at: At, ticket: Ticket) -> Dismissed:
    return Dismissed(machine=machine, seq=(await at.approval.machines.dismiss(ticket, machine)).seq)
