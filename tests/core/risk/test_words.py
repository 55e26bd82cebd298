"""What each policy says to people, as a whole: the words are a part of the record, as its numbers are.

The numbers of the first cases stand in `test_known_answers`, each with its source.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from core.book.picture import Account, Market, Picture
from core.ids import CustodianId, LotId, PersonId, Symbol
from core.market.calendar import session_close
from core.orders.content import Leg
from core.orders.events import Side
from core.risk.intent import intents
from core.risk.limits import DEFAULT_LIMITS, Limits
from core.risk.policies import POLICIES
from core.risk.policy import Breach, Direction, Severity, assess
from core.risk.standing import Ground
from tests.core.household import SESSION, account, cash, leg, lot, market, picture
from tests.core.risk.test_known_answers import KNOWN, Known, drawn_on

BUY, SELL = Side
SOFT: Final = frozenset(
    {
        *("best_interest", "cash_floor", "concentration", "household_exposure", "profile_age"),
        *("sector_concentration", "trading_cost", "turnover", "wash_sale"),
    }
)
SAID: Final[dict[str, tuple[str, str]]] = {
    "halted: everything: one block": ("blocks", "trading is stopped for everything"),
    "halted: its symbol": ("blocks", "trading is stopped for symbol AAA"),
    "halted: its only venue": ("blocks", "trading is stopped for every venue that Custody settles with"),
    "account_status: frozen: one block": ("blocks", "the account is frozen: it does not trade"),
    "account_authority: 3260(b): another's account": ("blocks", "the account is another advisor's"),
    "instrument_permission: a mutual fund": (
        "blocks",
        "MUTUAL: mutual funds are held and shown here, not traded",
    ),
    "venue_permission: only W quotes, the custodian has V": (
        "blocks",
        "no venue that quotes AAA settles with Custody",
    ),
    "trading_session: 16:00, the close itself": (
        "blocks",
        "2022-12-29 21:00 UTC is outside the session of 2022-12-29",
    ),
    "share_fraction: 10.5 is half a share more than 10": (
        "shares",
        "10.5 shares: the account's custodian keeps whole shares only",
    ),
    "price_tick: 612: $100.005 is not": (
        "USD a share",
        "the limit price $100.005 is not on the tick of $0.01",
    ),
    "order_minimum: 0.0099 of $100 is $0.99": ("USD", "the order is worth $0.99; the least is $1.00"),
    "order_quantity: one share more": ("shares", "100001 shares; one order may be for 100000 at most"),
    "order_volume: one share more": (
        "shares",
        "50001 shares are more than 5.00 % of an average day's volume in AAA, which is 50000.00",
    ),
    "cash: one cent less": (
        "USD",
        "buys up to this one can take $1,021.12; cash and its own sells cover $1,021.11",
    ),
    "free_riding: 220.8: one cent of it came from an unsettled sale": (
        "USD",
        "lot l1 was bought for $1,000.00, of which settled cash covers $999.99; it is paid for on 2022-12-30",
    ),
    "order_value: one share more": (
        "USD",
        "the order can come to $500,100.00; one order may be $500,000.00 at most",
    ),
    "account_day_value: a cent more": (
        "USD",
        "the account's orders of the day come to $2,000.01; the limit is $2,000.00",
    ),
    "household_day_value: a cent more": (
        "USD",
        "the household's orders of the day come to $2,000.01; the limit is $2,000.00",
    ),
    "advisor_day_value: 980.01 before and 1,020 now": (
        "USD",
        "the advisor's orders of the day come to $2,000.01; the limit is $2,000.00",
    ),
    "agent_day_value: 980.01 before and 1,020 now": (
        "USD",
        "what agent proposal drafted today would come to $2,000.01; the limit is $2,000.00",
    ),
    "firm_day_value: 980.01 before and 1,020 now": (
        "USD",
        "the firm's orders of the day would come to $2,000.01; the limit is $2,000.00",
    ),
    "day_loss: a strategy of two signals, 50.01 in all": (
        "USD",
        "what strategy mch-1 drafted lost $50.01 today; the limit is $50.00",
    ),
    "day_loss: a strategy of two signals, 51 by this one": (
        "USD",
        "what strategy mch-1 signalled in AAA lost $51.00 today; the limit is $50.00",
    ),
    "day_loss: 100 bought for 10050.01, worth 10,000 now": (
        "USD",
        "what agent proposal drafted lost $50.01 today; the limit is $50.00",
    ),
    "order_count: three in five minutes and this one": (
        "orders",
        "4 orders of the advisor within 5 minutes; the limit is 3",
    ),
    "duplicate_content: the same, filled 59 seconds ago": (
        "orders",
        "the same order, buy 7 AAA, is open or was submitted a moment ago",
    ),
    "duplicate_key: an order of today has it": (
        "orders",
        "order id gh-e5819ca44651ca882b28d45e is another order's",
    ),
    "position_size: one share more": (
        "USD",
        "the account would hold $11,100.00 of AAA; the limit is $11,000.00",
    ),
    "restricted: on the list": ("shares", "purchases of AAA are not available at this time"),
    "do_not_trade: instructed": ("shares", "the client's instruction: AAA is not traded in this account"),
    "price_band: a cent above": (
        "USD a share",
        "the market's price of AAA, $102.01, is outside the band of $98 to $102",
    ),
    "volatility_band: four times 2 % of $100 is $8": (
        "fraction of the close",
        "AAA at $108.01 is 8.01 % away from its close of $100; 8.00 % is the most for it",
    ),
    "stale_price: one day older": (
        "days too old",
        "the price of AAA is of 2022-12-27; it may be no older than 2022-12-28",
    ),
    "short_sale: one through zero": (
        "shares",
        "101 shares of AAA would be sold and 100 are held: shorts are not traded here",
    ),
    "lot_reserved: one share is not named": (
        "shares",
        "the chosen lots hold 9 free shares of the 10 to be sold",
    ),
    "concentration: 26 of 100": (
        "fraction of the account",
        "AAA Corp would be 26.00 % of the account; the limit is 25.00 %",
    ),
    "sector_concentration: 51 of 100": (
        "fraction of the account",
        "the sector AAA sector would be 51.00 % of the account; the limit is 50.00 %",
    ),
    "household_exposure: two accounts of $10,000": (
        "fraction of the household",
        "AAA Corp would be 30.50 % of the household; the limit is 30.00 %",
    ),
    "cash_floor: a cent short of fee and floor": (
        "USD",
        "$1,499.99 would be left to spend; $500.00 is due and the floor is $1,000.00",
    ),
    "turnover: a dollar more": (
        "times the account",
        "$40,001.00 would have been bought in twelve months; the account is worth $10,000.00",
    ),
    "trading_cost: a dollar more": (
        "fraction of the account",
        "$501.00 of fees in twelve months; the account is worth $10,000.00",
    ),
    "profile_age: 17a-3(a)(17)(i)(B)(1): one day more": (
        "days old",
        "the risk profile is of 2019-12-28, more than 36 months old",
    ),
    "best_interest: three years of 2019-12-28 at 2022-12-29": (
        "open points",
        (
            "the horizon of the profile of 2019-12-28 has ended. Write why AAA serves the client all the "
            "same, as a fiduciary, better than doing nothing and than the cheaper way"
        ),
    ),
    "best_interest: Release IA-5248: advised, and nothing was agreed in writing": (
        "open points",
        (
            "the account has no investment policy statement. Write why AAA serves the client all the same, "
            "as a fiduciary, better than doing nothing and than the cheaper way"
        ),
    ),
    "best_interest: one company's share, income wanted, liquidity needed": (
        "open points",
        (
            "AAA is one company's share, and the objective is income; AAA is one company's share, and the "
            "need for liquidity is high. Write why AAA serves the client all the same, as a fiduciary, "
            "better than doing nothing and than the cheaper way"
        ),
    ),
    "wash_sale: Rev. Rul. 2008-5: basis $1,000, sold for $600, an IRA buys": (
        "USD",
        (
            "of losses in AAA, $0.00 would be deferred and $400.00 lost for good in an IRA; clear from "
            "2023-01-29; accounts at other firms are not known here"
        ),
    ),
    "wash_sale: Pub. 550: $1,000 sold for $750, bought again for $800": (
        "USD",
        (
            "of losses in AAA, $250.00 would be deferred and $0.00 lost for good in an IRA; clear from "
            "2023-01-09; accounts at other firms are not known here"
        ),
    ),
    "standing_bounds: 11 shares are 1,122": (
        "USD",
        "the standing approval's dollars of one proposal would be $1,122.00; its bound is $1,020.00",
    ),
    "standing_bounds: 980.01 were drawn today": (
        "USD",
        "the standing approval's dollars of the day would be $2,000.01; its bound is $2,000.00",
    ),
    "standing_bounds: 3,980.01 were drawn in all": (
        "USD",
        "the standing approval's dollars in all would be $5,000.01; its bound is $5,000.00",
    ),
    "standing_bounds: a fourth proposal of the day": (
        "proposals",
        "the standing approval's proposals of the day would be 4; its bound is 3",
    ),
    "standing_bounds: another symbol": (
        "blocks",
        "the standing approval does not cover it: it does not name BBB",
    ),
    "standing_bounds: a day late": (
        "blocks",
        "the standing approval does not cover it: it holds from 2022-12-20 to 2022-12-28",
    ),
}
"""By the case that breaks: the unit of its numbers, and the sentence."""


def breach_of(
    code: str, legs: tuple[Leg, ...], seen: Picture, limits: Limits = DEFAULT_LIMITS
) -> Breach | None:
    verdict = assess(intents(legs, Ground(seen)), POLICIES, limits)
    return next((a.breach for a in verdict.answers if (a.code, a.leg) == (code, legs[0].leg)), None)


def broken(known: Known) -> bool:
    return known.breaks and f"{known.code}: {known.says}" in SAID


@pytest.mark.parametrize("known", [*filter(broken, KNOWN)], ids=lambda known: known.code)
def test_a_breach_is_told_in_its_numbers_and_its_words(known: Known) -> None:
    seen = known.seen(picture(*known.who, market=known.at or market(), activity=known.lately))
    severity = Severity.SOFT if known.code in SOFT else Severity.HARD
    least = known.code in ("order_minimum", "lot_reserved", "cash_floor")
    kind = known.code, severity, Direction.AT_LEAST if least else Direction.AT_MOST
    numbers = Decimal(known.observed), Decimal(known.limit)
    expected = Breach(*kind, *numbers, *SAID[f"{known.code}: {known.says}"])
    assert breach_of(known.code, known.legs, seen, known.limits) == expected


def test_every_policy_has_its_words_here() -> None:
    assert {name.partition(":")[0] for name in SAID} == {policy.code for policy in POLICIES}


BUYS: Final = (leg(0, BUY, "AAA", 10),)
SELLS: Final = (leg(0, SELL, "AAA", 10, lots={"l1": "10"}),)
HELD: Final = account(lots=[lot("l1", "AAA", 100)], money=cash(100_000))
NOBODYS: Final = replace(HELD, custodian=CustodianId("cus-9"))
NO_VENUE: Final = {key: replace(one, venues=frozenset()) for key, one in market().custodians.items()}


def at(**changed: object) -> Market:
    return replace(market(), **changed)  # type: ignore[arg-type]


def listed(**changed: object) -> Market:
    one = replace(market().instruments[Symbol("AAA")], **changed)  # type: ignore[arg-type]
    return at(instruments={Symbol("AAA"): one})


SENTENCES: Final[tuple[tuple[str, tuple[Leg, ...], Account, Market, str], ...]] = (
    ("halted", BUYS, HELD, market(halts=["household:hh-1"]), "trading is stopped for household hh-1"),
    ("halted", BUYS, HELD, market(halts=["advisor:per-ada"]), "trading is stopped for advisor per-ada"),
    ("halted", BUYS, HELD, market(halts=["account:acc-1"]), "trading is stopped for account acc-1"),
    (
        *("account_status", BUYS, replace(HELD, status="transferring_out"), market()),
        "the account is transferring out: it does not trade",
    ),
    (
        *("account_status", BUYS, replace(HELD, status="closed"), market()),
        "the account's status is 'closed': it does not trade",
    ),
    (
        *("account_authority", BUYS, replace(HELD, capacity="custody"), market()),
        "the account's capacity 'custody' is not one that trades here",
    ),
    (
        *("account_authority", BUYS, replace(HELD, capacity="brokerage"), market()),
        "a brokerage account is not traded at discretion",
    ),
    (
        *("instrument_permission", (leg(0, BUY, "NONE", 1),), HELD, market()),
        "NONE is not an instrument that the firm lists",
    ),
    (
        *("instrument_permission", BUYS, HELD, listed(tradable=False)),
        "AAA is listed for holding, not for trading",
    ),
    *(
        (
            "instrument_permission",
            BUYS,
            HELD,
            listed(kind=kind),
            f"AAA: {which} held and shown here, not traded",
        )
        for kind, which in (
            ("bond", "bonds are"),
            ("option", "options are"),
            ("crypto", "crypto is"),
            ("cash_sweep", "cash sweeps are"),
            ("warrant", "instruments of kind 'warrant' are"),
        )
    ),
    ("venue_permission", BUYS, NOBODYS, market(), "custodian cus-9 is not one of the firm's"),
    ("venue_permission", BUYS, HELD, at(custodians=NO_VENUE), "Custody settles with no venue"),
    ("trading_session", BUYS, HELD, at(open=False), "the business day 2022-12-29 is closed"),
    (
        *("trading_session", BUYS, HELD, at(session=SESSION.replace(day=31))),
        "2022-12-31 is no trading session",
    ),
    (
        *("trading_session", BUYS, HELD, at(now=session_close(SESSION))),
        "2022-12-29 21:00 UTC is outside the session of 2022-12-29",
    ),
    ("share_fraction", (leg(0, BUY, "AAA", "-1"),), HELD, market(), "-1 shares is not a quantity to trade"),
    ("cash", BUYS, NOBODYS, market(), "the fees of custodian cus-9 are not known"),
    (
        "restricted",
        SELLS,
        HELD,
        market(restricted=["AAA"]),
        "sales of AAA are decided by compliance at this time",
    ),
    (
        *("price_band", (leg(0, BUY, "AAA", 1, limit="97.99"),), HELD, market()),
        "the limit price of AAA, $97.99, is outside the band of $98 to $102",
    ),
    ("stale_price", BUYS, HELD, market(prices={}), "there is no price for AAA"),
    (
        *("lot_reserved", SELLS, replace(HELD, reserved_lots={LotId("l1"): Decimal(91)}), market()),
        "lot l1 has 9 shares free, and 10 would be taken",
    ),
)


@pytest.mark.parametrize(("code", "legs", "who", "seen", "says"), SENTENCES)
def test_what_no_number_measures_is_told_as_well(
    code: str, legs: tuple[Leg, ...], who: Account, seen: Market, says: str
) -> None:
    found = breach_of(code, legs, picture(who, market=seen))
    assert found is not None
    assert found.says == says


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kind": "rebalance"}, "it is for proposals of the kind rebalance"),
        ({"advisors": frozenset()}, "it names neither the household nor its advisor"),
        ({"symbols": frozenset()}, "AAA is not in the account's model portfolio"),
    ],
)
def test_what_is_outside_of_a_standing_approval_says_why(changed: dict[str, object], says: str) -> None:
    seen = drawn_on(**changed)(picture(HELD, market=market()))
    found = breach_of("standing_bounds", BUYS, seen)
    assert found is not None
    assert found.says == f"the standing approval does not cover it: {says}"


def test_a_standing_approval_covers_no_account_that_is_not_routine() -> None:
    says = "the standing approval does not cover it: the account is not one for routine proposals"
    asked = replace(HELD, discretionary=False)
    for seen in (picture(asked, market=market()), picture(HELD, market=market(), related=True)):
        found = breach_of("standing_bounds", BUYS, drawn_on()(seen))
        assert found is not None
        assert found.says == says
    hers = drawn_on(advisors=frozenset({PersonId("per-bob")}), households=frozenset({"hh-1"}))
    assert breach_of("standing_bounds", BUYS, hers(picture(HELD, market=market()))) is None
    sold = drawn_on(symbols=frozenset())(picture(HELD, market=market()))
    assert breach_of("standing_bounds", SELLS, sold) is None, "what is sold need not be in the model"
