"""What one account, household, proposal or order was, folded from its own entries alone. Pure.

Rule 1: the folds are those of the live projections (`Folded`, and those of `core.orders`): here is only which
    entries go in and what of the result is shown.
Rule 2: names, reasons and comments stay sealed: nothing of them comes out of here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.book import cash, lots
from core.book.picture import Cash, Lot
from core.fact import Fact
from core.ids import AccountId, Digest, HouseholdId, OrderId, PersonId, ProposalId, Symbol
from core.orders import order as order_life
from core.orders import proposal as proposal_life
from core.orders import trade
from core.orders.content import content_read
from core.orders.events import OrderFilled, ProposalAssessed, ProposalDrafted, Request
from core.orders.order import Order
from core.orders.proposal import PROPOSAL_FACTS, Proposal, Status
from core.orders.trade import Trade
from core.projections.folded import Changed, Folded, Told
from core.projections.references import Reference

UNDECIDED: Final = frozenset({Status.DRAFTED, Status.ASSESSED, Status.SUBMITTED, Status.APPROVED})


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounded the account's trading, as far as the journal states it. Dollars and fractions.

    `policy_set` is the digest of the policies that the newest assessment was made with, None before any.
    """

    cash_floor: Decimal | None
    max_issuer_weight: Decimal | None
    do_not_trade: tuple[Symbol, ...]
    restricted: tuple[Symbol, ...]
    model: str | None  # "growth@3"
    tolerance: Decimal | None
    relative_tolerance: Decimal | None
    policy_set: Digest | None


@dataclass(frozen=True, slots=True)
class ProposalThen:
    """`kind` is the request's."""

    proposal: Proposal
    kind: str
    policy_set: Digest | None
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class OrderThen:
    order: Order
    trades: tuple[Trade, ...]
    says: str


@dataclass(frozen=True, slots=True)
class AccountThen:
    """Open proposals and orders only. `session` is the business day that held, None before the first."""

    account: AccountId
    household: HouseholdId
    advisor: PersonId
    status: str
    session: date | None
    positions: Mapping[Symbol, Decimal]
    lots: tuple[Lot, ...]
    cash: Cash
    limits: Limits
    proposals: tuple[ProposalThen, ...]
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class HouseholdThen:
    household: HouseholdId
    advisor: PersonId
    objective: str | None
    accounts: tuple[AccountThen, ...]
    proposals: tuple[ProposalThen, ...]


@dataclass(slots=True)
class Then:
    """Entries taken in one by one, and what they add up to."""

    folded: Folded = field(default_factory=Folded)
    changed: Changed = field(default_factory=Changed)
    proposals: dict[ProposalId, Proposal] = field(default_factory=dict)
    requests: dict[ProposalId, Request] = field(default_factory=dict)
    policy_sets: dict[ProposalId, Digest] = field(default_factory=dict)
    newest_set: dict[AccountId, Digest] = field(default_factory=dict)

    def take(self, entry: Told) -> None:
        """Raises IntegrityLost or IllegalTransition: the journal tells what cannot be."""
        fact = entry.fact
        self._propose(fact)
        if not isinstance(fact, ProposalDrafted):
            self.folded.apply(entry, self.changed)

    def take_life(self, entry: Told) -> None:
        """As `take`, of one proposal and its orders by themselves: what they did to accounts is not known."""
        fact = entry.fact
        if isinstance(fact, OrderFilled):
            known = order_life.known(self.folded.orders, fact)
            self.folded.orders[fact.order] = order_life.evolve(known, fact)
        if isinstance(fact, trade.TradeEvent):
            key = trade.trade_key(fact.order, fact.trade_date)
            self.folded.trades[key] = trade.evolve(self.folded.trades.get(key), fact)
        else:
            self.take(entry)

    def account(self, account: AccountId) -> AccountThen | None:
        """None: it was not open."""
        stated = self._stated("account", account)
        if stated is None:
            return None
        mine = (order for order in self.folded.orders.values() if order.account == account)
        book = self.folded.cash.get(account, cash.NO_CASH)
        return AccountThen(
            account=account,
            household=HouseholdId(stated["household"]),
            advisor=PersonId(stated["advisor"]),
            status=stated["status"],
            session=self.folded.session,
            positions=self.folded.shares(account),
            lots=self.folded.lots.get(account, lots.NO_LOTS).open,
            cash=cash.on(book, self.folded.session or date.min, reserved=cash.ZERO),
            limits=self._limits(account, stated["model"]),
            proposals=self._open(account, (p for p in self.proposals.values() if self._touches(p, account))),
            orders=tuple(order for order in mine if order.status not in order_life.ENDED),
        )

    def household(self, household: HouseholdId, accounts: Iterable[AccountId]) -> HouseholdThen | None:
        """None: it was not a client's yet."""
        stated = self._stated("household", household)
        if stated is None:
            return None
        profile = self._stated("profile", household)
        seen = [self.account(account) for account in accounts]
        return HouseholdThen(
            household=household,
            advisor=PersonId(stated["advisor"]),
            objective=profile["objective"] if profile else None,
            accounts=tuple(account for account in seen if account is not None),
            proposals=self._open(None, (p for p in self.proposals.values() if p.household == household)),
        )

    def proposal(self, proposal: ProposalId) -> ProposalThen | None:
        """None: it was not drafted yet."""
        known = self.proposals.get(proposal)
        return None if known is None else self._then(known)

    def order(self, order: OrderId) -> OrderThen | None:
        """None: it did not exist yet."""
        known = self.folded.orders.get(order)
        if known is None:
            return None
        trades = [one for one in self.folded.trades.values() if one.order == order]
        return OrderThen(known, tuple(trades), self.folded.says.get(order, ""))

    def _propose(self, fact: Fact) -> None:
        if isinstance(fact, ProposalDrafted):
            self.requests[fact.proposal] = fact.request
            fact = self._without_a_step_that_is_none(fact)
        elif isinstance(fact, ProposalAssessed):
            content = content_read(fact.content)
            self.policy_sets[fact.proposal] = content.policy_set
            self.newest_set.update(dict.fromkeys((leg.account for leg in content.legs), content.policy_set))
        if isinstance(fact, PROPOSAL_FACTS):
            earlier = fact.supersedes if isinstance(fact, ProposalDrafted) else None
            named = [one for one in (fact.proposal, earlier) if one in self.proposals and one is not None]
            self.proposals.update(proposal_life.apply({one: self.proposals[one] for one in named}, fact))

    def _without_a_step_that_is_none(self, draft: ProposalDrafted) -> ProposalDrafted:
        """The law takes a draft that names any earlier proposal; only some of those are changed by it."""
        old = self.proposals.get(draft.supersedes) if draft.supersedes else None
        if old is None or (old.status, draft.event_type()) in proposal_life.STEPS:
            return draft
        return draft.model_copy(update={"supersedes": None})

    def _stated(self, kind: str, named: str) -> Mapping[str, Any] | None:
        reference = self.changed.references.get((kind, named))
        return None if reference is None else reference.state

    def _limits(self, account: AccountId, model: str | None) -> Limits:
        ips = self._stated("ips", account)
        followed = self._stated("model", model) if model else None
        relative = followed["relative_tolerance"] if followed else None
        return Limits(
            cash_floor=Decimal(ips["cash_floor"]) if ips else None,
            max_issuer_weight=Decimal(ips["max_issuer_weight"]) if ips else None,
            do_not_trade=self._symbols(r for r in self._all("do_not_trade") if r.account == account),
            restricted=self._symbols(self._all("restriction")),
            model=f"{model}@{followed['version']}" if followed else model,
            tolerance=Decimal(followed["tolerance"]) if followed else None,
            relative_tolerance=Decimal(relative) if relative is not None else None,
            policy_set=self.newest_set.get(account),
        )

    def _all(self, kind: str) -> Iterable[Reference]:
        return (reference for reference in self.changed.references.values() if reference.kind == kind)

    def _symbols(self, references: Iterable[Reference]) -> tuple[Symbol, ...]:
        return tuple(sorted(Symbol(reference.state["symbol"]) for reference in references))

    def _touches(self, proposal: Proposal, account: AccountId) -> bool:
        if proposal.id in self.folded.of_proposal:
            return bool(self._orders_of(proposal, account))
        asked = self.requests[proposal.id]
        return account in (asked.accounts or self._of_home(proposal.household))

    def _of_home(self, household: HouseholdId) -> Iterable[AccountId]:
        return (account for account, home in self.folded.homes.items() if home == household)

    def _open(self, account: AccountId | None, proposals: Iterable[Proposal]) -> tuple[ProposalThen, ...]:
        """Those that wait for a decision, or for an order of that account; of any where None is given."""
        seen = (self._then(one, account) for one in proposals)
        return tuple(one for one in seen if _is_open(one))

    def _then(self, proposal: Proposal, account: AccountId | None = None) -> ProposalThen:
        return ProposalThen(
            proposal=proposal,
            kind=self.requests[proposal.id].kind,
            policy_set=self.policy_sets.get(proposal.id),
            orders=self._orders_of(proposal, account),
        )

    def _orders_of(self, proposal: Proposal, account: AccountId | None) -> tuple[Order, ...]:
        orders = (self.folded.orders[order] for order in self.folded.of_proposal.get(proposal.id, ()))
        return tuple(order for order in orders if account in (None, order.account))


def _is_open(then: ProposalThen) -> bool:
    if then.proposal.status is Status.RELEASED:
        return any(order.status not in order_life.ENDED for order in then.orders)
    return then.proposal.status in UNDECIDED
