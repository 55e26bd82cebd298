"""The life of an order: every legal step, in one table.

Rule 1: a step not in `STEPS` cannot happen. An order is held from the moment its proposal is assessed.
Rule 2: a fill that leaves nothing open completes what the table calls partially filled.
Rule 3: an execution that appears twice counts once. A fill larger than what is open is no step.
Rule 4: what was executed stays executed: a fill may be late, after a cancel or an expiry, and it counts.
Rule 5: no venue can report on an order that was never sent.
Rule 6: sent and not answered is `UNKNOWN`: only the venue's own word leads out of it. It is sent again to
the same venue, under the same id, only after that venue said that it never had it.
Rule 7: a request to cancel stops nothing that its venue has executed already; nor does one to replace.
Rule 8: what a venue takes back or corrects later changes the figures and no status: broken shares do not come
    back to life at a venue. An order that was executed to its last share stays over, whatever is left of it.
Rule 9: an order whose place another takes ends when its venue says so. One whose replacement was refused is
    what it was before.
Rule 10: a part of a block is at no venue itself: it is executed and ends as the block does. A block has an
    order's life, under an id of its own; only its executions are told apart.
The diagram in `docs/order-life.md` is drawn from `STEPS`; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, get_args

import msgspec
from msgspec.structs import replace

from core.errors import IllegalTransition
from core.fact import Fact, is_of
from core.ids import AccountId, OrderId, ProposalId, Symbol, VenueName
from core.orders.blocks import (
    BlockBusted,
    BlockCorrected,
    BlockFilled,
    BlockFormed,
    OrderJoined,
    OrderParted,
    block_account,
)
from core.orders.content import Content, Leg, content_read
from core.orders.corrections import Correction, TradeBusted, TradeCorrected
from core.orders.events import (
    CancelRequested,
    OrderAccepted,
    OrderCancelled,
    OrderDenied,
    OrderDoubted,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReleased,
    OrderRouted,
    OrderSent,
    OrderWithheld,
    ProposalAssessed,
    ProposalDeclined,
    ProposalDenied,
    ProposalLapsed,
    ProposalReturned,
    ProposalWithdrawn,
    Side,
)
from core.orders.replacements import OrderReplaced, ReplacementSized, ReplaceRefused, ReplaceRequested
from core.orders.status import COMPLETES as COMPLETES
from core.orders.status import ENDED as ENDED
from core.orders.status import NEVER_OUT as NEVER_OUT
from core.orders.status import STEPS as STEPS
from core.orders.status import Status as Status
from core.orders.trade import CORRECTIONS, difference

ZERO: Final = Decimal(0)
PRICE_STEP: Final = Decimal("0.000001")


ProposalEnd = ProposalDenied | ProposalReturned | ProposalDeclined | ProposalWithdrawn | ProposalLapsed
OrderOwn = (
    OrderReleased
    | OrderDenied
    | OrderRouted
    | OrderSent
    | OrderWithheld
    | OrderAccepted
    | OrderRejected
    | OrderDoubted
    | OrderFilled
    | TradeCorrected
    | TradeBusted
    | CancelRequested
    | OrderCancelled
    | OrderExpired
    | ReplaceRequested
    | OrderReplaced
    | ReplaceRefused
    | ReplacementSized
    | OrderJoined
    | OrderParted
)
BlockOwn = BlockFilled | BlockCorrected | BlockBusted
OrderEvent = OrderOwn | BlockOwn | ProposalEnd
VenueReport = OrderAccepted | OrderRejected | OrderDoubted | OrderFilled | OrderReplaced | BlockFilled
Fill = OrderFilled | BlockFilled
Changed = Correction | BlockCorrected | BlockBusted
OWN: Final[frozenset[type[OrderOwn | BlockOwn]]] = frozenset((*get_args(OrderOwn), *get_args(BlockOwn)))
PROPOSAL_ENDS: Final[frozenset[type[ProposalEnd]]] = frozenset(get_args(ProposalEnd))
VENUE_REPORTS: Final[frozenset[type[VenueReport]]] = frozenset(get_args(VenueReport))
FILLS: Final[frozenset[type[OrderReleased | OrderFilled]]] = frozenset({OrderReleased, OrderFilled})
OF_SHARES: Final[frozenset[type[OrderReleased | OrderFilled | Correction]]] = FILLS | CORRECTIONS
FILLED: Final[frozenset[type[Fill]]] = frozenset(get_args(Fill))
CHANGED: Final[frozenset[type[Changed]]] = frozenset(get_args(Changed))
SAID: Final[frozenset[type[OrderSent | VenueReport]]] = VENUE_REPORTS | {OrderSent}
AT_A_VENUE: Final[frozenset[type[OrderSent | VenueReport | Changed]]] = SAID | CHANGED


_NEXT: Final[Mapping[type[OrderEvent], Mapping[Status, Status]]] = {
    kind: {before: after for (before, event), after in STEPS.items() if event == kind.event_type()}
    for kind in OWN | PROPOSAL_ENDS
}
"""`STEPS` by the kind of the event."""


class Order(msgspec.Struct, frozen=True, gc=False):
    """`quantity` is shares asked for, or let out where the release carried fewer. Fees are dollars.

    `taken_back` is shares by which corrections made the executions smaller than they were reported."""

    id: OrderId
    proposal: ProposalId
    leg: int
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Decimal
    may_release_less: bool
    status: Status
    venue: VenueName | None
    venue_order: str | None
    sent: bool  # whether a venue may know of it
    filled: Decimal
    paid: Decimal  # dollars of all executions, before fees and unrounded
    fees: Decimal
    executions: frozenset[str]
    corrections: frozenset[str] = frozenset()  # as `execution/revision`
    taken_back: Decimal = ZERO
    block: OrderId | None = None  # the block that it goes with, by its order id

    @property
    def open_quantity(self) -> Decimal:
        """Shares not executed, whether or not they still can be."""
        return self.quantity - self.filled

    @property
    def average_price(self) -> Decimal | None:
        """Dollars per share at six decimals, half to even; None before the first fill."""
        if not self.filled:
            return None
        return (self.paid / self.filled).quantize(PRICE_STEP, rounding=ROUND_HALF_EVEN)


def held(proposal: ProposalId, leg: Leg) -> Order:
    """The order of one leg when its proposal is assessed."""
    return Order(
        id=leg.order,
        proposal=proposal,
        leg=leg.leg,
        account=leg.account,
        symbol=leg.symbol,
        side=leg.side,
        quantity=leg.quantity,
        may_release_less=leg.may_be_fewer,
        status=Status.HELD,
        venue=None,
        venue_order=None,
        sent=False,
        filled=ZERO,
        paid=ZERO,
        fees=ZERO,
        executions=frozenset(),
    )


def orders_held(assessed: ProposalAssessed) -> tuple[Order, ...]:
    """The orders of an assessed proposal, in the order of its legs."""
    return orders_of(content_read(assessed.content))


def orders_of(content: Content) -> tuple[Order, ...]:
    """The orders of what was assessed, in the order of its legs."""
    return tuple(held(content.proposal, leg) for leg in content.legs)


def formed(fact: BlockFormed) -> Order:
    """A block as its venue has it: an order of all its parts' shares, of no account of ours."""
    first = fact.parts[0]
    return Order(
        id=fact.order,
        proposal=ProposalId(fact.batch),
        leg=0,
        account=block_account(fact.block),
        symbol=fact.symbol,
        side=fact.side,
        quantity=sum((part.quantity for part in fact.parts[1:]), first.quantity),
        may_release_less=False,
        status=Status.RELEASED,
        venue=None,
        venue_order=None,
        sent=False,
        filled=ZERO,
        paid=ZERO,
        fees=ZERO,
        executions=frozenset(),
    )


def evolve(order: Order, event: OrderEvent) -> Order:
    """Apply one event: the order's own, or one that ended its proposal.

    Raises:
        IllegalTransition: `STEPS` has no such step, the event is of another order, the release carries
            another quantity than the leg allows, or the fill is larger than what is open. The order
            is unchanged.
    """
    _same(order, event)
    if is_of(event, FILLED) and event.execution in order.executions:
        return order
    if is_of(event, CHANGED):
        return _correct(order, event)
    status = _step(order, event)
    if is_of(event, FILLED):
        return _fill(order, status, event)
    if type(event) is OrderReleased:
        return _release(order, status, event)
    if type(event) is OrderRouted or type(event) is OrderSent:
        return replace(order, status=status, venue=event.venue, sent=type(event) is OrderSent or order.sent)
    if type(event) is OrderAccepted:
        return replace(order, status=status, venue_order=event.venue_order)
    if type(event) is ReplaceRefused and status is Status.ACCEPTED and order.filled:
        return replace(order, status=Status.PARTIALLY_FILLED)
    if type(event) is ReplacementSized:
        return _sized(order, status, event)
    if type(event) is OrderJoined or type(event) is OrderParted:
        return replace(order, status=status, block=event.block if type(event) is OrderJoined else None)
    return replace(order, status=status)


def apply(orders: Mapping[OrderId, Order], fact: Fact) -> Mapping[OrderId, Order]:
    """All orders after one fact; facts of other lives change nothing.

    Raises:
        IllegalTransition: as `evolve`, or the order is not known. Nothing is changed.
    """
    if isinstance(fact, ProposalAssessed):
        return {**orders, **{order.id: order for order in orders_held(fact)}}
    if isinstance(fact, ProposalEnd):
        ended = [o for o in orders.values() if o.proposal == fact.proposal and o.status is Status.HELD]
        return {**orders, **{order.id: evolve(order, fact) for order in ended}}
    if isinstance(fact, BlockFormed):
        return {**orders, fact.order: formed(fact)}
    if is_of(fact, OWN):
        return {**orders, fact.order: evolve(known(orders, fact), fact)}
    return orders


def known(orders: Mapping[OrderId, Order], event: OrderOwn | BlockOwn) -> Order:
    """The order that this event is of.

    Raises:
        IllegalTransition: it was never assessed.
    """
    order = orders.get(event.order)
    if order is None:
        raise IllegalTransition(
            f"{event.event_type()} of order {event.order!r}, which was never assessed",
            fix="fold the proposal's assessment first",
        )
    return order


def fold(facts: Iterable[Fact]) -> Mapping[OrderId, Order]:
    """All orders after these facts, in this order."""
    orders: Mapping[OrderId, Order] = {}
    for fact in facts:
        orders = apply(orders, fact)
    return orders


def _same(order: Order, event: OrderEvent) -> None:
    if is_of(event, OWN):
        known = order.id == event.order
    else:
        known = is_of(event, PROPOSAL_ENDS) and order.proposal == event.proposal
    if order.venue is not None and is_of(event, AT_A_VENUE):
        known = known and order.venue == event.venue
    if is_of(event, OF_SHARES):
        known = known and order.account == event.account
        known = known and order.symbol == event.symbol and order.side is event.side
    if not known:
        raise IllegalTransition(
            f"{event!r} does not fit order {order.id!r} of account {order.account!r}",
            fix="fold each order by itself",
        )


def _step(order: Order, event: OrderEvent) -> Status:
    if not order.sent and order.block is None and is_of(event, VENUE_REPORTS):
        raise IllegalTransition(
            f"{event.event_type()} of order {order.id!r}, which was never sent",
            fix="stop: find out what the venue is talking about",
        )
    status = _NEXT[type(event)].get(order.status)
    if status is None:
        raise IllegalTransition(
            f"{event.event_type()} cannot follow {order.status}",
            fix="look the order up at its venue before anything else",
        )
    return status


def _release(order: Order, status: Status, event: OrderReleased) -> Order:
    fewer = ZERO < event.quantity < order.quantity and order.may_release_less
    if event.quantity != order.quantity and not fewer:
        raise IllegalTransition(
            f"a release of {event.quantity:f} shares does not fit a leg of {order.quantity:f}",
            fix="release the leg's quantity, or fewer where the leg allows it",
        )
    return replace(order, status=status, quantity=event.quantity)


def _fill(order: Order, status: Status, event: Fill) -> Order:
    quantity = event.quantity
    left = order.quantity - order.filled - quantity
    if left < ZERO:
        raise IllegalTransition(
            f"a fill of {quantity:f} shares is larger than the {order.open_quantity:f} that are open",
            fix="reconcile with the venue before booking it",
        )
    completes = left <= order.taken_back
    return replace(
        order,
        status=COMPLETES.get(status, status) if completes else status,
        filled=order.filled + quantity,
        paid=order.paid + quantity * event.price,
        fees=order.fees + event.fee,
        executions=order.executions | {event.execution},
    )


def _correct(order: Order, event: Changed) -> Order:
    name = f"{event.execution}/{event.revision}"
    if name in order.corrections:
        return order
    status, (shares, paid, fees) = _step(order, event), difference(event)
    if event.execution not in order.executions or shares > order.open_quantity:
        says = f"{event.event_type()} of execution {event.execution!r} does not fit order {order.id!r}"
        raise IllegalTransition(says, fix="book the execution first; it adds no more than what is open")
    return replace(
        order,
        status=status,
        filled=order.filled + shares,
        paid=order.paid + paid,
        fees=order.fees + fees,
        corrections=order.corrections | {name},
        taken_back=order.taken_back - shares,
    )


def _sized(order: Order, status: Status, event: ReplacementSized) -> Order:
    if not ZERO < event.quantity <= order.quantity or event.quantity < order.filled:
        raise IllegalTransition(
            f"{event.quantity:f} of {order.quantity:f} shares cannot be left: {order.filled:f} are filled",
            fix="reconcile both orders with the venue before booking it",
        )
    whole = event.quantity == order.filled
    return replace(order, status=COMPLETES.get(status, status) if whole else status, quantity=event.quantity)
