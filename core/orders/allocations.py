"""The events of how blocks are shared: the rule, a change of one day's shares, and who settles a trade.

Streams: `allocation`; the block's own `order/<order>`; `trade/<order>/<trade date>`.
Rule 1: the rule is a version: one person proposes it with a written reason, another confirms it. A block is
    shared by the rule that it was formed under.
Rule 2: shares are changed on their trade date alone: operations drafts, with a written reason, and compliance
    confirms. They still add up, and nobody gets more than its order asked for. What a venue takes back or
    corrects later is shared anew: a confirmed change holds where it still adds up; where it does not, that
    stands in the record first, and compliance looks at it.
Rule 3: a trade that is stepped out or given up settles by another broker, at the account's own custodian.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.fact import Amount, Fact, Sealed
from core.ids import AccountId, CustodianId, OrderId
from core.orders.events import Part

ChangeId = Annotated[str, Field(pattern=r"^alc-[0-9a-f]{32}$")]
BrokerCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{4,11}$")]


class AllocationRuleProposed(Fact):
    """How blocks are to be shared from the confirmation on."""

    version: int = Field(ge=1)
    method: Literal["pro_rata", "rotational"]
    reason: Sealed


class AllocationRuleConfirmed(Fact):
    """Another person has confirmed it. Blocks that are formed from now on are shared so."""

    version: int = Field(ge=1)
    method: Literal["pro_rata", "rotational"]


class AllocationPart(Part):
    order: OrderId
    quantity: Amount = Field(ge=0)


class AllocationChangeDrafted(Fact):
    """Operations wants one day's shares to be these. `revision` is of the allocation that it saw."""

    order: OrderId
    change: ChangeId
    trade_date: str
    revision: int = Field(ge=1)
    parts: tuple[AllocationPart, ...]
    reason: Sealed


class AllocationChanged(Fact):
    """Compliance has confirmed it. Dollars and fees follow the shares; what is booked is corrected."""

    order: OrderId
    change: ChangeId
    trade_date: str
    revision: int = Field(ge=2)


class AllocationChangeReexamined(Fact):
    """What was executed is another since the change was confirmed. `upheld`: it still adds up, and holds.

    Else the day is shared by the rule, and waits for compliance. `revision` is of the sharing that follows.
    """

    order: OrderId
    change: ChangeId
    trade_date: str
    revision: int = Field(ge=2)
    upheld: bool


class OvertakenChangeReviewed(Fact):
    """Compliance has looked at a day whose confirmed shares no longer added up: what it makes of it."""

    order: OrderId
    change: ChangeId
    trade_date: str
    reason: Sealed


class TradeSteppedOut(Fact):
    """Another broker clears and settles what was executed for us."""

    order: OrderId
    account: AccountId
    trade_date: str
    broker: BrokerCode
    custodian: CustodianId


class TradeGivenUp(Fact):
    """It was executed in the name of another broker, which has it from here on."""

    order: OrderId
    account: AccountId
    trade_date: str
    broker: BrokerCode
    custodian: CustodianId
