"""A period's executions by venue, symbol and kind of order, for the firm's own review. Pure.

Rule 1: figures like those of 17 CFR 242.605(a)(1) (execution quality) and 242.606(a)(1) (where orders went),
    so that a committee can hold venues against each other, security by security and by type of order.
Rule 2: sums are of what was measured order by order; a mean is weighted by executed shares.
Source: FINRA Rule 5310.09(a), (b) (regular and rigorous review, at least every quarter).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from core.ids import Digest, Symbol, VenueName
from core.routing.evidence import Evidence
from core.routing.quality import HUNDREDTH, STEP, ZERO, Measured
from core.venues.fees import BASIS_POINT

IS_NOT: Final = (
    "For the firm's own review under FINRA Rule 5310.09. It is no report under 17 CFR 242.605 or 242.606, and"
    " not for publication: the best quotes are those of the venues that the firm reaches, not the"
    " consolidated national best bid and offer; times are those of the firm's record; quotes of simulated"
    " venues are synthetic; and it says nothing of payment for order flow, which no score here counts."
)


@dataclass(frozen=True, slots=True)
class Routed:
    """One order: its newest evidence, and what it came to."""

    evidence: Evidence
    measured: Measured
    session: date


@dataclass(frozen=True, slots=True)
class Line:
    """One venue, symbol and kind of order of one month. Shares; dollars; dollars a share in the spreads.
    Means are None where nothing was executed."""

    month: str
    venue: VenueName
    symbol: Symbol
    kind: str  # "market", "marketable limit" or "resting limit"
    orders: int
    orders_of_month: Decimal  # fraction of the month's orders
    ordered: Decimal
    executed: Decimal
    shares_improved: Decimal
    shares_at_quote: Decimal
    shares_outside: Decimal
    improvement: Decimal
    fees: Decimal
    shortfall: Decimal
    shortfall_bps: Decimal | None
    quoted_spread: Decimal | None
    effective_spread: Decimal | None
    waited_ms: int | None
    over_next: Decimal  # what the best loser was expected to cost more, added up


@dataclass(frozen=True, slots=True)
class Shadow:
    """What decided beside the live rules: how often, how often otherwise, and dollars that it would have
    saved by the live rules' own measure. `rules` is the digest of what decided."""

    what: str
    rules: Digest
    asked: int
    differed: int
    saves: Decimal


@dataclass(frozen=True, slots=True)
class Review:
    lines: tuple[Line, ...]
    shadows: tuple[Shadow, ...]


def review(orders: Iterable[Routed]) -> Review:
    """Lines in the order of month, symbol, kind and venue."""
    groups: defaultdict[tuple[str, Symbol, str, VenueName], list[Routed]] = defaultdict(list)
    of_month: defaultdict[str, int] = defaultdict(int)
    every = tuple(orders)
    for one in every:
        month = one.session.isoformat()[:7]
        of_month[month] += 1
        groups[month, one.evidence.asked.symbol, _kind(one), one.evidence.venue].append(one)
    lines = tuple(_line(key, groups[key], of_month[key[0]]) for key in sorted(groups))
    return Review(lines, _shadows(every))


def _kind(one: Routed) -> str:
    if one.evidence.asked.limit_price is None:
        return "market"
    return "marketable limit" if one.measured.marketable else "resting limit"


def _line(key: tuple[str, Symbol, str, VenueName], orders: list[Routed], of_month: int) -> Line:
    month, symbol, kind, venue = key
    found = [one.measured for one in orders]
    executed = sum((each.executed for each in found), ZERO)
    shortfall = _sum(each.shortfall for each in found)
    value = sum((each.executed * each.arrival for each in found), ZERO)
    waited = _mean(((each.executed, _whole(each.waited_ms)) for each in found), executed)
    return Line(
        month=month,
        venue=venue,
        symbol=symbol,
        kind=kind,
        orders=len(orders),
        orders_of_month=(Decimal(len(orders)) / of_month).quantize(STEP),
        ordered=sum((each.quantity for each in found), ZERO),
        executed=executed,
        shares_improved=sum((each.shares_improved for each in found), ZERO),
        shares_at_quote=sum((each.shares_at_quote for each in found), ZERO),
        shares_outside=sum((each.shares_outside for each in found), ZERO),
        improvement=_sum(each.improvement for each in found),
        fees=sum((each.fees for each in found), ZERO),
        shortfall=shortfall,
        shortfall_bps=(shortfall / value / BASIS_POINT).quantize(HUNDREDTH) if value else None,
        quoted_spread=_mean(((each.executed, each.quoted_spread) for each in found), executed),
        effective_spread=_mean(((each.executed, each.effective_spread) for each in found), executed),
        waited_ms=None if waited is None else int(waited),
        over_next=_sum(_over_next(each) for each in found),
    )


def _over_next(one: Measured) -> Decimal | None:
    return min((each.over_chosen for each in one.losers if each.over_chosen is not None), default=None)


def _shadows(orders: Iterable[Routed]) -> tuple[Shadow, ...]:
    counts: defaultdict[tuple[str, Digest], tuple[int, int, Decimal]] = defaultdict(lambda: (0, 0, ZERO))
    for one in orders:
        for beside in one.evidence.beside:
            asked, differed, saves = counts[beside.what, beside.digest]
            saved = beside.saves if beside.differs and beside.saves is not None else ZERO
            counts[beside.what, beside.digest] = (asked + 1, differed + beside.differs, saves + saved)
    return tuple(
        Shadow(what, digest, asked, differed, saves.quantize(HUNDREDTH))
        for (what, digest), (asked, differed, saves) in sorted(counts.items())
    )


def _sum(numbers: Iterable[Decimal | None]) -> Decimal:
    return sum((one for one in numbers if one is not None), ZERO)


def _whole(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def _mean(weighted: Iterable[tuple[Decimal, Decimal | None]], executed: Decimal) -> Decimal | None:
    """By executed shares."""
    if not executed:
        return None
    return (sum((shares * one for shares, one in weighted if one is not None), ZERO) / executed).quantize(
        STEP
    )
