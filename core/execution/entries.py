"""What execution writes into the journal, one function for each fact. Pure.

Rule 1: each entry has a key that a second try makes again, so a step happens once however often it is tried.
Rule 2: the body under a key is made of the order and the venue's words alone: made again, it is the same.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from core.best_execution.events import RouteRecorded
from core.fact import Entry, Fact
from core.ids import Digest, VenueName
from core.market.settlement import settles_on
from core.orders.aside import OrderSetAside
from core.orders.blocks import BlockFilled
from core.orders.events import (
    OrderAccepted,
    OrderCancelled,
    OrderDoubted,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRouted,
    OrderSent,
    OrderWithheld,
    RouteScore,
)
from core.orders.released import ReleasedOrder
from core.orders.replacements import OrderReplaced
from core.routing.router import Routing
from core.shapes import worked_out
from core.venues.venue import Accepted, Ended, Execution, How, Rejected, Unknown, digest_of

LONGEST: Final = 300  # letters of a reason
# Worked out here, of their types already. What a venue says is looked at as it goes into a fact.
_ROUTED: Final = worked_out(OrderRouted)
_ROUTE_RECORDED: Final = worked_out(RouteRecorded)
_SENT: Final = worked_out(OrderSent)


def routed(order: ReleasedOrder, venue: VenueName, scores: tuple[RouteScore, ...], *, choice: int) -> Entry:
    """`choice` counts from one: before anything is sent it may be made again."""
    key = f"route/{order.id}" if choice == 1 else f"route/{order.id}/{choice}"
    return _entry(order, _ROUTED(order=order.id, venue=venue, scores=scores), key)


def route_recorded(order: ReleasedOrder, routing: Routing, *, choice: int) -> tuple[Entry, ...]:
    """Everything that the choice rests on. None where there was no choice to make."""
    found = routing.evidence
    if found is None:
        return ()
    fact = _ROUTE_RECORDED(
        order=order.id,
        venue=found.venue,
        choice=choice,
        version=found.version,
        routing=found.rules,
        evidence=found.text(),
    )
    return (_entry(order, fact, f"route-recorded/{order.id}/{choice}"),)


def sent(order: ReleasedOrder, venue: VenueName, body: Digest, *, attempt: int) -> Entry:
    """The intent: durable before the first byte leaves. `attempt` counts from one."""
    fact = _SENT(order=order.id, venue=venue, body_digest=body)
    return _entry(order, fact, f"sent/{order.id}/{attempt}")


def withheld(order: ReleasedOrder, venue: VenueName, body: Digest, says: str) -> Entry:
    """The bytes that did not leave, and why. One entry for each reason, however often it is tried."""
    fact = OrderWithheld(order=order.id, venue=venue, body_digest=body, says=says)
    return _entry(order, fact, f"withheld/{order.id}/{digest_of(f'{body} {says}'.encode())}")


def set_aside(order: ReleasedOrder, says: str) -> Entry:
    """Without a key: it is on record once for each time that it stands aside, which is the law's to count."""
    return Entry(f"aside/{order.id}", OrderSetAside(order=order.id, says=says[:LONGEST]), trace=order.trace)


def accepted(order: ReleasedOrder, venue: VenueName, said: Accepted) -> Entry:
    fact = OrderAccepted(order=order.id, venue=venue, venue_order=said.venue_order)
    return _entry(order, fact, f"accepted/{order.id}")


def rejected(order: ReleasedOrder, venue: VenueName, said: Rejected) -> Entry:
    fact = OrderRejected(order=order.id, venue=venue, reason=said.reason)
    return _entry(order, fact, f"rejected/{order.id}")


def doubted(order: ReleasedOrder, venue: VenueName, said: Unknown, *, attempt: int) -> Entry:
    waited = said.waited // timedelta(milliseconds=1)
    fact = OrderDoubted(order=order.id, venue=venue, waited_ms=waited)
    return _entry(order, fact, f"doubted/{order.id}/{attempt}")


def filled(order: ReleasedOrder, venue: VenueName, one: Execution) -> Entry:
    said = {
        "order": order.id,
        "symbol": order.symbol,
        "side": order.side,
        "execution": one.id,
        "quantity": one.quantity,
        "price": one.price,
        "fee": one.fee,
        "venue": venue,
        "executed_at": one.executed_at,
        "trade_date": one.trade_date.isoformat(),
        "settles_on": _settles(one.trade_date),
    }
    fact = BlockFilled(**said) if order.members else OrderFilled(**said, account=order.account)
    return _entry(order, fact, f"fill/{venue}/{one.id}")


def ended(order: ReleasedOrder, venue: VenueName, said: Ended) -> Entry:
    return _entry(order, _end(order, venue, said), f"ended/{order.id}")


def _end(order: ReleasedOrder, venue: VenueName, said: Ended) -> Fact:
    if said.how is How.EXPIRED:
        return OrderExpired(order=order.id, session=said.session.isoformat())
    if said.by is not None:
        return OrderReplaced(order=order.id, venue=venue, by=said.by, executed=said.executed)
    return OrderCancelled(order=order.id, venue=venue, reason="cancelled at the venue")


def cancelled(order: ReleasedOrder, venue: VenueName | None) -> Entry:
    """It is at no venue: it was never sent, or its venue never had it."""
    fact = OrderCancelled(order=order.id, venue=venue, reason="cancelled before a venue had it")
    return _entry(order, fact, f"ended/{order.id}")


def expired(order: ReleasedOrder, session: str) -> Entry:
    """It never left: `session` ended first."""
    return _entry(order, OrderExpired(order=order.id, session=session), f"ended/{order.id}")


def _settles(trade_date: date) -> str:
    return settles_on(trade_date).isoformat()


def _entry(order: ReleasedOrder, fact: Fact, key: str) -> Entry:
    return Entry(stream=f"order/{order.id}", fact=fact, trace=order.trace, key=key)
