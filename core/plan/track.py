"""How the securities that are held now have done: their value day by day, each purchase as money coming in.

Rule 1: nothing records an account's daily value yet. What is told is of the lots that are held, through the
packaged closes, which have dividends in them; cash, and what was sold meanwhile, is not in it.
Rule 2: a lot comes in on the day it was bought, at that day's close; one that was there before begins with
the value of the first day. What has no close on every one of its days is left out, and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from core.book.picture import Account, Lot, Market
from core.errors import BadInput
from core.ids import Symbol
from core.market.closes import closes
from core.plan.performance import Returns, Valued, returns
from core.plan.series import worth_by_symbol

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Track:
    """Time-weighted, of the securities alone. `left_out` has no history, in dollars of today."""

    returns: Returns
    left_out: Mapping[Symbol, Decimal]


def track(accounts: Sequence[Account], market: Market, *, since: date) -> Track:
    """From the first session on or after `since` to the newest close.

    Raises:
        BadInput: nothing that is held has prices from then on.
    """
    lots = [lot for account in accounts for lot in account.lots if lot.symbol in set(closes().symbols())]
    sessions = [day for day in closes().sessions if since <= day <= market.previous_session]
    prices = {s: dict(closes().series(s, since=since)) for s in {lot.symbol for lot in lots}}
    known = [
        lot for lot in lots if all(day in prices[lot.symbol] for day in sessions if day >= lot.acquired_on)
    ]
    days = [_valued(day, n == 0, known, prices) for n, day in enumerate(sessions)]
    days = days[next((n for n, day in enumerate(days) if day.value > 0), len(days)) :]
    if len(days) < 2:
        raise BadInput(
            "nothing that is held has prices from then on", fix="ask from a later day", field="since"
        )
    held = worth_by_symbol(accounts, market)
    told = {lot.symbol for lot in known}
    return Track(returns(days), {s: worth for s, worth in sorted(held.items()) if s not in told})


def _valued(
    day: date, first: bool, lots: Sequence[Lot], prices: Mapping[Symbol, Mapping[date, Decimal]]
) -> Valued:
    there = [lot for lot in lots if lot.acquired_on <= day]
    value = sum((lot.quantity * prices[lot.symbol][day] for lot in there), ZERO)
    came = [lot for lot in there if lot.acquired_on == day and not first]
    return Valued(day, value, sum((lot.quantity * prices[lot.symbol][day] for lot in came), ZERO))
