"""What the worker reads of orders with something left: what a request that takes one up is proven with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.gate.assessment import SQL
from tests.core.gate.deal import GATE, Deal, leg
from tests.fixtures.firm import Firm


def rests(firm: Firm, household: str) -> list[tuple[Any, ...]]:
    rows = firm.ask(GATE, SQL["rests"].replace("%(household)s", "%s"), household)
    return [(row["order_id"], row["unfilled"], row["limit_price"], row["ended"]) for row in rows]


def test_an_order_in_part_is_a_rest_until_all_of_it_is_executed(firm: Firm) -> None:
    deal = Deal(firm).own("100000", "cash")
    deal.approved(leg(deal.account, "buy", "AAPL", "10"))
    assert rests(firm, deal.household) == []
    assert deal.release().ok
    order = deal.order(0)
    assert rests(firm, deal.household) == [(order, Decimal(10), Decimal(100), False)]
    assert rests(firm, "hh-103") == []
    assert deal.fill(0, "4", "100").ok
    assert rests(firm, deal.household) == [(order, Decimal(6), Decimal(100), False)]
    assert deal.fill(0, "6", "100").ok
    assert rests(firm, deal.household) == []
