"""A dry run: the routings of the past made again under other rules, on the very quotes that were seen. Pure.

Rule 1: both answers are of one evidence: what differs, differs by the rules alone.
Rule 2: what an order would cost elsewhere is told by the rules that are tried and by those of then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from core.ids import OrderId, Symbol, VenueName
from core.routing.evidence import Evidence, Ranked
from core.routing.router import chosen, rank
from core.routing.rules import Rules

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One order that would have gone elsewhere. Dollars of expected cost: `then` where it went, as it was
    recorded; `stays` the same by the rules that are tried; `there` where it would go, by these too. `venue`
    None: it would have waited."""

    seq: int
    order: OrderId
    symbol: Symbol
    went: VenueName
    venue: VenueName | None
    then: Decimal | None
    stays: Decimal | None
    there: Decimal | None

    @property
    def saves(self) -> Decimal:
        """By the rules that are tried; nothing where either cost is not known."""
        return ZERO if self.stays is None or self.there is None else self.stays - self.there


@dataclass(slots=True)
class Tried:
    """`moved` is how many orders would have gone from a venue to another, and the dollars saved by that."""

    asked: int = 0
    cost: Decimal = ZERO  # expected, as recorded
    cost_tried: Decimal = ZERO  # expected, by the rules that are tried, of the same orders
    elsewhere: list[Elsewhere] = field(default_factory=list)
    moved: dict[tuple[str, str], tuple[int, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: (0, ZERO))
    )


def tried(past: Sequence[tuple[int, Evidence]], rules: Rules) -> Tried:
    """Each with the sequence of its entry, oldest first."""
    found = Tried()
    for seq, evidence in past:
        again = rank(evidence.asked, evidence.candidates, rules)
        venue = chosen(again)
        then, stays = _expected(evidence.ranked, evidence.venue), _expected(again, evidence.venue)
        there = None if venue is None else _expected(again, venue)
        found.asked += 1
        found.cost += then or ZERO
        found.cost_tried += there or ZERO
        if venue != evidence.venue:
            one = Elsewhere(
                seq, evidence.asked.order, evidence.asked.symbol, evidence.venue, venue, then, stays, there
            )
            found.elsewhere.append(one)
            count, saved = found.moved[evidence.venue, venue or ""]
            found.moved[evidence.venue, venue or ""] = (count + 1, saved + one.saves)
    return found


def _expected(ranked: Sequence[Ranked], venue: VenueName) -> Decimal | None:
    return next((one.expected for one in ranked if one.venue == venue), None)
