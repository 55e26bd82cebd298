"""Choosing a venue for one order: what the venues show now, and the rules that are in force now.

Rule 1: the rules are asked at each routing, and kept for a fraction of a second as quotes are: another
    version decides without a restart. Where they cannot be read, nothing is routed.
Rule 2: what comes of an order is remembered of its venue, by symbol, once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.execution.board import QUOTES_KEPT, Board, Kept, monotonic
from core.execution.line import Line
from core.execution.working import Working
from core.orders.released import ReleasedOrder
from core.routing.router import Grounds, Routing, route
from core.routing.rules import InForce, RulesOf
from core.routing.score import is_marketable
from core.venues.venue import Execution

NO_RULES: Final = Routing(None, (), None)


class Choosing:
    """One per worker."""

    def __init__(self, board: Board, rules_of: RulesOf) -> None:
        self._board = board
        self._rules_of = rules_of
        self._rules: Kept[InForce] = Kept(QUOTES_KEPT)

    async def choose(self, order: ReleasedOrder, grounds: Grounds) -> Routing:
        """The venue, every score and the evidence. No venue: nothing can be routed now."""
        in_force = await self._rules.of("rules", self._rules_of)
        if in_force is None:
            return NO_RULES
        self._board.tally.half_life = in_force.rules.weights.half_life
        return route(order, await self._board.views(order.symbol), grounds, in_force)

    def executed(self, work: Working, one: Execution) -> None:
        """One execution, measured against the quote that it was routed on."""
        improvement, venue = work.improvement(one), work.venue
        if improvement is not None and venue is not None:
            self._board.tally.executed(venue, work.released.symbol, improvement, at=monotonic())

    def ended(self, work: Working, line: Line) -> None:
        """An order that is over. Told of it again, nothing changes: it is open there no more."""
        order = work.released
        if order.id in line.open:
            filled = min(work.state.filled / order.quantity, Decimal(1))
            took = order.limit_price is None or (
                work.quote is not None and is_marketable(order.side, order.limit_price, work.quote)
            )
            self._board.tally.ended(line.venue.name, order.symbol, filled, took=took, at=monotonic())
