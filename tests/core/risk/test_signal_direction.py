"""A signal turns no position the wrong way: an entry buys, an exit sells, and no more than is held."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest

from core.orders.events import Side
from core.risk.limits import DEFAULT_LIMITS
from core.risk.policy import Breach, Direction, Severity
from core.risk.signal_direction import SignalDirection
from tests.core.household import account, intent, leg, lot, market, picture

BUY, SELL = Side.BUY, Side.SELL
HELD: Final = account(lots=[lot("l1", "AAA", 60), lot("l2", "AAA", 40), lot("l3", "BBB", 500)])


def said(*, adds: bool, side: Side, quantity: str, symbol: str = "AAA") -> Breach | None:
    asked = intent(leg(0, side, symbol, quantity), picture=picture(HELD, market=market()))
    return SignalDirection(adds=adds).check(asked, DEFAULT_LIMITS)


@pytest.mark.parametrize(
    ("adds", "side", "quantity"),
    [(True, BUY, "1"), (True, BUY, "100001"), (False, SELL, "1"), (False, SELL, "99"), (False, SELL, "100")],
)
def test_an_entry_buys_and_an_exit_sells_up_to_the_last_share(adds: bool, side: Side, quantity: str) -> None:
    assert said(adds=adds, side=side, quantity=quantity) is None


@pytest.mark.parametrize(
    ("adds", "side", "quantity", "most", "says"),
    [
        (True, SELL, "1", 0, "an entry would sell 1 shares of AAA, and 100 are held"),
        (False, BUY, "0.5", 0, "an exit would buy 0.5 shares of AAA, and 100 are held"),
        (False, SELL, "101", 100, "an exit would sell 101 shares of AAA, and 100 are held"),
        (False, SELL, "100.001", 100, "an exit would sell 100.001 shares of AAA, and 100 are held"),
    ],
)
def test_what_turns_a_position_is_denied_in_numbers(
    adds: bool, side: Side, quantity: str, most: int, says: str
) -> None:
    numbers = Decimal(quantity), Decimal(most), "shares", says
    expected = Breach("signal_direction", Severity.HARD, Direction.AT_MOST, *numbers)
    assert said(adds=adds, side=side, quantity=quantity) == expected


def test_an_exit_of_what_is_not_held_opens_no_short() -> None:
    found = said(adds=False, side=SELL, quantity="1", symbol="CCC")
    assert found is not None
    assert (found.limit, found.says) == (Decimal(0), "an exit would sell 1 shares of CCC, and 0 are held")
