"""What is left of an order: her words name one order, and ask for its rest or for a change of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from core.ids import AccountId, HouseholdId, MessageId, OrderId, ProposalId, Symbol, ThreadId, TraceId
from core.orders.events import OrderType, Request, Side, Span
from core.orders.planning import Planning
from core.orders.provenance import Known, unproven
from core.orders.remainders import RemainderDrafted, remainder
from core.orders.rests import Rest, one_called, takes_up

ACCOUNT: Final = AccountId("acc-1001")
HOME: Final = HouseholdId("hh-1")
OVER: Final = Rest(
    OrderId("gh-1"), ACCOUNT, Symbol("AAPL"), Side.SELL, Decimal(60), Decimal("95.5"), live=False
)
LIVE: Final = replace(OVER, order=OrderId("gh-2"), symbol=Symbol("MSFT"), live=True)
REST: Final = Request(
    kind="order",
    household=HOME,
    accounts=(ACCOUNT,),
    symbol=Symbol("AAPL"),
    side=Side.SELL,
    quantity=Decimal(60),
    order_type=OrderType.LIMIT,
    limit_price=Decimal("95.5"),
)
CHANGE: Final = REST.model_copy(update={"symbol": Symbol("MSFT"), "replaces": LIVE.order})


def missing(request: Request, rests: tuple[Rest, ...] = (OVER, LIVE), /, **said: str) -> tuple[str, ...]:
    """What these words, each a message of its own, do not prove of it."""
    texts = {MessageId(f"msg-{field}"): words for field, words in said.items()}
    spans = [
        Span(field=field, message=MessageId(f"msg-{field}"), start=0, end=len(words))
        for field, words in said.items()
    ]
    return unproven(request, spans, texts, Known(HOME, (), {ACCOUNT: "ira"}, None, rests=rests))


@pytest.mark.parametrize("name", ["gh-1", " AAPL ", "aapl", "ACC-1001"])
def test_an_order_is_called_by_its_id_its_symbol_or_its_account(name: str) -> None:
    assert one_called(name, [OVER]) is OVER


@pytest.mark.parametrize("name", ["gh-3", "AAP", ""])
def test_any_other_name_calls_none_and_one_that_fits_several_neither(name: str) -> None:
    assert one_called(name, [OVER]) is None
    assert one_called("acc-1001", [OVER, LIVE]) is None


@pytest.mark.parametrize(
    "kind", ["the rest", "unfilled", "What's left", "left over", "only partially filled"]
)
def test_the_rest_of_an_order_needs_no_more_than_that_order_and_that_it_is_asked_for(kind: str) -> None:
    words = kind.removeprefix("the ").removeprefix("only ")
    assert missing(REST, kind=words, order="AAPL") == ()
    assert missing(REST, kind=f"{words}!", order="AAPL") == ("kind",)


def test_whether_it_is_the_rest_or_a_change_is_as_the_order_is() -> None:
    assert missing(CHANGE, kind="raise", order="MSFT") == ()
    assert missing(CHANGE, kind="rest", order="MSFT") == ("kind",)
    assert missing(REST, kind="raise", order="AAPL") == ("kind",)
    assert missing(CHANGE, (OVER, replace(LIVE, live=False)), kind="raise", order="MSFT") == ("order",)
    assert missing(REST, (replace(OVER, live=True),), kind="rest", order="AAPL") == ("order",)


@pytest.mark.parametrize(
    "other",
    [
        {"symbol": Symbol("IBM")},
        {"side": Side.BUY},
        {"account": AccountId("acc-1002")},
    ],
)
def test_the_order_that_she_names_is_of_that_account_security_and_side(other: dict[str, object]) -> None:
    named = replace(OVER, **other)  # type: ignore[arg-type]
    assert missing(REST, (named,), kind="rest", order="gh-1") == ("order",)


def test_a_replacement_takes_the_place_of_the_very_order_that_she_names() -> None:
    of_another = CHANGE.model_copy(update={"replaces": OrderId("gh-9")})
    assert missing(of_another, kind="change", order="gh-2") == ("order",)


def test_two_names_of_two_orders_prove_none() -> None:
    twin = replace(OVER, order=OrderId("gh-3"))
    assert missing(REST, (OVER, twin), kind="rest", order="aapl") == ("order",)
    assert missing(REST, (OVER, twin), kind="rest", order="gh-3") == ()


@pytest.mark.parametrize(("field", "value"), [("quantity", "20"), ("limit_price", "94")])
def test_shares_and_limit_are_what_is_left_or_a_number_of_hers(field: str, value: str) -> None:
    asked = REST.model_copy(update={field: Decimal(value)})
    assert missing(asked, kind="rest", order="AAPL") == (field,)
    assert missing(asked, kind="rest", order="AAPL", **{field: value}) == ()
    assert missing(asked, kind="rest", order="AAPL", **{field: "21"}) == (field,)


def test_an_account_of_another_household_is_not_hers_to_take_up() -> None:
    asked = REST.model_copy(update={"accounts": (ACCOUNT, AccountId("acc-9"))})
    assert "household" in missing(asked, kind="rest", order="AAPL")


def test_an_order_before_it_proves_it_where_it_replaces_one_or_she_names_one() -> None:
    assert takes_up(CHANGE, {})
    assert takes_up(REST, {"order": ["AAPL"]})
    assert not takes_up(REST, {"order": []})
    assert not takes_up(REST, {})
    plan = Request(kind="rebalance", household=HOME)
    assert not takes_up(plan, {"order": ["AAPL"]})


# what a plan's sales did not fund


def drafted(request: Request, shares: Decimal | None = None) -> RemainderDrafted:
    entry = remainder(
        *(ProposalId("prp-1"), ACCOUNT, request),
        agent="proposal",
        thread=ThreadId("thr-1"),
        trace=TraceId("0" * 32),
        shares=shares,
    )
    fact = entry.fact
    assert isinstance(fact, RemainderDrafted)
    assert (entry.stream, entry.key) == (f"proposal/{fact.proposal}", f"draft/{fact.proposal}")
    assert entry.trace == TraceId("0" * 32)
    return fact


def test_a_remainder_is_the_same_asked_once_more_for_its_account_by_the_same_agent() -> None:
    plan = Request(kind="rebalance", household=HOME, for_session="2022-12-30")
    fact = drafted(plan)
    # sha256 of "remainder/prp-1/acc-1001", its first 32 digits
    assert fact.proposal == "prp-01e7698d8f29436fba394e7d9561424b"
    assert fact.request == Request(kind="rebalance", household=HOME, accounts=(ACCOUNT,))
    assert (fact.supersedes, fact.agent, fact.thread) == ("prp-1", "proposal", "thr-1")
    assert drafted(plan) == fact, "made again it is the same"


def test_of_an_order_over_time_it_is_the_shares_that_are_left_at_once() -> None:
    slow = REST.model_copy(update={"planning": Planning(minutes=60, parts=3, dollars=Decimal(5))})
    left = drafted(slow, Decimal("20.00")).request
    assert (left.quantity, left.planning) == (Decimal(20), Planning(dollars=Decimal(5)))
    assert f"{left.quantity}" == "20"
    assert drafted(slow).request == slow
    assert drafted(REST, Decimal(20)).request == REST, "of an order that went at once nothing is changed"
