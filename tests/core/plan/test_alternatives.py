"""What was considered stands beside what is proposed: in the core's figures, finding or none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.book.picture import Account, Market, Picture
from core.ids import AccountId, Symbol
from core.orders.events import Finding, OrderType, Request, Side
from core.plan.alternatives import considered
from core.plan.content import Worked, work_out
from core.risk.best_interest import BestInterest
from tests.core.household import (
    ACCOUNT,
    HOUSEHOLD,
    PROPOSAL,
    account,
    assumptions,
    cash,
    ips,
    lot,
    market,
    model,
    picture,
)

ORDER = Request(
    kind="order",
    household=HOUSEHOLD,
    accounts=(AccountId(ACCOUNT),),
    symbol=Symbol("AAA"),
    side=Side.BUY,
    quantity=Decimal(10),
    order_type=OrderType.MARKET,
)
CHEAP = "1"  # basis points


def spread(symbol: str, points: str) -> Market:
    base = market()
    one = replace(base.instruments[Symbol(symbol)], spread_bps=Decimal(points))
    return replace(base, instruments={**base.instruments, Symbol(symbol): one})


def worked(seen: Picture, request: Request = ORDER) -> tuple[Worked, Finding]:
    found = work_out(PROPOSAL, request, seen, assumptions())
    (told,) = [one for one in considered(found, seen) if one.policy == BestInterest.code]
    return found, told


def seen(who: Account, at: Market | None = None, **known: object) -> Picture:
    base = picture(who, market=at or market())
    return replace(base, household=replace(base.household, **known))  # type: ignore[arg-type]


RICH = account(money=cash(100_000), ips=ips(max_issuer="1"))


def test_a_pass_says_what_was_known_and_what_else_there_was() -> None:
    _, told = worked(seen(RICH, horizon_years=12, liquidity_need="low"))
    assert (told.result, told.account) == ("pass", ACCOUNT)
    for words in (
        "as a fiduciary",
        "profile of 2022-01-03, 11 months old: balanced, horizon 12 years, need for liquidity low",
        "IPS of 2021-01-01",
        "Nothing: $0.00",
    ):
        assert words in told.says


def test_a_finding_has_the_same_beside_it() -> None:
    _, told = worked(seen(RICH, objective="income"))
    assert told.result == "finding"
    assert "the objective is income" in told.says
    assert "Cheaper: " in told.says


def test_the_cheaper_way_to_buy_is_the_cheapest_fund_that_the_account_could_buy() -> None:
    found, told = worked(seen(RICH, spread("FUND", CHEAP)))
    # half a basis point of 1,000 dollars, and the access fee of five shares: 5 cents and 2
    assert "the same dollars in FUND, about $0.07" in told.says
    (summary,) = found.plan.preview.accounts
    assert f"Proposed: ${summary.estimated_cost:,.2f}" in told.says
    dear, barred = (
        spread("FUND", "400"),
        replace(spread("FUND", CHEAP), restricted=frozenset({Symbol("FUND")})),
    )
    for at in (dear, barred):
        assert "Cheaper: none that the firm trades" in worked(seen(RICH, at))[1].says


def test_the_cheaper_way_of_a_plan_goes_no_further_than_its_tolerance() -> None:
    who = account(lots=[lot("a", "AAA", 100)], model=model({"AAA": "0.5", "BBB": "0.5"}), ips=ips())
    request = Request(kind="rebalance", household=HOUSEHOLD)
    found, told = worked(seen(who), request)
    (summary,) = found.plan.preview.accounts
    part = (summary.drift_before - Decimal("0.05")) / (summary.drift_before - summary.drift_after)
    cost = (summary.estimated_cost * part).quantize(Decimal("0.01"))
    assert f"only back to 5.00 points of drift, about ${cost:,.2f}" in told.says
    assert f"and {summary.drift_before * 100:.2f} points of drift" in told.says


def test_a_sale_has_no_cheaper_way_that_is_known() -> None:
    request = ORDER.model_copy(update={"side": Side.SELL})
    who = account(lots=[lot("a", "AAA", 100)])
    assert "Cheaper: none is known" in worked(seen(who), request)[1].says
