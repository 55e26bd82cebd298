"""One order at work: its release, its state, and what is still to be written of it. No I/O.

Rule 1: the state is the fold of the journal's facts by the order's own table; a step that the table has not
    is not written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from core.errors import IllegalTransition
from core.execution.changing import Stands, stands_after
from core.fact import Fact, is_of
from core.ids import OrderId, VenueName
from core.orders.cost import most_fees
from core.orders.events import OrderReleased, OrderRouted, OrderSent, Side
from core.orders.order import ENDED, OWN, Order, Status, evolve
from core.orders.released import ReleasedOrder
from core.orders.replacements import ReplacementSized, ReplaceRequested
from core.routing.evidence import QuoteSeen
from core.venues.venue import Change, Ended, Execution

ZERO: Final = Decimal(0)
IN_DOUBT: Final = frozenset({Status.SENT, Status.UNKNOWN})
OPEN_THERE: Final = {Status.ACCEPTED, Status.PARTIALLY_FILLED, Status.PENDING_CANCEL, Status.PENDING_REPLACE}
AT_VENUE: Final = IN_DOUBT | OPEN_THERE


@dataclass(slots=True)
class Working:
    """`busy` is held by whoever writes the next fact, `talking` by whoever asks a venue. `ended` waits for
    the executions that it speaks of."""

    released: ReleasedOrder
    state: Order
    choices: int = 0
    attempts: int = 0
    quote: QuoteSeen | None = None  # of the chosen venue, when it was chosen
    ended: Ended | None = None
    never_seen: bool = False  # the venue's word, since we last sent
    left: Decimal | None = None  # what is left for one that takes another's place, once that one has ended
    unsent: bool = False  # its intent is written, and a halt came before the first byte
    not_asked: bool = False  # it may be at its venue, which was not asked since this worker has it
    to_cancel: bool = False  # somebody asked to end it
    redriven: int = 0  # the entry that last asked to try it again
    remembered: bool = False  # it has ended, and is kept for late reports
    asked_by: OrderId | None = None  # who takes its place, once its venue may have been asked
    stands: Mapping[str, Stands] = field(default_factory=dict)  # by execution
    early: dict[str, list[Change]] = field(default_factory=dict)  # told before their execution
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    talking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def venue(self) -> VenueName | None:
        return self.state.venue

    @property
    def nowhere(self) -> bool:
        """Whether no venue has it, although its intent is written."""
        return self.never_seen or self.unsent

    @property
    def replaces(self) -> bool:
        """Whether it takes another's place."""
        return self.released.replaces is not None

    @property
    def in_place(self) -> bool:
        """Whether it goes where another is, to take its place there in one step."""
        return self.replaces and self.left is None

    @property
    def known_there(self) -> bool:
        """Whether its venue has accepted it, or executed some of it."""
        return self.state.venue_order is not None or bool(self.state.filled)

    @property
    def over(self) -> bool:
        return self.state.status in ENDED

    def told(self) -> Mapping[str, str | None]:
        """In words and figures, for people."""
        return {
            "order": self.released.id,
            "account": self.released.account,
            "symbol": self.released.symbol,
            "side": self.released.side.value,
            "quantity": format(self.released.quantity, "f"),
            "filled": format(self.state.filled, "f"),
            "status": self.state.status.value,
            "venue": self.state.venue,
            "scopes": " ".join(sorted(self.released.scopes)),
        }

    def after(self, fact: Fact) -> Order:
        """The state after one more fact. Changes nothing.

        Raises:
            IllegalTransition: the table has no such step.
        """
        if not is_of(fact, OWN):
            return self.state
        return evolve(self.state, fact)

    def take(self, fact: Fact) -> None:
        """Raises IllegalTransition, and then nothing has changed."""
        self.stood(fact, self.after(fact))

    def stood(self, fact: Fact, after: Order) -> None:
        """That fact is on record; `after` is what it makes of the state, which nobody has changed since."""
        self.state = after
        kind = type(fact)
        self.choices += kind is OrderRouted
        self.attempts += kind is OrderSent
        self.stands = stands_after(self.stands, fact)
        if type(fact) is ReplacementSized:
            self.left = fact.quantity
        elif type(fact) is ReplaceRequested:
            self.asked_by = fact.by

    def refuse_beyond_terms(self, one: Execution) -> None:
        """No execution is worse than the order's limit, nor dearer than any venue of the firm may be.

        Raises:
            IllegalTransition: this one is. Nothing is booked: the venue must say how it came to it.
        """
        limit = self.released.limit_price
        buys = self.released.side is Side.BUY
        if limit is not None and (one.price > limit if buys else one.price < limit):
            says = f"at {one.price:f}, beyond its limit of {limit:f}"
        elif one.fee > most_fees(quantity=one.quantity, price=one.price, ticket_fee=ZERO):
            says = f"for a fee of {one.fee:f}, more than a venue may charge"
        else:
            return
        raise IllegalTransition(
            f"order {self.released.id!r} was executed {says}",
            fix="reconcile with the venue before booking it",
        )

    def improvement(self, one: Execution) -> Decimal | None:
        """By how much of the half spread an execution beat the quote that it was routed on."""
        if self.quote is None or self.quote.ask == self.quote.bid:
            return None
        half_spread = (self.quote.ask - self.quote.bid) / 2
        buys = self.released.side is Side.BUY
        return (self.quote.ask - one.price if buys else one.price - self.quote.bid) / half_spread


def working(released: ReleasedOrder, facts: Iterable[Fact] = ()) -> Working:
    """An order as the journal has it: its release, and the facts of its stream after that.

    Raises:
        IllegalTransition: the facts are not a life that the table knows.
    """
    found = Working(released, _released(released))
    for fact in facts:
        if not isinstance(fact, OrderReleased):
            found.take(fact)
    return found


def _released(order: ReleasedOrder) -> Order:
    return Order(
        id=order.id,
        proposal=order.proposal,
        leg=order.leg,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        may_release_less=False,
        status=Status.RELEASED,
        sent=False,
        venue=None,
        venue_order=None,
        filled=ZERO,
        paid=ZERO,
        fees=ZERO,
        executions=frozenset(),
    )
