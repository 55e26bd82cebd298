"""The whole book as one fold in memory: what every account holds and where every order stands.

Rule 1: pure: it reads entries and answers what they changed; `core.projections.follow` writes that down.
Rule 2: what a model may have written (a draft, a step) changes nothing here and is not even read: a hostile
    entry cannot stop the fold.
Rule 3: lots, cash, orders and trades are folded by their own files, one account, order or trade at a time;
    this one keeps them together. It owns its mappings and changes them in place; what they hold are values.
    Positions are what open lots add up to; `audit rebuild --compare` folds them by themselves.
Rule 4: every field is part of a snapshot (`core.projections.snapshots`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, Protocol

from core.book import cash, lots, positions
from core.fact import Fact, is_of
from core.firm import events as firm
from core.ids import AccountId, CustodianId, HouseholdId, OrderId, PersonId, ProposalId, Symbol, TraceId
from core.market.events import BusinessDayOpened
from core.orders import order as order_life
from core.orders import trade
from core.orders.blocks import BlockFormed
from core.orders.content import LotChoice, content_read
from core.orders.corrections import Correction
from core.orders.events import (
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRouted,
    ProposalAssessed,
    TradeSettled,
)
from core.projections.references import REFERRED, Reference, reference_in

OTHERS: Final[frozenset[type[Fact]]] = frozenset(
    {ProposalAssessed, BlockFormed, firm.LotReceived, firm.CashDeposited, BusinessDayOpened}
)
REASONED: Final[frozenset[type[OrderRejected | OrderCancelled]]] = frozenset({OrderRejected, OrderCancelled})
FOLDED: Final = frozenset(
    kind.event_type()
    for kind in order_life.OWN | order_life.PROPOSAL_ENDS | trade.TRADE_EVENTS | REFERRED | OTHERS
)
"""The kinds of event that can change anything here."""


class Told(Protocol):
    """What the fold needs of an entry."""

    @property
    def trace(self) -> TraceId: ...
    @property
    def fact(self) -> Fact: ...


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
    cash: dict[AccountId, cash.CashBook] = field(default_factory=dict)
    awaited: set[AccountId] = field(default_factory=set)  # a deposit of theirs is not good yet
    choices: dict[OrderId, tuple[LotChoice, ...]] = field(default_factory=dict)
    orders: dict[OrderId, order_life.Order] = field(default_factory=dict)
    of_proposal: dict[ProposalId, tuple[OrderId, ...]] = field(default_factory=dict)
    trades: dict[trade.TradeKey, trade.Trade] = field(default_factory=dict)
    moving: set[trade.TradeKey] = field(default_factory=set)  # trades that are not settled
    traces: dict[str, TraceId] = field(default_factory=dict)  # by order
    custodians: dict[CustodianId, firm.CustodianAppointed] = field(default_factory=dict)
    blocks: dict[OrderId, order_life.Order] = field(default_factory=dict)
    routed: dict[OrderId, OrderRouted] = field(default_factory=dict)
    says: dict[OrderId, str] = field(default_factory=dict)

    def apply(self, entry: Told, changed: Changed) -> None:
        """Take one entry in, and note what it changed.

        Raises:
            IntegrityLost, IllegalTransition: the journal tells what cannot be. A person must look.
        """
        fact = entry.fact
        if type(fact) is BlockFormed:
            self.blocks[fact.order] = order_life.formed(fact)
        elif type(fact) is OrderFilled:
            self._fill(fact, entry.trace, changed)
        elif is_of(fact, trade.CORRECTIONS):
            self._correct(fact, entry.trace, changed)
        elif is_of(fact, order_life.OWN):
            self._order(fact, entry.trace, changed)
        elif is_of(fact, trade.TRADE_EVENTS):
            self._trade(fact, changed)
        elif type(fact) is ProposalAssessed:
            self._assess(fact, entry.trace, changed)
        elif is_of(fact, order_life.PROPOSAL_ENDS):
            self._end(fact, entry.trace, changed)
        elif type(fact) is firm.LotReceived:
            self._receive(fact, changed)
        elif type(fact) is firm.CashDeposited:
            self._deposit(fact, changed)
        elif is_of(fact, REFERRED):
            self._refer(fact, changed)
        elif type(fact) is BusinessDayOpened:
            self._open(date.fromisoformat(fact.session), changed)

    def shares(self, account: AccountId) -> Mapping[Symbol, Decimal]:
        """What the account holds: what its open lots add up to."""
        return positions.of_lots(self.lots.get(account, lots.NO_LOTS))

    def unsettled(self) -> list[trade.Trade]:
        """The trades that a business day can still move on."""
        return [self.trades[key] for key in sorted(self.moving)]

    def _fill(self, fill: OrderFilled, trace: TraceId, changed: Changed) -> None:
        execution, account = trade.execution_of(fill), fill.account
        key = execution.trade
        self.trades[key] = trade.execute(self.trades.get(key), execution)
        self.moving.add(key)
        self._stands(order_life.evolve(order_life.known(self.orders, fill), fill), trace, changed)
        held = self.lots.get(account, lots.NO_LOTS)
        self.lots[account] = lots.execute(held, execution, self.choices)
        self.cash[account] = cash.execute(self.cash.get(account, cash.NO_CASH), execution)
        changed.accounts.add(account)

    def _correct(self, fact: Correction, trace: TraceId, changed: Changed) -> None:
        change, account = trade.change_of(fact), fact.account
        key = change.trade
        self.trades[key] = trade.correct(self.trades.get(key), change)
        self._moving(key)
        self._stands(order_life.evolve(order_life.known(self.orders, fact), fact), trace, changed)
        held = self.lots.get(account, lots.NO_LOTS)
        self.lots[account] = lots.correct(held, change, self.choices)
        self.cash[account] = cash.correct(self.cash.get(account, cash.NO_CASH), change)
        changed.accounts.add(account)
        self._sold_of(fact, changed)

    def _sold_of(self, fact: Correction, changed: Changed) -> None:
        """A purchase's new cost is also in what was sold of it since."""
        lot = lots.lot_id_for(fact.order, fact.execution)
        changed.orders |= {part.order for part in self.lots[fact.account].closed if part.lot == lot}

    def _moving(self, key: trade.TradeKey) -> None:
        """Note whether a business day can still move that trade on."""
        now = self.trades[key]
        over = now.status is trade.Status.SETTLED or (
            now.status is trade.Status.BUSTED and not now.due and now.told in (0, now.changes)
        )
        (self.moving.discard if over else self.moving.add)(key)

    def _trade(self, fact: trade.TradeEvent, changed: Changed) -> None:
        key = trade.trade_key(fact.order, fact.trade_date)
        self.trades[key] = trade.evolve(self.trades.get(key), fact)
        self._moving(key)
        if type(fact) is TradeSettled:
            self._pay(fact, changed)

    def _receive(self, fact: firm.LotReceived, changed: Changed) -> None:
        account = fact.account
        self.lots[account] = lots.apply(self.lots.get(account, lots.NO_LOTS), fact, self.choices)
        changed.accounts.add(account)

    def _deposit(self, fact: firm.CashDeposited, changed: Changed) -> None:
        self._pay(fact, changed)
        if cash.awaits(self.cash[fact.account], self.session or date.min):
            self.awaited.add(fact.account)

    def _pay(self, fact: firm.CashDeposited | TradeSettled, changed: Changed) -> None:
        account = fact.account
        self.cash[account] = cash.apply(self.cash.get(account, cash.NO_CASH), fact)
        changed.accounts.add(account)

    def _open(self, session: date, changed: Changed) -> None:
        """A held deposit may have become good."""
        self.session = session
        changed.accounts |= self.awaited
        self.awaited = {account for account in self.awaited if cash.awaits(self.cash[account], session)}

    def _order(
        self, fact: order_life.OrderOwn | order_life.BlockOwn, trace: TraceId, changed: Changed
    ) -> None:
        if fact.order in self.blocks:
            self.blocks[fact.order] = order_life.evolve(self.blocks[fact.order], fact)
            return
        self._stands(order_life.evolve(order_life.known(self.orders, fact), fact), trace, changed)
        if type(fact) is OrderRouted:
            self.routed[fact.order] = fact
        elif is_of(fact, REASONED):
            self.says[fact.order] = fact.reason
        elif type(fact) is OrderDenied:
            self.says[fact.order] = "; ".join(f.says for f in fact.findings if f.says)

    def _assess(self, fact: ProposalAssessed, trace: TraceId, changed: Changed) -> None:
        content = content_read(fact.content)
        made = order_life.orders_of(content)
        self.choices.update(lots.choices_of(content))
        self.of_proposal[content.proposal] = tuple(order.id for order in made)
        for order in made:
            self._stands(order, trace, changed)

    def _end(self, fact: order_life.ProposalEnd, trace: TraceId, changed: Changed) -> None:
        for known in [self.orders[order] for order in self.of_proposal.get(fact.proposal, ())]:
            if known.status is order_life.Status.HELD:
                self._stands(order_life.evolve(known, fact), trace, changed)

    def _stands(self, order: order_life.Order, trace: TraceId, changed: Changed) -> None:
        self.orders[order.id] = order
        self.traces[order.id] = trace
        changed.orders.add(order.id)

    def _refer(self, fact: Fact, changed: Changed) -> None:
        if isinstance(fact, firm.HouseholdOpened):
            self.advisors[fact.household] = fact.advisor
        elif isinstance(fact, firm.AccountOpened):
            self.advisors[fact.account] = fact.advisor
            self.homes[fact.account] = fact.household
        elif isinstance(fact, firm.CustodianAppointed):
            self.custodians[fact.custodian] = fact
        reference = reference_in(fact, self.homes)
        if reference is not None:
            changed.references[reference.kind, reference.id] = reference
