"""Every rule on numbers known beforehand: from its source, or worked by hand in the case.

Each case is asked of the oracle and of the gate. A case says what is measured and what the limit is; the rule
is broken where `breaks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from core.book.activity import Activity, Asked, Executed, Sold, Traded, quiet
from core.book.approvals import Approvals, StandingApproval
from core.book.picture import Account, Market, Picture
from core.ids import LotId, OrderId, PersonId, Symbol, VenueName
from core.market.volatility import Volatility
from core.orders.content import Leg
from core.orders.events import Side
from core.risk.intent import intents
from core.risk.limits import DEFAULT_LIMITS, Limits
from core.risk.policies import POLICIES
from core.risk.policy import assess
from core.risk.standing import Ground
from tests.core.household import (
    ADVISOR,
    NOW,
    SESSION,
    account,
    cash,
    ips,
    leg,
    lot,
    market,
    model,
    moved,
    outflow,
    picture,
)
from tests.core.risk.oracle import measures

BUY, SELL = Side.BUY, Side.SELL
TEN_AGO = SESSION - timedelta(days=10)
HELD = account(lots=[lot("l1", "AAA", 100)], money=cash(100_000))


@dataclass(frozen=True)
class Known:
    """`says` is how the number comes about, or where it is printed."""

    code: str
    says: str
    breaks: bool
    observed: str
    limit: str
    legs: tuple[Leg, ...]
    who: tuple[Account, ...] = (HELD,)
    at: Market | None = None
    lately: Activity | None = None
    limits: Limits = DEFAULT_LIMITS
    seen: Callable[[Picture], Picture] = lambda picture: picture


def buys(quantity: str | int = 10, symbol: str = "AAA", **more: str) -> tuple[Leg, ...]:
    return (leg(0, BUY, symbol, quantity, **more),)  # type: ignore[arg-type]


def sells(
    quantity: str | int = 10, lots: dict[str, str] | None = None, symbol: str = "AAA"
) -> tuple[Leg, ...]:
    return (leg(0, SELL, symbol, quantity, lots=lots or {"l1": str(quantity)}),)


def with_instrument(**more: object) -> Market:
    base = market()
    one = replace(base.instruments[Symbol("AAA")], **more)  # type: ignore[arg-type]
    return replace(base, instruments={**base.instruments, Symbol("AAA"): one})


def drawn_on(**changed: object) -> Callable[[Picture], Picture]:
    """One standing approval: 1,020 dollars each, 2,000 a day, 5,000 in all, three a day."""
    given = StandingApproval(
        id="std-1",
        kind="order",
        advisors=frozenset({ADVISOR}),
        households=frozenset(),
        symbols=frozenset({Symbol("AAA")}),
        dollars_each=Decimal(1_020),
        dollars_a_day=Decimal(2_000),
        dollars_in_all=Decimal(5_000),
        proposals_a_day=3,
        valid_from=SESSION,
        valid_until=SESSION,
        used_today=Decimal(980),
        used_in_all=Decimal(980),
        drawn_today=2,
    )
    given = replace(given, **changed)  # type: ignore[arg-type]
    return lambda one: replace(one, approvals=Approvals("order", (given,), given))


def client(**changed: object) -> Callable[[Picture], Picture]:
    """What is known of the household."""

    def seen(one: Picture) -> Picture:
        return replace(one, household=replace(one.household, **changed))  # type: ignore[arg-type]

    return seen


def profile(recorded: date | None) -> Callable[[Picture], Picture]:
    return client(profile_recorded_on=recorded)


def asked(
    dollars: str, *, ago: int = 3_600, remaining: str = "0", quantity: str = "7", order: str = "o"
) -> Asked:
    at = NOW - timedelta(seconds=ago)
    return Asked(
        *(OrderId(order), HELD.id, Symbol("AAA"), BUY, Decimal(quantity), None, Decimal(dollars)),
        *(Decimal(remaining), at),
    )


def done(
    side: Side, dollars: str, *, days: int, settles: int, fees: str = "0", opened: str = "", sold: str = ""
) -> Executed:
    """`sold`: shares, proceeds and cost of one lot."""
    day = SESSION - timedelta(days=days)
    quantity, proceeds, cost = (Decimal(number) for number in (sold or "0 0 0").split())
    parts = (Sold(quantity, proceeds, cost),) if sold else ()
    return Executed(
        *(OrderId(f"d-{side}-{days}"), HELD.id, Symbol("AAA"), side, Decimal(dollars), Decimal(fees)),
        *(day, SESSION + timedelta(days=settles), (LotId(opened),) if opened else (), parts),
    )


def lately(*rows: Asked | Executed, **more: object) -> Activity:
    base = replace(
        quiet(NOW),
        asked=tuple(row for row in rows if isinstance(row, Asked)),
        executed=tuple(row for row in rows if isinstance(row, Executed)),
    )
    return replace(base, **more)  # type: ignore[arg-type]


def traded(symbol: str, shares: int, paid: str) -> Traded:
    return Traded(Symbol(symbol), Decimal(shares), -Decimal(paid))


def limits(**more: object) -> Limits:
    return replace(DEFAULT_LIMITS, **more)  # type: ignore[arg-type]


def rich(settled: str, **more: object) -> tuple[Account, ...]:
    return (account(money=cash(settled), **more),)  # type: ignore[arg-type]


KNOWN = (
    Known("halted", "another account", False, "0", "0", buys(), at=market(halts=["account:acc-9", "tool:x"])),
    Known("halted", "everything: one block", True, "1", "0", buys(), at=market(halts=["all"])),
    Known("halted", "its symbol", True, "1", "0", buys(), at=market(halts=["symbol:AAA"])),
    Known("halted", "a sale, too", True, "1", "0", sells(), at=market(halts=["symbol:AAA"])),
    Known("halted", "its only venue", True, "1", "0", buys(), at=market(halts=["venue:V"])),
    Known("account_status", "open", False, "0", "0", buys()),
    Known("account_status", "frozen: one block", True, "1", "0", buys(), (account(status="frozen"),)),
    Known("account_authority", "advisory at discretion", False, "0", "0", buys()),
    Known(
        *("account_authority", "3260(b): another's account", True, "1", "0", buys()),
        (replace(HELD, advisor=PersonId("per-bob")),),
    ),
    Known("instrument_permission", "a listed share", False, "0", "0", buys()),
    Known("instrument_permission", "a mutual fund", True, "1", "0", buys(symbol="MUTUAL")),
    Known("venue_permission", "nobody quotes yet", False, "0", "0", buys()),
    Known(
        *("venue_permission", "only W quotes, the custodian has V", True, "1", "0", buys()),
        at=replace(market(), quoting={Symbol("AAA"): frozenset({VenueName("W")})}),
    ),
    Known("trading_session", "10:00 in New York", False, "0", "0", buys()),
    Known(
        *("trading_session", "16:00, the close itself", True, "1", "0", buys()),
        at=replace(market(), now=NOW + timedelta(hours=6)),
    ),
    Known("share_fraction", "10 is whole", False, "10", "10", buys()),
    Known("share_fraction", "10.5 is half a share more than 10", True, "10.5", "10", buys("10.5")),
    Known("price_tick", "612: $100.01 is in cents", False, "100.01", "100.01", buys(limit="100.01")),
    Known("price_tick", "612: $100.005 is not", True, "100.005", "100", buys(limit="100.005")),
    Known("price_tick", "612: $100.009 is no $100.01", True, "100.009", "100", buys(limit="100.009")),
    Known("order_minimum", "0.01 of $100 is $1", False, "1", "1", buys("0.01")),
    Known("order_minimum", "0.0099 of $100 is $0.99", True, "0.99", "1", buys("0.0099")),
    Known("order_quantity", "100,000 of 100,000", False, "100000", "100000", buys(100_000)),
    Known("order_quantity", "one share more", True, "100001", "100000", buys(100_001)),
    Known("order_volume", "5 % of 1,000,000 is 50,000", False, "50000", "50000", buys(50_000)),
    Known("order_volume", "one share more", True, "50001", "50000", buys(50_001)),
    Known("cash", "10 x 102 + 0.10 + 1.02 = 1,021.12", False, "1021.12", "1021.12", buys(), rich("1021.12")),
    Known("cash", "one cent less", True, "1021.12", "1021.11", buys(), rich("1021.11")),
    Known(
        *("free_riding", "220.8: $1,000 of settled cash paid for $1,000", False, "0", "0", sells()),
        (account(lots=[lot("l1", "AAA", 100)], money=cash(1_000)),),
        lately=lately(done(BUY, "1000", days=1, settles=1, opened="l1")),
    ),
    Known(
        *(
            "free_riding",
            "220.8: one cent of it came from an unsettled sale",
            True,
            "1000",
            "999.99",
            sells(),
        ),
        (account(lots=[lot("l1", "AAA", 100)], money=cash("999.99")),),
        lately=lately(done(BUY, "1000", days=1, settles=1, opened="l1")),
    ),
    Known("order_value", "5,000 x $100 = $500,000", False, "500000", "500000", buys(5_000, limit="100")),
    Known("order_value", "one share more", True, "500100", "500000", buys(5_001, limit="100")),
    Known(
        *("account_day_value", "980 asked and 1,020 now", False, "2000", "2000", buys()),
        lately=lately(asked("980")),
        limits=limits(account_day_value=Decimal(2_000)),
    ),
    Known(
        *("account_day_value", "a cent more", True, "2000.01", "2000", buys()),
        lately=lately(asked("980.01")),
        limits=limits(account_day_value=Decimal(2_000)),
    ),
    Known(
        *("household_day_value", "980 asked and 1,020 now", False, "2000", "2000", buys()),
        lately=lately(asked("980")),
        limits=limits(household_day_value=Decimal(2_000)),
    ),
    Known(
        *("household_day_value", "a cent more", True, "2000.01", "2000", buys()),
        lately=lately(asked("980.01")),
        limits=limits(household_day_value=Decimal(2_000)),
    ),
    *(
        Known(
            *(
                f"{who}_day_value",
                f"{before} before and 1,020 now",
                breaks,
                str(Decimal(before) + 1020),
                "2000",
            ),
            buys(),
            lately=lately(agent="proposal", **{f"{who}_dollars": Decimal(before)}),
            limits=limits(**{f"{who}_day_value": Decimal(2_000)}),
        )
        for who in ("advisor", "agent", "firm")
        for before, breaks in (("980", False), ("980.01", True))
    ),
    *(
        Known(
            *("day_loss", f"a strategy of two signals, {says}", breaks, lost, "50", buys()),
            lately=lately(strategy=PersonId("mch-1"), strategy_traded=both),
            limits=limits(day_loss=Decimal(50)),
        )
        for says, both, breaks, lost in (
            ("50 in all", (traded("AAA", 0, "10"), traded("BBB", 100, "5040")), False, "50"),
            ("50.01 in all", (traded("AAA", 0, "10"), traded("BBB", 100, "5040.01")), True, "50.01"),
            ("51 by this one", (traded("AAA", 100, "10051"), traded("BBB", 100, "4000")), True, "51"),
        )
    ),
    *(
        Known(
            *("day_loss", f"100 bought for {paid}, worth 10,000 now", breaks, lost, "50", buys()),
            lately=lately(agent="proposal", agent_traded=(traded("AAA", 100, paid),)),
            limits=limits(day_loss=Decimal(50)),
        )
        for paid, breaks, lost in (("10050", False, "50"), ("10050.01", True, "50.01"))
    ),
    Known(
        *("cash_floor", "an RMD of 1,000 due in the horizon stays", True, "0", "1000", buys()),
        who=(account(money=cash("1021.12"), kind="ira", outflows=[outflow(1_000, SESSION, "rmd")]),),
    ),
    Known(
        *("order_count", "two in five minutes and this one", False, "3", "3", buys()),
        lately=lately(advisor_orders=tuple(NOW - timedelta(seconds=s) for s in (301, 299, 0))),
        limits=limits(order_count=3),
    ),
    Known(
        *("order_count", "three in five minutes and this one", True, "4", "3", buys()),
        lately=lately(advisor_orders=tuple(NOW - timedelta(seconds=s) for s in (299, 60, 0))),
        limits=limits(order_count=3),
    ),
    Known(
        *("duplicate_content", "the same, filled 60 seconds ago", False, "1", "1", buys(7)),
        lately=lately(asked("700", ago=60)),
    ),
    Known(
        *("duplicate_content", "the same, filled 59 seconds ago", True, "2", "1", buys(7)),
        lately=lately(asked("700", ago=59)),
    ),
    Known("duplicate_key", "nobody else has it", False, "1", "1", buys(), lately=lately(asked("1"))),
    Known(
        *("duplicate_key", "an order of today has it", True, "2", "1", buys()),
        lately=lately(asked("1", order=buys()[0].order)),
    ),
    Known(
        *("position_size", "100 held and 10 more at $100", False, "11000", "11000", buys()),
        limits=limits(position_size=Decimal(11_000)),
    ),
    Known(
        *("position_size", "one share more", True, "11100", "11000", buys(11)),
        limits=limits(position_size=Decimal(11_000)),
    ),
    Known("restricted", "not on the list", False, "0", "0", buys(), at=market(restricted=["BBB"])),
    Known("restricted", "on the list", True, "10", "0", buys(), at=market(restricted=["AAA"])),
    Known("do_not_trade", "another symbol", False, "0", "0", buys(), rich("9000", do_not_trade=["BBB"])),
    Known("do_not_trade", "instructed", True, "10", "0", buys(), rich("9000", do_not_trade=["AAA"])),
    Known("price_band", "$102 is the edge", False, "102", "102", buys(), at=moved(market(), "AAA", "102")),
    Known("price_band", "a cent above", True, "102.01", "102", buys(), at=moved(market(), "AAA", "102.01")),
    *(
        Known(
            *("volatility_band", "four times 2 % of $100 is $8", breaks, observed, "0.08", buys()),
            at=replace(
                moved(market(), "AAA", price),
                volatility={Symbol("AAA"): Volatility(Decimal(100), Decimal("0.02"), Decimal("0.02"))},
            ),
        )
        for price, observed, breaks in (("108", "0.08", False), ("108.01", "0.0801", True))
    ),
    *(
        Known(
            *("volatility_band", "and of half a dollar four cents", breaks, observed, "0.08", buys()),
            at=replace(
                moved(market(), "AAA", price),
                volatility={Symbol("AAA"): Volatility(Decimal("0.5"), Decimal("0.02"), Decimal("0.02"))},
            ),
        )
        for price, observed, breaks in (("0.54", "0.08", False), ("0.5401", "0.0802", True))
    ),
    Known("stale_price", "of the session before", False, "0", "0", buys()),
    Known(
        *("stale_price", "one day older", True, "1", "0", buys()),
        at=moved(market(), "AAA", "100", date(2022, 12, 27)),
    ),
    Known("short_sale", "all 100", False, "100", "100", sells(100)),
    Known("short_sale", "one through zero", True, "101", "100", sells(101)),
    Known("lot_reserved", "named whole", False, "10", "10", sells()),
    Known("lot_reserved", "one share is not named", True, "9", "10", sells(10, {"l1": "9"})),
    Known("concentration", "25 of 100", False, "0.25", "0.25", buys(25), rich("10000")),
    Known("concentration", "26 of 100", True, "0.26", "0.25", buys(26), rich("10000")),
    Known("sector_concentration", "50 of 100", False, "0.5", "0.5", buys(50), rich("10000")),
    Known("sector_concentration", "51 of 100", True, "0.51", "0.5", buys(51), rich("10000")),
    *(
        Known(
            *("household_exposure", "two accounts of $10,000", breaks, weight, "0.3", buys(shares)),
            (*rich("10000"), account(id="acc-2", money=cash("10000"))),
        )
        for shares, weight, breaks in ((60, "0.3", False), (61, "0.305", True))
    ),
    Known(
        *("cash_floor", "2,021.12 less 1,021.12 is the floor", False, "1000", "1000", buys()),
        rich("2021.12", ips=ips(floor=1_000)),
    ),
    Known(
        *("cash_floor", "a cent short of fee and floor", True, "1499.99", "1500", buys()),
        rich("2521.11", ips=ips(floor=1_000), outflows=[outflow(500, SESSION + timedelta(days=30), "fee")]),
    ),
    Known(
        *("turnover", "38,980 and 1,020 of 10,000", False, "4", "4", buys()),
        rich("10000"),
        lately=lately(done(BUY, "38980", days=200, settles=-198)),
    ),
    Known(
        *("turnover", "a dollar more", True, "4.0001", "4", buys()),
        rich("10000"),
        lately=lately(done(BUY, "38981", days=200, settles=-198)),
    ),
    Known(
        *("trading_cost", "498.88 and 1.12 of 10,000", False, "0.05", "0.05", buys()),
        rich("10000"),
        lately=lately(done(SELL, "1", days=200, settles=-198, fees="498.88")),
    ),
    Known(
        *("trading_cost", "a dollar more", True, "0.0501", "0.05", buys()),
        rich("10000"),
        lately=lately(done(SELL, "1", days=200, settles=-198, fees="499.88")),
    ),
    Known(
        *("profile_age", "36 months to the day", False, "1096", "1096", buys()),
        seen=profile(date(2019, 12, 29)),
    ),
    Known(
        *("profile_age", "17a-3(a)(17)(i)(B)(1): one day more", True, "1097", "1096", buys()),
        seen=profile(date(2019, 12, 28)),
    ),
    Known(  # until 30 November 2022: 1,096 days, of which 29 December is the 1,125th
        *("profile_age", "recorded on 30 November 2019", True, "1125", "1096", buys()),
        seen=profile(date(2019, 11, 30)),
    ),
    *(
        Known(
            *("best_interest", f"three years of {recorded} at {SESSION}", breaks, points, "0", buys()),
            seen=client(profile_recorded_on=recorded, horizon_years=3),
        )
        for recorded, points, breaks in ((date(2019, 12, 29), "0", False), (date(2019, 12, 28), "1", True))
    ),
    Known(
        *("best_interest", "Release IA-5248: advised, and nothing was agreed in writing", True, "1", "0"),
        *(buys(), rich("9000", ips=None)),
    ),
    Known(
        *("best_interest", "one company's share, income wanted, liquidity needed", True, "2", "0", buys()),
        seen=client(objective="income", liquidity_need="high"),
    ),
    Known(
        *("best_interest", "a fund is no one company's share", False, "0", "0", buys(1, "FUND")),
        seen=client(objective="income", liquidity_need="high"),
    ),
    Known(
        *("best_interest", "the model was chosen for the client", False, "0", "0", buys()),
        rich("9000", model=model({"AAA": "0.5"})),
        seen=client(objective="income", liquidity_need="high"),
    ),
    *(
        Known(
            *(
                "wash_sale",
                f"Rev. Rul. 56-602: {sold} of one purchase, {len(more)} beside it",
                breaks,
                lost,
                "0",
            ),
            *(sells(sold, {"l1": str(sold)}), (account(lots=[lot("l1", "AAA", 100, 110, TEN_AGO), *more]),)),
        )
        for sold, more, breaks, lost in (
            (50, [], False, "0"),
            (50, [lot("l2", "AAA", 1, 90, TEN_AGO)], True, "10"),
        )
    ),
    *(
        Known(
            *("wash_sale", f"{shares} promised at $1.01 below cost", breaks, lost, "0", buys(10)),
            rich("9000", lots=[lot("l1", "AAA", 100, "101.01")], reserved_lots=promised),
        )
        for shares, promised, breaks, lost in ((0, None, False, "0"), (7, {"l1": "7"}, True, "7.07"))
    ),
    Known(
        *("wash_sale", "Rev. Rul. 2008-5: basis $1,000, sold for $600, an IRA buys", True, "400", "0"),
        (leg(0, SELL, "AAA", 100, lots={"l1": "100"}), leg(1, BUY, "AAA", 100, account="acc-2")),
        (account(lots=[lot("l1", "AAA", 100, 10)]), account(id="acc-2", kind="ira", money=cash(100_000))),
        at=moved(market(), "AAA", "6"),
    ),
    Known(
        *("wash_sale", "Pub. 550: $1,000 sold for $750, bought again for $800", True, "250", "0", buys(100)),
        lately=lately(done(SELL, "750", days=20, settles=-18, sold="100 750 1000")),
    ),
    Known(
        *(
            "wash_sale",
            "26 CFR 1.1091-1(h) ex. 2: 75 of 100 shares bought again, loss 10 each",
            True,
            "750",
            "0",
        ),
        sells(100, {"sep": "100"}),
        (
            account(
                lots=[
                    lot("sep", "AAA", 100, 50, SESSION - timedelta(days=104)),
                    lot("dec21", "AAA", 50, 55, SESSION - timedelta(days=13)),
                    lot("dec26", "AAA", 25, 45, SESSION - timedelta(days=8)),
                ]
            ),
        ),
        at=moved(market(), "AAA", "40"),
    ),
    Known(
        *("wash_sale", "31 days after the sale it is clear", False, "0", "0", buys(100)),
        lately=lately(done(SELL, "750", days=31, settles=-29, sold="100 750 1000")),
    ),
    Known(
        *("standing_bounds", "10 shares at worst 102 are the 1,020 of each", False, "1020", "1020", buys()),
        seen=drawn_on(),
    ),
    Known(
        *("standing_bounds", "11 shares are 1,122", True, "1122", "1020", buys(11)),
        seen=drawn_on(),
    ),
    Known(
        *("standing_bounds", "a cent less for each", True, "1020", "1019.99", buys()),
        seen=drawn_on(dollars_each=Decimal("1019.99")),
    ),
    Known(
        *("standing_bounds", "980.01 were drawn today", True, "2000.01", "2000", buys()),
        seen=drawn_on(used_today=Decimal("980.01")),
    ),
    Known(
        *("standing_bounds", "3,980.01 were drawn in all", True, "5000.01", "5000", buys()),
        seen=drawn_on(used_in_all=Decimal("3980.01")),
    ),
    Known(
        *("standing_bounds", "a fourth proposal of the day", True, "4", "3", buys()),
        seen=drawn_on(drawn_today=3),
    ),
    Known(
        *("standing_bounds", "another symbol", True, "1", "0", buys(symbol="BBB")),
        seen=drawn_on(),
    ),
    Known(
        *("standing_bounds", "a day late", True, "1", "0", buys()),
        seen=drawn_on(valid_from=SESSION - timedelta(days=9), valid_until=SESSION - timedelta(days=1)),
    ),
)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: f"{known.code}: {known.says}")
def test_both_give_the_known_answer(known: Known) -> None:
    seen = known.seen(picture(*known.who, market=known.at or market(), activity=known.lately))
    number = next(one.leg for one in known.legs)
    oracle = measures(known.legs, seen, known.limits).get((known.code, number))
    verdict = assess(intents(known.legs, Ground(seen)), POLICIES, known.limits)
    gate = next((a.breach for a in verdict.answers if (a.code, a.leg) == (known.code, number)), None)
    assert (gate is not None) is known.breaks
    assert (oracle is not None and oracle.broken) is known.breaks
    if oracle is not None and (known.breaks or oracle.observed):
        assert (oracle.observed, oracle.limit) == (Fraction(known.observed), Fraction(known.limit))
    if gate is not None:
        assert (gate.observed, gate.limit) == (Decimal(known.observed), Decimal(known.limit))


def test_every_rule_has_two_known_answers_and_both_kinds() -> None:
    for policy in POLICIES:
        breaks = [known.breaks for known in KNOWN if known.code == policy.code]
        assert {True, False} == {*breaks}, policy.code
