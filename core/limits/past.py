"""What the rules saw at a moment of the past, made again from the journal's entries in their order. Pure.

Rule 1: holdings, lots and orders are the folds of the live projections; here they only become a picture.
Rule 2: prices are the previous session's closes, and of what was traded the reference price that people
    decided on: quotes of the past are not in the journal. Which venues quoted is not known, and not asked.
Rule 3: what a picture says of promises is what open proposals hold at that entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from core.book import cash, lots
from core.book.activity import Activity, Asked, Executed, Sold, Traded
from core.book.picture import (
    Account,
    Household,
    Market,
    ModelPortfolio,
    Picture,
    Price,
)
from core.book.stated import (
    custodian_stated,
    instrument_stated,
    ips_stated,
    model_stated,
    outflow_stated,
)
from core.errors import IntegrityLost
from core.ids import (
    AccountId,
    CustodianId,
    HouseholdId,
    LotId,
    OrderId,
    PersonId,
    ProposalId,
    Symbol,
)
from core.ledger.envelope import Stored
from core.market.calendar import previous_session
from core.market.events import BusinessDayClosed, BusinessDayOpened
from core.market.prices import closing_prices
from core.market.settlement import settles_on
from core.market.volatility import volatilities
from core.orders.content import Content, Leg
from core.orders.corrections import TradeBusted, TradeCorrected
from core.orders.cost import cash_moved, worst_cash, worst_price
from core.orders.events import OrderFilled, ProposalAssessed, ProposalDrafted, ProposalSubmitted, Side
from core.orders.order import ENDED, Order
from core.orders.proposal import PROPOSAL_FACTS
from core.orders.trade import change_of
from core.projections.folded import Changed, Folded

ZERO: Final = Decimal(0)
PROGRAMS: Final = "mch-"  # how the law has their names begin
OVER: Final = frozenset(
    {"ProposalDenied", "ProposalReturned", "ProposalDeclined", "ProposalWithdrawn", "ProposalLapsed"}
)


@dataclass(slots=True)
class Open:
    """One assessed proposal: its legs, and since when it is submitted."""

    content: Content
    agent: str | None
    strategy: PersonId | None
    session: date
    submitted_at: datetime | None = None
    over: bool = False


@dataclass(slots=True)
class Past:
    """Entries taken in one by one; `picture` answers as of the newest."""

    folded: Folded = field(default_factory=Folded)
    changed: Changed = field(default_factory=Changed)
    drafts: dict[ProposalId, ProposalDrafted] = field(default_factory=dict)
    strategies: dict[ProposalId, PersonId] = field(default_factory=dict)  # programs, by what they drafted
    proposals: dict[ProposalId, Open] = field(default_factory=dict)
    proceeds: dict[OrderId, Decimal] = field(default_factory=dict)
    traded_on: dict[OrderId, date] = field(default_factory=dict)
    at: datetime | None = None  # the market clock
    open: bool = False

    def take(self, entry: Stored) -> None:
        """Raises IntegrityLost or IllegalTransition: the journal tells what cannot be."""
        fact = entry.fact
        if isinstance(fact, ProposalDrafted):
            self.drafts[fact.proposal] = fact
            if entry.actor.startswith(PROGRAMS):
                self.strategies[fact.proposal] = PersonId(entry.actor)
            return
        self.folded.apply(entry, self.changed)
        match fact:
            case BusinessDayOpened(at=at) | BusinessDayClosed(at=at):
                self.at, self.open = at, isinstance(fact, BusinessDayOpened)
            case ProposalAssessed(proposal=proposal):
                content = Content.model_validate_json(fact.content)
                drafted = self.drafts.get(proposal)
                agent = drafted.agent if drafted else None
                day, strategy = date.fromisoformat(content.valid_for), self.strategies.get(proposal)
                self.proposals[proposal] = Open(content, agent, strategy, day)
            case ProposalSubmitted(proposal=proposal):
                self.proposals[proposal].submitted_at = entry.recorded_at
            case OrderFilled(order=order):
                self.proceeds[order] = self.proceeds.get(order, ZERO) + abs(cash_moved(fact))
                self.traded_on[order] = date.fromisoformat(fact.trade_date)
            case TradeBusted() | TradeCorrected():
                moved = change_of(fact).moved
                self.proceeds[fact.order] += moved if fact.side is Side.SELL else -moved
            case _ if isinstance(fact, PROPOSAL_FACTS) and fact.event_type() in OVER:
                if fact.proposal in self.proposals:
                    self.proposals[fact.proposal].over = True

    def picture(
        self,
        household: HouseholdId,
        taken_at: datetime,
        seq: int,
        *,
        legs: Sequence[Leg],
        without: ProposalId,
    ) -> Picture:
        """That household as of the newest entry, without what this proposal itself has asked for.

        Raises: IntegrityLost: it was asked about before the firm's first business day.
        """
        state = self._stated("household", household)
        profile = self._find("profile", household)
        homes = [account for account, home in self.folded.homes.items() if home == household]
        related = any(household in one["related_households"] for one in self._all("person"))
        book = Household(
            id=household,
            advisor=state["advisor"],
            accounts=tuple(self._account(account, without) for account in sorted(homes)),
            objective=profile["objective"] if profile else None,
            profile_recorded_on=date.fromisoformat(profile["recorded_on"]) if profile else None,
            related=related,
            horizon_years=profile["horizon_years"] if profile else None,
            liquidity_need=profile["liquidity_need"] if profile else None,
        )
        return Picture(book, self._activity(book, taken_at, without), self._market(legs), seq)

    def _stated(self, kind: str, named: str) -> Mapping[str, Any]:
        return self.changed.references[kind, named].state

    def _find(self, kind: str, named: str) -> Mapping[str, Any] | None:
        found = self.changed.references.get((kind, named))
        return found.state if found else None

    def _all(self, kind: str, account: AccountId | None = None) -> Iterator[Mapping[str, Any]]:
        for reference in self.changed.references.values():
            if reference.kind == kind and account in (None, reference.account):
                yield reference.state

    def _promising(self, without: ProposalId) -> Iterator[tuple[Open, Leg, Order]]:
        """Legs of submitted proposals that have not ended."""
        for proposal, one in self.proposals.items():
            if proposal == without or one.over or one.submitted_at is None:
                continue
            for leg in one.content.legs:
                order = self.folded.orders[leg.order]
                if order.status not in ENDED:
                    yield one, leg, order

    def _account(self, account: AccountId, without: ProposalId) -> Account:
        state, ips = self._stated("account", account), self._find("ips", account)
        promised: dict[LotId, Decimal] = {}
        needed = ZERO
        for _, leg, order in self._promising(without):
            if leg.account != account:
                continue
            needed -= worst_cash(leg, ZERO)
            for choice in lots.choices_left(leg.lots, order.filled):
                promised[choice.lot] = promised.get(choice.lot, ZERO) + choice.quantity
        money = self.folded.cash.get(account, cash.NO_CASH)
        return Account(
            id=account,
            household=HouseholdId(state["household"]),
            advisor=state["advisor"],
            kind=state["kind"],
            capacity=state["capacity"],
            discretionary=state["discretionary"],
            custodian=CustodianId(state["custodian"]),
            status=state["status"],
            model=self._model(state["model"]),
            ips=ips_stated(ips) if ips else None,
            do_not_trade=frozenset(Symbol(one["symbol"]) for one in self._all("do_not_trade", account)),
            lots=self.folded.lots.get(account, lots.NO_LOTS).open,
            reserved_lots=promised,
            cash=cash.on(money, self._session(), reserved=max(needed, ZERO)),
            outflows=tuple(
                outflow_stated(what, one)
                for what in ("withdrawal", "fee", "rmd")
                for one in self._all(what, account)
            ),
        )

    def _model(self, named: str | None) -> ModelPortfolio | None:
        state = self._find("model", named) if named else None
        return None if state is None else model_stated(state)

    def _session(self) -> date:
        return self.folded.session or date.min

    def _market(self, legs: Iterable[Leg]) -> Market:
        session, before = self._session(), previous_session(self._session())
        prices = {
            symbol: Price(symbol, close.price, close.session, close.source, close.taken_at)
            for symbol, close in closing_prices(before).items()
        }
        at = self.at
        if at is None:
            raise IntegrityLost("no business day was open yet", fix="run `gatehouse audit verify`")
        for leg in legs:
            prices[leg.symbol] = Price(leg.symbol, leg.reference_price, session, "decided on", at)
        return Market(
            session=session,
            now=at,
            previous_session=before,
            open=self.open,
            prices=prices,
            instruments={Symbol(one["symbol"]): instrument_stated(one) for one in self._all("instrument")},
            custodians={
                CustodianId(one["custodian"]): custodian_stated(one) for one in self._all("custodian")
            },
            restricted=frozenset(Symbol(one["symbol"]) for one in self._all("restriction")),
            volatility=volatilities(session),
            quoting={},
            halts=frozenset(),  # nothing is stopped in the past that is tried
        )

    def _activity(self, book: Household, taken_at: datetime, without: ProposalId) -> Activity:
        asking = self.drafts.get(without)
        agent = asking.agent if asking else None
        strategy = self.strategies.get(without)
        today = [
            (proposal, one)
            for proposal, one in self.proposals.items()
            if one.session == self._session() and proposal != without
        ]
        mine = {account.id for account in book.accounts}
        counted = [one for _, one in today if one.submitted_at is not None and not one.over]
        drafted = [one for _, one in today if one.agent == agent and not one.over]
        signalled = [one for _, one in today if one.strategy == strategy]
        times = sorted(
            one.submitted_at
            for _, one in today
            if one.submitted_at is not None and one.content.advisor == book.advisor
            for _ in one.content.legs
        )
        return Activity(
            taken_at=taken_at,
            asked=tuple(
                self._asked(leg, one.submitted_at)
                for one in counted
                for leg in one.content.legs
                if leg.account in mine and one.submitted_at is not None
            ),
            executed=tuple(self._executed(mine)),
            advisor_orders=tuple(times),
            advisor_dollars=self._dollars(one for one in counted if one.content.advisor == book.advisor),
            firm_dollars=self._dollars(counted),
            agent=agent,
            agent_dollars=self._dollars(drafted) if agent is not None else ZERO,
            agent_traded=tuple(self._traded(drafted)) if agent is not None else (),
            strategy=strategy,
            strategy_traded=tuple(self._traded(signalled)) if strategy is not None else (),
        )

    def _asked(self, leg: Leg, at: datetime) -> Asked:
        order = self.folded.orders[leg.order]
        ended = order.status in ENDED
        return Asked(
            order=leg.order,
            account=leg.account,
            symbol=leg.symbol,
            side=leg.side,
            quantity=leg.quantity,
            limit_price=leg.limit_price,
            dollars=self._came_to(leg),
            remaining=ZERO if ended else order.open_quantity,
            asked_at=at,
        )

    def _came_to(self, leg: Leg) -> Decimal:
        if self.folded.orders[leg.order].status in ENDED:
            return self.proceeds.get(leg.order, ZERO)
        return leg.quantity * max(worst_price(leg), leg.reference_price)

    def _dollars(self, proposals: Iterable[Open]) -> Decimal:
        return sum((self._came_to(leg) for one in proposals for leg in one.content.legs), ZERO)

    def _traded(self, proposals: Iterable[Open]) -> Iterator[Traded]:
        for one in proposals:
            for leg in one.content.legs:
                order = self.folded.orders[leg.order]
                if order.filled:
                    sign = 1 if leg.side is Side.BUY else -1
                    yield Traded(leg.symbol, sign * order.filled, -sign * self.proceeds[leg.order])

    def _executed(self, accounts: set[AccountId]) -> Iterator[Executed]:
        since = self._session() - timedelta(days=365)
        for order in self.folded.orders.values():
            if order.account not in accounts or not order.filled or self.traded_on[order.id] <= since:
                continue
            day, buys = self.traded_on[order.id], order.side is Side.BUY
            closed = self.folded.lots[order.account].closed
            yield Executed(
                order=order.id,
                account=order.account,
                symbol=order.symbol,
                side=order.side,
                dollars=self.proceeds[order.id],
                fees=order.fees,
                traded_on=day,
                settles_on=settles_on(day),
                opened=tuple(lots.lot_id_for(order.id, e) for e in sorted(order.executions)) if buys else (),
                sold=tuple(
                    Sold(c.sale.quantity, c.sale.proceeds, c.sale.cost, c.sale.acquired_on)
                    for c in closed
                    if c.order == order.id
                ),
            )
