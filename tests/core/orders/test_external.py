"""The external form of an order's events, to the last character."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, get_args
from uuid import UUID

import pytest

from core.fact import PolicyDecision
from core.ids import AccountId, Digest, OrderId, ProposalId, Symbol, TraceId, VenueName
from core.orders.blocks import OrderJoined, OrderParted
from core.orders.events import (
    CancelRequested,
    Finding,
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
    OrderType,
    OrderWithheld,
    Side,
    TimeInForce,
)
from core.orders.external import ExternalOrderEvent, ExternalOrderFill, Stored, Terms, actor, external
from core.orders.order import OrderOwn
from core.orders.replacements import OrderReplaced, ReplacementSized, ReplaceRefused, ReplaceRequested
from tests.core.facts import booked, busted, corrected

ORDER: Final = OrderId("gh-0123456789abcdef01234567")
VENUE: Final = VenueName("ARCADIA")
TERMS: Final = Terms(
    order=ORDER,
    leg=0,
    account=AccountId("acc-1011"),
    symbol=Symbol("AAPL"),
    side=Side.SELL,
    quantity=Decimal("82"),
    order_type=OrderType.LIMIT,
    limit_price=Decimal("129.50"),
    findings=(
        Finding(policy="cash", result="pass"),
        Finding(policy="concentration", result="finding", leg=0),
        Finding(policy="order_value", result="finding", leg=1),
    ),
)
RELEASED: Final = OrderReleased(
    order=ORDER,
    proposal=ProposalId("prp-1"),
    leg=0,
    digest=Digest("a" * 64),
    account=TERMS.account,
    symbol=TERMS.symbol,
    side=TERMS.side,
    quantity=Decimal("80"),
    order_type=TERMS.order_type,
    limit_price=TERMS.limit_price,
    time_in_force=TimeInForce.DAY,
)
DENIED: Final = OrderDenied(
    order=ORDER,
    proposal=ProposalId("prp-1"),
    leg=0,
    findings=(Finding(policy="funding", result="breach", says="too little", leg=0),),
    differences=("too little",),
)
FILLED: Final = OrderFilled(
    order=ORDER,
    account=TERMS.account,
    symbol=TERMS.symbol,
    side=TERMS.side,
    execution="ARC-7",
    quantity=Decimal("30"),
    price=Decimal("129.610000"),
    fee=Decimal("0.12"),
    venue=VENUE,
    executed_at=datetime(2022, 12, 29, 15, 0, 2, tzinfo=UTC),
    trade_date="2022-12-29",
    settles_on="2023-01-03",
)
BUSTED: Final = busted(FILLED)
CORRECTED: Final = corrected(FILLED, booked(FILLED))
OTHERS: Final[tuple[OrderOwn, ...]] = (
    OrderRouted(order=ORDER, venue=VENUE, scores=()),
    OrderSent(order=ORDER, venue=VENUE, body_digest=Digest("b" * 64)),
    OrderWithheld(order=ORDER, venue=VENUE, body_digest=Digest("b" * 64), says="quantity: 11, not 10"),
    OrderAccepted(order=ORDER, venue=VENUE, venue_order="A-1"),
    OrderRejected(order=ORDER, venue=VENUE, reason="no such symbol"),
    OrderDoubted(order=ORDER, venue=VENUE, waited_ms=2000),
    CancelRequested(order=ORDER),
    OrderCancelled(order=ORDER, venue=VENUE, reason="asked"),
    OrderExpired(order=ORDER, session="2022-12-29"),
    ReplaceRequested(order=ORDER, by=OrderId("gh-2")),
    OrderReplaced(order=ORDER, venue=VENUE, by=OrderId("gh-2"), executed=Decimal("30")),
    ReplaceRefused(order=ORDER, by=OrderId("gh-2"), reason="order gh-2 ended as REJECTED"),
    OrderJoined(order=ORDER, block=OrderId("gh-3")),
    OrderParted(order=ORDER, block=OrderId("gh-3")),
    ReplacementSized(order=ORDER, replaces=OrderId("gh-0"), executed=Decimal(0), quantity=Decimal("80")),
)


def stored(fact: OrderOwn, **changed: Any) -> Stored:
    whole = Stored(
        event_id=UUID("01938a5c-0000-7000-8000-0000000000aa"),
        event_version=1,
        trace=TraceId("0" * 31 + "1"),
        occurred_at=datetime(2022, 12, 29, 15, 0, 1, 250, tzinfo=UTC),
        role="gh_gate",
        actor="gh_gate",
        policy_decisions=(),
        fact=fact,
    )
    return replace(whole, **changed)


def told(fact: OrderOwn, terms: Terms = TERMS, **changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(external(stored(fact, **changed), terms).model_dump_json())
    return found


def plain(event_type: str, quantity: str = "82") -> dict[str, Any]:
    """What each event says of this order."""
    return {
        "event_type": event_type,
        "event_version": 1,
        "event_id": "01938a5c-0000-7000-8000-0000000000aa",
        "trace_id": "00000000000000000000000000000001",
        "timestamp_utc": "2022-12-29T15:00:01.000250Z",
        "order_id": "gh-0123456789abcdef01234567",
        "account_id": "acc-1011",
        "symbol": "AAPL",
        "side": "sell",
        "quantity": quantity,
        "order_type": "limit",
        "limit_price": "129.50",
        "policy_decisions": [],
        "actor": {"type": "process", "id": "worker"},
    }


def test_a_release_says_what_was_let_out_and_every_policys_word() -> None:
    decisions = (PolicyDecision("cash", "pass"), PolicyDecision("concentration", "finding"))
    assert told(RELEASED, policy_decisions=decisions) == {
        **plain("OrderReleased", "80"),
        "policy_decisions": [
            {"policy": "cash", "result": "pass"},
            {"policy": "concentration", "result": "finding"},
        ],
    }


def test_a_release_without_decisions_beside_it_rests_on_the_assessment_of_its_own_leg() -> None:
    assert told(RELEASED)["policy_decisions"] == [
        {"policy": "cash", "result": "pass"},
        {"policy": "concentration", "result": "finding"},
    ]


def test_a_denial_says_which_policy_said_no() -> None:
    expected = {**plain("OrderDenied"), "policy_decisions": [{"policy": "funding", "result": "breach"}]}
    assert told(DENIED) == expected
    assert told(DENIED, policy_decisions=(PolicyDecision("funding", "breach"),)) == expected


def test_a_fill_keeps_the_orders_quantity_and_tells_its_own_apart() -> None:
    assert told(FILLED, replace(TERMS, quantity=Decimal("80"))) == {
        **plain("OrderFilled", "80"),
        "execution": {
            "id": "ARC-7",
            "venue": "ARCADIA",
            "quantity": "30",
            "price": "129.610000",
            "fee": "0.12",
            "executed_at": "2022-12-29T15:00:02.000000Z",
            "trade_date": "2022-12-29",
            "settles_on": "2023-01-03",
        },
    }


def test_a_correction_says_what_the_execution_was_and_what_it_is_now() -> None:
    was = {"quantity": "30", "price": "129.610000", "fee": "0.12"}
    now = booked(FILLED).model_copy(update={"price": Decimal("129.60")})
    named = {"id": "ARC-7", "venue": "ARCADIA", "revision": 1, "was": was, "trade_date": "2022-12-29"}
    assert told(BUSTED) == {**plain("TradeBusted"), "correction": {**named, "now": None}}
    assert told(corrected(FILLED, now)) == {
        **plain("TradeCorrected"),
        "correction": {**named, "now": {**was, "price": "129.60"}},
    }


@pytest.mark.parametrize("fact", OTHERS, ids=lambda fact: fact.event_type())
def test_every_other_event_says_the_orders_terms_and_no_more(fact: OrderOwn) -> None:
    assert told(fact) == plain(fact.event_type())


def test_no_event_of_an_order_is_left_out() -> None:
    tested = {type(fact) for fact in (RELEASED, DENIED, FILLED, BUSTED, CORRECTED, *OTHERS)}
    assert tested == set(get_args(OrderOwn))


def test_a_market_order_has_no_limit_and_says_so() -> None:
    market = replace(TERMS, order_type=OrderType.MARKET, limit_price=None)
    assert (told(OTHERS[0], market)["order_type"], told(OTHERS[0], market)["limit_price"]) == ("market", None)


def test_an_amount_is_a_plain_string_however_it_was_computed() -> None:
    assert told(OTHERS[0], replace(TERMS, quantity=Decimal("1E+3")))["quantity"] == "1000"


@pytest.mark.parametrize(
    ("role", "who", "expected"),
    [
        ("gh_approver", "prn-1", {"type": "person", "id": "prn-1"}),
        ("gh_intake", "adv-1", {"type": "person", "id": "adv-1"}),
        ("gh_agent", "adv-1", {"type": "agent", "id": "adv-1"}),
        ("gh_gate", "gh_gate", {"type": "process", "id": "worker"}),
        ("gh_owner", "gh_owner", {"type": "process", "id": "set-up"}),
    ],
)
def test_who_did_it_is_a_person_an_agent_or_a_process(role: str, who: str, expected: dict[str, str]) -> None:
    assert actor(role, who).model_dump(mode="json") == expected


FIELDS: Final = [
    "event_type",
    "event_version",
    "event_id",
    "trace_id",
    "timestamp_utc",
    "order_id",
    "account_id",
    "symbol",
    "side",
    "quantity",
    "order_type",
    "limit_price",
    "policy_decisions",
    "actor",
]


def test_the_published_schema_has_every_field_and_amounts_as_strings() -> None:
    schema = ExternalOrderEvent.model_json_schema(mode="serialization")
    assert list(schema["properties"]) == FIELDS
    assert set(schema["required"]) == set(FIELDS)
    assert schema["properties"]["quantity"]["type"] == "string"
    assert schema["properties"]["limit_price"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert "additionalProperties" not in schema  # a field may come later
    fill = ExternalOrderFill.model_json_schema(mode="serialization")
    assert list(fill["properties"]) == [*FIELDS, "execution"]
    assert fill["properties"]["event_type"]["const"] == "OrderFilled"
