"""An order whose place another takes: it ends by its venue's word, and what is left of the other is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import IllegalTransition
from core.ids import OrderId
from core.orders.order import Order, Status, evolve
from core.orders.replacements import OrderReplaced, ReplacementSized, ReplaceRefused, ReplaceRequested
from tests.core import facts
from tests.core.orders.test_order_life import an_order

NEW = OrderId("gh-new")


def accepted(*fills: int) -> Order:
    """Of a hundred shares, at its venue, with these executed."""
    order = an_order()
    for step in (facts.released, facts.routed, facts.sent, facts.accepted):
        order = evolve(order, step(order))
    for number, shares in enumerate(fills):
        order = evolve(order, facts.fill_of(order, shares, f"e{number}"))
    return order


def asked(order: Order) -> Order:
    return evolve(order, ReplaceRequested(order=order.id, by=NEW))


def replaced(order: Order) -> OrderReplaced:
    return OrderReplaced(order=order.id, venue=facts.VENUE, by=NEW, executed=order.filled)


@pytest.mark.parametrize(("fills", "status"), [((), Status.ACCEPTED), ((30,), Status.PARTIALLY_FILLED)])
def test_a_refused_replacement_leaves_the_order_what_it_was(fills: tuple[int, ...], status: Status) -> None:
    order = accepted(*fills)
    refused = ReplaceRefused(order=order.id, by=NEW, reason="too late")
    assert evolve(asked(order), refused).status is order.status is status


def test_a_fill_that_races_is_counted_and_a_late_one_too() -> None:
    order = asked(accepted(30))
    order = evolve(order, facts.fill_of(order, 10, "raced"))
    assert (order.status, order.filled) == (Status.PENDING_REPLACE, Decimal(40))
    order = evolve(order, replaced(order))
    late = evolve(order, facts.fill_of(order, 5, "late"))
    assert (late.status, late.filled) == (Status.REPLACED, Decimal(45))


def test_an_order_that_fills_first_is_filled() -> None:
    order = asked(accepted(30))
    assert evolve(order, facts.fill_of(order, 70, "rest")).status is Status.FILLED


def test_a_cancel_that_comes_between_ends_it_the_one_way_or_the_other() -> None:
    order = asked(accepted())
    order = evolve(order, facts.cancel_requested(order))
    assert order.status is Status.PENDING_CANCEL
    assert evolve(order, replaced(order)).status is Status.REPLACED
    assert evolve(order, facts.cancelled(order)).status is Status.CANCELLED


def test_an_order_that_nobody_asked_to_replace_is_not_replaced() -> None:
    order = accepted()
    with pytest.raises(IllegalTransition):
        evolve(order, replaced(order))


def sized(order: Order, shares: int) -> Order:
    fact = ReplacementSized(
        order=order.id, replaces=OrderId("o-old"), executed=Decimal(0), quantity=Decimal(shares)
    )
    return evolve(order, fact)


def test_what_is_left_is_the_orders_quantity_from_then_on() -> None:
    order = sized(accepted(30), 60)
    assert (order.status, order.open_quantity) == (Status.PARTIALLY_FILLED, Decimal(30))
    assert sized(accepted(60), 60).status is Status.FILLED


@pytest.mark.parametrize("shares", [101, 29])
def test_more_than_was_released_or_less_than_was_done_cannot_be_left(shares: int) -> None:
    with pytest.raises(IllegalTransition):
        sized(accepted(30), shares)
