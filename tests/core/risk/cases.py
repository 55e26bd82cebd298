"""Random proposals, many at the very edge of one rule: exactly there, a cent or a share either side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from core.book.activity import Activity, Asked, Executed, Sold, Traded
from core.book.approvals import Approvals, StandingApproval
from core.book.picture import Account, Instrument, Lot, Market, Outflow, Picture
from core.ids import AccountId, HouseholdId, LotId, OrderId, PersonId, Symbol, VenueName
from core.market.volatility import Volatility
from core.orders.content import Leg, LotChoice
from core.orders.events import OrderType, Side
from core.risk.limits import DEFAULT_LIMITS, Limits
from tests.core import household as built
from tests.core.risk.oracle import Measure, measures, size

CENT = Decimal("0.01")
NUDGES = (Decimal(-1), -CENT, Decimal(0), CENT, Decimal(1))
SYMBOLS = ("AAA", "BBB", "CCC", "FUND", "MUTUAL", "NONE")
IDS = ("acc-1", "acc-2")
HALTS = (
    *("all", "venue:V", "venue:W", "household:hh-1", "household:hh-2", "advisor:per-ada", "advisor:per-bob"),
    *(
        "account:acc-1",
        "account:acc-2",
        "symbol:AAA",
        "symbol:ZZZ",
        "agent:proposal",
        "agent:None",
        "agent:other",
    ),
    *("tool:draft_order", "strategy:S"),
)
LIMITED = {  # moved to what a leg comes to
    code: code
    for code in (
        *("order_value", "order_quantity", "order_minimum", "position_size", "account_day_value"),
        *("household_day_value", "advisor_day_value", "agent_day_value", "firm_day_value", "day_loss"),
    )
}
BY_CASH = (
    "cash",
    "cash_floor",
    "free_riding",
)  # an account's settled cash moves the limit or the measure itself
BY_WORTH = ("concentration", "sector_concentration", "household_exposure", "turnover", "trading_cost")


@dataclass(frozen=True)
class Case:
    legs: tuple[Leg, ...]
    picture: Picture
    limits: Limits


def drawn(random: Random) -> Case:
    """A proposal of one to three legs, at some rule's edge three times in four."""
    market = _market(random)
    accounts = tuple(_account(random, one, market) for one in IDS[: random.choice((1, 1, 2))])
    picture = built.picture(*accounts, market=market, activity=_activity(random, accounts))
    household = replace(
        picture.household,
        profile_recorded_on=random.choice((None, date(2019, 12, 28), date(2019, 12, 29), date(2022, 1, 3))),
        objective=random.choice(("growth", "growth", "growth", "income", "conservative", None)),
        horizon_years=random.choice(
            (None, 0, 3, 3, 20)
        ),  # three years of the second day end on the tests' day
        liquidity_need=random.choice((None, "low", "high")),
    )
    picture = replace(picture, household=household)
    legs = tuple(_leg(random, n, accounts, market) for n in range(random.choice((1, 1, 1, 2, 3))))
    largest = random.choice((DEFAULT_LIMITS.position_size, Decimal(1_000), Decimal(10_000)))
    picture = replace(picture, approvals=_approvals(random, legs))
    case = Case(legs, picture, replace(DEFAULT_LIMITS, position_size=largest))
    return case if random.random() < 0.25 else _at_an_edge(random, case)


def _approvals(random: Random, legs: Sequence[Leg]) -> Approvals:
    """Half of the time one is drawn on, each of its bounds at what the proposal comes to, or near it."""
    if random.random() < 0.5:
        return Approvals("rebalance", (), None)
    asked = _decimal(sum((size(one) for one in legs), Fraction(0)))
    used_today, before = Decimal(random.choice((0, 500))), Decimal(random.choice((0, 10_000)))
    near, far = asked + random.choice(NUDGES), asked * 9 + 10
    each, day, whole = random.choice(
        ((near, far, far * 2), (asked, used_today + near, far * 2), (asked, far, used_today + before + near))
    )
    others = frozenset({PersonId("per-bob")})
    given = StandingApproval(
        id="std-1",
        kind=random.choice(("rebalance",) * 12 + ("order",)),
        advisors=random.choice((frozenset({built.ADVISOR}),) * 4 + (others,)),
        households=random.choice((frozenset(), frozenset({HouseholdId(built.HOUSEHOLD)}))),
        symbols=frozenset(map(Symbol, random.choice(((), SYMBOLS, SYMBOLS, ("AAA",))))),
        dollars_each=each,
        dollars_a_day=day,
        dollars_in_all=whole,
        proposals_a_day=random.choice((1, 2, 3)),
        valid_from=built.SESSION - timedelta(days=random.choice((0, 0, 0, 5, -1))),
        valid_until=built.SESSION + timedelta(days=random.choice((0, 1, 30, 30, -1))),
        used_today=used_today,
        used_in_all=used_today + before,
        drawn_today=random.choice((0, 1, 2)),
    )
    return Approvals("rebalance", (given,), given)


def _at_an_edge(random: Random, case: Case) -> Case:
    measured = measures(case.legs, case.picture, case.limits)
    names = [key for key in measured if key[0] in (*LIMITED, *BY_CASH, *BY_WORTH, "order_count")]
    if not names:
        return case
    code, number = random.choice(sorted(names))
    measure, nudge = measured[code, number], random.choice(NUDGES)
    leg = next(one for one in case.legs if one.leg == number)
    if code == "order_count":
        count = int(measure.observed) + random.choice((-1, 0, 1))
        return replace(case, limits=replace(case.limits, order_count=count))
    if code in LIMITED:
        limit = _decimal(measure.observed) + nudge
        return replace(case, limits=replace(case.limits, **{LIMITED[code]: limit}))  # type: ignore[arg-type]
    return _with_cash(case, leg.account, _wanted(code, measure, case, leg) + nudge)


def _wanted(code: str, measure: Measure, case: Case, leg: Leg) -> Decimal:
    """Dollars to add to the account's settled cash so that the measure meets its limit."""
    if code in BY_CASH:
        gap = measure.observed - measure.limit
        return _decimal(-gap if code == "cash_floor" else gap)
    accounts = case.picture.household.accounts
    mine = accounts if code == "household_exposure" else [a for a in accounts if a.id == leg.account]
    prices = case.picture.market.prices
    total = Fraction(0)
    for account in mine:
        money = account.cash
        total += Fraction(money.settled) + Fraction(money.unsettled) + Fraction(money.held)
        total += sum(
            (
                Fraction(x.quantity) * Fraction(prices[x.symbol].price)
                for x in account.lots
                if x.symbol in prices
            ),
            Fraction(0),
        )
    return _decimal(measure.observed * total / measure.limit - total)


def _with_cash(case: Case, id: AccountId, more: Decimal) -> Case:
    household = case.picture.household
    accounts = tuple(
        replace(a, cash=replace(a.cash, settled=a.cash.settled + more)) if a.id == id else a
        for a in household.accounts
    )
    return replace(case, picture=replace(case.picture, household=replace(household, accounts=accounts)))


def _decimal(number: Fraction) -> Decimal:
    """To a hundredth of a cent, which is what the cases are drawn to."""
    return Decimal(round(number * 10_000)) / 10_000


def _market(random: Random) -> Market:
    base = built.market(
        restricted=random.sample(("AAA", "BBB"), random.choice((0, 0, 0, 1))),
        halts=random.sample(HALTS, random.choice((0, 0, 0, 0, 1, 2))),
        ticket_fee=random.choice(("0", "0", "4.95")),
        fractional=random.random() < 0.3,
    )
    listed: dict[Symbol, Instrument] = {}
    for symbol, one in base.instruments.items():
        listed[symbol] = replace(
            one,
            sector=random.choice(("Energy", "Financials")),
            issuer=random.choice((one.issuer, one.issuer, "Twin Corp")),
            average_daily_volume=Decimal(random.choice((0, 199, 200, 201, 1_000_000, 1_000_000, 1_000_000))),
        )
    prices = {
        symbol: replace(
            price,
            price=random.choice(
                (price.price, price.price, price.price + CENT, price.price * Decimal("1.08"))
            ),
            session=random.choice((built.SESSION, built.PREVIOUS, built.PREVIOUS, date(2022, 12, 27))),
        )
        for symbol, price in base.prices.items()
        if random.random() < 0.97
    }
    usual = {
        Symbol("AAA"): Volatility(Decimal(100), Decimal("0.02"), Decimal("0.02")),
        Symbol("BBB"): Volatility(Decimal("50.50"), Decimal("0.001"), Decimal("0.001")),
    }
    seconds = random.choice((0, 0, 0, 0, -19_801, -19_800, -1_801, -1_800, 21_599, 21_600))
    return replace(
        base,
        now=built.NOW + timedelta(seconds=seconds),
        session=random.choice((built.SESSION,) * 12 + (date(2022, 12, 31),)),
        open=random.random() < 0.97,
        instruments=listed,
        prices=prices,
        volatility=usual,
        quoting=random.choice(({}, {}, {Symbol("AAA"): frozenset({VenueName(random.choice("VW"))})})),
    )


def _account(random: Random, id: str, market: Market) -> Account:
    lots = [_lot(random, id, n) for n in range(random.choice((1, 2, 4)))]
    money = built.cash(
        str(random.randint(0, 40_000)),
        unsettled=random.choice(("0", "0", "1500.5", "-700")),
        held=random.choice(("0", "0", "2500")),
        reserved=random.choice(("0", "0", "999.99")),
    )
    account = built.account(
        id=id,
        lots=lots,
        money=money,
        ips=random.choice((None, built.ips(), built.ips(floor="2500", max_issuer="0.25"))),
        kind=random.choice(("taxable", "taxable", "joint", "ira", "roth")),
        status=random.choice(("open",) * 20 + ("frozen", "transferring_out")),
        do_not_trade=random.sample(("AAA", "BBB"), random.choice((0, 0, 0, 1))),
        reserved_lots={lots[0].id: "10"} if random.random() < 0.3 else None,
        outflows=random.choice(((), (_outflow(random),))),
    )
    model = random.choice((None, built.model({"AAA": "0.5", "FUND": "0.5"})))
    capacity, discretion = random.choice(
        (("advisory", True),) * 12 + (("brokerage", True), ("brokerage", False))
    )
    return replace(account, capacity=capacity, discretionary=discretion, model=model)


def _outflow(random: Random) -> Outflow:
    return built.outflow("1000", built.SESSION + timedelta(days=random.choice((-1, 30, 31))))


def _lot(random: Random, account: str, n: int) -> Lot:
    days = random.choice((0, 1, 29, 30, 31, 59, 60, 61, 400))
    return built.lot(
        f"lot-{account}-{n}",
        random.choice(("AAA", "AAA", "BBB", "CCC", "FUND")),
        random.choice((9, 10, 11, 99, 100, 101, 500)),
        random.choice(("10", "99.99", "100", "100.01", "150")),
        built.SESSION - timedelta(days=days),
    )


def _activity(random: Random, accounts: Sequence[Account]) -> Activity:
    asked = tuple(_asked(random, n, random.choice(accounts)) for n in range(random.choice((0, 0, 1, 2))))
    executed = tuple(
        _executed(random, n, random.choice(accounts)) for n in range(random.choice((0, 0, 1, 3)))
    )
    seconds = sorted(
        (random.choice((0, 59, 299, 300, 301, 4000)) for _ in range(random.choice((0, 3)))), reverse=True
    )
    agent = random.choice((None, "proposal"))
    strategy = random.choice((None, None, PersonId("mch-1")))
    return Activity(
        taken_at=built.NOW,
        asked=tuple(sorted(asked, key=lambda a: a.asked_at)),
        executed=tuple(sorted(executed, key=lambda done: done.traded_on)),
        advisor_orders=tuple(built.NOW - timedelta(seconds=s) for s in seconds),
        advisor_dollars=Decimal(random.randint(0, 9_999)),
        firm_dollars=Decimal(random.randint(0, 99_999)),
        agent=agent,
        agent_dollars=Decimal(random.randint(0, 9_999)),
        agent_traded=tuple(_traded(random)) if agent else (),
        strategy=strategy,
        strategy_traded=tuple(_traded(random)) if strategy else (),
    )


def _traded(random: Random) -> Iterator[Traded]:
    for symbol in random.sample(("AAA", "BBB", "NONE"), random.choice((0, 1, 2))):
        shares = Decimal(random.choice((-10, 0, 10)))
        yield Traded(Symbol(symbol), shares, -shares * random.choice((90, 100, 110)) - random.choice((0, 1)))


def _asked(random: Random, n: int, account: Account) -> Asked:
    quantity = Decimal(random.choice((9, 10, 11)))
    order = random.choice((OrderId(f"other-{n}"),) * 9 + (built.leg(0, Side.BUY, "AAA", 1).order,))
    return Asked(
        order=order,
        account=account.id,
        symbol=Symbol(random.choice(("AAA", "BBB"))),
        side=random.choice(list(Side)),
        quantity=quantity,
        limit_price=random.choice((None, None, Decimal("101"))),
        dollars=quantity * 100,
        remaining=random.choice((Decimal(0), quantity, Decimal(3))),
        asked_at=built.NOW - timedelta(seconds=random.choice((0, 59, 60, 61))),
    )


def _executed(random: Random, n: int, account: Account) -> Executed:
    ago = random.choice((0, 1, 2, 29, 30, 31, 200))
    day = built.SESSION - timedelta(days=ago)
    side = random.choice(list(Side))
    cost = Decimal(random.choice((999, 1000, 1001, 1300)))
    return Executed(
        order=OrderId(f"done-{n}"),
        account=account.id,
        symbol=random.choice(account.lots).symbol,
        side=side,
        dollars=Decimal(random.choice((1000, 5000, 20_000))),
        fees=Decimal(random.choice(("0.03", "100"))),
        traded_on=day,
        settles_on=day + timedelta(days=random.choice((1, 2))),
        opened=tuple(lot.id for lot in account.lots[n : n + 1]) if side is Side.BUY else (),
        sold=(Sold(Decimal(10), Decimal(1000), cost),) if side is Side.SELL else (),
    )


def _leg(random: Random, n: int, accounts: Sequence[Account], market: Market) -> Leg:
    account = random.choice(accounts)
    lot = random.choice(account.lots)
    side = random.choice(list(Side))
    symbol = lot.symbol if side is Side.SELL else Symbol(random.choice(SYMBOLS))
    quantity = _quantity(random, lot)
    known = built.PRICES.get(symbol, "100")
    limit = random.choice(
        (None, None, Decimal(known), Decimal(known) * Decimal("1.01"), Decimal(known) + Decimal("0.005"))
    )
    edge = random.choice((Decimal("0.02"), Decimal("0.02"), Decimal("0.01")))
    reference = Decimal(known)
    return built.leg(n, side, symbol, "1", account=account.id).model_copy(
        update={
            "quantity": quantity,
            "order_type": OrderType.MARKET if limit is None else OrderType.LIMIT,
            "limit_price": limit,
            "reference_price": reference,
            "band_low": reference * (1 - edge),
            "band_high": reference * (1 + edge),
            "lots": _choices(random, account, lot, quantity) if side is Side.SELL else (),
        }
    )


def _quantity(random: Random, lot: Lot) -> Decimal:
    near = [lot.quantity + more for more in (-1, 0, 1)]
    return random.choice(
        (*near, Decimal(10), Decimal("0.005"), Decimal("10.5"), Decimal(5_000), Decimal(100_001))
    )


def _choices(random: Random, account: Account, lot: Lot, quantity: Decimal) -> tuple[LotChoice, ...]:
    named = quantity if random.random() < 0.9 else quantity + random.choice((-1, 1))
    twin = next((one for one in account.lots if one.symbol == lot.symbol and one is not lot), None)
    if twin is not None and named > 4 and random.random() < 0.5:
        return (LotChoice(lot=twin.id, quantity=Decimal(3)), LotChoice(lot=lot.id, quantity=named - 3))
    return (LotChoice(lot=LotId(lot.id), quantity=max(named, CENT)),)
