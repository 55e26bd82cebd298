"""What people decide on: legs, bands, tiers, consent, and single orders."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.book.picture import Account
from core.errors import BadInput, NotFound
from core.ids import AccountId, HouseholdId, Symbol, order_id_for
from core.orders.content import Content, LotChoice
from core.orders.events import OrderType, Request, Side
from core.plan.band import band
from core.plan.content import Worked, intents_of, work_out
from core.plan.tiers import tier_of, tiers
from core.risk.limits import DEFAULT_LIMITS
from tests.core.household import (
    ACCOUNT,
    HOUSEHOLD,
    PROPOSAL,
    account,
    assumptions,
    cash,
    ips,
    leg,
    lot,
    market,
    model,
    picture,
)

BUY, SELL = Side.BUY, Side.SELL
REBALANCE = Request(kind="rebalance", household=HOUSEHOLD)


def worked(*accounts: Account, request: Request = REBALANCE) -> Worked:
    return work_out(PROPOSAL, request, picture(*accounts, market=market()), assumptions())


def content(*accounts: Account, request: Request = REBALANCE) -> Content:
    found = worked(*accounts, request=request).content
    assert found is not None
    return found


def an_order(side: Side, quantity: str, *, limit: str | None = None, symbol: str = "AAA") -> Request:
    return Request(
        kind="order",
        household=HOUSEHOLD,
        accounts=(ACCOUNT,),
        symbol=Symbol(symbol),
        side=side,
        quantity=Decimal(quantity),
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit_price=None if limit is None else Decimal(limit),
    )


def swap(id: str = ACCOUNT) -> Account:
    """Sells AAA for BBB."""
    return account(
        id=id,
        lots=[lot(f"l-{id}", "AAA", 40)],
        money=cash(1_000),
        model=model({"BBB": "0.8"}, cash_weight="0.2"),
    )


def test_sells_are_first_and_each_buy_waits_for_its_own_accounts_sells() -> None:
    legs = content(swap("acc-1"), swap("acc-2")).legs
    rows = [(one.leg, one.account, one.side, one.funded_by) for one in legs]
    assert rows == [
        (0, "acc-1", SELL, ()),
        (1, "acc-2", SELL, ()),
        (2, "acc-1", BUY, (0,)),
        (3, "acc-2", BUY, (1,)),
    ]
    assert [one.order for one in legs] == [order_id_for(PROPOSAL, n) for n in range(4)]


def test_only_the_buys_of_a_rebalance_may_be_released_with_fewer_shares() -> None:
    assert [one.may_release_less for one in content(swap()).legs] == [False, True]
    rich = account(money=cash(10_000))
    assert [one.may_release_less for one in content(rich, request=an_order(BUY, "1")).legs] == [False]


def test_a_rebalances_limit_is_the_far_edge_of_its_band() -> None:
    sell, buy = content(swap()).legs
    assert (sell.limit_price, sell.band_low, sell.band_high) == (Decimal(98), Decimal(98), Decimal(102))
    assert (buy.limit_price, buy.band_low, buy.band_high) == (Decimal(51), Decimal(49), Decimal(51))


@pytest.mark.parametrize(
    ("reference", "low", "high"),
    [("129.93", "127.34", "132.52"), ("10.015", "9.82", "10.21"), ("0.50", "0.49", "0.51")],
)
def test_a_bands_edges_are_on_the_tick_and_inside(reference: str, low: str, high: str) -> None:
    edges = band(reference=Decimal(reference), tick=Decimal("0.01"), width=Decimal("0.02"))
    assert edges == (Decimal(low), Decimal(high))


def test_a_price_without_a_tick_inside_its_band_is_not_planned() -> None:
    with pytest.raises(BadInput):
        band(reference=Decimal("0.015"), tick=Decimal("0.01"), width=Decimal("0.02"))


@given(st.decimals("1", "900", places=4), st.sampled_from(["0.01", "0.0001"]))
def test_a_band_never_reaches_outside_the_firms_width(reference: Decimal, tick: str) -> None:
    low, high = band(reference=reference, tick=Decimal(tick), width=Decimal("0.02"))
    assert reference * Decimal("0.98") <= low <= high <= reference * Decimal("1.02")
    assert low % Decimal(tick) == high % Decimal(tick) == 0


def test_equal_amounts_written_differently_are_the_same_digest() -> None:
    once = account(
        lots=[lot("l", "AAA", "40")], money=cash(1_000), model=model({"BBB": "0.8"}, cash_weight="0.2")
    )
    again = account(
        lots=[lot("l", "AAA", "40.000")],
        money=cash("1000.00"),
        model=model({"BBB": "0.80"}, cash_weight="0.20"),
    )
    assert content(once).digest() == content(again).digest()


def test_the_content_names_its_day_its_sequence_and_its_models() -> None:
    found = content(swap())
    assert (found.valid_for, found.portfolio_seq, found.model_versions) == ("2022-12-29", 7, ("mod@3",))
    assert Content.model_validate_json(found.text()) == found


def test_a_request_with_nothing_to_trade_has_no_content_and_says_why() -> None:
    found = worked(account(status="frozen", model=model({"AAA": "1"}), money=cash(1_000)))
    assert found.content is None
    assert [(f.policy, f.result, f.account) for f in found.findings] == [("plan", "breach", ACCOUNT)]


def test_a_soft_finding_is_named_in_the_content() -> None:
    who = account(money=cash(10_000), ips=ips(max_issuer="0.25"))
    found = content(who, request=an_order(BUY, "30"))
    assert found.findings == ("concentration",)
    assert found.tier == 2


def test_another_households_request_is_bad_input() -> None:
    with pytest.raises(BadInput):
        worked(swap(), request=Request(kind="rebalance", household=HouseholdId("hh-9")))


# consent and tiers


def test_consent_is_needed_where_any_account_with_a_leg_is_non_discretionary() -> None:
    asks = replace(swap("acc-2"), discretionary=False)
    idle = replace(account(id="acc-3"), discretionary=False)
    assert content(swap(), asks).needs_consent
    assert not content(swap(), idle).needs_consent


def tier(
    quantity: int, *, value: int = 10_000_000, reference: str = "100", who: Account | None = None
) -> int:
    who = who or account(money=cash(value), model=model({"AAA": "1"}))
    legs = (leg(0, BUY, "AAA", quantity, reference=reference),)
    return tier_of(legs, picture(who, market=market()), DEFAULT_LIMITS, has_finding=False)


@pytest.mark.parametrize(
    ("quantity", "reference", "expected"),
    [
        (2_500, "100", 1),
        (2_501, "100", 2),
        (2_500, "100.01", 2),
        (10_000, "100", 2),
        (10_001, "100", 3),
        (10_000, "100.01", 3),
    ],
)
def test_dollars_at_the_edge_of_a_tier_are_still_in_it(quantity: int, reference: str, expected: int) -> None:
    assert tier(quantity, reference=reference) == expected


@pytest.mark.parametrize(
    ("quantity", "value", "expected"),
    [(250, 100_000, 1), (251, 100_000, 2), (250, 99_999, 2), (500, 100_000, 2), (501, 100_000, 3)],
)
def test_a_share_of_the_account_at_the_edge_is_still_in_it(quantity: int, value: int, expected: int) -> None:
    assert tier(quantity, value=value) == expected


def test_a_batch_is_tiered_by_its_total_and_by_its_worst_account() -> None:
    whole = model({"AAA": "1"})
    both = picture(
        account(money=cash(10_000_000), model=whole),
        account(id="acc-2", money=cash(10_000), model=whole),
        market=market(),
    )
    total = (leg(0, BUY, "AAA", 1_500), leg(1, BUY, "AAA", 1_001, account=ACCOUNT))
    worst = (leg(0, BUY, "AAA", 1), leg(1, BUY, "AAA", 51, account="acc-2"))
    assert tier_of(total, both, DEFAULT_LIMITS, has_finding=False) == 2
    assert tier_of(worst, both, DEFAULT_LIMITS, has_finding=False) == 3


def test_what_is_not_routine_is_not_tier_one() -> None:
    rich, whole = cash(10_000_000), model({"AAA": "1"})
    seen = picture(account(money=rich, model=whole), market=market())
    one = (leg(0, BUY, "AAA", 1),)
    assert tier_of(one, seen, DEFAULT_LIMITS, has_finding=True) == 2
    assert tier_of((leg(0, BUY, "BBB", 1),), seen, DEFAULT_LIMITS, has_finding=False) == 2
    assert tier_of((leg(0, SELL, "BBB", 1),), seen, DEFAULT_LIMITS, has_finding=False) == 1
    assert tier(1, who=replace(account(money=rich, model=whole), discretionary=False)) == 2
    assert tier(1, who=account(money=rich)) == 2


def test_a_related_household_is_never_below_tier_three() -> None:
    seen = picture(account(money=cash(10_000_000), model=model({"AAA": "1"})), market=market(), related=True)
    assert tier_of((leg(0, BUY, "AAA", 1),), seen, DEFAULT_LIMITS, has_finding=False) == 3


def test_the_tiers_are_those_of_the_limits_and_rise() -> None:
    first, second = tiers(DEFAULT_LIMITS)
    assert (first.number, first.dollars, first.routine) == (1, DEFAULT_LIMITS.routine_dollars, True)
    assert (second.number, second.fraction, second.routine) == (2, DEFAULT_LIMITS.principal_fraction, False)
    assert first.dollars < second.dollars


# single orders


def test_an_order_is_what_was_asked_for_and_nothing_else() -> None:
    (one,) = content(account(money=cash(10_000)), request=an_order(BUY, "7", limit="101.50")).legs
    assert (one.side, one.quantity, one.limit_price) == (BUY, Decimal(7), Decimal("101.50"))
    assert one.symbol == "AAA"
    assert one.order_type is OrderType.LIMIT
    assert one.funded_by == ()


def test_a_sale_uses_the_lots_of_highest_cost() -> None:
    who = account(lots=[lot("low", "AAA", 5, 10), lot("high", "AAA", 5, 90)])
    (one,) = content(who, request=an_order(SELL, "6")).legs
    assert one.lots == (
        LotChoice(lot=who.lots[1].id, quantity=Decimal(5)),
        LotChoice(lot=who.lots[0].id, quantity=Decimal(1)),
    )


def test_selling_more_than_is_held_is_planned_and_denied() -> None:
    found = worked(account(lots=[lot("l", "AAA", 5)]), request=an_order(SELL, "6"))
    assert {f.policy for f in found.findings if f.result == "breach"} == {"short_sale", "lot_reserved"}


@pytest.mark.parametrize(
    ("request_", "policy"),
    [
        (an_order(BUY, "1", symbol="MUTUAL"), "instrument_permission"),
        (an_order(BUY, "0.5"), "share_fraction"),
        (an_order(BUY, "1", limit="90"), "price_band"),
        (an_order(BUY, "1000"), "cash"),
    ],
)
def test_an_order_that_may_not_be_is_denied_by_name(request_: Request, policy: str) -> None:
    found = worked(account(money=cash(10_000), lots=[lot("m", "MUTUAL", 1)]), request=request_)
    assert policy in {f.policy for f in found.findings if f.result == "breach"}


def test_an_order_without_a_price_is_set_aside() -> None:
    found = worked(account(money=cash(1_000)), request=an_order(BUY, "1", symbol="NONE"))
    assert found.content is None
    assert "not an instrument" in found.findings[0].says


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accounts": ()}, "accounts"),
        ({"symbol": None}, "symbol"),
        ({"side": None}, "side"),
        ({"quantity": None}, "quantity"),
        ({"quantity": Decimal(0)}, "quantity"),
        ({"limit_price": Decimal(5)}, "limit_price"),
        ({"order_type": OrderType.LIMIT}, "limit_price"),
    ],
)
def test_a_missing_field_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as bad:
        worked(account(), request=an_order(BUY, "1").model_copy(update=change))
    assert bad.value.field == field


def test_an_order_for_another_households_account_is_not_found() -> None:
    asked = an_order(BUY, "1").model_copy(update={"accounts": (AccountId("elsewhere"),)})
    with pytest.raises(NotFound):
        worked(account(), request=asked)


def test_an_intent_sees_every_leg_it_was_asked_with() -> None:
    legs = content(swap()).legs
    seen = picture(swap(), market=market())
    assert [intent.legs for intent in intents_of(legs[1:], seen)] == [legs[1:]]
