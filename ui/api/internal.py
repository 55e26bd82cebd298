"""What the copilot may ask of this process: clear text of its ticket's book, and seals for what it keeps.

Rule 1: loopback only, with the shared secret; anybody else finds no such path.
Rule 2: the ticket decides, as it does everywhere: the copilot opens nothing that its person may not see.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import Field

from core.errors import NotFound
from core.fact import Sealed
from core.ids import SubjectId
from ui.api.doors import At
from ui.api.fields import Ask, Id, Told
from ui.api.relay import SECRET_HEADER

Name = Literal["name", "born_on", "message", "answer", "ask", "step", "reason", "comment", "email"]


def from_the_copilot(
    request: Request, at: At, secret: Annotated[str, Header(alias=SECRET_HEADER, max_length=200)] = ""
) -> None:
    """Lets the copilot in.

    Raises:
        NotFound: it is not the loopback, or the secret is wrong.
    """
    client = request.client.host if request.client else ""
    if not is_loopback(client) or not hmac.compare_digest(secret.encode(), at.loopback.reveal().encode()):
        raise NotFound("there is nothing here", fix="check the path in /openapi.json")


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


router = APIRouter(include_in_schema=False, dependencies=[Depends(from_the_copilot)])


class Clear(Ask):
    ticket: str = Field(max_length=512)
    field: Name
    sealed: tuple[Sealed, ...] = Field(max_length=2000)


class Cleared(Told):
    clear: tuple[str, ...]


class Unsealed(Ask):
    field: Name
    text: str = Field(max_length=200_000)


class Seal(Ask):
    ticket: str = Field(max_length=512)
    subject: Id
    words: tuple[Unsealed, ...] = Field(max_length=100)


class SealedWords(Told):
    sealed: tuple[Sealed, ...]


@router.post("/internal/clear", response_model=Cleared)
async def clear(ask: Clear, at: At) -> Cleared:
    return Cleared(clear=tuple(await at.intake.clear(ask.ticket, ask.field, ask.sealed)))


@router.post("/internal/seal", response_model=SealedWords)
async def seal(ask: Seal, at: At) -> SealedWords:
    words = [(one.field, one.text) for one in ask.words]
    return SealedWords(sealed=await at.intake.seal(ask.ticket, SubjectId(ask.subject), words))
