"""Which purchase replaces which loss: the order of matching, of which each case is counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.book.activity import Executed, quiet
from core.book.picture import Account, Lot
from core.ids import LotId, OrderId, Symbol
from core.orders.content import Leg
from core.orders.events import Side
from core.risk.intent import intents
from core.risk.limits import DEFAULT_LIMITS
from core.risk.policy import Breach
from core.risk.standing import Ground
from core.risk.wash_sale import WashSale
from tests.core.household import ACCOUNT, NOW, account, leg, lot, market, picture

IRA = "acc-2"
LATELY, LATER = date(2022, 12, 19), date(2022, 12, 22)  # of 29 December


def old(id: str, cost: int = 150) -> Lot:
    """Ten shares at a loss of 50 dollars each: AAA is at 100."""
    return lot(id, "AAA", 10, cost)


def new(id: str, quantity: int, day: date = LATELY) -> Lot:
    return lot(id, "AAA", quantity, 90, day)


def sells(n: int, of: str, quantity: int = 10, *, where: str = ACCOUNT) -> Leg:
    return leg(n, Side.SELL, "AAA", quantity, account=where, lots={of: str(quantity)})


def told(*legs: Leg, who: tuple[Account, ...], done: tuple[Executed, ...] = ()) -> list[Breach | None]:
    seen = picture(*who, market=market(), activity=replace(quiet(NOW), executed=done))
    return [WashSale().check(one, DEFAULT_LIMITS) for one in intents(legs, Ground(seen))]


def hers(*lots: Lot) -> Account:
    return account(lots=lots)


def retirement(*lots: Lot) -> Account:
    return account(id=IRA, kind="ira", lots=lots)


def test_what_an_ira_bought_twice_is_lost_for_good_twice_and_what_is_deferred_counts_beside_it() -> None:
    """Four shares and three are replaced in the IRA, three in her account: of 500 dollars 350 and 150."""
    who = hers(old("l1"), new("n1", 3)), retirement(new("n2", 4), new("n3", 9, LATER))
    (found,) = told(sells(0, "l1"), who=who)
    assert found is not None
    assert found.observed == 500
    assert (
        "$150.00 would be deferred and $350.00 lost for good in an IRA; clear from 2023-01-22" in found.says
    )


def test_as_much_deferred_as_is_lost_is_not_nothing() -> None:
    (found,) = told(sells(0, "l1"), who=(hers(old("l1"), new("n1", 5)), retirement(new("n2", 5))))
    assert found is not None
    assert found.observed == 500
    assert "$250.00 would be deferred and $250.00 lost" in found.says


def test_a_sale_in_an_ira_is_no_loss_that_a_purchase_could_replace() -> None:
    who = hers(old("l1"), new("n1", 10)), retirement(old("i1"))
    in_ira, taxed = told(sells(0, "i1", where=IRA), sells(1, "l1"), who=who)
    assert in_ira is None
    assert taxed is not None
    assert taxed.observed == 500


def test_a_sale_at_cost_uses_no_purchase_up() -> None:
    at_cost, loss = told(
        sells(0, "l0"), sells(1, "l1"), who=(hers(old("l0", 100), old("l1"), new("n1", 10)),)
    )
    assert at_cost is None
    assert loss is not None
    assert loss.observed == 500


def test_what_was_bought_lately_and_is_sold_in_parts_replaces_nothing() -> None:
    who = hers(old("l1"), new("n1", 10))
    assert told(sells(0, "l1"), sells(1, "n1", 6), sells(2, "n1", 4), who=(who,)) == [None] * 3
    left = told(sells(0, "l1"), sells(1, "n1", 6), sells(2, "n1", 3), who=(who,))[0]
    assert left is not None
    assert left.observed == 50


def test_what_is_left_of_one_purchase_replaces_nothing_that_was_sold_out_of_it() -> None:
    """Rev. Rul. 56-602: an order that was filled in two lots is one purchase."""
    two = [lot(name, "AAA", 10, 150, LATELY) for name in ("n1", "n2")]
    order = Executed(
        *(OrderId("o"), ACCOUNT, Symbol("AAA"), Side.BUY, Decimal(3_000), Decimal(0)),
        *(LATELY, LATER, (LotId("n1"), LotId("n2")), ()),
    )
    assert told(sells(0, "n1"), who=(hers(*two),), done=(order,)) == [None]
    (of_two,) = told(sells(0, "n1"), who=(hers(*two),), done=(replace(order, opened=(LotId("n1"),)),))
    assert of_two is not None
    assert of_two.observed == 500
