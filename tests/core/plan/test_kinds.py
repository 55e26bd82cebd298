"""Each kind of request is one plan, with "do nothing" and what costs less beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.book.picture import Account, Market
from core.errors import BadInput
from core.ids import AccountId, LotId, Symbol
from core.orders.cost import worst_cash
from core.orders.events import OrderType, Request, Side
from core.orders.planning import LotMethod, Planning
from core.plan.content import work_out
from core.plan.drift import largest_drift
from core.plan.kinds import plan_of
from core.plan.preview import estimated_cost, traded
from core.plan.trade import Plan
from tests.core.household import (
    ACCOUNT,
    HOUSEHOLD,
    PROPOSAL,
    account,
    assumptions,
    cash,
    instrument,
    ips,
    lot,
    market,
    model,
    picture,
)
from tests.core.plan.test_rebalance import accounts, markets

BALANCED = model({"AAA": "0.4", "BBB": "0.3", "FUND": "0.2"}, cash_weight="0.1")


def asked(kind: str, **fields: Any) -> Request:
    planning = {name: fields.pop(name) for name in [*fields] if name in Planning.model_fields}
    return Request.model_validate(
        {
            "kind": kind,
            "household": HOUSEHOLD,
            "planning": Planning(**planning) if planning else None,
            **fields,
        }
    )


def holder(**more: Any) -> Account:
    held = [
        lot("a1", "AAA", 100, 40, date(2019, 1, 2)),
        lot("a2", "AAA", 100, 90, date(2020, 1, 2)),
        lot("a3", "AAA", 200, 110, date(2021, 1, 4)),
        lot("b", "BBB", 600, 30),
        lot("f", "FUND", 100, 210),
    ]
    return account(**{"lots": held, "money": cash(10_000), "model": BALANCED, **more})


def plan(request: Request, *accounts: Account, at: Market | None = None) -> Plan:
    return plan_of(picture(*(accounts or (holder(),)), market=at or market()), request, assumptions())


def alternatives(found: Plan) -> list[str]:
    return [one.name for one in found.preview.alternatives]


@pytest.mark.parametrize(
    ("method", "lots"),
    [
        (None, ["a3"]),
        (LotMethod.HIGHEST_COST, ["a3"]),
        (LotMethod.FIRST_IN, ["a1", "a2"]),
        (LotMethod.LEAST_TAX, ["a3"]),
    ],
)
def test_a_sale_uses_the_lots_of_the_named_method(method: LotMethod | None, lots: list[str]) -> None:
    how = {"lot_method": method} if method else {}
    (sale,) = plan(order(150, **how)).trades
    assert [choice.lot for choice in sale.lots] == lots


def order(shares: int, **more: Any) -> Request:
    return asked(
        "order", accounts=(ACCOUNT,), symbol="AAA", side=Side.SELL, quantity=Decimal(shares),
        order_type=OrderType.MARKET, **more,
    )  # fmt: skip


def test_named_lots_are_sold_in_their_order_and_no_others() -> None:
    (sale,) = plan(order(150, lots=(LotId("a2"), LotId("a1")))).trades
    assert [f"{choice.lot} {choice.quantity}" for choice in sale.lots] == ["a2 100", "a1 50"]


@pytest.mark.parametrize("lots", [("b",), ("nowhere",), ("a1",)])
def test_lots_of_another_symbol_or_too_few_of_them_are_refused(lots: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as refused:
        plan(order(150, lots=lots))
    assert refused.value.field == "lots"


def test_a_sale_from_the_oldest_lots_has_the_lots_of_least_tax_beside_it() -> None:
    found = plan(order(100, lot_method=LotMethod.FIRST_IN))
    assert alternatives(found) == ["this plan", "do nothing", "lots of least tax"]
    mine, _, other = found.preview.alternatives
    assert (mine.long_term_gain, other.long_term_gain) == (Decimal("6000.00"), Decimal("-1000.00"))
    assert other.estimated_tax < mine.estimated_tax


def test_a_rebalance_has_doing_nothing_and_the_tax_aware_plan_beside_it() -> None:
    drifted = holder(model=model({"AAA": "0.2", "BBB": "0.5", "FUND": "0.2"}, cash_weight="0.1"))
    found = plan(asked("rebalance"), drifted)
    assert alternatives(found) == ["this plan", "do nothing", "tax-aware"]
    mine, nothing, aware = found.preview.alternatives
    assert nothing.orders == 0
    assert nothing.drift == largest_drift(drifted, market())
    assert aware.estimated_tax <= mine.estimated_tax
    assert mine.drift < nothing.drift
    barely = plan(asked("rebalance", weigh_tax=True), drifted)
    assert alternatives(barely)[:2] == ["this plan", "do nothing"]
    assert barely.preview.alternatives[0].estimated_tax == aware.estimated_tax


@pytest.mark.parametrize("dollars", [15_000, 40_000])
def test_cash_is_raised_at_worst_to_the_dollar_and_nothing_is_bought(dollars: int) -> None:
    found = work_out(
        PROPOSAL,
        asked("raise_cash", accounts=(ACCOUNT,), dollars=Decimal(dollars)),
        picture(holder(ips=ips(floor=2_000)), market=market()),
        assumptions(),
    )
    assert found.content is not None
    assert {leg.side for leg in found.content.legs} == {Side.SELL}
    brought = sum(worst_cash(leg, Decimal(0)) for leg in found.content.legs)
    assert 10_000 - 2_000 + brought >= dollars
    assert brought <= Decimal("1.05") * (dollars - 8_000)
    gains = found.plan.preview.accounts[0]
    assert gains.estimated_tax <= 100  # losing lots come first; a little tax weighs less than the drift


def test_cash_that_is_there_already_is_not_raised() -> None:
    found = plan(asked("raise_cash", accounts=(ACCOUNT,), dollars=Decimal(9_000)))
    assert "$10,000.00 can be spent already" in found.set_aside[ACCOUNT]


def test_an_account_without_a_model_can_raise_cash_too() -> None:
    found = plan(asked("raise_cash", accounts=(ACCOUNT,), dollars=Decimal(12_000)), holder(model=None))
    assert {trade.side for trade in found.trades} == {Side.SELL}


def test_cash_is_invested_in_what_lacks_and_nothing_is_sold() -> None:
    rich = holder(money=cash(40_000), ips=ips(floor=5_000))
    found = plan(asked("invest_cash", dollars=Decimal(20_000)), rich)
    assert {trade.side for trade in found.trades} == {Side.BUY}
    assert sum(trade.dollars for trade in found.trades) <= 20_000
    assert "nothing to invest" in plan(asked("invest_cash"), holder(ips=ips(floor=10_000))).set_aside[ACCOUNT]


@pytest.mark.parametrize(("budget", "shares"), [("0", 316), ("1000", 333), ("3000", 366)])
def test_a_position_is_left_within_the_years_budget_of_gains(budget: str, shares: int) -> None:
    # 200 at a loss of 10 each allow 2,000 of gains: 100 shares at 10, the others at 60
    found = plan(asked("exit", accounts=(ACCOUNT,), symbol="AAA", gains_budget=Decimal(budget)))
    (sale,) = found.trades
    seen = found.preview.accounts[0]
    assert seen.short_term_gain + seen.long_term_gain <= Decimal(budget)
    assert sale.quantity == shares


def test_the_years_after_are_forecast_until_nothing_is_left() -> None:
    found = plan(asked("exit", accounts=(ACCOUNT,), symbol="AAA", gains_budget=Decimal(2_000)))
    years = [note.split(":")[0] for note in found.preview.notes]
    assert years == ["2022", "2023", "2024"]
    assert found.preview.notes[-1].endswith("0 left, at today's price")


def test_where_no_tax_is_paid_a_position_goes_at_once() -> None:
    (sale,) = plan(
        asked("exit", accounts=(ACCOUNT,), symbol="AAA", gains_budget=Decimal(0)), holder(kind="ira")
    ).trades
    assert sale.quantity == 400


def located() -> tuple[Account, Account, Market]:
    at = market()
    bonds = replace(instrument("FUND", kind="etf"), sector="Fixed Income")
    at = replace(at, instruments={**at.instruments, Symbol("FUND"): bonds})
    half = model({"AAA": "0.5", "FUND": "0.5"}, tolerance="0.05")
    held = [lot("a", "AAA", 500, 105), lot("f", "FUND", 250, 205)]
    other = [lot("ia", "AAA", 500, 50), lot("if", "FUND", 250, 150)]
    return (
        account(lots=held, money=cash(0), model=half),
        account(id="acc-ira", kind="ira", lots=other, money=cash(0), model=half),
        at,
    )


def test_income_moves_to_where_no_tax_is_paid_and_the_whole_stays() -> None:
    taxed, ira, at = located()
    found = plan(asked("locate"), taxed, ira, at=at)
    done = {(t.account, t.symbol): t.side for t in found.trades}
    assert done[ACCOUNT, Symbol("FUND")] is Side.SELL
    assert done[AccountId("acc-ira"), Symbol("FUND")] is Side.BUY
    for who in (taxed, ira):
        mine = [t for t in found.trades if t.account == who.id]
        after = traded(who, mine, at, estimated_cost(who, mine, at))
        assert largest_drift(after, at) <= Decimal("0.05")
    bonds = {t.account: t.dollars for t in found.trades if t.symbol == "FUND"}
    assert abs(bonds[ACCOUNT] - bonds[AccountId("acc-ira")]) <= Decimal("0.1") * bonds[ACCOUNT]


def test_what_would_cost_tax_is_not_moved_and_the_reason_is_said() -> None:
    taxed, ira, at = located()
    dear = replace(taxed, lots=(lot("a", "AAA", 500, 20), lot("f", "FUND", 250, 50)))
    found = plan(asked("locate"), dear, ira, at=at)
    assert not [t for t in found.trades if t.account == ACCOUNT]
    assert ACCOUNT in found.set_aside


@given(
    accounts(),
    markets,
    st.sampled_from(["rebalance", "raise_cash", "invest_cash", "harvest", "exit", "locate"]),
    st.one_of(st.none(), st.integers(1, 500_000).map(Decimal)),
    st.one_of(st.none(), st.integers(0, 50_000).map(Decimal)),
    st.booleans(),
    st.sampled_from(["taxable", "ira"]),
)
@settings(max_examples=120, deadline=None)
def test_no_plan_of_any_kind_breaks_a_hard_policy_or_its_budget(
    who: Account,
    at: Market,
    kind: str,
    dollars: Decimal | None,
    budget: Decimal | None,
    aware: bool,
    taxed: str,
) -> None:
    who = replace(who, kind=taxed)
    symbol = "AAA" if kind in ("exit", "harvest") else None
    fields = {"weigh_tax": aware, "dollars": dollars, "gains_budget": budget}
    request = asked(kind, accounts=(who.id,), symbol=symbol, **fields)
    if kind == "raise_cash" and dollars is None:
        return
    found = work_out(PROPOSAL, request, picture(who, market=at), assumptions())
    if found.verdict is None:
        assert found.plan.set_aside
        return
    assert {a.code for a in found.verdict.breaches} <= {
        "turnover",
        "trading_cost",
    }  # of the account, not the plan
    seen = found.plan.preview.accounts[0]
    if budget is not None and taxed == "taxable" and kind in ("rebalance", "raise_cash", "exit"):
        assert seen.short_term_gain + seen.long_term_gain <= budget


def test_one_account_that_cannot_never_stops_the_rest() -> None:
    frozen = holder(id="acc-2", status="frozen", money=cash(50_000))
    for kind in ("rebalance", "invest_cash", "harvest", "locate"):
        found = plan(asked(kind), holder(money=cash(50_000)), frozen)
        assert found.set_aside[AccountId("acc-2")]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (asked("raise_cash", dollars=Decimal(5)), "accounts"),
        (asked("raise_cash", accounts=(ACCOUNT,)), "dollars"),
        (asked("exit", accounts=(ACCOUNT,)), "symbol"),
        (asked("rebalance", lot_method=LotMethod.FIRST_IN), "lots"),
    ],
)
def test_a_request_that_lacks_a_field_is_refused_by_its_name(request_: Request, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        plan(request_)
    assert refused.value.field == field
