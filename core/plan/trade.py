"""What a plan consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.ids import AccountId, OrderId, Symbol
from core.orders.content import LotChoice, Preview
from core.orders.events import OrderType, Side
from core.orders.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Trade:
    """One order to be. `limit_price` None and type limit: the far edge of the band, set with the legs.

    `replaces` is the live order whose place it takes, `executed_before` that one's shares so far.
    """

    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Decimal
    lots: tuple[LotChoice, ...]  # empty for a buy
    reference_price: Decimal  # dollars per share, as the market had it
    order_type: OrderType
    limit_price: Decimal | None
    replaces: OrderId | None = None
    executed_before: Decimal | None = None
    instead_of: Symbol | None = None  # of a buy: the holding that it stands in for

    @property
    def dollars(self) -> Decimal:
        return self.quantity * self.reference_price


@dataclass(frozen=True, slots=True)
class Plan:
    """What should change, what would come of it, and why nothing is proposed for the rest. `schedule`: the
    trades are the parts of one order over time."""

    trades: tuple[Trade, ...]
    set_aside: Mapping[AccountId, str]
    preview: Preview
    schedule: Schedule | None = None
