"""The whole book as one fold in memory: what every account holds and where every order stands.

Rule 1: pure: it reads entries and answers what they changed; `core.projections.follow` writes that down.
Rule 2: what a model may have written (a draft, a step) changes nothing here and is not even read: a hostile
    entry cannot stop the fold.
Rule 3: lots, positions, cash and orders are folded by their own files; this one only keeps them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from core.book import cash, lots, positions
from core.fact import Fact
from core.firm import events as firm
from core.ids import AccountId, CustodianId, HouseholdId, OrderId, PersonId, TraceId
from core.ledger.envelope import Stored
from core.market import events as market_events
from core.market.events import BusinessDayOpened
from core.orders import events as order_events
from core.orders import order as orders
from core.orders import trade
from core.orders.events import (
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRouted,
    ProposalAssessed,
    TradeSettled,
)

FOLDED: Final = frozenset(
    kind.event_type()
    for module in (firm, market_events, order_events)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
) - {order_events.ProposalDrafted.event_type()}
"""The kinds of event that can change anything here."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The newest word on something that rules read: which kind, about what, and the fact's own fields."""

    kind: str
    id: str
    household: HouseholdId | None
    account: AccountId | None
    state: Mapping[str, Any]


@dataclass(slots=True)
class Changed:
    """What one or more entries changed."""

    accounts: set[AccountId] = field(default_factory=set)
    orders: set[OrderId] = field(default_factory=set)
    references: dict[tuple[str, str], Reference] = field(default_factory=dict)


@dataclass(slots=True)
class Folded:
    session: date | None = None
    advisors: dict[str, PersonId] = field(default_factory=dict)  # by household and by account
    homes: dict[AccountId, HouseholdId] = field(default_factory=dict)
    lots: dict[AccountId, lots.Lots] = field(default_factory=dict)
    positions: dict[AccountId, positions.Positions] = field(default_factory=dict)
    cash: dict[AccountId, cash.CashBook] = field(default_factory=dict)
    choices: dict[OrderId, Any] = field(default_factory=dict)
    orders: dict[OrderId, orders.Order] = field(default_factory=dict)
    trades: Mapping[trade.TradeKey, trade.Trade] = field(default_factory=dict)
    traces: dict[str, TraceId] = field(default_factory=dict)  # by order
    custodians: dict[CustodianId, firm.CustodianAppointed] = field(default_factory=dict)
    routed: dict[OrderId, OrderRouted] = field(default_factory=dict)
    says: dict[OrderId, str] = field(default_factory=dict)

    def apply(self, entry: Stored, changed: Changed) -> None:
        """Take one entry in, and note what it changed.

        Raises:
            IntegrityLost, IllegalTransition: the journal tells what cannot be. A person must look.
        """
        fact = entry.fact
        reference = self._reference(fact)
        if reference is not None:
            changed.references[reference.kind, reference.id] = reference
        if isinstance(fact, BusinessDayOpened):
            self.session = date.fromisoformat(fact.session)
            changed.accounts |= set(self.cash)  # a held deposit may have become good
        if isinstance(fact, firm.LotReceived | firm.CashDeposited | OrderFilled | TradeSettled):
            self._move(fact.account, fact)
            changed.accounts.add(fact.account)
        self.trades = trade.apply(self.trades, fact)
        self._order(entry, changed)

    def _move(self, account: AccountId, fact: Fact) -> None:
        self.lots[account] = lots.apply(self.lots.get(account, lots.NO_LOTS), fact, self.choices)
        self.positions[account] = positions.apply(self.positions.get(account, positions.NO_POSITIONS), fact)
        self.cash[account] = cash.apply(self.cash.get(account, cash.NO_CASH), fact)

    def _order(self, entry: Stored, changed: Changed) -> None:
        fact = entry.fact
        if isinstance(fact, ProposalAssessed):
            self.choices.update(lots.choices_in([fact]))
            touched = {order.id: order for order in orders.orders_held(fact)}
        elif isinstance(fact, orders.ProposalEnd):
            touched = {
                known.id: orders.evolve(known, fact)
                for known in self.orders.values()
                if known.proposal == fact.proposal and known.status is orders.Status.HELD
            }
        elif isinstance(fact, orders.OrderOwn):
            touched = dict(orders.apply({fact.order: self.orders[fact.order]}, fact))
        else:
            return
        self.traces.update(dict.fromkeys(touched, entry.trace))
        if isinstance(fact, OrderRouted):
            self.routed[fact.order] = fact
        if isinstance(fact, OrderRejected | OrderCancelled):
            self.says[fact.order] = fact.reason
        if isinstance(fact, OrderDenied):
            self.says[fact.order] = "; ".join(f.says for f in fact.findings if f.says)
        self.orders.update(touched)
        changed.orders |= set(touched)

    def _reference(self, fact: Fact) -> Reference | None:
        state = fact.model_dump(mode="json")
        match fact:
            case firm.InstrumentListed(symbol=symbol):
                return Reference("instrument", symbol, None, None, state)
            case firm.CustodianAppointed(custodian=custodian):
                self.custodians[custodian] = fact
                return Reference("custodian", custodian, None, None, state)
            case firm.ModelPublished(model=model):
                return Reference("model", model, None, None, state)
            case firm.RestrictionPlaced(symbol=symbol):
                return Reference("restriction", symbol, None, None, state)
            case firm.PersonEngaged(person=person):
                return Reference("person", person, None, None, state)
            case firm.HouseholdOpened(household=household, advisor=advisor):
                self.advisors[household] = advisor
                return Reference("household", household, household, None, state)
            case firm.AccountOpened(account=account, household=household, advisor=advisor):
                self.advisors[account] = advisor
                self.homes[account] = household
                return Reference("account", account, household, account, state)
            case firm.RiskProfileRecorded(household=household):
                return Reference("profile", household, household, None, state)
            case firm.IpsAdopted(account=account):
                return self._about("ips", account, account, state)
            case firm.DoNotTradePlaced(account=account, symbol=symbol):
                return self._about("do_not_trade", f"{account}/{symbol}", account, state)
            case firm.WithdrawalScheduled(account=account, schedule=schedule):
                return self._about("withdrawal", f"{account}/{schedule}", account, state)
            case firm.FeeScheduled(account=account, schedule=schedule):
                return self._about("fee", f"{account}/{schedule}", account, state)
        return None

    def _about(self, kind: str, named: str, account: AccountId, state: Mapping[str, Any]) -> Reference:
        return Reference(kind, named, self.homes[account], account, state)
