"""How a block was shared and what was changed of it, as the page tells it."""

from __future__ import annotations

from typing import Any

import pytest

from ui.screens import passing_on, sharing


def block(**changed: Any) -> dict[str, Any]:
    orders = [
        {"order_id": "gh-1", "account_id": "acc-1", "quantity": "4", "filled": "3", "parted": False},
        {"order_id": "gh-2", "account_id": "acc-2", "quantity": "2", "filled": "1", "parted": False},
    ]
    shares = [
        {"order_id": "gh-1", "quantity": "3", "dollars": "30.00", "fee": "0.02"},
        {"order_id": "gh-2", "quantity": "1", "dollars": "10.00", "fee": "0.01"},
    ]
    day = {"trade_date": "2022-12-29", "revision": 1, "quantity": "4", "average_price": "10"}
    named = {"order_id": "gh-whole", "batch_id": "bat-1", "custodian": "cus-1", "side": "buy", "symbol": "PG"}
    more = {"quantity": "6", "filled": "4", "status": "SHARED", "method": "pro_rata", "orders": orders}
    allocations = [{**day, "dollars": "40.00", "fees": "0.03", "shares": shares}]
    return {**named, **more, "allocations": allocations, "changes": [], "people": {}, **changed}


def change(state: str, **changed: Any) -> dict[str, Any]:
    said = {"change_id": "alc-1", "trade_date": "2022-12-29", "shares": {"gh-1": "2", "gh-2": "2"}}
    who = {"drafted_by": "ops-1", "confirmed_by": "com-1", "reason": "<b>Wrong</b> way round."}
    return {**said, **who, "state": state, "review": None, "reviewed_by": None, **changed}


def test_a_day_is_told_with_everybodys_part_and_what_they_come_to() -> None:
    html = sharing.shared(block(), block()["allocations"][0])
    assert all(told in html for told in ("acc-1", "acc-2", "$30.00", "$40.00", "average price 10.00"))


def test_other_shares_are_asked_for_only_where_somebody_got_less() -> None:
    assert sharing.some_want(block())
    assert not sharing.some_want(block(filled="6"))


@pytest.mark.parametrize("state", sharing.CHANGE_WORDS)
def test_a_change_says_who_why_and_what_became_of_it(state: str) -> None:
    html = sharing.change(block(people={"ops-1": "Elena", "com-1": "Ngozi"}), change(state))
    assert sharing.CHANGE_WORDS[state] in html
    assert "Drafted by Elena, confirmed by Ngozi" in html
    assert "<b>Wrong" not in html


def test_what_compliance_makes_of_an_overtaken_one_is_shown() -> None:
    one = change("REVIEWED", review="It <i>stands</i> by the rule.", reviewed_by="com-1")
    html = sharing.change(block(people={"com-1": "Ngozi"}), one)
    assert "Compliance, Ngozi: It &lt;i&gt;stands" in html


def test_only_confirmed_trades_may_be_passed_on_and_who_settles_one_is_told() -> None:
    one = {"order_id": "gh-1", "account_id": "acc-1", "trade_date": "2022-12-29", "quantity": "3"}
    settles = {"settles_on": "2023-01-03", "custodian": "cus-1", "side": "buy", "symbol": "PG"}
    trades: list[dict[str, Any]] = [
        {**one, **settles, "status": "CONFIRMED", "passed_to": None},
        {**one, **settles, "status": "STEPPED_OUT", "passed_to": "MERI"},
    ]
    assert passing_on.may_be(trades) == trades[:1]
    assert "Stepped out: MERI" in sharing.settling(trades)


def test_the_page_moves_when_a_change_does() -> None:
    before, after = block(changes=[change("IN_FORCE")]), block(changes=[change("OVERTAKEN")])
    assert sharing.moved([before], []) == sharing.moved([before], [])
    assert sharing.moved([before], []) != sharing.moved([after], [])
