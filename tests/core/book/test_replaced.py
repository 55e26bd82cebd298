"""What another order may use of a live one whose place it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from core.book.replaced import Replaced, as_if_gone, lots_left
from core.ids import AccountId, LotId, OrderId, PersonId, Symbol
from core.orders.events import Side
from tests.core.household import ACCOUNT, account, cash, lot, market, picture

LOTS: Final = {LotId("a"): Decimal(40), LotId("b"): Decimal(30), LotId("c"): Decimal(30)}


def sale(filled: int, *, cash: str = "0") -> Replaced:
    return Replaced(
        order=OrderId("gh-1"),
        account=AccountId(ACCOUNT),
        advisor=PersonId("psn-1"),
        symbol=Symbol("AAA"),
        side=Side.SELL,
        left=Decimal(100 - filled),
        executed=Decimal(filled),
        lots=lots_left(LOTS, Decimal(filled)),
        cash=Decimal(cash),
        counted=Decimal(0),
        brought=Decimal(0),
    )


def shown(lots: tuple[tuple[LotId, Decimal], ...]) -> str:
    return " ".join(f"{name}{shares}" for name, shares in lots)


def test_what_is_left_of_its_lots_begins_where_the_fills_ended() -> None:
    assert shown(sale(0).lots) == "a40 b30 c30"
    assert shown(sale(50).lots) == "b20 c30"
    assert sale(100).lots == ()


def test_a_successor_uses_them_from_behind() -> None:
    assert shown(sale(50).last_lots(Decimal(30))) == "c30"
    assert shown(sale(50).last_lots(Decimal(45))) == "c30 b15"
    assert shown(sale(30).last_lots(Decimal(70))) == "c30 b30 a10"
    assert sale(30).last_lots(Decimal(99)) == sale(30).last_lots(Decimal(70))


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_whatever_both_execute_no_share_of_a_lot_is_used_twice(before: int, more: int, asked: int) -> None:
    more, asked = min(more, 100 - before), min(asked, 100 - before)
    mine, left = dict(sale(before).last_lots(Decimal(asked))), max(0, asked - more)
    for name, whole in LOTS.items():
        gone = whole - dict(sale(before + more).lots).get(name, Decimal(0))
        used, wanted = Decimal(0), Decimal(left)
        for each, shares in mine.items():
            taken = min(shares, wanted)
            wanted -= taken
            used += taken if each == name else 0
        assert gone + used <= whole


def test_the_rest_of_the_picture_stays_as_it_is() -> None:
    mine = account(
        lots=[lot("a", "AAA", 40)],
        money=cash(1000, reserved="300"),
        reserved_lots={"a": "40", "x": "5"},
    )
    before = picture(mine, account(id="other"), market=market())
    replaced = sale(0, cash="120")
    after = as_if_gone(before, replaced)
    freed, other = after.household.accounts
    assert freed.reserved_lots == {"a": 0, "x": 5, "b": 0, "c": 0}
    assert freed.cash.reserved == 180
    assert freed.cash.settled == 1000
    assert freed.lots == mine.lots
    assert other is before.household.accounts[1]
    assert after.replaced == replaced
    assert after.market is before.market
