"""Drift and the worklist: reasons with dollars, and nothing that needs nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.book.picture import Account
from core.errors import WorldFailed
from core.plan.drift import drift, largest_drift
from core.plan.worklist import Need, Reason, worklist
from tests.core.household import SESSION, account, cash, ips, lot, market, model, outflow, picture

HALF = model({"AAA": "0.5", "BBB": "0.5"})
DUE = SESSION + timedelta(days=30)


def needs(*accounts: Account) -> tuple[Need, ...]:
    return worklist([picture(*accounts, market=market())])


def reasons(*accounts: Account) -> list[Reason]:
    return [need.reason for need in needs(*accounts)]


def test_drift_is_the_weight_against_the_target_in_points() -> None:
    # AAA 6,000, BBB 3,000 and cash 1,000 of 10,000
    who = account(lots=[lot("a", "AAA", 60), lot("b", "BBB", 60)], money=cash(1_000), model=HALF)
    rows = {row.symbol: (row.weight, row.target, row.points) for row in drift(who, market())}
    assert rows == {
        "AAA": (Decimal("0.6"), Decimal("0.5"), Decimal(10)),
        "BBB": (Decimal("0.3"), Decimal("0.5"), Decimal(-20)),
        "cash": (Decimal("0.1"), Decimal(0), Decimal(10)),
    }
    assert largest_drift(who, market()) == Decimal("0.2")


def test_what_is_held_outside_the_model_has_a_target_of_nothing() -> None:
    who = account(lots=[lot("c", "CCC", 100)], model=HALF)
    assert next(row.points for row in drift(who, market()) if row.symbol == "CCC") == 100


def test_without_a_model_or_value_there_is_no_drift() -> None:
    assert drift(account(lots=[lot("a", "AAA", 1)]), market()) == ()
    assert largest_drift(account(model=HALF), market()) == 0


def test_a_holding_without_a_price_gives_no_drift_but_an_error() -> None:
    with pytest.raises(WorldFailed):
        drift(account(lots=[lot("n", "NONE", 1)], model=HALF), market())


def test_an_account_in_order_is_not_on_the_list() -> None:
    assert needs(account(lots=[lot("a", "AAA", 50), lot("b", "BBB", 100)], model=HALF)) == ()


def test_drift_is_worth_half_of_all_deviations() -> None:
    (need,) = needs(account(lots=[lot("a", "AAA", 60), lot("b", "BBB", 80)], model=HALF))
    assert (need.reason, need.dollars) == (Reason.DRIFT, Decimal("1000.00"))
    assert "points off its target" in need.says


@pytest.mark.parametrize(("b_shares", "found"), [(90, []), (88, [Reason.DRIFT])])
def test_at_the_tolerance_nobody_is_needed(b_shares: int, found: list[Reason]) -> None:
    # AAA is 55 % at 5,500 of 10,000
    lots = [lot("a", "AAA", 55), lot("b", "BBB", b_shares)]
    assert reasons(account(lots=lots, model=HALF)) == found


@pytest.mark.parametrize(
    ("amount", "due_on", "dollars"),
    [("1000.00", DUE, None), ("1000.01", DUE, "0.01"), ("5000", DUE + timedelta(days=1), None)],
)
def test_a_shortfall_is_what_is_due_and_the_floor_less_what_is_there(
    amount: str, due_on: date, dollars: str | None
) -> None:
    found = needs(account(money=cash(1_500), ips=ips(floor=500), outflows=[outflow(amount, due_on)]))
    assert [need.dollars for need in found] == ([Decimal(dollars)] if dollars else [])


def test_money_that_is_due_is_no_drift() -> None:
    # a fifth of the account is cash, and leaves
    who = account(
        lots=[lot("a", "AAA", 40), lot("b", "BBB", 80)],
        money=cash(2_000),
        model=HALF,
        outflows=[outflow(2_000, DUE)],
    )
    assert needs(who) == ()


def test_drift_that_a_withdrawal_causes_is_told_once_as_the_shortfall() -> None:
    who = account(
        lots=[lot("a", "AAA", 50), lot("b", "BBB", 100)], model=HALF, outflows=[outflow(2_000, DUE)]
    )
    assert reasons(who) == [Reason.CASH_SHORTFALL]


def test_a_held_deposit_pays_no_withdrawal() -> None:
    who = account(money=cash(0, held="5000"), outflows=[outflow(100, SESSION)])
    assert reasons(who) == [Reason.CASH_SHORTFALL]


@pytest.mark.parametrize(("settled", "found"), [(1_100, []), (1_600, [Reason.EXCESS_CASH])])
def test_excess_cash_is_above_model_and_floor_by_a_thousand(settled: int, found: list[Reason]) -> None:
    who = account(
        lots=[lot("a", "AAA", 100), lot("b", "BBB", 200)],
        money=cash(settled),
        model=model({"AAA": "0.5", "BBB": "0.5"}, tolerance="0.1"),
        ips=ips(floor=500),
    )
    assert reasons(who) == found


@pytest.mark.parametrize(
    ("kind", "cost", "found"),
    [
        ("taxable", "110", [Reason.HARVESTABLE_LOSS]),
        ("taxable", "109.99", []),
        ("trust", "110", [Reason.HARVESTABLE_LOSS]),
        ("ira", "110", []),
        ("roth", "110", []),
    ],
)
def test_losses_count_from_a_thousand_dollars_and_only_where_they_are_taxed(
    kind: str, cost: str, found: list[Reason]
) -> None:
    lots = [lot("loss", "AAA", 100, cost), lot("gain", "BBB", 100, 1)]
    assert reasons(account(lots=lots, kind=kind)) == found


def test_a_loss_that_may_not_be_sold_is_nobodys() -> None:
    assert needs(account(lots=[lot("l", "AAA", 100, 500)], do_not_trade=["AAA"])) == ()


def test_a_frozen_account_that_needs_nothing_is_not_on_the_list() -> None:
    assert needs(account(status="frozen", money=cash(100))) == ()


def test_a_frozen_account_has_one_row_with_what_waits() -> None:
    who = account(
        status="frozen", lots=[lot("a", "AAA", 100, 500)], model=HALF, outflows=[outflow(100, SESSION)]
    )
    (need,) = needs(who)
    assert need.reason is Reason.BLOCKED
    assert "frozen" in need.says
    assert "short" in need.says
    assert "points off" in need.says


@pytest.mark.parametrize(
    ("recorded", "stale"),
    [(date(2019, 12, 29), False), (date(2019, 12, 28), True), (None, True), (date(2022, 1, 1), False)],
)
def test_a_risk_profile_is_stale_after_36_months(recorded: date | None, stale: bool) -> None:
    seen = picture(account(money=cash(700)), market=market())
    seen = replace(seen, household=replace(seen.household, profile_recorded_on=recorded))
    found = worklist([seen])
    assert [(need.reason, need.account, need.dollars) for need in found] == (
        [(Reason.STALE_PROFILE, None, Decimal(700))] if stale else []
    )


def test_a_holding_without_a_price_is_itself_the_reason() -> None:
    assert reasons(account(lots=[lot("n", "NONE", 1)], model=HALF)) == [Reason.NO_PRICE]


def test_money_that_must_leave_comes_before_larger_drift_and_more_dollars_before_fewer() -> None:
    small = account(id="acc-1", outflows=[outflow(1, SESSION)])
    drifting = account(id="acc-2", lots=[lot("a", "AAA", 900)], model=HALF)
    larger = account(id="acc-3", lots=[lot("b", "AAA", 901)], model=HALF)
    found = needs(drifting, small, larger)
    assert [(need.rank, need.account) for need in found] == [(1, "acc-1"), (2, "acc-3"), (3, "acc-2")]


def test_the_list_is_the_same_in_whatever_order_households_come() -> None:
    one = picture(account(id="acc-1", outflows=[outflow(1, SESSION)]), market=market())
    two = picture(account(id="acc-2", outflows=[outflow(1, SESSION)]), market=market())
    assert worklist([one, two]) == worklist([two, one])
