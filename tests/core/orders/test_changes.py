"""What a successor changes, ticket by ticket: nothing is left out and nothing is told twice."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.ids import AccountId, OrderId, Symbol
from core.orders.changes import LineChange, Terms, changes
from core.orders.content import Leg
from core.orders.events import OrderType, Side, TimeInForce


def leg(number: int, symbol: str, quantity: int, *, side: Side = Side.SELL, limit: int | None = None) -> Leg:
    return Leg(
        leg=number,
        order=OrderId(f"gh-{number}"),
        account=AccountId("acc-1"),
        symbol=Symbol(symbol),
        side=side,
        quantity=Decimal(quantity),
        order_type=OrderType.LIMIT if limit else OrderType.MARKET,
        limit_price=Decimal(limit) if limit else None,
        time_in_force=TimeInForce.DAY,
        lots=(),
        reference_price=Decimal(100),
        band_low=Decimal(95),
        band_high=Decimal(105),
        funded_by=(),
        may_release_less=False,
    )


def test_a_ticket_is_told_with_its_account_security_and_side_and_its_terms_of_then_and_now() -> None:
    old, new = leg(0, "AAA", 10, limit=99), leg(3, "AAA", 5)
    gone = leg(1, "BBB", 7, side=Side.BUY)
    account, terms = AccountId("acc-1"), Terms(3, Decimal(5), None)
    assert changes([old, gone], [new]) == (
        LineChange(account, Symbol("AAA"), Side.SELL, Terms(0, Decimal(10), Decimal(99)), terms),
        LineChange(account, Symbol("BBB"), Side.BUY, Terms(1, Decimal(7), None), None),
    )


def told(before: list[Leg], after: list[Leg]) -> list[tuple[str, str]]:
    return [(one.symbol, one.what) for one in changes(before, after)]


def test_each_ticket_is_added_dropped_changed_or_the_same() -> None:
    before = [leg(0, "AAA", 10), leg(1, "BBB", 10), leg(2, "CCC", 10), leg(3, "DDD", 10, limit=99)]
    after = [leg(0, "BBB", 10), leg(1, "AAA", 5), leg(2, "EEE", 1), leg(3, "DDD", 10, limit=98)]
    assert told(before, after) == [
        ("BBB", "same"),
        ("AAA", "changed"),
        ("EEE", "added"),
        ("DDD", "changed"),
        ("CCC", "dropped"),
    ]


def test_a_buy_is_no_changed_sell() -> None:
    found = told([leg(0, "AAA", 10)], [leg(0, "AAA", 10, side=Side.BUY)])
    assert found == [("AAA", "added"), ("AAA", "dropped")]


tickets = st.lists(
    st.builds(
        leg,
        st.integers(0, 9),
        st.sampled_from(["A", "B"]),
        st.integers(1, 3),
        side=st.sampled_from(list(Side)),
    ),
    max_size=6,
)


@given(tickets, tickets)
def test_every_ticket_of_either_is_told_once(before: list[Leg], after: list[Leg]) -> None:
    found = changes(before, after)
    assert [one.after.leg for one in found if one.after] == [one.leg for one in after]
    assert sorted(one.before.leg for one in found if one.before) == sorted(one.leg for one in before)


@given(tickets)
def test_against_itself_nothing_changed(same: list[Leg]) -> None:
    assert {one.what for one in changes(same, same)} <= {"same"}
