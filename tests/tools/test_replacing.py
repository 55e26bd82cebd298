"""What follows a part execution is a draft of her own words, and only of the order that she means."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.book.views import OrderView
from core.ids import AccountId, HouseholdId, MessageId, OrderId, ProposalId, Symbol
from core.orders.events import OrderType, Request, Side, Span
from core.orders.provenance import Known, unproven
from core.orders.rests import Rest
from tests.agents.running import answer, ask, copilot
from tests.tools.book import SimulatedDesk

LIVE = OrderId("gh-" + "1" * 24)
ENDED = OrderId("gh-" + "2" * 24)


def order(id: OrderId, symbol: str, status: str, *, filled: str = "30") -> OrderView:
    return OrderView(
        order=id,
        proposal=ProposalId("prp-" + "0" * 32),
        leg=0,
        account=AccountId("acc-1001"),
        symbol=Symbol(symbol),
        side=Side.BUY,
        quantity=Decimal(100),
        limit_price=Decimal("95.5"),
        status=status,
        venue="ARCADIA",
        filled=Decimal(filled),
        average_price=Decimal(95),
        fees=Decimal(0),
        scores=(),
        says="",
    )


async def desk_with(*orders: OrderView) -> SimulatedDesk:
    desk = SimulatedDesk()
    await ask(copilot(), desk, "Rebalance the Okafor household.")
    [proposal] = desk.drafts
    desk.change(proposal, orders=orders, status="RELEASED", waits_for="fills")
    return desk


async def drafted(text: str, *orders: OrderView) -> tuple[Request | None, str]:
    """What was drafted of the message, and what was said to it."""
    desk = await desk_with(*orders)
    before = set(desk.drafts)
    said = answer(await ask(copilot(), desk, text, message="msg-9"))
    fresh = [request for key, (request, _, _) in desk.drafts.items() if key not in before]
    assert len(fresh) <= 1
    return (fresh[0] if fresh else None), said


@pytest.mark.anyio
async def test_a_new_limit_is_drafted_in_the_live_orders_place_for_what_is_left() -> None:
    request, _ = await drafted(
        "change the limit on my BBB order to 97.25", order(LIVE, "BBB", "PARTIALLY_FILLED")
    )
    assert request is not None
    assert (request.replaces, request.quantity, request.limit_price) == (LIVE, Decimal(70), Decimal("97.25"))


@pytest.mark.anyio
async def test_the_rest_of_an_order_that_has_ended_is_drafted_as_it_was_meant() -> None:
    request, _ = await drafted(
        "Draft something for the unfilled part of the BBB order", order(ENDED, "BBB", "EXPIRED")
    )
    assert request is not None
    assert (request.replaces, request.side, request.quantity) == (None, Side.BUY, Decimal(70))
    assert (request.symbol, request.limit_price) == ("BBB", Decimal("95.5"))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("the BBB order only filled half, what should we do with the rest?", "70 BBB are left to buy"),
        ("what should we do with the rest of the AAA order?", "no order with something left"),
        ("do not change the limit on my BBB order to 97", "othing was drafted"),
        ("change my BBB order to 70 shares", "what should change?"),
    ],
)
async def test_nothing_is_drafted_beside_a_live_order_nor_against_her_word(text: str, says: str) -> None:
    request, said = await drafted(text, order(LIVE, "BBB", "PARTIALLY_FILLED"))
    assert request is None
    assert says.lower() in said.lower()


@pytest.mark.anyio
async def test_two_orders_of_one_symbol_are_asked_about() -> None:
    other = replace(order(OrderId("gh-" + "3" * 24), "BBB", "ACCEPTED"), filled=Decimal(0))
    request, said = await drafted(
        "replace my BBB order with 40 shares at limit 96", order(LIVE, "BBB", "PARTIALLY_FILLED"), other
    )
    assert request is None
    assert said.startswith("Which one?")


TEXT = "change the limit on my BBB order to 97"
REST = Rest(LIVE, AccountId("acc-1001"), Symbol("BBB"), Side.BUY, Decimal(70), Decimal("95.5"), live=True)
KNOWN = Known(
    HouseholdId("hh-1"), ("Okafor household",), {AccountId("acc-1001"): "taxable"}, None, rests=(REST,)
)
GOOD: dict[str, Any] = {
    "kind": "order",
    "household": HouseholdId("hh-1"),
    "accounts": (AccountId("acc-1001"),),
    "symbol": Symbol("BBB"),
    "side": Side.BUY,
    "quantity": Decimal(70),
    "order_type": OrderType.LIMIT,
    "limit_price": Decimal(97),
    "replaces": LIVE,
}


def missing(known: Known = KNOWN, **other: Any) -> tuple[str, ...]:
    words = {"kind": "change", "order": "BBB", "limit_price": "97"}
    spans = [
        Span(field=f, message=MessageId("m"), start=TEXT.index(w), end=TEXT.index(w) + len(w))
        for f, w in words.items()
    ]
    return unproven(Request(**{**GOOD, **other}), spans, {MessageId("m"): TEXT}, known)


def test_a_copilot_that_lies_about_the_order_proves_nothing() -> None:
    assert missing() == ()
    assert missing(quantity=Decimal(71)) == ("quantity",)
    assert missing(limit_price=Decimal(98)) == ("limit_price",)
    assert missing(side=Side.SELL) == ("order",)
    assert missing(symbol=Symbol("AAA")) == ("order",)
    assert missing(replaces=ENDED) == ("order",)
    assert missing(replaces=None) == ("kind", "order")
    assert "order" in missing(replace(KNOWN, rests=()))
    assert "order" in missing(replace(KNOWN, rests=(REST, replace(REST, order=ENDED))))
    assert "household" in missing(accounts=(AccountId("acc-9"),))


def test_whose_place_it_takes_is_never_taken_from_other_words() -> None:
    """All of a new order stands in her words but that it replaces one: a model added that."""
    text = "Buy 70 BBB in acc-1001 at a limit of 97"
    words = {"accounts": "acc-1001", "side": "Buy", "quantity": "70", "symbol": "BBB", "limit_price": "97"}
    spans = [
        Span(field=f, message=MessageId("m"), start=text.index(w), end=text.index(w) + len(w))
        for f, w in words.items()
    ]
    assert unproven(Request(**GOOD), spans, {MessageId("m"): text}, KNOWN) == ("kind", "order")
    assert unproven(Request(**{**GOOD, "replaces": None}), spans, {MessageId("m"): text}, KNOWN) == ()
