"""A large order in equal parts over time (TWAP): which part is due now, never more than was decided. Pure.

Rule 1: the parts of a schedule add up to the order, whatever the rounding: each part ends at its share of the
    whole, rounded down to the lot, and the last ends at the whole.
Rule 2: one part, one child, one id: the part's number is the child's. What was not sent in its part is not
    sent under that number any more.
Rule 3: catching up is written beforehand: a later child may carry what earlier ones left, up to `catch_up`
    times its own part. The rest waits for the next; what is left at the end expires.
Rule 4: what is out counts as done until its venue's last word, and then as much as that word says, although
    its executions may still be on the way. Done and out together never pass the order, nor the schedule as
    far as it has come.
Rule 5: a halted or cancelled order makes no child; a cancelled one never again. Its open children are to be
    cancelled.
Source: Almgren and Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3 (2000), 5-39
    (equal parts over time are the plan of least expected impact, where impact is linear and risk aside).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from core.errors import BadInput, IllegalTransition
from core.ids import OrderId, ProposalId

MOST_PARTS: Final = 500
ZERO: Final = Decimal(0)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What people decide on: it belongs into the text that their digest is of.

    `begins` and `ends` are on the market clock, of one session. `lot` is the smallest number of shares of a
    child but the last one. `catch_up` is at least 1; 1 catches up nothing.
    """

    begins: datetime
    ends: datetime
    parts: int
    lot: Decimal
    catch_up: Decimal

    def __post_init__(self) -> None:
        if not 1 <= self.parts <= MOST_PARTS:
            raise BadInput(
                f"{self.parts} parts are none or too many", fix=f"use 1 to {MOST_PARTS}", field="parts"
            )
        if self.ends - self.begins < self.parts * _MICROSECOND:
            raise BadInput("the schedule ends before it begins", fix="give it time", field="ends")
        if self.lot <= 0:
            raise BadInput(f"a lot of {self.lot} is none", fix="use 1 for whole shares", field="lot")
        if self.catch_up < 1:
            raise BadInput(
                f"a child of {self.catch_up} parts falls behind for good",
                fix="use 1 or more",
                field="catch_up",
            )

    def part_at(self, now: datetime) -> int | None:
        """The number of the part that runs, from 1; None before the first and after the last."""
        if not self.begins <= now < self.ends:
            return None
        gone, whole = (now - self.begins) // _MICROSECOND, (self.ends - self.begins) // _MICROSECOND
        return 1 + self.parts * gone // whole

    def due_by(self, part: int, quantity: Decimal) -> Decimal:
        """Shares that are to be out or done when that part ends."""
        if part >= self.parts:
            return quantity
        lots = (quantity * part / self.parts / self.lot).to_integral_value(ROUND_DOWN)
        return lots * self.lot

    def of_part(self, part: int, quantity: Decimal) -> Decimal:
        """Shares of one part, where nothing was left before."""
        before = self.due_by(part - 1, quantity) if part > 1 else ZERO
        return self.due_by(part, quantity) - before


class State(StrEnum):
    WORKING = "WORKING"
    HALTED = "HALTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FILLED = "FILLED"


class Event(StrEnum):
    HALTED = "halted"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    SCHEDULE_ENDED = "schedule ended"
    ALL_EXECUTED = "all executed"


STEPS: Final[Mapping[tuple[State, Event], State]] = MappingProxyType(
    {
        (State.WORKING, Event.HALTED): State.HALTED,
        (State.WORKING, Event.CANCELLED): State.CANCELLED,
        (State.WORKING, Event.SCHEDULE_ENDED): State.EXPIRED,
        (State.WORKING, Event.ALL_EXECUTED): State.FILLED,
        (State.HALTED, Event.HALTED): State.HALTED,
        (State.HALTED, Event.RESUMED): State.WORKING,
        (State.HALTED, Event.CANCELLED): State.CANCELLED,
        (State.HALTED, Event.SCHEDULE_ENDED): State.EXPIRED,
        (State.HALTED, Event.ALL_EXECUTED): State.FILLED,  # what was out when trading stopped
        (State.CANCELLED, Event.ALL_EXECUTED): State.FILLED,  # the fill beat the cancel
        (State.EXPIRED, Event.ALL_EXECUTED): State.FILLED,  # the venue told it late
    }
)
"""A step that is not here cannot happen."""
OVER: Final = frozenset({State.CANCELLED, State.EXPIRED, State.FILLED})


@dataclass(frozen=True, slots=True)
class Child:
    """One part's order. `last_word`: shares that its venue says were executed, where no more will be; some of
    these executions may still be on the way. None while it is out."""

    number: int
    order: OrderId
    quantity: Decimal
    filled: Decimal = ZERO
    last_word: Decimal | None = None

    @property
    def counted(self) -> Decimal:
        """Shares that are done or may still be."""
        return self.quantity if self.last_word is None else self.last_word


@dataclass(frozen=True, slots=True)
class Parent:
    """The order that people decided on, and what became of it so far. `children` by their number."""

    proposal: ProposalId
    leg: int
    quantity: Decimal
    schedule: Schedule
    state: State = State.WORKING
    children: Mapping[int, Child] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def filled(self) -> Decimal:
        return sum((child.filled for child in self.children.values()), ZERO)

    @property
    def counted(self) -> Decimal:
        """Shares that are done or may still be: never more than the order."""
        return sum((child.counted for child in self.children.values()), ZERO)

    @property
    def to_cancel(self) -> tuple[Child, ...]:
        """Children that are out although the order is over. A halt alone sends nothing more; what is out then
        ends by the halt's own rules."""
        open_ones = (child for child in self.children.values() if child.last_word is None)
        return tuple(open_ones) if self.state in OVER else ()

    @property
    def left(self) -> Decimal:
        """Shares that expire or are cancelled with the order; nothing while it works."""
        return self.quantity - self.counted if self.state in OVER else ZERO

    def due(self, now: datetime) -> Child | None:
        """The child that is to go out now; None where none is. Until it is out, it is the same."""
        part = self.schedule.part_at(now)
        if self.state is not State.WORKING or part is None or part in self.children:
            return None
        own = self.schedule.of_part(part, self.quantity)
        behind = self.schedule.due_by(part, self.quantity) - self.counted
        most = self._most(own, part)
        wanted = min(behind, most, self.quantity - self.counted)
        if part < self.schedule.parts:
            wanted -= wanted % self.schedule.lot
        if wanted <= 0:
            return None
        return Child(part, child_id_for(self.proposal, self.leg, part), wanted)

    def with_child(self, child: Child) -> Parent:
        """The same, with that child out.

        Raises:
            IllegalTransition: it is not what may go out. Nothing has changed.
        """
        if self.state is not State.WORKING or child.number in self.children:
            raise _illegal(f"child {child.number} cannot go out while the order is {self.state}, or twice")
        if child.quantity <= 0 or self.counted + child.quantity > self.quantity:
            raise _illegal(f"child {child.number} would pass the order's {self.quantity:f} shares")
        return self._with(child)

    def executed(self, number: int, shares: Decimal) -> Parent:
        """The same, with shares of a child executed, also where it had ended: a venue may tell late.

        Raises:
            IllegalTransition: no such child, or more than it was, or than its venue's last word. Nothing has
                changed.
        """
        child = self._child(number)
        if shares <= 0 or child.filled + shares > child.counted:
            raise _illegal(f"child {number} has {child.counted:f} shares, {child.filled:f} of them executed")
        found = self._with(replace(child, filled=child.filled + shares))
        return found.after(Event.ALL_EXECUTED) if found.filled == found.quantity else found

    def ended(self, number: int, executed: Decimal) -> Parent:
        """The same, with its venue's last word on a child. What it left is free for later parts.

        Raises:
            IllegalTransition: no such child, or it says less than was executed, or more than it was, or
                otherwise than before. Nothing has changed.
        """
        child = self._child(number)
        if not child.filled <= executed <= child.quantity or child.last_word not in (None, executed):
            raise _illegal(f"child {number}: {executed:f} executed is not what its venue told")
        return self._with(replace(child, last_word=executed))

    def moved_on(self, now: datetime) -> Parent:
        """The same, over where its time is."""
        over = now >= self.schedule.ends and self.state not in OVER
        return self.after(Event.SCHEDULE_ENDED) if over else self

    def after(self, event: Event) -> Parent:
        """The same, one step on.

        Raises:
            IllegalTransition: `STEPS` has no such step. Nothing has changed.
        """
        state = STEPS.get((self.state, event))
        if state is None:
            raise _illegal(f"{event} cannot follow {self.state}")
        return replace(self, state=state)

    def _most(self, own: Decimal, part: int) -> Decimal:
        even = max(own, self.quantity / self.schedule.parts)
        most = even * self.schedule.catch_up
        return most if part == self.schedule.parts else max(most, self.schedule.lot)

    def _child(self, number: int) -> Child:
        child = self.children.get(number)
        if child is None:
            raise _illegal(f"there is no child {number}")
        return child

    def _with(self, child: Child) -> Parent:
        return replace(self, children=MappingProxyType({**self.children, child.number: child}))


def child_id_for(proposal: ProposalId, leg: int, child: int) -> OrderId:
    """The client order id that a venue sees of a child. Never one of `core.ids.order_id_for`: a leg has no
    third part there."""
    return OrderId("gh-" + sha256(f"{proposal}/{leg}/{child}".encode()).hexdigest()[:24])


def _illegal(says: str) -> IllegalTransition:
    return IllegalTransition(says, fix="read the order and its children again from the record")
