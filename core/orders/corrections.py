"""What a venue takes back or changes after it reported an execution, and what a custodian did not settle.

Streams: `order/<order>` for the first two, beside the execution that they name; `trade/<order>/<trade date>`.

Rule 1: a correction is a new fact. It names the execution and says what that was booked as until now: `was`.
Rule 2: corrections of one execution are numbered from one; each follows the one before. None follows a bust.
Rule 3: an order's share of its block is corrected when what the block executed is, or how it was shared.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from core.fact import Amount, Fact
from core.ids import AccountId, OrderId, Symbol, VenueName
from core.orders.events import Part, Side


class Booked(Part):
    """What one execution stands at. Price is dollars per share, fee dollars."""

    quantity: Amount = Field(gt=0)
    price: Amount = Field(gt=0)
    fee: Amount = Field(ge=0)
    dollars: Amount | None = None  # the value of a share of a block, as it was worked out


class TradeBusted(Fact):
    """The venue took an execution back whole: it did not happen. FIX 4.4 ExecType (150) = H, Trade Cancel."""

    VERSION: ClassVar[int] = 2
    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    execution: str
    revision: int = Field(ge=1)
    was: Booked
    venue: VenueName
    trade_date: str  # ISO date: of the execution
    reason: str  # the venue's words


class TradeCorrected(Fact):
    """The venue changed an execution. FIX 4.4 ExecType (150) = G, Trade Correct."""

    VERSION: ClassVar[int] = 2
    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    execution: str
    revision: int = Field(ge=1)
    was: Booked
    now: Booked
    venue: VenueName
    trade_date: str
    reason: str


class TradeFailedToSettle(Fact):
    """The settlement date came, and the custodian did not settle it. It stays due until it does."""

    order: OrderId
    account: AccountId
    trade_date: str
    session: str  # ISO date: the business day on which it did not
    reason: str  # the custodian's words


Correction = TradeBusted | TradeCorrected
