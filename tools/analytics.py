"""Risk, stress, taxes and what-if of a household or account: figures of core's, arranged.

Rule 1: every figure is computed by core from one picture and the packaged closes; a tool only arranges it.
Rule 2: what has no price history is named, never guessed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from pydantic import Field

from core.book.gains import Gains
from core.book.picture import Account, Picture
from core.errors import BadInput
from core.fact import Amount
from core.ids import AccountId, HouseholdId, Symbol
from core.money import to_cents
from core.orders.content import Alternative, LotChoice
from core.orders.events import OrderType, Request, Side
from core.plan.assumptions import assumptions_on
from core.plan.harvest import harvestable, tax_year
from core.plan.kinds import plan_of
from core.plan.lots import gains_of
from core.plan.market_risk import risk as risk_of
from core.plan.market_risk import stress as stress_of
from core.plan.series import worth_by_symbol
from core.risk.limits import DEFAULT_LIMITS
from tools.clients import About, scope
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool
from tools.symbols import symbol_of

HUNDRED: Final = Decimal(100)
CONFIDENCE: Final = Decimal("0.95")


class PartOf(Ask):
    symbol: Symbol
    dollars: Amount


class Fall(Ask):
    window: str
    since: str
    until: str
    change: Amount  # dollars
    percent: Amount  # of what has prices for it
    left_out: tuple[Symbol, ...]


class Risks(Sourced):
    """Dollars lost in one day, positive; the contributions add up to the expected shortfall."""

    household: HouseholdId
    name: str
    confidence_percent: Amount
    days: int
    since: str
    until: str
    value: Amount
    value_at_risk: Amount
    expected_shortfall: Amount
    contributions: tuple[PartOf, ...]
    left_out: tuple[PartOf, ...]
    stress: tuple[Fall, ...]
    sectors: tuple[tuple[str, Amount], ...]  # per cent of what is invested


async def risk(ask: About, call: Call) -> Risks:
    """What the market could do to a household or account: one-day value at risk and expected shortfall at
    95 % by two years of history, each holding's contribution, named historical falls, exposure by sector.

    Name a household, an account, or neither for the thread's own household. Reads only.
    """
    found = await scope(ask, call)
    market = found.picture.market
    try:
        seen = risk_of(found.accounts, market, confidence=CONFIDENCE)
    except BadInput as bad:
        raise Refusal(str(bad), code="no_history") from bad
    return Risks(
        source=f"{found.source}, packaged closes to {seen.until}",
        as_of=market.now,
        household=found.named.household,
        name=found.named.name,
        confidence_percent=CONFIDENCE * HUNDRED,
        days=seen.days,
        since=seen.since.isoformat(),
        until=seen.until.isoformat(),
        value=seen.value,
        value_at_risk=seen.value_at_risk,
        expected_shortfall=seen.expected_shortfall,
        contributions=tuple(PartOf(symbol=s, dollars=d) for s, d in seen.contributions),
        left_out=tuple(PartOf(symbol=s, dollars=d) for s, d in sorted(seen.left_out.items())),
        stress=tuple(
            Fall(
                window=one.window.name,
                since=one.window.start.isoformat(),
                until=one.window.end.isoformat(),
                change=one.change,
                percent=to_cents(one.fraction * HUNDRED),
                left_out=tuple(one.left_out),
            )
            for one in stress_of(found.accounts, market)
        ),
        sectors=_sectors(found.accounts, found.picture),
    )


def _sectors(accounts: tuple[Account, ...], picture: Picture) -> tuple[tuple[str, Amount], ...]:
    held = worth_by_symbol(accounts, picture.market)
    whole = sum(held.values(), Decimal(0))
    by: dict[str, Decimal] = {}
    for symbol, dollars in held.items():
        instrument = picture.market.instruments.get(symbol)
        sector = instrument.sector if instrument else "unknown"
        by[sector] = by.get(sector, Decimal(0)) + dollars
    shares = ((sector, to_cents(dollars / whole * HUNDRED)) for sector, dollars in by.items())
    return tuple(sorted(shares, key=lambda one: (-one[1], one[0])))


class LossLine(Ask):
    account: AccountId
    symbol: Symbol
    loss: Amount
    usable: Amount
    deferred: Amount
    lost: Amount
    clear_on: str | None  # None: now
    buy_back_on: str


class Taxes(Sourced):
    """Dollars. Gains are signed; losses are positive. The household counts as one taxpayer."""

    household: HouseholdId
    name: str
    year: int
    realised_short: Amount
    realised_long: Amount
    unrealised_short: Amount
    unrealised_long: Amount
    usable: Amount
    against_gains: Amount
    deductible: Amount
    carried: Amount
    lost: Amount
    losses: tuple[LossLine, ...]


async def taxes(ask: About, call: Call) -> Taxes:
    """Gains by term, realised this year and unrealised, and losses that may be harvested: dollars usable now,
    deferred, lost for good, the day each is clear, and when it may be bought back.

    Name a household, an account, or neither for the thread's own household. Reads only; not tax advice.
    """
    found = await scope(ask, call)
    picture, market = found.picture, found.picture.market
    only = tuple(account.id for account in found.accounts)
    losses = harvestable(picture, only, assumptions_on(market.session, DEFAULT_LIMITS))
    year, still = tax_year(picture, losses), _unrealised(found.accounts, picture)
    return Taxes(
        source=found.source,
        as_of=market.now,
        household=found.named.household,
        name=found.named.name,
        year=market.session.year,
        realised_short=year.realised.short_term,
        realised_long=year.realised.long_term,
        unrealised_short=to_cents(still.short_term),
        unrealised_long=to_cents(still.long_term),
        usable=year.usable,
        against_gains=year.against_gains,
        deductible=year.deductible,
        carried=year.carried,
        lost=year.lost,
        losses=tuple(
            LossLine(
                account=one.account,
                symbol=one.symbol,
                loss=one.loss,
                usable=one.usable,
                deferred=one.deferred,
                lost=one.lost,
                clear_on=one.clear_on.isoformat() if one.clear_on else None,
                buy_back_on=one.buy_back_on.isoformat(),
            )
            for one in losses
        ),
    )


def _unrealised(accounts: tuple[Account, ...], picture: Picture) -> Gains:
    short = long = Decimal(0)
    for account in accounts:
        for lot in account.lots:
            price = picture.market.prices.get(lot.symbol)
            if price is not None:
                whole = (LotChoice(lot=lot.id, quantity=lot.quantity),)
                part = gains_of(account, whole, price=price.price, on=picture.market.session)
                short, long = short + part.short_term, long + part.long_term
    return Gains(short_term=short, long_term=long)


class WhatIfAsk(Ask):
    account: str = Field(max_length=80, description="the account's id, or its kind")
    household: str | None = Field(default=None, max_length=120, description="whose")
    side: Literal["buy", "sell"]
    quantity: Amount = Field(gt=0, le=10_000_000, description="shares")
    symbol: str = Field(max_length=12)


class WhatIf(Sourced):
    """The change, doing nothing, and what costs less, in the same figures. Nothing is drafted."""

    account: AccountId
    change: str
    alternatives: tuple[Alternative, ...]
    weight_before: Amount  # per cent of the account
    weight_after: Amount
    set_aside: str | None


async def what_if(ask: WhatIfAsk, call: Call) -> WhatIf:
    """What one order would do to an account: drift, gains by term, tax, cost, weight; beside doing nothing.

    It only computes: nothing is drafted, reserved or sent.
    """
    found = await scope(About(household=ask.household, account=ask.account), call)
    picture, (account,) = found.picture, found.accounts
    symbol = symbol_of(ask.symbol, picture)
    held = account.free_shares(symbol)
    if ask.side == "sell" and held < ask.quantity:
        some = f"{held.normalize():,f} {symbol} that are free to sell" if held else f"no {symbol}"
        raise Refusal(
            f"{account.id} holds {some}: a sale of {ask.quantity.normalize():,f} cannot be", code="too_few"
        )
    request = Request(
        kind="order",
        household=found.named.household,
        accounts=(account.id,),
        symbol=symbol,
        side=Side(ask.side),
        quantity=ask.quantity,
        order_type=OrderType.MARKET,
    )
    plan = plan_of(picture, request, assumptions_on(picture.market.session, DEFAULT_LIMITS))
    row = next((row for row in plan.preview.rows if row.symbol == symbol), None)
    nothing = Decimal(0)
    return WhatIf(
        source=found.source,
        as_of=picture.market.now,
        account=account.id,
        change=f"{ask.side} {ask.quantity} {symbol}",
        alternatives=plan.preview.alternatives,
        weight_before=to_cents(row.weight_before * HUNDRED) if row else nothing,
        weight_after=to_cents(row.weight_after * HUNDRED) if row else nothing,
        set_aside=plan.set_aside.get(account.id),
    )


RISK: Final = Tool("risk", About, Effect.READ, risk)
TAXES: Final = Tool("taxes", About, Effect.READ, taxes)
WHAT_IF: Final = Tool("what_if", WhatIfAsk, Effect.READ, what_if)
