"""A rebalance goes toward the model in whole shares, and pays for itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.book.gains import Gains
from core.book.picture import Account, Market
from core.errors import NotFound
from core.ids import AccountId, Symbol
from core.orders.content import LotChoice
from core.orders.cost import worst_cash
from core.orders.events import Request, Side
from core.plan.cash_needs import cash_need
from core.plan.content import intents_of, work_out
from core.plan.legs import legs_of
from core.plan.lots import highest_cost_first
from core.plan.rebalance import rebalance
from core.plan.tax import TaxRates, estimated_tax
from core.plan.trade import Plan, Trade
from core.risk.policies import POLICIES
from core.risk.policy import assess
from tests.core.household import (
    ACCOUNT,
    HOUSEHOLD,
    PREVIOUS,
    PROPOSAL,
    SESSION,
    account,
    assumptions,
    cash,
    ips,
    lot,
    market,
    model,
    moved,
    outflow,
    picture,
)

HALF = {"AAA": "0.5", "BBB": "0.5"}
NO_CASH_LEFT = model(HALF)


def plan(who: Account, at: Market | None = None) -> Plan:
    return rebalance(picture(who, market=at or market()), (), assumptions())


def shares(found: Plan) -> dict[tuple[Side, str], Decimal]:
    return {(trade.side, trade.symbol): trade.quantity for trade in found.trades}


def why(found: Plan) -> str:
    assert not found.trades
    return found.set_aside[ACCOUNT]


def test_an_account_goes_to_its_targets_in_whole_shares() -> None:
    # 20,000: AAA 150 at 100 and 5,000 in cash; half of 95 % of it is 9,500 each
    who = account(
        lots=[lot("l", "AAA", 150)],
        money=cash(5_000),
        model=model({"AAA": "0.475", "BBB": "0.475"}, cash_weight="0.05"),
    )
    assert shares(plan(who)) == {(Side.SELL, "AAA"): 55, (Side.BUY, "BBB"): 190}


def test_a_quantity_is_rounded_toward_the_target_and_not_across_it() -> None:
    who = account(
        lots=[lot("l", "AAA", 150)],
        money=cash(5_030),
        model=model({"AAA": "0.475", "BBB": "0.475"}, cash_weight="0.05"),
    )
    # 20,030: 9,514.25 each; AAA is 5,485.75 over, BBB 190.285 shares short
    assert shares(plan(who)) == {(Side.SELL, "AAA"): 54, (Side.BUY, "BBB"): 190}


def test_sells_come_first() -> None:
    who = account(lots=[lot("l", "BBB", 400)], model=model({"AAA": "0.5", "BBB": "0.4"}, cash_weight="0.1"))
    assert [trade.side for trade in plan(who).trades] == [Side.SELL, Side.BUY]


@pytest.mark.parametrize(("weight", "ready"), [("0.55", False), ("0.56", True)])
def test_within_its_tolerance_an_account_is_left_alone(weight: str, ready: bool) -> None:
    held = Decimal(weight) * 10_000
    who = account(
        lots=[lot("a", "AAA", held / 100), lot("b", "BBB", (10_000 - held) / 50)], model=NO_CASH_LEFT
    )
    found = plan(who)
    assert bool(found.trades) is ready
    if not ready:
        assert "5.00 of 5.00 points" in why(found)


@pytest.mark.parametrize(
    ("who", "word"),
    [
        (account(status="frozen", model=NO_CASH_LEFT, money=cash(9_000)), "frozen"),
        (account(status="transferring_out", model=NO_CASH_LEFT, money=cash(9_000)), "transferring out"),
        (account(money=cash(9_000)), "no model"),
        (account(model=NO_CASH_LEFT, money=cash(9_000, reserved="1")), "open orders"),
        (account(model=NO_CASH_LEFT, lots=[lot("l", "AAA", 90)], reserved_lots={"l": "1"}), "open orders"),
        (account(model=model({"NONE": "1"}), money=cash(9_000)), "no price for NONE"),
    ],
)
def test_an_account_that_cannot_be_planned_is_set_aside_with_the_reason(who: Account, word: str) -> None:
    found = plan(who)
    assert word in why(found)
    assert found.preview.accounts[0].set_aside == found.set_aside[ACCOUNT]


def test_a_stale_price_sets_an_account_aside() -> None:
    at = moved(market(), "AAA", "100", PREVIOUS - timedelta(days=1))
    assert "older than the previous session" in why(plan(account(model=NO_CASH_LEFT, money=cash(9_000)), at))


def test_one_exception_never_stops_the_rest() -> None:
    frozen = account(id="acc-2", status="frozen", model=NO_CASH_LEFT, money=cash(9_000))
    ready = account(model=NO_CASH_LEFT, money=cash(9_000))
    found = rebalance(picture(frozen, ready, market=market()), (), assumptions())
    assert {trade.account for trade in found.trades} == {ACCOUNT}
    assert set(found.set_aside) == {"acc-2"}


def test_only_the_named_accounts_are_planned() -> None:
    both = picture(
        account(model=NO_CASH_LEFT, money=cash(9_000)),
        account(id="acc-2", model=NO_CASH_LEFT, money=cash(9_000)),
        market=market(),
    )
    found = rebalance(both, [AccountId("acc-2")], assumptions())
    assert {trade.account for trade in found.trades} == {"acc-2"}


def test_an_account_of_another_household_is_not_found() -> None:
    with pytest.raises(NotFound):
        rebalance(picture(account(), market=market()), [AccountId("elsewhere")], assumptions())


def test_what_the_client_said_not_to_trade_keeps_its_value_and_the_rest_shares_the_rest() -> None:
    # 20,000: AAA 12,000 stays; BBB and FUND share 8,000 as 1 to 1
    who = account(
        lots=[lot("a", "AAA", 120)],
        money=cash(8_000),
        model=model({"AAA": "0.2", "BBB": "0.4", "FUND": "0.4"}),
        do_not_trade=["AAA"],
    )
    assert set(shares(plan(who))) == {(Side.BUY, "BBB"), (Side.BUY, "FUND")}
    assert [row.target for row in plan(who).preview.rows if row.symbol == "AAA"] == [Decimal("0.2")]


def test_a_restricted_symbol_is_not_bought_and_its_weight_goes_to_the_others() -> None:
    who = account(money=cash(10_000), model=model({"AAA": "0.25", "BBB": "0.25"}, cash_weight="0.5"))
    found = shares(plan(who, market(restricted=["AAA"])))
    assert found == {(Side.BUY, "BBB"): 100}


def test_a_restricted_symbol_is_not_sold_on_the_firms_own_idea_either() -> None:
    who = account(lots=[lot("a", "AAA", 100)], model=model({"AAA": "0.5", "BBB": "0.4"}, cash_weight="0.1"))
    assert shares(plan(who))[Side.SELL, "AAA"] == 50
    assert shares(plan(who, market(restricted=["AAA"]))) == {}


def test_what_is_not_traded_here_is_held() -> None:
    who = account(lots=[lot("m", "MUTUAL", 500)], money=cash(5_000), model=NO_CASH_LEFT)
    assert {symbol for _, symbol in shares(plan(who))} == {"AAA", "BBB"}


@pytest.mark.parametrize(("settled", "dollars"), [("12499.99", 0), ("12500.00", 250)])
def test_a_deviation_below_the_minimum_trade_is_left_alone(settled: str, dollars: int) -> None:
    who = account(
        money=cash(settled), lots=[], model=model({"BBB": "0.02"}, cash_weight="0.98", tolerance="0.001")
    )
    assert sum(trade.dollars for trade in plan(who).trades) == dollars


def test_nothing_to_trade_says_why() -> None:
    who = account(
        lots=[lot("a", "AAA", 100)], model=model({"AAA": "0.5", "BBB": "0.5"}), do_not_trade=["AAA"]
    )
    assert "AAA: the client's instruction" in why(plan(who))


def test_cash_that_is_due_is_raised_although_the_account_is_in_tolerance() -> None:
    who = account(
        lots=[lot("a", "AAA", 50), lot("b", "BBB", 100)],
        model=model(HALF, tolerance="0.5"),
        outflows=[outflow(1_000, SESSION + timedelta(days=30))],
    )
    found = plan(who)
    assert {trade.side for trade in found.trades} == {Side.SELL}
    assert at_worst(who, found) >= 1_000


def test_what_is_due_later_than_a_month_is_not_raised() -> None:
    who = account(
        lots=[lot("a", "AAA", 50), lot("b", "BBB", 100)],
        model=model(HALF, tolerance="0.5"),
        outflows=[outflow(1_000, SESSION + timedelta(days=31))],
    )
    assert "in tolerance" in why(plan(who))


def test_what_cannot_be_raised_is_explained_in_dollars() -> None:
    who = account(
        lots=[lot("a", "AAA", 10), lot("b", "BBB", 100)],
        model=NO_CASH_LEFT,
        do_not_trade=["BBB"],
        outflows=[outflow(2_000, SESSION)],
    )
    # ten AAA bring 980.00 less 0.10 and 0.98: 978.92 of 2,000.00
    assert "$2,000.00 must be raised" in why(plan(who))
    assert "$1,021.08 of it missing" in why(plan(who))


def test_a_floor_above_the_models_cash_shrinks_every_target() -> None:
    # 10,000 less a floor of 4,000: 3,000 each; at worst the sells are 84 dollars short, so AAA gives one more
    who = account(lots=[lot("a", "AAA", 60), lot("b", "BBB", 80)], model=NO_CASH_LEFT, ips=ips(floor=4_000))
    assert shares(plan(who)) == {(Side.SELL, "AAA"): 31, (Side.SELL, "BBB"): 20}


def test_held_deposits_are_not_spent() -> None:
    assert not plan(account(money=cash(0, held="10000"), model=NO_CASH_LEFT)).trades


def test_held_deposits_count_toward_the_cash_floor() -> None:
    who = account(
        lots=[lot("a", "AAA", 50), lot("b", "BBB", 100)],
        money=cash(0, held="500"),
        model=model(HALF),
        ips=ips(floor=500),
    )
    assert "in tolerance" in why(plan(who))


# lots and tax


def test_the_lots_of_highest_cost_are_sold_first() -> None:
    who = account(lots=[lot("low", "AAA", 5, 10), lot("high", "AAA", 5, 90), lot("mid", "AAA", 5, 50)])
    chosen = highest_cost_first(who, Symbol("AAA"), Decimal(8), on=SESSION)
    assert [(c.lot, c.quantity) for c in chosen] == [("high", Decimal(5)), ("mid", Decimal(3))]


def test_at_equal_cost_a_long_term_lot_goes_first() -> None:
    new = lot("a-new", "AAA", 5, 90, acquired_on=SESSION - timedelta(days=30))
    old = lot("b-old", "AAA", 5, 90, acquired_on=SESSION - timedelta(days=800))
    chosen = highest_cost_first(account(lots=[new, old]), Symbol("AAA"), Decimal(5), on=SESSION)
    assert chosen == (LotChoice(lot=old.id, quantity=Decimal(5)),)


def test_shares_promised_elsewhere_are_not_chosen() -> None:
    who = account(lots=[lot("high", "AAA", 5, 90), lot("low", "AAA", 5, 10)], reserved_lots={"high": "4"})
    chosen = highest_cost_first(who, Symbol("AAA"), Decimal(3), on=SESSION)
    assert [(c.lot, c.quantity) for c in chosen] == [("high", Decimal(1)), ("low", Decimal(2))]


RATES = TaxRates(short_term=Decimal("0.4"), long_term=Decimal("0.2"))


@pytest.mark.parametrize(
    ("kind", "short", "long", "tax"),
    [
        ("taxable", 100, 50, "50.00"),
        ("trust", 100, 50, "50.00"),
        ("joint", -30, 50, "4.00"),
        ("taxable", -30, 20, "0.00"),
        ("ira", 100, 50, "0.00"),
        ("roth", 100, 50, "0.00"),
    ],
)
def test_tax_is_on_what_is_left_after_netting_and_never_in_a_retirement_account(
    kind: str, short: int, long: int, tax: str
) -> None:
    found = estimated_tax(Gains(Decimal(short), Decimal(long)), kind=kind, rates=RATES)
    assert found == Decimal(tax)


def test_the_preview_adds_up_to_the_cent() -> None:
    # 55 AAA bought at 90 and sold at 100: 550 long-term; costs: half of 4 bps on 5,500 and on 9,500,
    # 0.3 cents a share on 55 and on 190 shares, two tickets
    who = account(
        lots=[lot("l", "AAA", 150, 90)],
        money=cash(5_000),
        model=model({"AAA": "0.475", "BBB": "0.475"}, cash_weight="0.05"),
    )
    (summary,) = plan(who, market(ticket_fee="4.95")).preview.accounts
    assert summary.value == 20_000
    assert summary.long_term_gain == 550
    assert summary.short_term_gain == 0
    assert summary.estimated_cost == Decimal("1.10") + Decimal("0.16") + Decimal("1.90") + Decimal(
        "0.57"
    ) + Decimal("9.90")
    assert summary.cash_after == 5_000 + 5_500 - 9_500 - summary.estimated_cost
    assert summary.estimated_tax == Decimal("130.90")  # 23.8 %
    assert summary.turnover == Decimal("0.75")
    assert summary.drift_before == Decimal("0.475")


# what holds for every account


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    symbols = ["AAA", "BBB", "CCC", "FUND"]
    lots = [
        lot(f"l{n}", draw(st.sampled_from(symbols)), draw(st.integers(1, 400)), draw(st.integers(1, 300)))
        for n in range(draw(st.integers(0, 6)))
    ]
    weights = [draw(st.integers(0, 30)) for _ in symbols]
    left = 100 - sum(weights) if sum(weights) <= 100 else 0
    whole = sum(weights) + left or 1
    shared = {s: str(Decimal(w) / whole) for s, w in zip(symbols, weights, strict=True) if w}
    cash_weight = 1 - sum((Decimal(w) for w in shared.values()), Decimal(0))
    return account(
        lots=lots,
        money=cash(draw(st.integers(-500, 60_000)), held=str(draw(st.integers(0, 3_000)))),
        model=model(shared, cash_weight=str(cash_weight), tolerance="0.01"),
        ips=ips(floor=draw(st.integers(0, 5_000))),
        do_not_trade=draw(st.sets(st.sampled_from(symbols), max_size=2)),
        outflows=[outflow(draw(st.integers(0, 4_000)), SESSION)],
    )


markets = st.builds(
    market,
    restricted=st.sets(st.sampled_from(["AAA", "CCC"])),
    ticket_fee=st.sampled_from(["0", "4.95"]),
    prices=st.fixed_dictionaries(
        {s: st.decimals("3", "250", places=3).map(str) for s in ("AAA", "BBB", "CCC", "FUND")}
    ),
)


def at_worst(who: Account, found: Plan, at: Market | None = None) -> Decimal:
    """Cash that can be spent if every sale brings its least and every buy takes its most."""
    at = at or market()
    legs = legs_of(PROPOSAL, found.trades, at, assumptions().limits, partly=True)
    ticket = at.custodians[who.custodian].ticket_fee
    return who.cash.available + sum((worst_cash(leg, ticket) for leg in legs), Decimal(0))


@given(accounts(), markets)
@settings(max_examples=250, deadline=None)
def test_no_basket_can_take_the_cash_that_must_stay(who: Account, at: Market) -> None:
    found = plan(who, at)
    if found.trades:
        need = cash_need(who, session=SESSION, horizon=assumptions().outflow_horizon)
        assert at_worst(who, found, at) >= need.due
        assert at_worst(who, found, at) + who.cash.held >= need.due + need.floor


@given(accounts(), markets)
@settings(max_examples=250, deadline=None)
def test_every_plan_passes_the_gates_own_hard_policies(who: Account, at: Market) -> None:
    found = plan(who, at)
    if found.trades:
        seen = picture(who, market=at)
        legs = legs_of(PROPOSAL, found.trades, at, assumptions().limits, partly=True)
        assert assess(intents_of(legs, seen), POLICIES, assumptions().limits).breaches == ()


@given(accounts(), markets)
@settings(max_examples=250, deadline=None)
def test_quantities_are_whole_and_what_may_not_move_does_not(who: Account, at: Market) -> None:
    for row in plan(who, at).preview.rows:
        moved_shares = row.shares_after - row.shares_before
        if row.symbol != "cash":
            assert moved_shares == moved_shares.to_integral_value()
            assert row.shares_after >= 0
            if row.symbol in who.do_not_trade or row.symbol in at.restricted:
                assert moved_shares == 0


@given(accounts(), markets)
@settings(max_examples=100, deadline=None)
def test_every_sale_names_its_lots_by_cost(who: Account, at: Market) -> None:
    for trade in plan(who, at).trades:
        assert sum((choice.quantity for choice in trade.lots), Decimal(0)) == sold(trade)
        used = {choice.lot for choice in trade.lots}
        costs = [lot.cost_per_share for lot in who.lots if lot.symbol == trade.symbol and lot.id in used]
        spared = [lot.cost_per_share for lot in who.lots if lot.symbol == trade.symbol and lot.id not in used]
        assert not costs or not spared or min(costs) >= max(spared)


def sold(trade: Trade) -> Decimal:
    return trade.quantity if trade.side is Side.SELL else Decimal(0)


@given(accounts(), markets, st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_same_account_gives_the_same_digest_in_whatever_order_it_is_read(
    who: Account, at: Market, random: Random
) -> None:
    shuffled = list(who.lots)
    random.shuffle(shuffled)
    again = replace(who, lots=tuple(shuffled))
    digests = [
        worked.content.digest() if worked.content else worked.plan.set_aside
        for worked in (
            work_out(
                PROPOSAL,
                Request(kind="rebalance", household=HOUSEHOLD),
                picture(one, market=at),
                assumptions(),
            )
            for one in (who, again)
        )
    ]
    assert digests[0] == digests[1]
