"""A second opinion: every rule again, from its source, in fractions and plain loops.

Rule 1: nothing of `core` is used here but value types. What a rule needs is worked out anew for each leg.
Rule 2: each rule answers with its measure even where it passes, so that a case can be moved to its edge.
Rule 3: slow and obvious beats fast: this is what the gate is held equal to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from zoneinfo import ZoneInfo

from core.book.activity import Traded
from core.book.picture import Account, Instrument, Picture
from core.orders.content import Leg
from core.orders.events import Side, TimeInForce
from core.risk.limits import Limits

F = Fraction
HARD, SOFT = "breach", "finding"
FUNDS = ("etf", "mutual_fund", "cash_sweep")
IRAS = ("ira", "roth")
NEW_YORK = ZoneInfo("America/New_York")
HOLIDAYS = {date(2022, 12, 26), date(2023, 1, 2)}  # NYSE, around the tests' day
DAYS_30 = timedelta(days=30)


@dataclass(frozen=True)
class Measure:
    """`before` None: not a state that a trade could mend. `most`: the limit is a ceiling."""

    severity: str
    observed: Fraction
    limit: Fraction
    before: Fraction | None = None
    most: bool = True

    @property
    def broken(self) -> bool:
        if self.most:
            over, worse = self.observed > self.limit, self.before is None or self.observed > self.before
        else:
            over, worse = self.observed < self.limit, self.before is None or self.observed < self.before
        return over and worse

    @property
    def mends(self) -> bool:
        """Whether the measure was breached before, and the trade moves it toward its limit or leaves it."""
        if self.before is None:
            return False
        if self.most:
            return self.before > self.limit and self.observed <= self.before
        return self.before < self.limit and self.observed >= self.before


@dataclass(frozen=True)
class Question:
    """One leg among those of its proposal."""

    leg: Leg
    legs: tuple[Leg, ...]
    picture: Picture
    limits: Limits

    @property
    def account(self) -> Account:
        return self.account_of(self.leg)

    def account_of(self, leg: Leg) -> Account:
        return next(a for a in self.picture.household.accounts if a.id == leg.account)

    @property
    def instrument(self) -> Instrument | None:
        return self.picture.market.instruments.get(self.leg.symbol)

    @property
    def own(self) -> list[Leg]:
        return [one for one in self.legs if one.account == self.leg.account]

    @property
    def buys(self) -> bool:
        return self.leg.side is Side.BUY

    def price(self, symbol: str) -> Fraction | None:
        for name, price in self.picture.market.prices.items():
            if name == symbol:
                return F(price.price)
        return None


def measures(legs: Sequence[Leg], picture: Picture, limits: Limits) -> dict[tuple[str, int], Measure]:
    """What each rule measures of each leg; a rule that has nothing to measure there is absent."""
    found = {}
    for leg in legs:
        question = Question(leg, tuple(sorted(legs, key=lambda one: one.leg)), picture, limits)
        for code, rule in RULES.items():
            measure = rule(question)
            if measure is not None:
                found[code, leg.leg] = measure
    return found


def no(severity: str = HARD) -> Measure:
    return Measure(severity, F(1), F(0))


def cents_up(dollars: Fraction) -> Fraction:
    return F(ceil(dollars * 100), 100)


def cents_down(dollars: Fraction) -> Fraction:
    return F(floor(dollars * 100), 100)


def worst(leg: Leg) -> Fraction:
    if leg.limit_price is not None:
        return F(leg.limit_price)
    return F(leg.band_high if leg.side is Side.BUY else leg.band_low)


def fees(leg: Leg, ticket: Fraction) -> Fraction:
    """A cent a share and a tenth of a percent at most, and the ticket."""
    return cents_up(F(leg.quantity) / 100 + F(leg.quantity) * worst(leg) / 1000 + ticket)


def takes(leg: Leg, ticket: Fraction) -> Fraction:
    return cents_up(F(leg.quantity) * worst(leg)) + fees(leg, ticket)


def brings(leg: Leg, ticket: Fraction) -> Fraction:
    return cents_down(F(leg.quantity) * worst(leg)) - fees(leg, ticket)


def size(leg: Leg) -> Fraction:
    return F(leg.quantity) * max(worst(leg), F(leg.reference_price))


def ticket(q: Question) -> Fraction | None:
    custodian = q.picture.market.custodians.get(q.account.custodian)
    return None if custodian is None else F(custodian.ticket_fee)


def free_cash(account: Account) -> Fraction:
    return F(account.cash.settled) + F(account.cash.unsettled) - F(account.cash.reserved)


def worth(account: Account, q: Question) -> Fraction:
    total = F(account.cash.settled) + F(account.cash.unsettled) + F(account.cash.held)
    for lot in account.lots:
        total += F(lot.quantity) * (q.price(lot.symbol) or 0)
    return total


def halted(q: Question) -> Measure | None:
    """A halt names one thing, or everything; a venue's stops an order only where no other venue is left."""
    household, drafted_by = q.picture.household, q.picture.activity.agent
    for halt in sorted(q.picture.market.halts):
        kind, _, named = halt.partition(":")
        covers = {
            "all": True,
            "household": named == household.id,
            "advisor": named == household.advisor,
            "account": named == q.leg.account,
            "symbol": named == q.leg.symbol,
            "agent": named == drafted_by,
        }
        if covers.get(kind, False):
            return no()
    custodian = q.picture.market.custodians.get(q.account.custodian)
    left = [v for v in custodian.venues if f"venue:{v}" not in q.picture.market.halts] if custodian else []
    return no() if custodian and custodian.venues and not left else None


def account_status(q: Question) -> Measure | None:
    return None if q.account.status == "open" else no()


def account_authority(q: Question) -> Measure | None:
    account = q.account
    mine = account.advisor == q.picture.household.advisor
    allowed = {("advisory", True), ("advisory", False), ("brokerage", False)}
    return None if mine and (account.capacity, account.discretionary) in allowed else no()


def instrument_permission(q: Question) -> Measure | None:
    listed = q.instrument
    fine = listed is not None and listed.kind in ("share", "etf") and listed.tradable
    return None if fine else no()


def venue_permission(q: Question) -> Measure | None:
    custodian = q.picture.market.custodians.get(q.account.custodian)
    if custodian is None or not custodian.venues:
        return no()
    quoting = q.picture.market.quoting.get(q.leg.symbol)
    return no() if quoting is not None and not quoting & custodian.venues else None


def trading_session(q: Question) -> Measure | None:
    market = q.picture.market
    day = market.session
    here = market.now.astimezone(NEW_YORK)
    weekday = day.weekday() < 5 and day not in HOLIDAYS
    hours = here.date() == day and time(9, 30) <= here.time() < time(16)
    fine = weekday and market.open and hours and q.leg.time_in_force == TimeInForce.DAY
    return None if fine else no()


def share_fraction(q: Question) -> Measure | None:
    quantity = F(q.leg.quantity)
    if quantity <= 0:
        return Measure(HARD, quantity, F(1, 1_000_000), most=False)
    custodian = q.picture.market.custodians.get(q.account.custodian)
    if custodian is not None and custodian.fractional_shares:
        return None
    return Measure(HARD, quantity, F(floor(quantity)))


def price_tick(q: Question) -> Measure | None:
    price, listed = q.leg.limit_price, q.instrument
    if price is None or listed is None:
        return None
    tick = F(listed.tick)
    return Measure(HARD, F(price), floor(F(price) / tick) * tick)


def order_minimum(q: Question) -> Measure | None:
    held = sum((F(lot.quantity) for lot in q.account.lots if lot.symbol == q.leg.symbol), F(0))
    if not q.buys and F(q.leg.quantity) == held:
        return None
    dollars = F(q.leg.quantity) * F(q.leg.reference_price)
    return Measure(HARD, dollars, F(q.limits.order_minimum), most=False)


def order_quantity(q: Question) -> Measure | None:
    return Measure(HARD, F(q.leg.quantity), F(q.limits.order_quantity))


def order_volume(q: Question) -> Measure | None:
    if q.instrument is None:
        return None
    return Measure(HARD, F(q.leg.quantity), F(q.limits.order_volume) * F(q.instrument.average_daily_volume))


def order_value(q: Question) -> Measure | None:
    return Measure(HARD, size(q.leg), F(q.limits.order_value))


def cash(q: Question) -> Measure | None:
    if not q.buys:
        return None
    fee = ticket(q)
    if fee is None:
        return no()
    bought = sum((takes(o, fee) for o in q.own if o.side is Side.BUY and o.leg <= q.leg.leg), F(0))
    sold = sum((brings(o, fee) for o in q.own if o.side is Side.SELL), F(0))
    return Measure(HARD, bought, free_cash(q.account) + max(sold, F(0)))


def free_riding(q: Question) -> Measure | None:
    """Regulation T 220.8: was the purchase that opened the lot paid for in full?"""
    if q.buys:
        return None
    today = q.picture.market.session
    for choice in q.leg.lots:
        left = F(q.account.cash.settled)
        for done in q.picture.activity.executed:
            if done.account != q.account.id or done.side is Side.SELL or done.settles_on <= today:
                continue
            if choice.lot in done.opened and F(done.dollars) > left:
                return Measure(HARD, F(done.dollars), max(left, F(0)))
            left -= F(done.dollars)
    return None


def day_value(limit: Callable[[Limits], Decimal], before: Callable[[Question], Fraction]) -> Rule:
    def rule(q: Question) -> Measure | None:
        so_far = before(q)
        return Measure(HARD, so_far + size(q.leg), F(limit(q.limits)), so_far)

    return rule


def earlier(q: Question, legs: Sequence[Leg]) -> Fraction:
    return sum((size(o) for o in legs if o.leg < q.leg.leg), F(0))


def of_account(q: Question) -> Fraction:
    asked = [a for a in q.picture.activity.asked if a.account == q.account.id]
    return sum((F(a.dollars) for a in asked), F(0)) + earlier(q, q.own)


def of_household(q: Question) -> Fraction:
    return sum((F(a.dollars) for a in q.picture.activity.asked), F(0)) + earlier(q, q.legs)


def agent_day_value(q: Question) -> Measure | None:
    activity = q.picture.activity
    if activity.agent is None:
        return None
    before = F(activity.agent_dollars) + earlier(q, q.legs)
    return Measure(HARD, before + size(q.leg), F(q.limits.agent_day_value), before)


def day_loss(q: Question) -> Measure | None:
    """Marked to the market: what came in, and what the shares that came in are worth. The worst of an
    agent's, a strategy's, and of what the strategy traded of this very symbol."""
    activity = q.picture.activity
    if q.leg.side is not Side.BUY or (activity.agent is None and activity.strategy is None):
        return None
    mine = [one for one in activity.strategy_traded if one.symbol == q.leg.symbol]
    gains = [gained(q, traded) for traded in (activity.agent_traded, activity.strategy_traded, mine)]
    return Measure(HARD, max(F(0), *(-gain for gain in gains)), F(q.limits.day_loss))


def gained(q: Question, traded: Sequence[Traded]) -> Fraction:
    gain = F(0)
    for one in traded:
        at = q.picture.market.prices.get(one.symbol)
        if at is not None:
            gain += F(one.dollars) + F(one.shares) * F(at.price)
    return gain


def order_count(q: Question) -> Measure | None:
    activity = q.picture.activity
    recent = [at for at in activity.advisor_orders if activity.taken_at - at < q.limits.order_window]
    before = len(recent) + sum(1 for o in q.legs if o.leg < q.leg.leg)
    return Measure(HARD, F(before + 1), F(q.limits.order_count), F(before))


def same(one: Leg, other: object) -> bool:
    names = ("account", "symbol", "side", "quantity", "limit_price")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def duplicate_content(q: Question) -> Measure | None:
    activity = q.picture.activity
    live = [a for a in activity.asked if same(q.leg, a)]
    fresh = [a for a in live if a.remaining > 0 or activity.taken_at - a.asked_at < q.limits.duplicate_window]
    copies = sum(1 for o in q.own if o.leg < q.leg.leg and same(q.leg, o)) + bool(fresh)
    return Measure(HARD, F(copies + 1), F(1))


def duplicate_key(q: Question) -> Measure | None:
    copies = min(1, sum(1 for a in q.picture.activity.asked if a.order == q.leg.order))
    copies += sum(1 for o in q.legs if o.leg < q.leg.leg and o.order == q.leg.order)
    return Measure(HARD, F(copies + 1), F(1))


def position_size(q: Question) -> Measure | None:
    price = q.price(q.leg.symbol)
    if not q.buys or price is None:
        return None
    held = sum((F(lot.quantity) for lot in q.account.lots if lot.symbol == q.leg.symbol), F(0))
    after = held
    for one in q.own:
        if one.symbol == q.leg.symbol:
            after += F(one.quantity) if one.side is Side.BUY else -F(one.quantity)
    return Measure(HARD, after * price, F(q.limits.position_size), held * price)


def restricted(q: Question) -> Measure | None:
    if q.leg.symbol not in q.picture.market.restricted:
        return None
    return Measure(HARD if q.buys else SOFT, F(q.leg.quantity), F(0))


def do_not_trade(q: Question) -> Measure | None:
    return Measure(HARD, F(q.leg.quantity), F(0)) if q.leg.symbol in q.account.do_not_trade else None


def price_band(q: Question) -> Measure | None:
    low, high = F(q.leg.band_low), F(q.leg.band_high)
    asked = [] if q.leg.limit_price is None else [F(q.leg.limit_price)]
    market = q.price(q.leg.symbol)
    for price in asked + ([] if market is None else [market]):
        if price < low:
            return Measure(HARD, price, low, most=False)
        if price > high:
            return Measure(HARD, price, high)
    return None


def volatility_band(q: Question) -> Measure | None:
    price, usual = q.price(q.leg.symbol), q.picture.market.volatility.get(q.leg.symbol)
    if price is None or usual is None:
        return None
    width = max(F(q.limits.price_band), F(q.limits.volatility_band) * F(usual.expected))
    return Measure(HARD, abs(price / F(usual.close) - 1), width)


def stale_price(q: Question) -> Measure | None:
    price = q.picture.market.prices.get(q.leg.symbol)
    if price is None:
        return Measure(HARD, F(0), F(1), most=False)
    return Measure(HARD, F(max((q.picture.market.previous_session - price.session).days, 0)), F(0))


def short_sale(q: Question) -> Measure | None:
    if q.buys:
        return None
    sold = sum(
        (
            F(o.quantity)
            for o in q.own
            if o.side is Side.SELL and o.symbol == q.leg.symbol and o.leg <= q.leg.leg
        ),
        F(0),
    )
    held = sum((F(lot.quantity) for lot in q.account.lots if lot.symbol == q.leg.symbol), F(0))
    return Measure(HARD, sold, held)


def lot_reserved(q: Question) -> Measure | None:
    if q.buys:
        return None
    named, quantity = sum((F(c.quantity) for c in q.leg.lots), F(0)), F(q.leg.quantity)
    if named != quantity:
        return Measure(HARD, named, quantity, most=named > quantity)
    for choice in q.leg.lots:
        lots = [lot for lot in q.account.lots if lot.id == choice.lot and lot.symbol == q.leg.symbol]
        free = sum((F(lot.quantity) - F(q.account.reserved_lots.get(lot.id, 0)) for lot in lots), F(0))
        legs = [o for o in q.own if o.leg <= q.leg.leg]
        taken = sum((F(c.quantity) for o in legs for c in o.lots if c.lot == choice.lot), F(0))
        if taken > free:
            return Measure(HARD, taken, free)
    return None


def weight(
    q: Question,
    accounts: Sequence[Account],
    legs: Sequence[Leg],
    kind: Callable[[Instrument], str],
    limit: Fraction,
) -> Measure | None:
    """Everything of one kind after all legs, over the value of these accounts."""
    listed = q.picture.market.instruments
    mine = q.instrument
    if not q.buys or mine is None or mine.kind in FUNDS:
        return None

    def counts(symbol: str) -> bool:
        other = next((i for s, i in listed.items() if s == symbol), None)
        return other is not None and other.kind not in FUNDS and kind(other) == kind(mine)

    before = sum(
        (
            F(lot.quantity) * (q.price(lot.symbol) or 0)
            for a in accounts
            for lot in a.lots
            if counts(lot.symbol)
        ),
        F(0),
    )
    after = before
    for one in legs:
        if counts(one.symbol):
            dollars = F(one.quantity) * (q.price(one.symbol) or 0)
            after += dollars if one.side is Side.BUY else -dollars
    return part(SOFT, before, after, sum((worth(a, q) for a in accounts), F(0)), limit)


def part(
    severity: str, before: Fraction, after: Fraction, whole: Fraction, limit: Fraction
) -> Measure | None:
    if whole > 0:
        return Measure(severity, after / whole, limit, before / whole)
    if after <= limit * whole or after <= before:
        return None
    return Measure(severity, F(1), limit)


def concentration(q: Question) -> Measure | None:
    ips = q.account.ips
    limit = F(ips.max_issuer_weight if ips is not None else q.limits.max_issuer_weight)
    return weight(q, [q.account], q.own, lambda i: i.issuer, limit)


def sector_concentration(q: Question) -> Measure | None:
    return weight(q, [q.account], q.own, lambda i: i.sector, F(q.limits.max_sector_weight))


def household_exposure(q: Question) -> Measure | None:
    accounts = q.picture.household.accounts
    return weight(q, accounts, q.legs, lambda i: i.issuer, F(q.limits.household_issuer_weight))


def cash_floor(q: Question) -> Measure | None:
    fee, account = ticket(q), q.account
    if not q.buys or fee is None:
        return None
    until = q.picture.market.session + q.limits.outflow_horizon
    due = sum((F(flow.amount) for flow in account.outflows if flow.due_on <= until), F(0))
    floor_of = F(account.ips.cash_floor) if account.ips is not None else F(0)
    if due == floor_of == 0:
        return None
    before = free_cash(account)
    after = before + sum((-takes(o, fee) if o.side is Side.BUY else brings(o, fee) for o in q.own), F(0))
    needed = max(due, due + floor_of - F(account.cash.held))
    return Measure(SOFT, after, needed, before, most=False)


def turnover(q: Question) -> Measure | None:
    whole = worth(q.account, q)
    if not q.buys or whole <= 0:
        return None
    done = [d for d in q.picture.activity.executed if d.account == q.account.id and d.side is Side.BUY]
    buys = [o for o in q.own if o.side is Side.BUY]
    before = sum((F(d.dollars) for d in done), F(0)) + earlier(q, buys)
    return Measure(SOFT, (before + size(q.leg)) / whole, F(q.limits.turnover), before / whole)


def trading_cost(q: Question) -> Measure | None:
    fee, whole = ticket(q), worth(q.account, q)
    if not q.buys or fee is None or whole <= 0:
        return None
    done = [d for d in q.picture.activity.executed if d.account == q.account.id]
    before = sum((F(d.fees) for d in done), F(0))
    return Measure(SOFT, (before + fees(q.leg, fee)) / whole, F(q.limits.trading_cost), before / whole)


def profile_age(q: Question) -> Measure | None:
    household, today = q.picture.household, q.picture.market.session
    recorded = household.profile_recorded_on
    if recorded is None or household.objective is None:
        return no(SOFT)
    month = recorded.month - 1 + q.limits.profile_months
    last = date(recorded.year + month // 12, month % 12 + 1, 1)
    following = (last + timedelta(days=31)).replace(day=1)
    last = min(last + timedelta(days=recorded.day - 1), following - timedelta(days=1))
    return Measure(SOFT, F((today - recorded).days), F((last - recorded).days))


def best_interest(q: Question) -> Measure | None:
    """Regulation Best Interest's profile, and the adviser's duty: what is open against the purchase."""
    household, account, listed = q.picture.household, q.account, q.instrument
    if not q.buys or household.profile_recorded_on is None:
        return None
    points = 0
    if household.horizon_years is not None:
        recorded = household.profile_recorded_on
        year = recorded.year + household.horizon_years
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        day = 28 if (recorded.month, recorded.day) == (2, 29) and not leap else recorded.day
        points += date(year, recorded.month, day) < q.picture.market.session
    if account.capacity == "advisory" and account.ips is None:
        points += 1
    agreed = account.model is not None and q.leg.symbol in [*account.model.weights]
    if listed is not None and listed.kind == "share" and not agreed:
        points += household.objective in ("conservative", "income")
        points += household.liquidity_need == "high"
    return Measure(SOFT, F(points), F(0))


def standing_bounds(q: Question) -> Measure | None:
    """What two people adopted: who, what, when, how many, how much. Nothing to ask where people decide."""
    given = q.picture.approvals.drawn
    if given is None:
        return None
    home, today = q.picture.household, q.picture.market.session
    named = home.advisor in given.advisors or home.id in given.households
    fine = given.valid_from <= today <= given.valid_until and given.kind == q.picture.approvals.kind
    if not fine or not named or home.related or not q.account.discretionary:
        return no()
    model = q.account.model
    if given.symbols:
        inside = q.leg.symbol in given.symbols
    else:
        inside = not q.buys or (model is not None and q.leg.symbol in [*model.weights])
    if not inside:
        return no()
    asked = sum((size(o) for o in q.legs if o.leg <= q.leg.leg), F(0))
    whole = (
        (asked, given.dollars_each),
        (F(given.used_today) + asked, given.dollars_a_day),
        (F(given.used_in_all) + asked, given.dollars_in_all),
        (F(given.drawn_today + 1), given.proposals_a_day),
    )
    for reached, limit in whole:
        if reached > F(limit):
            return Measure(HARD, reached, F(limit))
    return Measure(HARD, asked, F(given.dollars_each))


@dataclass
class Part:
    day: date
    shares: Fraction
    a_share: Fraction
    leg: int | None
    lot: str | None = None


def wash_sale(q: Question) -> Measure | None:
    """Publication 550 and 26 CFR 1.1091-1: each share sold at a loss against one share bought around it, but
    none against the rest of its own purchase (Rev. Rul. 56-602)."""
    if not q.buys and (q.account.kind in IRAS or q.price(q.leg.symbol) is None):
        return None
    bought, dollars = list(purchases(q)), F(0)
    for loss in list(losses(q)):
        for buy in bought:
            shares = min(loss.shares, buy.shares)
            if shares <= 0 or abs(buy.day - loss.day) > DAYS_30 or together(q, loss.lot, buy.lot):
                continue
            loss.shares, buy.shares = loss.shares - shares, buy.shares - shares
            mine = loss.leg == q.leg.leg or (loss.leg is None and buy.leg == q.leg.leg)
            dollars += F(round(shares * loss.a_share * 100), 100) if mine else 0
    return Measure(SOFT, dollars, F(0))


def together(q: Question, one: str | None, other: str | None) -> bool:
    """Whether both lots came by one purchase."""
    if one is None or other is None:
        return False
    orders = [done.opened for done in q.picture.activity.executed if done.symbol == q.leg.symbol]
    return one == other or any(one in opened and other in opened for opened in orders)


def losses(q: Question) -> Iterator[Part]:
    today, symbol, price = q.picture.market.session, q.leg.symbol, q.price(q.leg.symbol)
    kinds = {a.id: a.kind for a in q.picture.household.accounts}
    for done in q.picture.activity.executed:
        if done.symbol != symbol or done.side is Side.BUY or kinds[done.account] in IRAS:
            continue
        for sold in done.sold:
            lost = F(sold.cost) - F(sold.proceeds)
            if lost > 0 and today - done.traded_on <= DAYS_30:
                yield Part(done.traded_on, F(sold.quantity), lost / F(sold.quantity), None)
    for account in q.picture.household.accounts:
        for lot in account.lots:
            promised = F(account.reserved_lots.get(lot.id, 0))
            if lot.symbol != symbol or account.kind in IRAS or price is None or promised == 0:
                continue
            if F(lot.cost_per_share) > price:
                yield Part(today, promised, F(lot.cost_per_share) - price, None, lot.id)
    for one in q.legs:
        if one.symbol != symbol or one.side is Side.BUY or kinds[one.account] in IRAS or price is None:
            continue
        for choice in one.lots:
            for lot in q.account_of(one).lots:
                if lot.id == choice.lot and F(lot.cost_per_share) > price:
                    yield Part(today, F(choice.quantity), F(lot.cost_per_share) - price, one.leg, lot.id)


def purchases(q: Question) -> Iterator[Part]:
    today, symbol = q.picture.market.session, q.leg.symbol
    found = []
    for account in q.picture.household.accounts:
        for lot in account.lots:
            if lot.symbol == symbol and lot.acquired_on >= today - 2 * DAYS_30:
                sold = [c for o in q.legs if o.symbol == symbol for c in o.lots if c.lot == lot.id]
                left = F(lot.quantity) - sum((F(c.quantity) for c in sold), F(0))
                left -= F(account.reserved_lots.get(lot.id, 0))
                found.append(Part(lot.acquired_on, left, F(0), None, lot.id))
    yield from sorted(found, key=lambda part: part.day)
    for asked in q.picture.activity.asked:
        if asked.symbol == symbol and asked.side is Side.BUY:
            yield Part(today, F(asked.remaining), F(0), None)
    for one in q.legs:
        if one.symbol == symbol and one.side is Side.BUY:
            yield Part(today, F(one.quantity), F(0), one.leg)


Rule = Callable[[Question], Measure | None]
RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        halted,
        *(account_status, account_authority, instrument_permission, venue_permission, trading_session),
        *(share_fraction, price_tick, order_minimum, order_quantity, order_volume, cash, free_riding),
        *(order_value, agent_day_value, day_loss, order_count, duplicate_content, duplicate_key),
        *(
            position_size,
            restricted,
            do_not_trade,
            price_band,
            volatility_band,
            stale_price,
            short_sale,
            lot_reserved,
        ),
        *(concentration, sector_concentration, household_exposure, cash_floor, turnover, trading_cost),
        *(profile_age, best_interest, wash_sale, standing_bounds),
    )
} | {
    "account_day_value": day_value(lambda limits: limits.account_day_value, of_account),
    "household_day_value": day_value(lambda limits: limits.household_day_value, of_household),
    "advisor_day_value": day_value(
        lambda limits: limits.advisor_day_value,
        lambda q: F(q.picture.activity.advisor_dollars) + earlier(q, q.legs),
    ),
    "firm_day_value": day_value(
        lambda limits: limits.firm_day_value,
        lambda q: F(q.picture.activity.firm_dollars) + earlier(q, q.legs),
    ),
}
