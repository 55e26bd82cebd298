"""What an advisor may ask of a live order on its page, and what is sent for it."""

from __future__ import annotations

from typing import Any

import pytest

from ui.screens import figures as f
from ui.screens import live_orders, order_ticket

ORDER = "gh-0123456789abcdef01234567"


def order(**changed: Any) -> dict[str, Any]:
    return {
        "order": ORDER,
        "account": "acc-1001",
        "symbol": "AAPL",
        "side": "sell",
        "quantity": "100",
        "filled": "40",
        "limit_price": "131.00",
        "status": "PARTIALLY_FILLED",
        **changed,
    }


def live(*orders: dict[str, Any], person: str = "adv-1") -> list[str]:
    proposal = {"advisor": "adv-1", "orders": list(orders)}
    return [one["status"] for one in live_orders.live(proposal, {"person": person})]


@pytest.mark.parametrize(
    ("status", "asks"),
    [
        ("RELEASED", True),
        ("ACCEPTED", True),
        ("PARTIALLY_FILLED", True),
        ("UNKNOWN", True),
        ("HELD", False),
        ("FILLED", False),
        ("CANCELLED", False),
        ("PENDING_CANCEL", False),
        ("PENDING_REPLACE", False),
    ],
)
def test_she_is_asked_of_orders_that_are_out_and_not_over(status: str, asks: bool) -> None:
    assert live(order(status=status)) == ([status] if asks else [])


def test_nobody_but_the_accounts_advisor_is_asked() -> None:
    assert live(order(), person="adv-2") == live(order(), person="pri-1") == []


def test_what_is_sent_names_the_order_and_carries_what_she_wrote() -> None:
    wrote = {"quantity": " 1,060 ", "limit": "$130.50"}
    sent = live_orders.asked(order(), advisor="adv-1", client_order_id="scr-1", **wrote)
    assert sent == {
        "account_id": "acc-1001",
        "symbol": "AAPL",
        "side": "sell",
        "quantity": "1060",
        "order_type": "limit",
        "time_in_force": "day",
        "advisor_id": "adv-1",
        "client_order_id": "scr-1",
        "replaces": ORDER,
        "limit_price": "130.50",
    }
    at_market = live_orders.asked(order(), advisor="adv-1", quantity="60", limit=" ", client_order_id="scr-2")
    assert at_market["order_type"] == "market"
    assert "limit_price" not in at_market


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"status": "HELD", "says": ""}, "stays as it is until a principal has decided"),
        ({"status": "HELD", "says": "write a reason for each finding, and submit it"}, "see Trade proposals"),
        ({"status": "BLOCKED", "says": ""}, "not let in: more than the limit"),
    ],
)
def test_she_hears_what_came_of_it(answer: dict[str, Any], says: str) -> None:
    decisions = [{"policy": "order_value", "result": "breach", "says": "more than the limit"}]
    assert says in live_orders.said({**answer, "risk_decisions": decisions})


def test_the_rest_of_a_plan_is_called_so_in_every_list() -> None:
    proposal = {"kind": "rebalance", "request": {}, "remainder_of": "prp-1"}
    assert f.kind_of(proposal) == "Rebalance, the rest"
    assert f.kind_of({**proposal, "remainder_of": None}) == "Rebalance"


def test_the_cause_of_a_correction_stands_on_its_ticket_as_text() -> None:
    ticket = {"exception": "error_correction", "corrects": ORDER}
    shown = order_ticket.exception(ticket, "One share <b>too many</b>.")
    assert shown["Cause"] == "One share <b>too many</b>."  # cells are text: the table writes them so
    assert order_ticket.exception({**ticket, "exception": None}, None) == {}
