"""An order that takes a live one's place: decided on anew, let out while that one is live, counted once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.core.gate.deal import APPROVER, GATE, INTAKE, MARIA, Deal, leg, lot_in
from tests.fixtures.firm import Answer, Firm

OTHER: Final = "hh-103"


def asked(deal: Deal, order: str, side: str, symbol: str, quantity: str, limit: str) -> dict[str, Any]:
    return {
        "kind": "order",
        "household": deal.household,
        "accounts": [deal.account],
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "order_type": "limit",
        "limit_price": limit,
        "replaces": order,
        "for_session": None,
    }


def out(firm: Firm, side: str, quantity: str, *, limit: str = "100") -> Deal:
    """An order that is out: bought for cash, or sold from one lot."""
    deal = Deal(firm).own("100000", "cash").own("100", "AAPL")
    deal.approved(leg(deal.account, side, "AAPL", quantity, limit=limit))
    said = deal.release()
    assert said.ok, said
    return deal


def successor(old: Deal, quantity: str, *, limit: str = "101", filled: str = "0", **changed: Any) -> Deal:
    """Drafted and assessed; `changed` changes its leg."""
    deal = Deal(old.firm)
    one = {**old.legs[0]}
    side, symbol = one["side"], one["symbol"]
    request = {**asked(deal, old.order(0), side, symbol, quantity, limit)}
    said = deal.draft(request=request)
    assert said.ok, said
    mine = {
        **leg(deal.account, side, symbol, quantity, limit=limit),
        "replaces": old.order(0),
        "executed_before": filled,
        **changed,
    }
    said = deal.assess(mine, kind="order")
    assert said.ok, said
    return deal


def decided(old: Deal, quantity: str, **of: Any) -> Deal:
    deal = successor(old, quantity, **of)
    for said in (deal.submit(), deal.approve()):
        assert said.ok, said
    return deal


def lets_go(deal: Deal, old: Deal, filled: str = "0", **changed: Any) -> Answer:
    return deal.release(**{"replaces": old.order(0), "executed_before": filled, **changed})


def reserved(deal: Deal) -> tuple[Any, Any]:
    """Of the cash, and of the shares with the lot."""
    rows = deal.firm.ask(
        GATE,
        "select reserved from gatehouse.lot_holding where account = %s and lot = %s",
        deal.account,
        lot_in("AAPL"),
    )
    shares = deal.held("AAPL")[1]
    assert rows[0]["reserved"] == shares
    return deal.held("cash")[1], shares


def used(deal: Deal) -> Decimal:
    rows = "select dollars from gatehouse.day_use where scope = 'account' and named = %s"
    return Decimal(deal.firm.value(GATE, rows, deal.account))


def worst(quantity: int, limit: int) -> Decimal:
    """Dollars that a limit purchase keeps: its limit, a thousandth, and a cent a share."""
    return quantity * limit * Decimal("1.001") + quantity * Decimal("0.01")


def test_a_sale_and_its_successor_keep_the_same_shares_once(firm: Firm) -> None:
    old = out(firm, "sell", "100")
    deal = decided(old, "100", limit="99")
    assert reserved(deal) == (0, 100)
    assert lets_go(deal, old).ok
    assert reserved(deal) == (0, 100)
    assert old.of_order("OrderCancelled", venue="ARCADIA", reason="replaced").ok
    assert reserved(deal) == (0, 100)  # what came back is the successor's at once
    assert Deal(firm).draft().ok
    assert deal.fill(0, "100", "99").ok
    assert deal.held("AAPL")[0] == 0
    assert reserved(deal) == (0, 0)


def test_a_dearer_purchase_keeps_the_more_of_the_two(firm: Firm) -> None:
    old = out(firm, "buy", "10")
    assert reserved(old) == (worst(10, 100), 0)
    deal = decided(old, "10", limit="103")
    assert reserved(deal) == (worst(10, 103), 0)
    assert used(deal) == 1030
    assert deal.turn_down().ok  # it ends, and that one is live as before
    assert reserved(deal) == (worst(10, 100), 0)
    assert used(deal) == 1000


def test_a_cheaper_purchase_frees_nothing_before_its_venue_has_spoken(firm: Firm) -> None:
    old = out(firm, "buy", "10")
    deal = decided(old, "10", limit="90")
    assert lets_go(deal, old).ok
    assert reserved(deal) == (worst(10, 100), 0)
    assert old.of_order("OrderCancelled", venue="ARCADIA", reason="replaced").ok
    assert reserved(deal) == (worst(10, 90), 0)
    assert used(deal) == 1000 - 1000 + 1000  # at the reference, which is above its limit
    assert deal.of_order("OrderCancelled", venue="ARCADIA", reason="x").ok
    assert reserved(deal) == (0, 0)
    assert used(deal) == 0


def test_the_whole_stays_the_whole_when_the_other_is_executed_meanwhile(firm: Firm) -> None:
    old = out(firm, "sell", "100")
    assert old.fill(0, "30", "100").ok
    deal = decided(old, "70", limit="99", filled="30")
    assert old.fill(0, "10", "100").ok
    assert lets_go(deal, old, "30", quantity="70").code == "quantity_mismatch"
    assert lets_go(deal, old, "40", quantity="70").code == "more_than_left"
    assert lets_go(deal, old, "40", quantity="59").code == "quantity_mismatch"
    assert lets_go(deal, old, "40", quantity="60").ok
    assert reserved(deal) == (0, 60)
    assert old.fill(0, "5", "100").ok  # between the release and the venue's word
    assert old.of_order("OrderCancelled", venue="ARCADIA", reason="replaced").ok
    assert reserved(deal) == (0, 55)


def test_it_is_let_out_only_while_the_other_is_live(firm: Firm) -> None:
    old = out(firm, "buy", "10")
    deal = decided(old, "10")
    assert deal.release().code == "leg_mismatch"  # as an order of its own
    assert lets_go(deal, old, replaces="gh-" + "0" * 24).code == "leg_mismatch"
    assert old.of_order("OrderCancelled", venue="ARCADIA", reason="x").ok
    assert lets_go(deal, old).code == "order_ended"
    assert reserved(deal)[0] == worst(10, 101) - worst(10, 100)
    assert deal.withdraw().ok
    assert reserved(deal) == (0, 0)


def test_what_somebody_asked_to_cancel_is_not_replaced(firm: Firm) -> None:
    old = out(firm, "buy", "10")
    deal = decided(old, "10")
    order = old.order(0)
    item = firm.item("CancelRequested", f"order/{order}", {"order": order}, login=MARIA)
    assert firm.append(APPROVER, item)[0].ok
    assert lets_go(deal, old).code == "cancel_asked"


def test_one_successor_at_a_time_is_on_its_way(firm: Firm) -> None:
    old = out(firm, "buy", "10")
    first, second = decided(old, "10"), decided(old, "10", limit="102")
    assert reserved(old)[0] < 2 * worst(10, 102)
    assert lets_go(first, old).ok
    assert lets_go(second, old).code == "replace_pending"
    with pytest.raises(AssertionError, match="replace_pending"):
        successor(first, "10")
    assert first.of_order("OrderRejected", venue="ARCADIA", reason="too late").ok
    assert lets_go(second, old).ok


def test_it_is_of_the_same_account_security_and_side(firm: Firm) -> None:
    old = out(firm, "buy", "10")
    request = asked(old, old.order(0), "buy", "AAPL", "10", "101")
    for code, changes in {
        "replace_mismatch": ({"symbol": "KO"}, {"side": "sell"}, {"replaces": "gh-" + "0" * 24}),
        "malformed_payload": (
            {"replaces": "gh-1"},
            {"kind": "rebalance"},
            {"for_session": "2022-12-30"},
            {"for_session": "2022-02-30", "replaces": None},
        ),
    }.items():
        for changed in changes:
            assert Deal(firm).draft(request={**request, **changed}).code == code, changed
    other = Deal(firm, household=OTHER)
    theirs = asked(other, old.order(0), "buy", "AAPL", "10", "101")
    assert other.draft(request=theirs).code == "replace_mismatch"


def test_a_sale_asks_for_no_more_than_is_left(firm: Firm) -> None:
    old = out(firm, "sell", "50")
    request = asked(old, old.order(0), "sell", "AAPL", "51", "99")
    assert Deal(firm).draft(request=request).code == "more_than_left"


def test_a_sale_that_others_wait_for_stays_as_it_is(firm: Firm) -> None:
    deal = Deal(firm).own("100", "AAPL").own("0", "cash")
    sell, buy = leg(deal.account, "sell", "AAPL", "10"), leg(deal.account, "buy", "KO", "5", funded_by=[0])
    deal.approved(sell, buy)
    assert deal.release(0).ok
    request = asked(deal, deal.order(0), "sell", "AAPL", "10", "99")
    assert Deal(firm).draft(request=request).code == "funds_others"


def test_the_text_says_what_was_asked_for(firm: Firm) -> None:
    old = out(firm, "sell", "10")
    for changed in ({"replaces": "gh-" + "0" * 24}, {"executed_before": "1"}, {"symbol": "KO"}):
        assert successor(old, "10", **changed).submit().code == "content_mismatch", changed
    other = [{"lot": "another", "quantity": "10"}]
    assert successor(old, "10", lots=other).submit().code == "lots_mismatch"
    assert reserved(old) == (0, 10)


def test_no_other_text_speaks_of_replacing(firm: Firm) -> None:
    old = out(firm, "buy", "10")
    deal = Deal(firm)
    assert deal.draft().ok
    one = {**leg(deal.account, "buy", "AAPL", "10"), "replaces": old.order(0), "executed_before": "0"}
    assert deal.assess(one).ok
    assert deal.submit().code == "content_mismatch"


def test_a_submission_that_is_refused_leaves_what_the_other_keeps(firm: Firm) -> None:
    old = out(firm, "buy", "10")
    deal = successor(old, "1000", limit="100")
    assert deal.submit().code == "cash_not_free"
    assert reserved(old) == (worst(10, 100), 0)
    assert used(old) == 1000
    assert Deal(firm).draft(role=INTAKE).ok
