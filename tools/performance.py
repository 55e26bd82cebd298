"""How a household or account has done: by the record, day by day; and, further back, what is held now.

Rule 1: by the record means of all that was held on each day, sold meanwhile or not, with its cash, gross and
    net of the firm's fees. It begins with the record, and says its days, its sources and what was missing.
Rule 2: what is further back than the record is of the securities that are held now, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.book.picture import Account, Market
from core.errors import BadInput, NotFound
from core.fact import Amount
from core.ids import AccountId, HouseholdId, Symbol
from core.market.calendar import is_session, next_session
from core.market.prices import closing_price
from core.money import to_cents
from core.plan.day_ends import DayEnds, Moved, day_ends
from core.plan.track import track
from tools.clients import About, scope
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool

HUNDRED: Final = Decimal(100)
MOST_NAMED: Final = 20  # days without a value, named one by one
METHOD: Final = "true time-weighted by day: valued at each day's end, flows at the start of their day"
DIETZ: Final = "; modified Dietz over days without a price on which money moved"


class PerformanceLine(Ask):
    """Of the securities that are held now; time-weighted, in per cent. `a_year` None: a year or less."""

    period: str
    since: str
    until: str
    percent: Amount
    a_year: Amount | None
    bought: Amount  # dollars of purchases since
    left_out: tuple[Symbol, ...]


class RecordedLine(Ask):
    """By the record, in per cent, from the end of the first day to the end of the last. Dollars: what came
    in, and the firm's fees that fell due."""

    period: str
    since: str
    until: str
    gross: Amount
    net: Amount
    gross_a_year: Amount | None
    net_a_year: Amount | None
    flows: Amount
    fees: Amount


class DayMissing(Ask):
    """A session without a value, and what had no price on it."""

    day: str
    symbols: tuple[Symbol, ...]


class Recorded(Ask):
    """`days` have a value, `missing_days` have none; `missing` names the newest of them. `so_far`: the last
    day is not over, and is valued at the prices of now."""

    lines: tuple[RecordedLine, ...]
    begins: str
    days: int
    missing_days: int
    missing: tuple[DayMissing, ...]
    weighted: tuple[str, ...]
    so_far: bool
    method: str
    price_sources: tuple[str, ...]


class Performance(Sourced):
    """`recorded` None: the record holds less than two days with a value; `recorded_says` tells it."""

    household: HouseholdId
    name: str
    recorded: Recorded | None
    recorded_says: str
    lines: tuple[PerformanceLine, ...]


async def performance(ask: About, call: Call) -> Performance:
    """How a household or account has done, time-weighted, in per cent: by the record gross and net of fees,
    with all that was held on each day and its cash; and the securities that are held now, further back.

    Name a household, an account, or neither for the thread's own household. Reads only. It says from which
    day to which it reaches and which days had no price; it says nothing about the future.
    """
    found = await scope(ask, call)
    market = found.picture.market
    moves = await call.turn.desk.moves(found.named.household)
    recorded, says = recorded_of(moves, [one.id for one in found.accounts], market)
    lines = held_now(found.accounts, market)
    if recorded is None and not lines:
        raise Refusal(f"{says}, and nothing that is held has prices", code="no_history")
    return Performance(
        source=f"{found.source}, the record of its accounts, packaged closes",
        as_of=market.now,
        household=found.named.household,
        name=found.named.name,
        recorded=recorded,
        recorded_says=says,
        lines=lines,
    )


def recorded_of(
    moves: Sequence[Moved], accounts: Sequence[AccountId], market: Market
) -> tuple[Recorded | None, str]:
    """What the record says of these accounts, or why it says nothing."""
    mine = [one for one in moves if getattr(one.fact, "account", None) in accounts]
    if not mine:
        return None, "the record holds nothing of it yet"
    prices = _Prices(market)
    sessions = _sessions(min(one.day for one in mine), market.session)
    found = day_ends(mine, sessions, prices.on)
    if len(found.valued) < 2:
        return None, "the record holds less than two days with a price for all that was held"
    missing = sorted(found.missing.items(), reverse=True)
    return Recorded(
        lines=_lines(found, market.session),
        begins=found.valued[0].day.isoformat(),
        days=len(found.valued),
        missing_days=len(missing),
        missing=tuple(DayMissing(day=day.isoformat(), symbols=s) for day, s in missing[:MOST_NAMED]),
        weighted=tuple(day.isoformat() for day in found.weighted),
        so_far=market.open and found.valued[-1].day == market.session,
        method=METHOD + (DIETZ if found.weighted else ""),
        price_sources=tuple(sorted(prices.sources)),
    ), ""


def _lines(found: DayEnds, today: date) -> tuple[RecordedLine, ...]:
    """Each period that the record reaches back over, and the whole record."""
    first = found.valued[0].day
    periods = [(name, since) for name, since in _periods(today) if first <= since]
    lines = []
    for name, since in [*periods, ("the whole record", None)]:
        try:
            done = found.returns(since)
        except BadInput:
            continue  # the period has no day of its own with a value
        lines.append(
            RecordedLine(
                period=name,
                since=done.since.isoformat(),
                until=done.until.isoformat(),
                gross=_percent_of(done.gross),
                net=_percent_of(done.net),
                gross_a_year=_percent(done.gross_a_year),
                net_a_year=_percent(done.net_a_year),
                flows=to_cents(done.flows),
                fees=to_cents(done.fees),
            )
        )
    return tuple(lines)


def held_now(accounts: Sequence[Account], market: Market) -> tuple[PerformanceLine, ...]:
    """How the securities that are held now have done, over periods that reach in front of the record. Empty:
    nothing of them has prices."""
    lines = []
    for period, since in _periods(market.session):
        try:
            seen = track(accounts, market, since=since)
        except BadInput:
            continue  # nothing that is held has prices from then on
        done = seen.returns
        lines.append(
            PerformanceLine(
                period=period,
                since=done.since.isoformat(),
                until=done.until.isoformat(),
                percent=_percent_of(done.gross),
                a_year=_percent(done.gross_a_year),
                bought=to_cents(done.flows),
                left_out=tuple(seen.left_out),
            )
        )
    return tuple(lines)


def _periods(today: date) -> tuple[tuple[str, date], ...]:
    return (
        ("this year", date(today.year, 1, 1)),
        ("one year", today - timedelta(days=365)),
        ("three years", today - timedelta(days=3 * 365 + 1)),
    )


def _percent(fraction: Decimal | None) -> Decimal | None:
    return None if fraction is None else _percent_of(fraction)


def _percent_of(fraction: Decimal) -> Decimal:
    return to_cents(fraction * HUNDRED) + 0  # what rounds to nothing has no sign


def _sessions(first: date, last: date) -> list[date]:
    found = [first] if is_session(first) else [next_session(first)]
    while found[-1] < last:
        found.append(next_session(found[-1]))
    return found


class _Prices:
    """The close of a session that is over, the market's own price of today; with where each came from."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.sources: set[str] = set()

    def on(self, symbol: Symbol, session: date) -> Decimal | None:
        if session == self._market.session:
            now = self._market.prices.get(symbol)
            if now is None:
                return None
            self.sources.add(now.source)
            return now.price
        try:
            close = closing_price(symbol, session)
        except NotFound:
            return None
        self.sources.add(close.source)
        return close.price


PERFORMANCE: Final = Tool("performance", About, Effect.READ, performance)
