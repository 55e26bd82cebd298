"""What was asked and done lately, as the rules see it: orders of this business day, executions of a year.

Rule 1: these are values: `core.projections.activity` reads them from the database.
Rule 2: what the proposal that is being asked about has asked itself is not in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.ids import AccountId, LotId, OrderId, PersonId, Symbol
from core.orders.events import Side


@dataclass(frozen=True, slots=True)
class Asked:
    """An order of this business day that an advisor submitted, whatever became of it.

    `dollars` are at its worst price while it is open, and what was executed once it has ended.
    `asked_at` is wall time. `remaining` is shares that may still be executed.
    """

    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Decimal
    limit_price: Decimal | None
    dollars: Decimal
    remaining: Decimal
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Sold:
    """Shares of one lot that were sold. Dollars; proceeds are net of fees. `acquired_on` None: unknown."""

    quantity: Decimal
    proceeds: Decimal
    cost: Decimal
    acquired_on: date | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """What an order of the last twelve months came to. `dollars` is what it took or brought, never negative.

    `opened` are the lots that a purchase opened; `sold` is what a sale realised, lot by lot.
    """

    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    dollars: Decimal
    fees: Decimal
    traded_on: date
    settles_on: date
    opened: tuple[LotId, ...]
    sold: tuple[Sold, ...]


@dataclass(frozen=True, slots=True)
class Traded:
    """What one agent's or one strategy's drafts of this business day traded of one symbol, over all accounts.

    `shares` are bought less sold; `dollars` what came in less what went out, fees included.
    """

    symbol: Symbol
    shares: Decimal
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class Activity:
    """Dollars are of this business day's orders. `agent`, or the program or strategy `strategy`, drafted what
    is being asked about; neither: a person.

    `advisor_orders` are the wall times of the advisor's orders of this day, in order.
    """

    taken_at: datetime  # wall time of this reading
    asked: tuple[Asked, ...]  # of the household
    executed: tuple[Executed, ...]  # of the household, oldest first
    advisor_orders: tuple[datetime, ...]
    advisor_dollars: Decimal
    firm_dollars: Decimal
    agent: str | None
    agent_dollars: Decimal  # drafts that wait for the advisor included
    agent_traded: tuple[Traded, ...] = ()
    strategy: PersonId | None = None
    strategy_traded: tuple[Traded, ...] = ()


def quiet(at: datetime) -> Activity:
    """A day on which nobody has asked for anything yet."""
    return Activity(
        taken_at=at,
        asked=(),
        executed=(),
        advisor_orders=(),
        advisor_dollars=Decimal(0),
        firm_dollars=Decimal(0),
        agent=None,
        agent_dollars=Decimal(0),
    )
