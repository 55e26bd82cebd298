"""What is held, as the rules see it: one household at one journal sequence, with its prices.

Rule 1: these are values. Reading them from the database is `core.projections.reader`; nothing here does I/O.
Rule 2: a price travels with its source and time.
Rule 3: names of people are not here: rules need none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from core.book.activity import Activity
from core.book.approvals import NO_APPROVALS, Approvals
from core.book.replaced import Replaced
from core.ids import AccountId, CustodianId, HouseholdId, LotId, ModelId, PersonId, Symbol, VenueName
from core.market.volatility import Volatility


class Lot(msgspec.Struct, frozen=True, gc=False):
    """Shares bought together. Quantity is what is still open; cost is dollars per share."""

    id: LotId
    symbol: Symbol
    quantity: Decimal
    cost_per_share: Decimal
    acquired_on: date

    def without(self, shares: Decimal) -> Lot:
        """What is left of it when these are sold."""
        return replace(self, quantity=self.quantity - shares)


@dataclass(frozen=True, slots=True)
class Cash:
    """Dollars. `settled` can leave; `unsettled` is sale proceeds on the way less purchases due;
    `held` is deposits that are not yet good; `reserved` is promised to submitted and open orders."""

    settled: Decimal
    unsettled: Decimal
    held: Decimal
    reserved: Decimal

    @property
    def available(self) -> Decimal:
        """What an order may still use."""
        return self.settled + self.unsettled - self.reserved


@dataclass(frozen=True, slots=True)
class ModelPortfolio:
    id: ModelId
    name: str
    version: int
    weights: Mapping[Symbol, Decimal]  # fractions; with `cash_weight` they add up to one
    cash_weight: Decimal
    tolerance: Decimal  # fraction of the account
    relative_tolerance: Decimal | None = None  # fraction of a holding's own target

    def tolerance_of(self, symbol: str) -> Decimal:
        """How far that holding may be off its target, as a fraction of the account: the narrower band. What
        has no target, and cash, has the one of the account alone."""
        target = self.weights.get(Symbol(symbol))
        if self.relative_tolerance is None or not target:
            return self.tolerance
        return min(self.tolerance, self.relative_tolerance * target)


@dataclass(frozen=True, slots=True)
class Ips:
    adopted_on: date
    cash_floor: Decimal  # dollars
    max_issuer_weight: Decimal  # fraction


@dataclass(frozen=True, slots=True)
class Outflow:
    """A scheduled withdrawal or fee, or what must leave an IRA for a year."""

    schedule: str
    what: str  # "withdrawal", "fee" or "rmd"
    amount: Decimal
    due_on: date


@dataclass(frozen=True, slots=True)
class StandIn:
    """The holding that was sold at a loss, and the first day on which it may be bought back."""

    original: Symbol
    until: date


@dataclass(frozen=True, slots=True)
class Account:
    """`reserved_lots` are shares of lots promised to submitted and open orders. `stands_for`: what was bought
    for a holding that was sold at a loss counts as that one until its window ends (`StandIn`)."""

    id: AccountId
    household: HouseholdId
    advisor: PersonId
    kind: str
    capacity: str
    discretionary: bool
    custodian: CustodianId
    status: str
    model: ModelPortfolio | None
    ips: Ips | None
    do_not_trade: frozenset[Symbol]
    lots: tuple[Lot, ...]
    reserved_lots: Mapping[LotId, Decimal]
    cash: Cash
    outflows: tuple[Outflow, ...]
    stands_for: Mapping[Symbol, StandIn] = field(default_factory=dict)

    def shares(self, symbol: Symbol) -> Decimal:
        held = Decimal(0)
        for lot in self.lots:  # asked for each symbol of each plan: a loop takes half the time of a sum
            if lot.symbol == symbol:
                held += lot.quantity
        return held

    def symbols(self) -> tuple[Symbol, ...]:
        return tuple(sorted({lot.symbol for lot in self.lots}))

    def free_shares(self, symbol: Symbol) -> Decimal:
        """Shares that a sale may still promise."""
        if not self.reserved_lots:
            return self.shares(symbol)
        reserved = sum(
            (self.reserved_lots.get(lot.id, Decimal(0)) for lot in self.lots if lot.symbol == symbol),
            Decimal(0),
        )
        return self.shares(symbol) - reserved


@dataclass(frozen=True, slots=True)
class Household:
    """`related`: it is of somebody who works here, or of the spouse of one."""

    id: HouseholdId
    advisor: PersonId
    accounts: tuple[Account, ...]
    objective: str | None
    profile_recorded_on: date | None
    related: bool
    horizon_years: int | None = None
    liquidity_need: str | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    symbol: Symbol
    name: str
    kind: str
    issuer: str
    sector: str
    tick: Decimal
    tradable: bool
    synthetic: bool
    average_daily_volume: Decimal
    spread_bps: Decimal


@dataclass(frozen=True, slots=True)
class Custodian:
    id: CustodianId
    name: str
    venues: frozenset[VenueName]
    fractional_shares: bool
    ticket_fee: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per share. `session` is the trading session that it belongs to."""

    symbol: Symbol
    price: Decimal
    session: date
    source: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Market:
    """What is the same for everybody: the day, prices, instruments, custodians, the restricted list.

    `quoting` are the venues that quote a symbol on this business day; absent where none does yet. `halts` are
    the scopes for which trading is stopped now, as `venue:ARCADIA`; `all` for everything.
    """

    session: date  # the firm's business day
    now: datetime  # the market clock
    previous_session: date
    open: bool  # whether the business day is open
    prices: Mapping[Symbol, Price]
    instruments: Mapping[Symbol, Instrument]
    custodians: Mapping[CustodianId, Custodian]
    restricted: frozenset[Symbol]
    volatility: Mapping[Symbol, Volatility]  # of what has a series of closes
    quoting: Mapping[Symbol, frozenset[VenueName]]
    halts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Picture:
    """One household with what was done for it lately and its market, as of one journal sequence.

    `approvals` are there where the worker asks; elsewhere there are none. `replaced` is the live order whose
    place the one that is asked about takes: what that one keeps is free for it.
    """

    household: Household
    activity: Activity
    market: Market
    as_of_seq: int
    approvals: Approvals = NO_APPROVALS
    replaced: Replaced | None = None

    def account(self, account: AccountId) -> Account:
        return next(a for a in self.household.accounts if a.id == account)


def value(account: Account, market: Market) -> Decimal:
    """Dollars: shares at their prices, plus all cash (held deposits and unsettled included)."""
    shares = sum((lot.quantity * market.prices[lot.symbol].price for lot in account.lots), Decimal(0))
    return shares + account.cash.settled + account.cash.unsettled + account.cash.held
