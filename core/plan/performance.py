"""What an account returned, whatever came in and went out: time-weighted, gross and net of fees.

Rule 1: the period is cut where money moves: at each external flow the account is valued just before it, and
the returns of the pieces are multiplied. That is the true time-weighted return; nothing is weighted by days.
Rule 2: money that comes in on a day is there for that day's return, and money that leaves is not: a flow
counts at the start of its day.
Rule 3: gross adds the firm's fees back on the day they were taken; both are after the costs of trading.
Rule 4: where a flow fell on a day that has no value, the piece around it is by modified Dietz: each flow
counts for the part of the piece for which it was there.
Rule 5: a return over more than a year is also given for a year; one over less is never stretched to one.
Source: CFA Institute, GIPS 2020, provisions on calculation (time-weighted, valued at flows; gross and net;
no annual figure for less than a year); P. Dietz, Pension Funds: Measuring Investment Performance (1966).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import pairwise
from typing import Final

from core.errors import BadInput

ONE: Final = Decimal(1)
ZERO: Final = Decimal(0)
STEP: Final = Decimal("0.000001")
YEAR: Final = 365
DIGITS: Final = 40


@dataclass(frozen=True, slots=True)
class Valued:
    """An account at the end of a day, in dollars. `flow` came in (negative: went out) since the day before in
    the list, at this day's start unless `weighted` says what of it was there on average; `fee` was taken by
    the firm since then."""

    day: date
    value: Decimal
    flow: Decimal = ZERO
    fee: Decimal = ZERO
    weighted: Decimal | None = None  # the flows, each by the part of the time for which it was there


@dataclass(frozen=True, slots=True)
class Returns:
    """Fractions, at six decimals. The annual ones are None for a year or less."""

    since: date
    until: date
    gross: Decimal
    net: Decimal
    gross_a_year: Decimal | None
    net_a_year: Decimal | None
    flows: Decimal
    fees: Decimal


def returns(days: Sequence[Valued]) -> Returns:
    """The return from the first day's end to the last's. The first day's flow and fee are before it.

    Raises:
        BadInput: fewer than two days, days out of order, or nothing was there to earn a return.
    """
    if len(days) < 2 or any(a.day >= b.day for a, b in pairwise(days)):
        raise BadInput(
            "a return takes two valued days or more, in order", fix="value it at both ends", field="days"
        )
    net = gross = ONE
    with localcontext() as exact:
        exact.prec = DIGITS
        for before, after in pairwise(days):
            there = after.flow if after.weighted is None else after.weighted
            start = before.value + there
            if start <= 0:
                raise BadInput(
                    f"on {after.day} there was nothing to earn a return on",
                    fix="ask for a later start",
                    field="days",
                )
            end = after.value - after.flow + there
            net *= end / start
            gross *= (end + after.fee) / start
        span = (days[-1].day - days[0].day).days
        return Returns(
            since=days[0].day,
            until=days[-1].day,
            gross=_step(gross - 1),
            net=_step(net - 1),
            gross_a_year=_a_year(gross, span),
            net_a_year=_a_year(net, span),
            flows=sum((day.flow for day in days[1:]), ZERO),
            fees=sum((day.fee for day in days[1:]), ZERO),
        )


def _a_year(grown: Decimal, span: int) -> Decimal | None:
    if span <= YEAR:
        return None
    return _step(grown ** (Decimal(YEAR) / span) - 1) if grown > 0 else -ONE


def _step(number: Decimal) -> Decimal:
    return number.quantize(STEP, ROUND_HALF_EVEN)
