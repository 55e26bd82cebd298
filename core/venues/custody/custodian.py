"""The port to a custodian: what it holds, what has settled, and how a block is to be shared.

Rule 1: an expected answer is a value. `WorldFailed` means that it gave none that can be used: nothing is
    known then, and nobody may say that anything agrees.
Rule 2: its word is its own: what it has been told by the venues, never what the firm booked. Of a block,
    which no account has by itself, the firm instructs it; it takes that only where it adds up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, Protocol

from core.ids import AccountId, CustodianId, OrderId

State = Literal["settled", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What an account has of a block's trade date, as the custodian has it. Dollars and fee in cents."""

    quantity: Decimal
    dollars: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class BlockHeld:
    """One trade date of a block that venues reported to it. `parts` is empty until it is told who has it."""

    block: OrderId
    trade_date: str
    parts: Mapping[OrderId, Shared]


@dataclass(frozen=True, slots=True)
class Statement:
    """What it has on one business day: shares by account and symbol, and dollars by account.

    `blocks` are those of which nothing has settled yet.
    """

    custodian: CustodianId
    simulated: bool
    session: date
    positions: Mapping[tuple[AccountId, str], Decimal]
    cash: Mapping[AccountId, Decimal]
    settled: Mapping[AccountId, Decimal]
    blocks: tuple[BlockHeld, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One account's part of what a block executed on one trade date, as the firm instructs it."""

    order: OrderId
    account: AccountId
    quantity: Decimal
    dollars: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Instruction:
    """How the firm shares one trade date of a block."""

    block: OrderId
    trade_date: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """What it says of a trade whose settlement date has come. `why` is its reason where it failed."""

    state: State
    why: str = ""


class Custodian(Protocol):
    """One custodian. Every method may raise `WorldFailed`: it gave no answer that can be used."""

    @property
    def name(self) -> CustodianId: ...

    async def statement(self, session: date, *, timeout: timedelta) -> Statement:
        """Its word on that business day."""
        ...

    async def settlements(
        self, trades: Sequence[str], session: date, *, timeout: timedelta
    ) -> Mapping[str, Word]:
        """What became of these trades (`order/trade date`) by that business day, each of them."""
        ...

    async def allocate(self, told: Instruction, *, timeout: timedelta) -> bool:
        """Instruct it of a block. False: that is not what venues reported, and it stays as it was."""
        ...
