"""What is not paid for yet, open or asked for already: what policies measure with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from core.book.activity import Asked, Executed, quiet
from core.ids import LotId, OrderId, Symbol
from core.orders.events import Side
from core.risk.duplicate_content import DuplicateContent
from core.risk.duplicate_key import DuplicateKey
from core.risk.halted import Halted
from core.risk.intent import intents
from core.risk.limits import DEFAULT_LIMITS
from core.risk.standing import Ground, Unpaid
from core.risk.turnover import Turnover
from tests.core.household import ACCOUNT, NOW, account, cash, leg, lot, market, picture

BUY, SELL = Side.BUY, Side.SELL
SETTLES = date(2022, 12, 30)


def done(side: Side, dollars: int, settles_on: date, *opened: str) -> Executed:
    lots = tuple(LotId(one) for one in opened)
    return Executed(
        *(OrderId("o"), ACCOUNT, Symbol("AAA"), side, Decimal(dollars), Decimal(0)),
        *(date(2022, 12, 28), settles_on, lots, ()),
    )


def asked(remaining: str, at: datetime = NOW) -> Asked:
    of = OrderId(f"o-{remaining}"), ACCOUNT, Symbol("AAA"), BUY, Decimal(10), None
    return Asked(*of, Decimal(1_000), Decimal(remaining), at)


def unpaid(settled: int, *rows: Executed) -> dict[LotId, Unpaid]:
    seen = picture(account(money=cash(settled)), market=market(), activity=replace(quiet(NOW), executed=rows))
    return Ground(seen).standings[ACCOUNT].unpaid


def test_settled_cash_covers_the_oldest_purchases_first() -> None:
    """220.8(a)(1)(i): of 1,000 dollars the first purchase takes 800, so 200 are left for the second."""
    rows = done(BUY, 800, SETTLES, "l1"), done(BUY, 500, SETTLES, "l2", "l3")
    second = Unpaid(Decimal(500), Decimal(200), SETTLES)
    assert unpaid(1_000, *rows) == {LotId("l2"): second, LotId("l3"): second}
    assert unpaid(1_300, *rows) == {}
    third = Unpaid(Decimal(10), Decimal(0), SETTLES)
    assert unpaid(1_000, *rows, done(BUY, 10, SETTLES, "l4"))[LotId("l4")] == third


def test_a_purchase_is_paid_for_when_the_last_sale_that_pays_it_has_settled() -> None:
    later = SETTLES + timedelta(days=4)
    rows = done(SELL, 900, later), done(BUY, 800, SETTLES, "l1"), done(BUY, 1, later + timedelta(days=1))
    assert unpaid(0, *rows)[LotId("l1")] == Unpaid(Decimal(800), Decimal(0), later)
    settled = done(SELL, 900, date(2022, 12, 29)), done(BUY, 800, date(2022, 12, 29), "l1")
    assert unpaid(0, *settled) == {}, "what settles today has settled"


def test_an_order_is_open_as_long_as_half_a_share_of_it_is_left() -> None:
    rows = asked("0.5"), asked("0"), asked("1")
    seen = picture(account(), market=market(), activity=replace(quiet(NOW), asked=rows))
    assert Ground(seen).pending == {Symbol("AAA"): [rows[0], rows[2]]}


def test_of_two_orders_alike_the_one_that_is_open_counts_though_it_is_older() -> None:
    rows = asked("0.5", NOW - timedelta(hours=2)), asked("0", NOW - timedelta(hours=1))
    for together in (rows, rows[::-1]):
        activity = replace(quiet(NOW), asked=together)
        seen = picture(account(money=cash(10_000)), market=market(), activity=activity)
        (copy,) = intents((leg(0, BUY, "AAA", 10),), Ground(seen))
        assert DuplicateContent().check(copy, DEFAULT_LIMITS) is not None


def test_copies_in_the_proposal_and_before_it_are_added_up() -> None:
    activity = replace(quiet(NOW), asked=(asked("10"),))
    seen = Ground(picture(account(money=cash(10_000)), market=market(), activity=activity))
    third = intents([leg(n, BUY, "AAA", 10) for n in range(3)], seen)[2]
    found = DuplicateContent().check(third, DEFAULT_LIMITS)
    assert found is not None
    assert (found.observed, found.limit) == (Decimal(4), Decimal(1))


def test_the_equal_parts_of_one_order_over_time_are_no_copies() -> None:
    seen = Ground(picture(account(money=cash(10_000)), market=market()))
    legs = [leg(n, BUY, "AAA", 10) for n in range(3)]
    parts = intents(legs, seen, whole=Decimal(30))
    assert [DuplicateContent().check(part, DEFAULT_LIMITS) for part in parts] == [None] * 3
    assert DuplicateContent().check(intents(legs, seen)[1], DEFAULT_LIMITS) is not None


def test_an_order_id_that_another_order_and_an_earlier_leg_have_is_told_three_times() -> None:
    first = leg(0, BUY, "AAA", 10)
    again = leg(1, BUY, "AAA", 9).model_copy(update={"order": first.order})
    known = replace(asked("0"), order=first.order)
    seen = picture(account(money=cash(10_000)), market=market(), activity=replace(quiet(NOW), asked=(known,)))
    one, other = intents((first, again), Ground(seen))
    found = [DuplicateKey().check(asked_for, DEFAULT_LIMITS) for asked_for in (one, other)]
    assert [breach and breach.observed for breach in found] == [Decimal(2), Decimal(3)]


@pytest.mark.parametrize("halt", ["symbol:BBB", "venue:V"])
def test_a_halt_elsewhere_stops_nothing_of_an_account_whose_custodian_is_not_known(halt: str) -> None:
    at = replace(market(halts=[halt]), custodians={})
    (buy,) = intents((leg(0, BUY, "AAA", 10),), Ground(picture(account(), market=at)))
    assert Halted().check(buy, DEFAULT_LIMITS) is None


def test_turnover_is_not_measured_of_an_account_that_is_worth_nothing() -> None:
    empty = picture(account(lots=[lot("l1", "ZZZ", 10)]), market=market())
    (buy,) = intents((leg(0, BUY, "AAA", 10),), Ground(empty))
    assert Turnover().check(buy, DEFAULT_LIMITS) is None
