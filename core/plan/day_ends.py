"""What accounts were worth at the end of each session, from what the record says of them. Pure.

Rule 1: shares and cash are what the record's own facts add up to at that day's end, on the trade's date: what
    was sold meanwhile is in it for as long as it was held. A correction counts on the day of its trade.
Rule 2: what is deposited, or received in kind, is a flow at the start of its day; in kind it is worth the
    close before. Fills move nothing in or out; their fees are a cost of trading, in gross and net alike.
Rule 3: the firm's fee is taken off on the day on which it is due, also where its payment is not recorded. A
    scheduled withdrawal moves nothing until the record says that the money left.
Rule 4: a day on which something held has no price has no value, and is named with what lacks one. No price is
    carried forward. A flow on such a day is weighted (`core.plan.performance`, Rule 4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from core.book import cash, positions
from core.errors import BadInput
from core.fact import Fact
from core.firm.events import CashDeposited, FeeScheduled, LotReceived
from core.ids import AccountId, Symbol
from core.orders.corrections import TradeBusted, TradeCorrected
from core.orders.events import OrderFilled
from core.plan.performance import Returns, Valued, returns

ZERO: Final = Decimal(0)
Counts = LotReceived | CashDeposited | FeeScheduled | OrderFilled | TradeCorrected | TradeBusted
COUNTS: Final = tuple(sorted(kind.event_type() for kind in Counts.__args__))
"""The kinds of event that an account's worth is made of."""

Price = Callable[[Symbol, date], Decimal | None]


@dataclass(frozen=True, slots=True)
class Moved:
    """One fact of an account, and the session on which it counts."""

    day: date
    fact: Fact


@dataclass(frozen=True, slots=True)
class DayEnds:
    """`valued` in order of days. `missing`: what had no price, by the session that has no value for it.
    `weighted`: the days before which a flow fell on a session without a value."""

    valued: tuple[Valued, ...]
    missing: Mapping[date, tuple[Symbol, ...]]
    weighted: tuple[date, ...]

    def returns(self, since: date | None = None) -> Returns:
        """From the last valued day up to `since`, or from the first there is, to the newest.

        Raises:
            BadInput: two valued days are not there.
        """
        before = [n for n, one in enumerate(self.valued) if since is not None and one.day <= since]
        days = self.valued[before[-1] if before else 0 :]
        if len(days) < 2:
            raise BadInput(
                "the record holds less than two days with a value",
                fix="ask once another business day is over",
                field="days",
            )
        return returns(days)


@dataclass(slots=True)
class _Book:
    shares: dict[AccountId, positions.Positions] = field(default_factory=dict)
    cash: dict[AccountId, cash.CashBook] = field(default_factory=dict)

    def take(self, fact: Counts) -> None:
        account = fact.account
        self.shares[account] = positions.apply(self.shares.get(account, positions.NO_POSITIONS), fact)
        self.cash[account] = cash.apply(self.cash.get(account, cash.NO_CASH), fact)

    def held(self) -> dict[Symbol, Decimal]:
        found: dict[Symbol, Decimal] = defaultdict(Decimal)
        for book in self.shares.values():
            for symbol, shares in book.shares.items():
                found[symbol] += shares
        return {symbol: shares for symbol, shares in found.items() if shares}

    def dollars(self, day: date) -> Decimal:
        found = (cash.on(book, day, reserved=ZERO) for book in self.cash.values())
        return sum((one.settled + one.unsettled + one.held for one in found), ZERO)


def day_ends(entries: Iterable[Moved], sessions: Sequence[date], price: Price) -> DayEnds:
    """Every session on which there was something, to the last of `sessions`, which are in order.

    What happened on no session of these counts at the next one.
    """
    waiting = sorted(entries, key=lambda one: one.day)
    fees = [one.fact for one in waiting if isinstance(one.fact, FeeScheduled)]
    book, ends, place = _Book(), _Ends(), 0
    unpriced: list[LotReceived] = []
    for n, session in enumerate(sessions):
        before = sessions[n - 1] if n else session
        flow, came = ZERO, []
        while place < len(waiting) and waiting[place].day <= session:
            fact = waiting[place].fact
            place += 1
            if isinstance(fact, Counts):
                book.take(fact)
                flow += fact.amount if isinstance(fact, CashDeposited) else ZERO
                came += [fact] if isinstance(fact, LotReceived) else []
        in_kind, still = _in_kind(came, unpriced, before, session, price)
        unpriced = still
        value, lacking = _worth(book, session, price)
        ends.add(session, value, flow + in_kind, _due(fees, before, session), lacking)
    return DayEnds(tuple(ends.valued), ends.missing, tuple(ends.weighted))


@dataclass(slots=True)
class _Ends:
    """Sessions one by one; what fell on a session without a value waits for the next that has one."""

    valued: list[Valued] = field(default_factory=list)
    missing: dict[date, tuple[Symbol, ...]] = field(default_factory=dict)
    weighted: list[date] = field(default_factory=list)
    flows: list[Decimal] = field(default_factory=list)  # by session since the last valued one
    fee: Decimal = ZERO
    taken: Decimal = ZERO  # of all fees since the first value: no payment of them is in the cash

    def add(
        self, day: date, value: Decimal | None, flow: Decimal, fee: Decimal, lacking: tuple[Symbol, ...]
    ) -> None:
        if not self.valued:
            fee = ZERO
        self.fee += fee
        self.taken += fee
        if value is None:
            self.missing[day] = lacking
            self.flows.append(flow)
            return
        if not self.valued and value == 0:
            return  # nothing is there yet
        flows = [*self.flows, flow]
        weighted = None
        if self.valued and any(flows[:-1]):
            parts = len(flows)
            weighted = sum((one * (parts - n) / parts for n, one in enumerate(flows)), ZERO)
            self.weighted.append(day)
        self.valued.append(Valued(day, value - self.taken, sum(flows, ZERO), self.fee, weighted))
        self.flows, self.fee = [], ZERO


def _worth(book: _Book, session: date, price: Price) -> tuple[Decimal | None, tuple[Symbol, ...]]:
    """At that session's end; None, and what lacks a price, where something does."""
    value, lacking = book.dollars(session), []
    for symbol, shares in book.held().items():
        each = price(symbol, session)
        if each is None:
            lacking.append(symbol)
        else:
            value += shares * each
    return (None if lacking else value), tuple(sorted(lacking))


def _in_kind(
    came: Sequence[LotReceived],
    earlier: Sequence[LotReceived],
    before: date,
    session: date,
    price: Price,
) -> tuple[Decimal, list[LotReceived]]:
    """Dollars of what came in kind, at the close before, or at this session's where there was none; and what
    had neither: it counts on the first session that prices it, `earlier` being what waits for that."""
    dollars, still = ZERO, []
    for lot, day in [*((lot, session) for lot in earlier), *((lot, before) for lot in came)]:
        each = price(lot.symbol, day)
        each = price(lot.symbol, session) if each is None else each
        if each is None:
            still.append(lot)
        else:
            dollars += lot.quantity * each
    return dollars, still


def _due(fees: Sequence[FeeScheduled], before: date, session: date) -> Decimal:
    """The firm's fees that fell due after the session before, to this one. The same schedule counts once."""
    due = {one.schedule: one.amount for one in fees if before < date.fromisoformat(one.due_on) <= session}
    return sum(due.values(), ZERO)
