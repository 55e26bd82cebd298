"""Each policy exactly at its limit, and one share or one cent either side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.book.picture import Account, Cash, Market
from core.errors import IntegrityLost
from core.ids import PersonId, Symbol
from core.orders.content import Leg
from core.orders.events import Side
from core.risk.account_authority import AccountAuthority
from core.risk.account_status import AccountStatus
from core.risk.cash import CashCovers
from core.risk.concentration import Concentration
from core.risk.do_not_trade import DoNotTrade
from core.risk.findings import findings_of, policy_decisions
from core.risk.instrument_permission import InstrumentPermission
from core.risk.limits import DEFAULT_LIMITS
from core.risk.lot_reserved import LotReserved
from core.risk.order_value import OrderValue
from core.risk.policies import POLICIES
from core.risk.policy import Breach, Policy, Severity, assess
from core.risk.price_band import PriceBand
from core.risk.restricted import Restricted
from core.risk.share_fraction import ShareFraction
from core.risk.short_sale import ShortSale
from core.risk.stale_price import StalePrice
from tests.core.household import (
    PREVIOUS,
    SESSION,
    account,
    cash,
    instrument,
    intent,
    ips,
    leg,
    lot,
    market,
    moved,
    picture,
)

BUY, SELL = Side.BUY, Side.SELL


def asked(
    policy: Policy, of: Leg, *others: Leg, who: Account | None = None, at: Market | None = None
) -> Breach | None:
    who = who or account(lots=[lot("l1", "AAA", 100)], money=cash(100_000))
    elsewhere = [account(id=one) for one in sorted({one.account for one in others} - {who.id})]
    seen = picture(who, *elsewhere, market=at or market())
    return policy.check(intent(of, *others, picture=seen), DEFAULT_LIMITS)


def breach(
    policy: Policy, of: Leg, *others: Leg, who: Account | None = None, at: Market | None = None
) -> Breach:
    found = asked(policy, of, *others, who=who, at=at)
    assert found is not None
    assert found.code == policy.code
    return found


# account_status and account_authority


@pytest.mark.parametrize("status", ["frozen", "transferring_out", "closed"])
@pytest.mark.parametrize("side", list(Side))
def test_only_an_open_account_trades(status: str, side: Side) -> None:
    found = breach(AccountStatus(), leg(0, side, "AAA", 1), who=account(status=status))
    assert status.replace("_", " ") in found.says


def test_an_open_account_trades() -> None:
    assert asked(AccountStatus(), leg(0, BUY, "AAA", 1), who=account()) is None


def test_another_advisors_account_is_not_traded() -> None:
    breach(AccountAuthority(), leg(0, BUY, "AAA", 1), who=replace(account(), advisor=PersonId("per-bob")))


@pytest.mark.parametrize(
    ("capacity", "discretionary", "passes"),
    [
        ("advisory", True, True),
        ("advisory", False, True),
        ("brokerage", False, True),
        ("brokerage", True, False),
        ("custody", False, False),
    ],
)
def test_discretion_is_advisory(capacity: str, discretionary: bool, passes: bool) -> None:
    who = replace(account(), capacity=capacity, discretionary=discretionary)
    assert (asked(AccountAuthority(), leg(0, BUY, "AAA", 1), who=who) is None) is passes


# instrument_permission and share_fraction


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("mutual_fund", "mutual funds"),
        ("bond", "bonds"),
        ("option", "options"),
        ("crypto", "crypto"),
        ("cash_sweep", "cash sweeps"),
        ("warrant", "warrant"),
    ],
)
def test_what_is_not_traded_is_refused_by_its_name(kind: str, word: str) -> None:
    at = replace(market(), instruments={Symbol("X"): instrument("X", kind=kind, tradable=False)})
    assert word in breach(InstrumentPermission(), leg(0, SELL, "X", 1), at=at).says


def test_a_kind_that_is_not_traded_stays_refused_when_marked_tradable() -> None:
    at = replace(market(), instruments={Symbol("X"): instrument("X", kind="option", tradable=True)})
    breach(InstrumentPermission(), leg(0, BUY, "X", 1), at=at)


def test_an_unlisted_or_untradable_share_is_refused() -> None:
    breach(InstrumentPermission(), leg(0, BUY, "NONE", 1))
    at = replace(market(), instruments={Symbol("X"): instrument("X", tradable=False)})
    breach(InstrumentPermission(), leg(0, BUY, "X", 1), at=at)


@pytest.mark.parametrize("symbol", ["AAA", "FUND"])
def test_listed_shares_and_funds_are_traded(symbol: str) -> None:
    assert asked(InstrumentPermission(), leg(0, BUY, symbol, 1)) is None


@pytest.mark.parametrize(
    ("quantity", "fractional", "passes"),
    [("1", False, True), ("1.5", False, False), ("1.5", True, True), ("0", True, False), ("-1", True, False)],
)
def test_fractions_only_where_the_custodian_keeps_them(quantity: str, fractional: bool, passes: bool) -> None:
    found = asked(ShareFraction(), leg(0, BUY, "AAA", quantity), at=market(fractional=fractional))
    assert (found is None) is passes


# cash: ten shares at 102 take 1,020.00, ten cents a share cap 0.10, a tenth of a percent 1.02


@pytest.mark.parametrize(("settled", "passes"), [("1021.12", True), ("1021.13", True), ("1021.11", False)])
def test_a_buy_may_take_the_last_cent_and_no_more(settled: str, passes: bool) -> None:
    found = asked(CashCovers(), leg(0, BUY, "AAA", 10), who=account(money=cash(settled)))
    assert (found is None) is passes


def test_one_share_more_than_the_cash_pays_for_is_denied() -> None:
    found = breach(CashCovers(), leg(0, BUY, "AAA", 11), who=account(money=cash("1021.12")))
    assert (found.observed, found.limit, found.unit) == (Decimal("1123.24"), Decimal("1021.12"), "USD")


@pytest.mark.parametrize(
    ("money", "passes"),
    [
        (cash(0, unsettled="1021.12"), True),
        (cash("1021.12", held="5000", reserved="0.01"), False),
        (cash(0, held="5000"), False),
        (cash("2000", unsettled="-978.89"), False),
    ],
)
def test_unsettled_proceeds_count_and_held_or_reserved_cash_does_not(money: Cash, passes: bool) -> None:
    assert (asked(CashCovers(), leg(0, BUY, "AAA", 10), who=account(money=money)) is None) is passes


# eleven sold at 98 bring 1,078.00 less 0.11 and 1.078, rounded against us: 1,076.81
@pytest.mark.parametrize(("settled", "passes"), [("0", True), ("-55.69", True), ("-55.70", False)])
def test_own_sells_fund_buys_with_what_they_bring_at_worst(settled: str, passes: bool) -> None:
    sell = leg(0, SELL, "AAA", 11, lots={"l1": "11"})
    found = asked(CashCovers(), leg(1, BUY, "AAA", 10), sell, who=account(money=cash(settled)))
    assert (found is None) is passes


def test_another_accounts_sells_fund_nothing() -> None:
    sell = leg(0, SELL, "AAA", 100, account="acc-2")
    breach(CashCovers(), leg(1, BUY, "AAA", 10), sell, who=account())


def test_the_first_buy_that_is_not_covered_is_the_one_named() -> None:
    who = account(money=cash("1021.12"))
    first, second = leg(0, BUY, "AAA", 10), leg(1, BUY, "BBB", 1)
    assert asked(CashCovers(), first, second, who=who) is None
    breach(CashCovers(), second, first, who=who)


def test_the_custodians_ticket_is_paid_for_too() -> None:
    who = account(money=cash("1021.12"))
    breach(CashCovers(), leg(0, BUY, "AAA", 10), who=who, at=market(ticket_fee="0.01"))


def test_a_sale_is_not_denied_for_want_of_cash() -> None:
    assert asked(CashCovers(), leg(0, SELL, "AAA", 1), who=account(money=cash(-500))) is None


# order_value


@pytest.mark.parametrize(
    ("quantity", "limit", "passes"),
    [(5_000, "100.00", True), (4_999, "100.01", True), (5_000, "100.01", False), (5_001, "100.00", False)],
)
def test_an_order_may_be_worth_the_limit_and_no_more(quantity: int, limit: str, passes: bool) -> None:
    assert (asked(OrderValue(), leg(0, BUY, "AAA", quantity, limit=limit)) is None) is passes


def test_a_sale_is_valued_no_lower_than_the_reference_price() -> None:
    assert breach(OrderValue(), leg(0, SELL, "AAA", 5_001, limit="98")).observed == 500_100


def test_a_market_buy_is_valued_at_the_far_edge_of_its_band() -> None:
    assert breach(OrderValue(), leg(0, BUY, "AAA", 5_000)).observed == 510_000


# concentration


@pytest.mark.parametrize(
    ("shares", "settled", "passes"), [(25, "10000", True), (26, "10000", False), (25, "9999.99", False)]
)
def test_an_issuer_may_weigh_the_limit_and_no_more(shares: int, settled: str, passes: bool) -> None:
    who = account(money=cash(settled), ips=ips(max_issuer="0.25"))
    found = asked(Concentration(), leg(0, BUY, "AAA", shares), who=who)
    assert (found is None) is passes
    if found:
        assert found.severity is Severity.SOFT
        assert found.observed > found.limit


def test_without_a_policy_statement_the_firms_limit_holds() -> None:
    assert breach(Concentration(), leg(0, BUY, "AAA", 26), who=account(money=cash(10_000))).limit == Decimal(
        "0.25"
    )


def test_a_fund_is_not_an_issuer_that_concentrates() -> None:
    assert asked(Concentration(), leg(0, BUY, "FUND", 45), who=account(money=cash(10_000))) is None


def twins() -> Market:
    listed = {Symbol(s): instrument(s, issuer="Twin Corp") for s in ("AAA", "BBB")}
    return replace(market(), instruments=listed)


def test_both_symbols_of_one_issuer_weigh_together() -> None:
    who = account(lots=[lot("l1", "BBB", 40)], money=cash(8_000))
    assert asked(Concentration(), leg(0, BUY, "AAA", 5), who=who, at=twins()) is None
    breach(Concentration(), leg(0, BUY, "AAA", 6), who=who, at=twins())


@pytest.mark.parametrize(("sold", "passes"), [(10, True), (9, False)])
def test_a_trade_that_leaves_a_breached_weight_no_larger_passes(sold: int, passes: bool) -> None:
    who = account(lots=[lot("l1", "BBB", 120)], money=cash(4_000))
    sell = leg(0, SELL, "BBB", sold, lots={"l1": str(sold)})
    assert (asked(Concentration(), leg(1, BUY, "AAA", 5), sell, who=who, at=twins()) is None) is passes


def test_a_sale_never_concentrates() -> None:
    who = account(lots=[lot("l1", "AAA", 100)])
    assert asked(Concentration(), leg(0, SELL, "AAA", 1, lots={"l1": "1"}), who=who) is None


# restricted and do_not_trade


def test_a_restricted_symbol_is_not_bought_and_its_sale_is_compliances_in_words_without_a_cause() -> None:
    at = market(restricted=["AAA"])
    sale = breach(Restricted(), leg(0, SELL, "AAA", 1), at=at)
    assert (sale.severity, sale.says) == (
        Severity.SOFT,
        "sales of AAA are decided by compliance at this time",
    )
    assert asked(Restricted(), leg(0, BUY, "BBB", 1), at=at) is None
    assert (
        breach(Restricted(), leg(0, BUY, "AAA", 1), at=at).says
        == "purchases of AAA are not available at this time"
    )


@pytest.mark.parametrize("side", list(Side))
def test_the_clients_instruction_holds_for_both_sides_and_is_named(side: Side) -> None:
    who = account(do_not_trade=["AAA"])
    assert "client's instruction" in breach(DoNotTrade(), leg(0, side, "AAA", 1), who=who).says
    assert asked(DoNotTrade(), leg(0, side, "BBB", 1), who=who) is None


# price_band and stale_price


@pytest.mark.parametrize(
    ("dollars", "passes"), [("98", True), ("102", True), ("97.99", False), ("102.01", False), ("100", True)]
)
def test_limit_and_market_price_lie_within_the_band(dollars: str, passes: bool) -> None:
    assert (asked(PriceBand(), leg(0, BUY, "AAA", 1, limit=dollars)) is None) is passes
    assert (asked(PriceBand(), leg(0, BUY, "AAA", 1), at=moved(market(), "AAA", dollars)) is None) is passes


@pytest.mark.parametrize(
    ("session", "passes"),
    [(SESSION, True), (PREVIOUS, True), (date(2022, 12, 27), False)],
)
def test_a_price_of_the_previous_session_is_not_stale_and_one_day_older_is(
    session: date, passes: bool
) -> None:
    at = moved(market(), "AAA", "100", session)
    assert (asked(StalePrice(), leg(0, BUY, "AAA", 1), at=at) is None) is passes


def test_without_a_price_nothing_goes() -> None:
    breach(StalePrice(), leg(0, BUY, "AAA", 1), at=market(prices={}))


# short_sale and lot_reserved


@pytest.mark.parametrize(
    ("sold", "passes"), [("99", True), ("100", True), ("100.001", False), ("101", False)]
)
def test_an_account_sells_what_it_holds_and_no_more(sold: str, passes: bool) -> None:
    assert (asked(ShortSale(), leg(0, SELL, "AAA", sold)) is None) is passes


def test_two_sales_together_do_not_reverse_through_zero() -> None:
    first, second = leg(0, SELL, "AAA", 60), leg(1, SELL, "AAA", 41)
    assert asked(ShortSale(), first, second) is None
    assert breach(ShortSale(), second, first).observed == 101


@pytest.mark.parametrize(("sold", "passes"), [("70", True), ("71", False)])
def test_shares_promised_to_another_order_are_not_sold(sold: str, passes: bool) -> None:
    who = account(lots=[lot("l1", "AAA", 100)], reserved_lots={"l1": "30"})
    assert (asked(LotReserved(), leg(0, SELL, "AAA", sold, lots={"l1": sold}), who=who) is None) is passes


def test_two_legs_do_not_use_the_same_shares() -> None:
    first = leg(0, SELL, "AAA", 60, lots={"l1": "60"})
    second = leg(1, SELL, "AAA", 41, lots={"l1": "41"})
    assert asked(LotReserved(), first, second) is None
    breach(LotReserved(), second, first)


@pytest.mark.parametrize("lots", [{}, {"l1": "9"}, {"l1": "11"}, {"elsewhere": "10"}])
def test_a_sale_names_lots_that_add_up_and_exist(lots: dict[str, str]) -> None:
    breach(LotReserved(), leg(0, SELL, "AAA", 10, lots=lots))


def test_a_lot_of_another_symbol_is_not_sold() -> None:
    breach(LotReserved(), leg(0, SELL, "BBB", 10, lots={"l1": "10"}))


# all of them


def test_no_policies_is_not_a_pass() -> None:
    with pytest.raises(IntegrityLost):
        assess((), (), DEFAULT_LIMITS)


def test_every_policy_has_its_own_code_and_its_own_file() -> None:
    codes = [policy.code for policy in POLICIES]
    assert len(set(codes)) == len(codes)
    assert [type(policy).__module__ for policy in POLICIES] == [f"core.risk.{code}" for code in codes]


def test_every_policy_names_its_source() -> None:
    silent = {policy.code for policy in POLICIES if "Source:" not in (type(policy).__doc__ or "")}
    assert silent <= {"share_fraction"}  # the custodian's word, not a rule of law


def test_all_breaches_are_told_in_full_and_a_pass_in_one_line() -> None:
    who = account(status="frozen", money=cash("100"))
    legs = (leg(0, BUY, "AAA", 10), leg(1, BUY, "BBB", 1, reference="50", low="49", high="51"))
    intents = [
        intent(one, *(other for other in legs if other is not one), picture=picture(who, market=market()))
        for one in legs
    ]
    told = findings_of(assess(intents, POLICIES, DEFAULT_LIMITS), legs)
    broken = [(f.policy, f.leg) for f in told if f.result == "breach"]
    assert broken == [("account_status", 0), ("account_status", 1), ("cash", 0), ("cash", 1)]
    cash_row = next(f for f in told if f.policy == "cash")
    assert (cash_row.observed, cash_row.limit, cash_row.headroom) == (
        Decimal("1021.12"),
        Decimal(100),
        Decimal("-921.12"),
    )
    assert [f.policy for f in told if f.result == "pass"].count("short_sale") == 1
    assert len(policy_decisions(told)) == len(told)


@st.composite
def baskets(draw: st.DrawFn) -> tuple[Account, list[Leg]]:
    held = {"AAA": draw(st.integers(0, 60)), "BBB": draw(st.integers(0, 60))}
    lots = [lot(f"l-{symbol}", symbol, shares) for symbol, shares in held.items() if shares]
    who = account(
        lots=lots, money=cash(draw(st.integers(0, 9_000))), do_not_trade=draw(st.sets(st.just("BBB")))
    )
    legs = []
    for n in range(draw(st.integers(2, 5))):
        symbol, side = draw(st.sampled_from(["AAA", "BBB"])), draw(st.sampled_from(list(Side)))
        shares = str(draw(st.integers(1, 80)))
        legs.append(leg(n, side, symbol, shares, lots={f"l-{symbol}": shares} if side is SELL else None))
    return who, legs


@given(baskets(), st.data())
@settings(max_examples=200, deadline=None)
def test_leaving_out_a_buy_never_creates_a_breach(
    basket: tuple[Account, list[Leg]], data: st.DataObject
) -> None:
    who, legs = basket
    buys = [one for one in legs if one.side is BUY]
    if not buys:
        return
    out = data.draw(st.sampled_from(buys))
    left = [one for one in legs if one is not out]
    assert broken(who, left) <= broken(who, legs)


@given(baskets(), st.data())
@settings(max_examples=200, deadline=None)
def test_leaving_out_a_sale_can_only_cost_cash_or_weight(
    basket: tuple[Account, list[Leg]], data: st.DataObject
) -> None:
    who, legs = basket
    out = data.draw(st.sampled_from(legs))
    left = [one for one in legs if one is not out]
    created = broken(who, left) - broken(who, legs)
    assert {code for code, _ in created} <= {
        "cash",
        "cash_floor",
        "concentration",
        "sector_concentration",
        "household_exposure",
    }


def broken(who: Account, legs: list[Leg]) -> set[tuple[str, int]]:
    at = picture(who, market=market())
    intents = [intent(one, *(o for o in legs if o is not one), picture=at) for one in legs]
    return {(a.code, a.leg) for a in assess(intents, POLICIES, DEFAULT_LIMITS).answers}
