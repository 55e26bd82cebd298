"""The law of trades: corrections move what was booked and nothing else; each step is what the table has."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import pytest

from core.book.lots import lot_id_for
from core.ids import OrderId
from core.ledger.events import fact_of
from core.orders import trade
from tests.core.gate.deal import APPROVER, GATE, MARIA, Deal, close_day, leg, lot_in, open_day
from tests.fixtures.firm import Answer, Firm

DAY: Final = "2022-12-29"
SETTLES: Final = "2023-01-03"


@pytest.fixture
def deal(firm: Firm) -> Deal:
    return Deal(firm).own("1000000", "cash").own("1000", "AAPL")


def selling(deal: Deal, quantity: str = "10") -> dict[str, Any]:
    return leg(deal.account, "sell", "AAPL", quantity)


def buying(deal: Deal, quantity: str = "10", **more: Any) -> dict[str, Any]:
    return leg(deal.account, "buy", "KO", quantity, **more)


def booked(quantity: str, price: str, fee: str = "0") -> dict[str, str]:
    return {"quantity": quantity, "price": price, "fee": fee}


def correct(deal: Deal, was: dict[str, str], now: dict[str, str] | None = None, **changed: Any) -> Answer:
    one = deal.legs[changed.pop("number", 0)]
    said = {name: one[name] for name in ("account", "symbol", "side")}
    said |= {"execution": "e1", "revision": 1, "was": was, "trade_date": DAY, "reason": "x", **changed}
    if now is not None:
        said["now"] = now
    kind = "TradeBusted" if now is None else "TradeCorrected"
    return deal.of_order(kind, int(one["leg"]), **said)


def step(deal: Deal, kind: str, **said: Any) -> Answer:
    payload = {"order": deal.order(0), "account": deal.account, "trade_date": DAY, **said}
    stream = f"trade/{deal.order(0)}/{DAY}"
    return deal.firm.append(GATE, deal.firm.item(kind, stream, payload))[0]


def allocate(deal: Deal, quantity: str, average: str, fees: str = "0", **changed: Any) -> Answer:
    one = deal.legs[0]
    said = {"symbol": one["symbol"], "side": one["side"], "settles_on": SETTLES}
    return step(
        deal, "TradeAllocated", **said, quantity=quantity, average_price=average, fees=fees, **changed
    )


def row(deal: Deal) -> dict[str, Any]:
    return dict(deal.firm.ask(GATE, "select * from gatehouse.trade where order_id = %s", deal.order(0))[0])


def lot(deal: Deal, named: str) -> tuple[Any, Any]:
    rows = "select held, reserved from gatehouse.lot_holding where account = %s and lot = %s"
    found = deal.firm.ask(GATE, rows, deal.account, named)[0]
    return found["held"], found["reserved"]


def held(deal: Deal, symbol: str) -> tuple[Any, Any]:
    return deal.held(symbol)


def sold(deal: Deal, *fills: tuple[str, str]) -> Deal:
    deal.approved(selling(deal))
    assert deal.release().ok
    for n, (quantity, price) in enumerate(fills, start=1):
        assert deal.fill(0, quantity, price, execution=f"e{n}").ok
    return deal


def test_the_table_in_the_database_is_the_one_in_code(firm: Firm) -> None:
    rows = firm.ask("superuser", "select before, event, after from gatehouse.trade_step")
    held = {(row["before"], row["event"]): row["after"] for row in rows}
    assert held == {(before, event): str(after) for (before, event), after in trade.STEPS.items()}


def test_a_busted_sale_gives_shares_lots_and_dollars_back_and_ends_nothing_anew(deal: Deal) -> None:
    sold(deal, ("10", "100"))
    before = held(deal, "cash")
    assert correct(deal, booked("10", "100")).ok
    assert held(deal, "AAPL") == (Decimal(1000), Decimal(0))
    assert held(deal, "cash")[0] == before[0] - 1000
    assert lot(deal, lot_in("AAPL")) == (1000, 0)
    state = "select filled, proceeds, ended, taken_back from gatehouse.leg where order_id = %s"
    (now,) = deal.firm.ask(GATE, state, deal.order(0))
    assert tuple(now.values()) == (0, 0, True, 10)
    assert (row(deal)["status"], row(deal)["net"]) == ("BUSTED", 0)
    counted = "select dollars from gatehouse.day_use where scope = 'account' and named = %s"
    assert deal.firm.value(GATE, counted, deal.account) == 0


def test_while_an_order_is_open_what_comes_back_stays_promised_to_it(deal: Deal) -> None:
    sold(deal, ("4", "100"))
    assert correct(deal, booked("4", "100")).ok
    assert (held(deal, "AAPL"), lot(deal, lot_in("AAPL"))) == ((1000, 10), (1000, 10))
    assert deal.fill(0, "6", "100", execution="e2").ok  # the venue did all that it will do
    assert (held(deal, "AAPL"), lot(deal, lot_in("AAPL"))) == ((994, 0), (994, 0))
    ended = "select ended from gatehouse.leg where order_id = %s"
    assert deal.firm.value(GATE, ended, deal.order(0)) is True


def test_a_busted_purchase_takes_its_lot_away(deal: Deal) -> None:
    deal.approved(buying(deal))
    assert deal.release().ok
    cash = held(deal, "cash")
    assert deal.fill(0, "10", "99", execution="e1", fee="1").ok
    assert correct(deal, booked("10", "99", "1")).ok
    assert held(deal, "KO")[0] == 0
    assert lot(deal, lot_id_for(OrderId(deal.order(0)), "e1"))[0] == 0
    assert held(deal, "cash")[0] == cash[0]


def test_a_correction_moves_the_difference_and_another_one_follows_it(deal: Deal) -> None:
    sold(deal, ("10", "100"))
    start = held(deal, "cash")[0]
    assert correct(deal, booked("10", "100"), booked("8", "101", "0.5")).ok
    assert (held(deal, "AAPL")[0], held(deal, "cash")[0]) == (992, start - Decimal("192.5"))
    assert correct(deal, booked("8", "101", "0.5"), booked("10", "101"), revision=2).ok
    assert (held(deal, "AAPL")[0], held(deal, "cash")[0]) == (990, start + 10)
    assert correct(deal, booked("10", "101"), revision=3).ok
    assert correct(deal, booked("10", "101"), revision=4).code == "execution_busted"


@pytest.mark.parametrize(
    ("code", "was", "now", "changed"),
    [
        ("correction_misstated", booked("10", "99"), None, {}),
        ("correction_misstated", booked("10", "100"), None, {"revision": 2}),
        ("correction_misstated", booked("10", "100"), None, {"trade_date": "2022-12-28"}),
        ("correction_misstated", booked("10", "100"), booked("11", "100"), {}),
        ("execution_unknown", booked("10", "100"), None, {"execution": "e9"}),
        ("leg_mismatch", booked("10", "100"), None, {"side": "buy"}),
    ],
)
def test_a_correction_says_what_stands_and_never_adds_a_share(
    deal: Deal, code: str, was: dict[str, str], now: dict[str, str] | None, changed: dict[str, Any]
) -> None:
    sold(deal, ("10", "100"))
    before = row(deal)
    assert correct(deal, was, now, **changed).code == code
    assert row(deal) == before


def test_what_a_funding_sale_no_longer_brought_is_no_longer_promised_to_the_buy(deal: Deal) -> None:
    deal.own("0", "cash")
    deal.approved(selling(deal, "10"), buying(deal, "8", funded_by=(0,), less=True))
    assert deal.release(0).ok
    assert deal.fill(0, "10", "100", execution="e1").ok
    assert held(deal, "cash")[1] > 0
    assert correct(deal, booked("10", "100"), booked("5", "100")).ok
    have, reserved = held(deal, "cash")
    assert (have, reserved <= have) == (500, True)
    assert deal.release(1, quantity="8").code == "quantity_mismatch"
    most = "select gatehouse.releasable(l) from gatehouse.leg l where order_id = %s"
    may = deal.firm.value(GATE, most, deal.order(1))
    assert 0 < may < 8
    assert deal.release(1, quantity=str(may)).ok


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        *[({name: "0"}, "malformed_payload") for name in ("quantity", "price")],
        *[({"settles_on": day}, "execution_malformed") for day in (DAY, "2023-01-32", "2023-02-01")],
    ],
)
def test_an_execution_without_shares_price_or_dates_is_none(
    deal: Deal, changed: dict[str, Any], code: str
) -> None:
    sold(deal)
    said = {"quantity": "1", "price": "100", "execution": "e1", **changed}
    answer = deal.fill(0, said.pop("quantity"), said.pop("price"), **said)
    assert answer.code == code
    assert correct(deal, booked("1", "100"), booked("1", "0")).code == "malformed_payload"


def test_a_trade_goes_its_way_on_the_market_clock_and_by_its_own_figures(deal: Deal) -> None:
    sold(deal, ("4", "100"), ("6", "101"))
    assert step(deal, "TradeConfirmed").code == "no_such_step"
    assert allocate(deal, "10", "100.6", fees="1").code == "trade_misstated"
    assert allocate(deal, "10", "100.600001").code == "trade_misstated"
    assert allocate(deal, "10", "100.6").ok
    assert step(deal, "TradeConfirmed").ok
    assert step(deal, "TradeSettled", net_amount="1006").code == "not_due"
    assert step(deal, "TradeFailedToSettle", session=DAY, reason="x").code == "not_due"
    close_day(deal.firm)
    for session in ("2022-12-30", SETTLES):
        open_day(deal.firm, session)
        if session != SETTLES:
            close_day(deal.firm)
    assert step(deal, "TradeFailedToSettle", session=SETTLES, reason="not delivered").ok
    assert step(deal, "TradeSettled", net_amount="1005").code == "trade_misstated"
    assert step(deal, "TradeSettled", net_amount="1006").ok
    assert correct(deal, booked("6", "101"), execution="e2").ok  # after the settlement
    assert row(deal)["status"] == "CORRECTED"
    assert allocate(deal, "4", "100").ok
    assert step(deal, "TradeConfirmed").ok
    assert step(deal, "TradeSettled", net_amount="-606").ok
    assert correct(deal, booked("4", "100")).ok
    assert step(deal, "TradeConfirmed").ok  # that it was taken back
    assert step(deal, "TradeConfirmed").code == "no_such_step"
    assert step(deal, "TradeSettled", net_amount="-400").ok
    assert step(deal, "TradeSettled", net_amount="0").code == "no_such_step"
    assert as_folded(deal) == {
        name: row(deal)[name] for name in ("status", "quantity", "net", "settled", "changes", "told")
    }


def as_folded(deal: Deal) -> dict[str, Any]:
    """The pure fold's word on the same trade, from the journal."""
    entries = "select text from gatehouse.journal where stream in (%s, %s) order by seq"
    streams = (f"order/{deal.order(0)}", f"trade/{deal.order(0)}/{DAY}")
    whole = [json.loads(one["text"]) for one in deal.firm.ask("superuser", entries, *streams)]
    facts = [fact_of(one["event_type"], one["event_version"], one["payload"]) for one in whole]
    (found,) = trade.fold(facts).values()
    return {
        "status": str(found.status),
        "quantity": found.quantity,
        "net": found.net_amount,
        "settled": found.settled,
        "changes": found.changes,
        "told": found.told,
    }


def test_only_the_worker_corrects_and_people_see_trades_of_their_book(deal: Deal) -> None:
    sold(deal, ("10", "100"))
    said = {name: deal.legs[0][name] for name in ("account", "symbol", "side")}
    said |= {"order": deal.order(0), "execution": "e1", "revision": 1, "was": booked("10", "100")}
    said |= {"trade_date": DAY, "reason": "x", "venue": "ARCADIA"}
    item = deal.firm.item("TradeBusted", f"order/{deal.order(0)}", said, login=MARIA)
    assert deal.firm.append(APPROVER, item)[0].code == "no_right"
