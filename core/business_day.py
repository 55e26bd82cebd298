"""What the close and the opening of a business day bring, as entries. Operations asks; the worker does.

Rule 1: each step is derived from where the day and the trades stand, so a kill between two steps is made up
    for by asking again: nothing is remembered beside the journal.
Rule 2: what nobody decided on by the close lapses. Time never approves.
Rule 3: after the close the day's trades are allocated and confirmed; on the settlement date they settle. What
    was corrected since is allocated, confirmed and settled anew, as far as it differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from core.fact import Entry, Fact
from core.ids import ProposalId, TraceId
from core.market.calendar import new_york, session_close
from core.market.events import BusinessDayClosed, BusinessDayOpened
from core.orders.corrections import TradeFailedToSettle
from core.orders.events import ProposalLapsed
from core.orders.trade import (
    AGAIN,
    PASSED_ON,
    Status,
    Trade,
    allocated,
    confirmed,
    failed,
    settled,
    trade_key,
)
from core.reconcile.custody import Settlement

DUE: Final = (Status.CONFIRMED, Status.FAILED_TO_SETTLE, *PASSED_ON)
STANDS_AT: Final = time(10)  # New York: where the market clock is put when a day opens


@dataclass(frozen=True, slots=True)
class Day:
    """The firm's business day. `requested` is "close" or "open" while operations waits for it."""

    session: date
    at: datetime
    state: str
    requested: str | None
    requested_session: date | None


@dataclass(frozen=True, slots=True)
class Lapsing:
    proposal: ProposalId
    trace: TraceId


def turned(day: Day, trace: TraceId) -> Entry | None:
    """The close or the opening that operations asked for, or None."""
    if day.requested is None or day.requested_session is None:
        return None
    session = day.requested_session
    fact: Fact = (
        BusinessDayClosed(session=session.isoformat(), at=session_close(session))
        if day.requested == "close"
        else BusinessDayOpened(session=session.isoformat(), at=new_york(session, STANDS_AT))
    )
    return Entry("market", fact, trace, key=f"day/{day.requested}/{session}")


def lapsed(day: Day, lapsing: Iterable[Lapsing]) -> Iterator[Entry]:
    """The end of every proposal whose business day is over."""
    for one in lapsing:
        fact = ProposalLapsed(proposal=one.proposal, session=day.session.isoformat())
        yield Entry(f"proposal/{one.proposal}", fact, one.trace, key=f"lapsed/{one.proposal}")


def due_by(day: Day, trades: Iterable[Trade]) -> list[str]:
    """The trades, by order and trade date, that a custodian should have settled by that business day."""
    today = day.session.isoformat()
    return [
        trade_key(trade.order, trade.trade_date)
        for trade in trades
        if trade.status in DUE and trade.settles_on <= today
    ]


def moved_on(
    day: Day, trades: Iterable[Trade], traces: dict[str, TraceId], settlement: Settlement
) -> Iterator[Entry]:
    """The next step of each trade that is due one: allocation and confirmation after the close, settlement on
    its date, by its custodian's word. What that one does not settle is due until it does.
    """
    for trade in trades:
        fact = _next_step(day, trade, settlement)
        if fact is not None:
            stream = f"trade/{trade.order}/{trade.trade_date}"
            key = f"{fact.event_type()}/{trade.order}/{trade.trade_date}/{trade.changes}"
            if isinstance(fact, TradeFailedToSettle):
                key = f"{key}/{fact.session}"
            yield Entry(stream, fact, traces[trade.order], key=key)


def _next_step(day: Day, trade: Trade, settlement: Settlement) -> Fact | None:
    today = day.session.isoformat()
    over = trade.trade_date < today or (trade.trade_date == today and day.state == "closed")
    if trade.status in AGAIN and over:
        return allocated(trade)
    if trade.status is Status.ALLOCATED:
        return confirmed(trade)
    if trade.status is Status.BUSTED and 0 < trade.told < trade.changes:
        return confirmed(trade)
    settles = trade.status in DUE or (trade.status is Status.BUSTED and trade.due)
    if not settles or trade.settles_on > today:
        return None
    if trade.status is Status.BUSTED:
        return settled(trade)
    said = settlement.of(trade_key(trade.order, trade.trade_date))
    if said is None:
        return None
    if said.state == "settled":
        return settled(trade)
    return failed(trade, session=today, reason=said.why) if trade.failed_on != today else None
