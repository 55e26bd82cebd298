"""The events of signals. Streams: `machine/<id>`, `signal/<proposal>`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from core.fact import Amount, Fact
from core.ids import AccountId, Digest, PersonId, ProposalId, Symbol
from core.orders.events import Side


class Purpose(StrEnum):
    """What a signal wants of a position."""

    ENTRY = "entry"
    EXIT = "exit"
    PROFIT_TAKE = "profit_take"
    STOP_LOSS = "stop_loss"


class StrategyAdmitted(Fact):
    """Operations let a strategy in: its signals draft in one advisor's book, in accounts switched on for it.

    `key_hash` is the sha256 of what `front` alone can derive, and presents to draft.
    """

    machine: Annotated[str, Field(pattern="^mch-[a-z0-9-]{1,40}$")]
    advisor: PersonId
    key_hash: Annotated[Digest, Field(pattern="^[0-9a-f]{64}$")]
    days: int = Field(ge=1, le=400)


class SignalsSwitched(Fact):
    """The account's advisor let a strategy's signals draft in one account, or no longer. Off until then."""

    machine: str
    account: AccountId
    on: bool


class SignalReceived(Fact):
    """A signal, read: what it wants of which position, and the proposal that it drafts in the same append."""

    machine: str
    proposal: ProposalId
    purpose: Purpose
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Amount = Field(gt=0)
    limit_price: Amount | None
