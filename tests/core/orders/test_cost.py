"""What an order can take and bring at worst, worked by hand: a cent a share and a tenth of a percent, to the
cent against the account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.orders.cost import least_received, most_fees, most_paid, worst_cash, worst_price
from core.orders.events import Side
from tests.core.household import leg


@pytest.mark.parametrize(
    ("quantity", "price", "ticket", "fees"),
    [
        ("10", "102", "0", "1.12"),  # 0.10 and 1.02
        ("10", "102", "4.95", "6.07"),
        ("1", "1", "0", "0.02"),  # 0.01 and 0.001: up to the cent
        ("3", "33.33", "0", "0.13"),  # 0.03 and 0.09999
        ("100", "0.01", "0", "1.01"),  # 1.00 and 0.001
    ],
)
def test_fees_are_at_the_cap_and_rounded_up(quantity: str, price: str, ticket: str, fees: str) -> None:
    asked = {"quantity": Decimal(quantity), "price": Decimal(price), "ticket_fee": Decimal(ticket)}
    assert most_fees(**asked) == Decimal(fees)


def test_a_purchase_is_rounded_up_with_its_fees_and_a_sale_down_without_them() -> None:
    asked = {"quantity": Decimal(3), "price": Decimal("33.335"), "ticket_fee": Decimal(1)}
    # 100.005 dollars; fees of 0.03 and 0.100005, up to 0.14, and the ticket
    assert most_paid(**asked) == Decimal("101.15")
    assert least_received(**asked) == Decimal("98.86")


@pytest.mark.parametrize(
    ("side", "limit", "price", "moved"),
    [
        (Side.BUY, None, "102", "-1021.12"),  # the far edge of its band
        (Side.SELL, None, "98", "978.92"),
        (Side.BUY, "101", "101", "-1011.11"),
        (Side.SELL, "99", "99", "988.91"),
    ],
)
def test_the_worst_price_is_the_limit_or_the_far_edge_of_the_band(
    side: Side, limit: str | None, price: str, moved: str
) -> None:
    asked = leg(0, side, "AAA", 10, limit=limit)
    assert worst_price(asked) == Decimal(price)
    assert worst_cash(asked, Decimal(0)) == Decimal(moved)
    assert worst_cash(asked, Decimal("0.05")) == Decimal(moved) - Decimal("0.05")
