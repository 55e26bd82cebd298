"""The events of blocks: orders of one batch that go to a venue as one. Streams: `order/<order>`, the block's
own under the client order id that its venue sees, and each part's.

Rule 1: a block is at its venue as an order is: it is routed, sent, answered and ended by an order's events.
    What is executed of it is the block's; a part's executions are its shares of that.
Rule 2: a share is booked as an execution of the part, at the block's average price, once the block is over or
    the trading day is. What venues change later is shared anew, as corrections of what the parts have booked.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from core.fact import Amount, Fact
from core.ids import AccountId, CustodianId, Digest, OrderId, Symbol, VenueName
from core.orders.batch import BatchId
from core.orders.corrections import Booked
from core.orders.events import OrderType, Part, Side, TimeInForce

BlockName = Annotated[str, Field(pattern=r"^blk-[0-9a-f]{32}$")]


class BlockPart(Part):
    """One order, with the quantity of its own digest."""

    order: OrderId
    account: AccountId
    quantity: Amount = Field(gt=0)


class BlockFormed(Fact):
    """Released orders go as one from here on. `block`, a digest of the rest, fixes who gets odd shares."""

    order: OrderId
    block: BlockName
    batch: BatchId
    digest: Digest  # of the batch that people decided on
    formation: int = Field(ge=1, description="how often one of its parts was put in a block, with this time")
    method: Literal["pro_rata", "rotational"]
    custodian: CustodianId
    symbol: Symbol
    side: Side
    order_type: OrderType
    limit_price: Amount | None
    time_in_force: TimeInForce
    parts: tuple[BlockPart, ...]


class OrderJoined(Fact):
    """It goes to its venue as a part of that block."""

    order: OrderId
    block: OrderId


class OrderParted(Fact):
    """It goes by itself again: the block ended before any venue could know of it."""

    order: OrderId
    block: OrderId


class BlockFilled(Fact):
    """One execution of a block."""

    order: OrderId
    symbol: Symbol
    side: Side
    execution: str = Field(description="the venue's own id; a second copy is ignored")
    quantity: Amount = Field(gt=0)
    price: Amount = Field(gt=0, description="per share")
    fee: Amount = Field(ge=0, description="dollars")
    venue: VenueName
    executed_at: AwareDatetime
    trade_date: str  # ISO date, market clock
    settles_on: str  # ISO date


class BlockBusted(Fact):
    """The venue took an execution of the block back whole."""

    order: OrderId
    execution: str
    revision: int = Field(ge=1)
    was: Booked
    venue: VenueName
    trade_date: str
    reason: str


class BlockCorrected(Fact):
    """The venue changed an execution of the block."""

    order: OrderId
    execution: str
    revision: int = Field(ge=1)
    was: Booked
    now: Booked
    venue: VenueName
    trade_date: str
    reason: str


class BlockAllocated(Fact):
    """What was executed of the block on one trade date is shared, at one average price. The newest stands."""

    order: OrderId
    trade_date: str
    revision: int = Field(ge=1)
    quantity: Amount = Field(ge=0)
    average_price: Amount = Field(ge=0, description="dollars per share, at six decimals")
    dollars: Amount = Field(ge=0, description="the value of all executions, in cents")
    fees: Amount = Field(ge=0)
    settles_on: str
    venue: VenueName
    executed_at: AwareDatetime  # of the last execution


BlockChange = BlockBusted | BlockCorrected


def block_account(block: str) -> AccountId:
    """What a venue is told as the account of a block: none of ours, as for any average-price account."""
    return AccountId(block)
