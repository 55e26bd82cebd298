"""Risk, stress, performance and distributions, against answers worked out elsewhere or by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.book.picture import Account, Market
from core.errors import BadInput
from core.ids import Symbol
from core.market.closes import closes
from core.market.settlement import settles_on
from core.plan.distributions import UNIFORM_LIFETIME, first_year, last_trade_before, required_distribution
from core.plan.market_risk import WINDOWS, of_history, risk, stress
from core.plan.performance import Valued, returns
from core.plan.series import History
from core.plan.track import track
from tests.core.household import account, lot, market, price

AAPL, KO = Symbol("AAPL"), Symbol("KO")
D = Decimal


def drawn(*days: tuple[str, str]) -> History:
    """Two holdings of 1,000 and 500 dollars, and their returns by day."""
    rows = np.array([[float(a), float(b)] for a, b in days])
    when = tuple(date(2022, 1, 1) + timedelta(days=n) for n in range(len(days)))
    return History(when, (AAPL, KO), rows, np.array([1000.0, 500.0]), {})


TEN = [(f"-0.0{n}", "0.01") for n in range(10)]  # losses 0 to 90, less five


def test_value_at_risk_is_the_loss_that_nine_days_in_ten_did_not_exceed() -> None:
    found = of_history(drawn(*TEN), D("0.9"), total=D(1500))
    assert found.value_at_risk == D("75.00")  # the ninth of -5, 5, 15, ..., 85
    assert found.expected_shortfall == D("80.00")  # the mean of 75 and 85


def test_contributions_are_each_holdings_own_loss_on_those_days_and_add_up() -> None:
    found = of_history(drawn(*TEN), D("0.9"), total=D(1500))
    assert found.contributions == ((AAPL, D("85.00")), (KO, D("-5.00")))
    assert sum(part for _, part in found.contributions) == found.expected_shortfall


@given(
    st.lists(st.tuples(st.integers(-90, 90), st.integers(-90, 90)), min_size=5, max_size=60),
    st.integers(50, 99),
)
@settings(max_examples=60, deadline=None)
def test_shortfall_is_never_less_than_value_at_risk_and_no_loss_is_outside_the_days(
    days: list[tuple[int, int]], percent: int
) -> None:
    seen = drawn(*((str(D(a) / 1000), str(D(b) / 1000)) for a, b in days))
    found = of_history(seen, D(percent) / 100, total=D(1500))
    losses = sorted(-(a * 1 + b * D("0.5")) for a, b in days)
    assert found.expected_shortfall >= found.value_at_risk
    assert abs(found.value_at_risk - losses[-(-len(losses) * percent // 100) - 1]) <= D("0.01")


def holding(symbol: str, shares: int) -> Account:
    return account(lots=[lot(symbol, symbol, shares)])


def priced() -> Market:
    at = market(prices={})
    return replace(at, prices={s: price(s, str(closes().on(s, date(2022, 12, 28)))) for s in (AAPL, KO)})


def test_a_stress_window_is_the_move_between_its_two_closes() -> None:
    found = {one.window.name: one for one in stress([holding("AAPL", 100)], priced())}
    covid = found["Covid, 2020"]
    before, after = closes().on(AAPL, covid.window.start), closes().on(AAPL, covid.window.end)
    worth = 100 * closes().on(AAPL, date(2022, 12, 28))
    assert covid.change == (worth * (after / before - 1)).quantize(D("0.01"))
    assert D("-0.32") < covid.fraction < D("-0.28")


def test_every_window_has_closes_at_both_ends_and_the_index_fell_in_it() -> None:
    index = Symbol("SP500")
    for window in WINDOWS:
        assert closes().on(index, window.end) < closes().on(index, window.start), window.name


@pytest.mark.parametrize(
    "name", ["Financial crisis, 2007 to 2009", "Covid, 2020", "Dot-com fall, 2000 to 2002"]
)
def test_a_window_named_for_a_fall_is_from_its_peak_to_its_trough(name: str) -> None:
    (window,) = [one for one in WINDOWS if one.name == name]
    around = dict(closes().series(Symbol("SP500"), since=window.start, until=window.end))
    assert max(around, key=lambda day: around[day]) == window.start
    assert min(around, key=lambda day: around[day]) == window.end


def test_risk_reads_two_years_and_says_what_has_no_history() -> None:
    who = account(lots=[lot("a", "AAPL", 100), lot("k", "KO", 50), lot("x", "AAA", 10)])
    at = priced()
    at = replace(at, prices={**at.prices, Symbol("AAA"): price("AAA", "100")})
    found = risk([who], at, confidence=D("0.95"))
    assert 490 < found.days < 510
    assert found.left_out == {Symbol("AAA"): D("1000.00")}
    assert found.expected_shortfall > found.value_at_risk > 0


@pytest.mark.parametrize("confidence", ["0.4", "1"])
def test_a_confidence_that_is_none_is_refused(confidence: str) -> None:
    with pytest.raises(BadInput, match="confidence"):
        risk([], market(), confidence=D(confidence))


def day(n: int, value: str, flow: str = "0", fee: str = "0") -> Valued:
    return Valued(date(2021, 1, 1) + timedelta(days=n), D(value), D(flow), D(fee))


def test_money_that_comes_in_earns_nothing_that_it_was_not_there_for() -> None:
    # 10 % on 100, then 50 % of the 210 that are there after 100 came in: 1.1 * 1.5
    assert returns([day(0, "100"), day(1, "110"), day(2, "315", flow="100")]).net == D("0.65")


def test_a_fee_lowers_net_and_not_gross() -> None:
    found = returns([day(0, "100"), day(30, "109", fee="1")])
    assert (found.gross, found.net, found.fees) == (D("0.1"), D("0.09"), D(1))


def test_only_more_than_a_year_is_given_for_a_year() -> None:
    assert returns([day(0, "100"), day(365, "110")]).net_a_year is None
    assert returns([day(0, "100"), day(730, "121")]).net_a_year == D("0.1")


@given(st.lists(st.integers(-40, 60), min_size=1, max_size=8), st.integers(-50, 500))
@settings(max_examples=60, deadline=None)
def test_a_flow_never_changes_the_return(moves: list[int], flow: int) -> None:
    """Two accounts with the same moves, one with a flow in the middle: the same return."""
    plain, moved = [day(0, "1000")], [day(0, "1000")]
    for n, move in enumerate(moves, start=1):
        came = D(flow) if n == len(moves) else D(0)
        plain.append(day(n, str(plain[-1].value * (100 + move) / 100)))
        start = moved[-1].value + came
        moved.append(day(n, str(max(start, D(1)) * (100 + move) / 100), str(came)))
        if start <= 0:
            return
    assert abs(returns(plain).net - returns(moved).net) <= D("0.000001")


@pytest.mark.parametrize("days", [[], [day(0, "1")], [day(1, "1"), day(0, "1")], [day(0, "0"), day(1, "5")]])
def test_what_has_no_return_is_refused(days: list[Valued]) -> None:
    with pytest.raises(BadInput):
        returns(days)


@pytest.mark.parametrize(
    ("born", "first"),
    [
        ("1949-06-30", 2019),
        ("1949-07-01", 2021),
        ("1950-12-31", 2022),
        ("1951-01-01", 2024),
        ("1960-05-05", 2035),
    ],
)
def test_the_first_year_follows_the_law_in_force_for_the_birth(born: str, first: int) -> None:
    assert first_year(date.fromisoformat(born)) == first


def test_the_table_is_the_publications_at_its_ends_and_in_the_middle() -> None:
    assert len(UNIFORM_LIFETIME) == 49
    known = {72: "27.4", 75: "24.6", 80: "20.2", 90: "12.2", 100: "6.4", 110: "3.5", 120: "2.0"}
    assert {age: UNIFORM_LIFETIME[age] for age in known} == {age: D(period) for age, period in known.items()}
    assert sorted(UNIFORM_LIFETIME.values(), reverse=True) == list(UNIFORM_LIFETIME.values())


def test_what_must_leave_is_last_years_balance_over_the_period() -> None:
    found = required_distribution(kind="ira", born_on=date(1947, 3, 3), balance=D(100_000), year=2022)
    assert (found.age, found.amount, found.due_on) == (75, D("4065.04"), date(2022, 12, 31))
    assert found.last_trade_on == date(2022, 12, 28)  # T+2, over a weekend


def test_the_first_one_may_wait_until_april() -> None:
    found = required_distribution(kind="ira", born_on=date(1951, 6, 1), balance=D(265_000), year=2024)
    assert (found.amount, found.due_on, found.last_trade_on) == (
        D("10000.00"),
        date(2025, 4, 1),
        date(2025, 3, 31),
    )


@pytest.mark.parametrize(("kind", "born"), [("roth", date(1940, 1, 1)), ("ira", date(1970, 1, 1))])
def test_nothing_must_leave_a_roth_or_before_the_age(kind: str, born: date) -> None:
    assert required_distribution(kind=kind, born_on=born, balance=D(100_000), year=2024).amount == 0


def test_another_years_table_is_not_guessed() -> None:
    with pytest.raises(BadInput, match="table for 2021"):
        required_distribution(kind="ira", born_on=date(1940, 1, 1), balance=D(1), year=2021)


@given(st.dates(date(2000, 1, 3), date(2030, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_the_last_trade_settles_in_time_and_the_next_would_not(due: date) -> None:
    last = last_trade_before(due)
    assert settles_on(last) <= due
    assert last_trade_before(due + timedelta(days=1)) >= last


def test_what_is_held_did_as_its_closes_did_whatever_was_bought_meanwhile() -> None:
    first, half, last = date(2022, 1, 3), date(2022, 7, 1), date(2022, 12, 28)
    at = priced()
    alone = track([account(lots=[lot("a", "AAPL", 10, acquired_on=date(2020, 1, 2))])], at, since=first)
    more = [lot("a", "AAPL", 10, acquired_on=date(2020, 1, 2)), lot("b", "AAPL", 90, acquired_on=half)]
    moved = (closes().on(AAPL, last) / closes().on(AAPL, first) - 1).quantize(D("0.000001"))
    assert abs(alone.returns.net - moved) <= D("0.000001")
    with_more = track([account(lots=more)], at, since=first).returns
    assert with_more.flows == 90 * closes().on(AAPL, half)
    day = closes().sessions[closes().sessions.index(half) - 1]
    diluted = (10 * closes().on(AAPL, half) + with_more.flows) / (
        10 * closes().on(AAPL, day) + with_more.flows
    )
    expected = closes().on(AAPL, day) / closes().on(AAPL, first) * diluted
    expected *= closes().on(AAPL, last) / closes().on(AAPL, half)
    assert abs(with_more.net - (expected - 1)) <= D("0.000001")
