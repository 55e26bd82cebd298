"""What a rebalance weighs: every dollar off target against the tax and the cost of moving it.

Rule 1: a percentage point off target weighs a cent for each dollar that is off. A dollar is moved only where
that is more than its tax and its cost; what is outside its band is moved whatever it costs.
Rule 2: nothing is sold below its target and nothing bought above it, but to raise cash that must be there.
Rule 3: a loss counts as the tax that it saves on other gains, and as nothing where a purchase would wash it.
Rule 4: whole numbers only: dollars in millionths, rates in ten-thousand-millionths. They are the problem
itself, so that it has one exact answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from core.book.picture import Account, Market
from core.ids import LotId, Symbol
from core.plan.assumptions import Assumptions
from core.plan.drift import shares_of
from core.plan.lots import tax_a_dollar
from core.plan.preview import ACCESS_FEE
from core.plan.tax import TAXED_KINDS

DOLLAR: Final = 10**6
RATE: Final = 10**10
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one lot, in the order in which lots go. `tax` is of a dollar sold; below zero: it saves some.
    `start` and `end` count the holding's dollars that go before it and with it."""

    lot: LotId
    tax: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Selling:
    """A holding that may shrink. `excess` is dollars above its target, `least` and `most` what may go."""

    symbol: Symbol
    excess: int
    least: int
    most: int
    cost: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Buying:
    """A holding that may grow: dollars below its target, and what may and what must come."""

    symbol: Symbol
    short: int
    least: int
    most: int
    cost: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One account. `cash` is dollars above the target of cash; `floor` and `ceiling` are what may be left.
    `budget` is the most tax on gains, less what losses save; None: no limit."""

    value: int
    cash: int
    floor: int
    ceiling: int
    sells: tuple[Selling, ...]
    buys: tuple[Buying, ...]
    budget: int | None


@dataclass(frozen=True, slots=True)
class Wish:
    """How a rebalance is meant. `band` is the fraction of the account that cash may stay off its target, and
    each holding too that has none of its own in `bands`; `weigh` False: as little as the bands ask for.
    `washed` are symbols whose losses save nothing. `sales_only`: nothing is bought."""

    band: Decimal
    weigh: bool = True
    gains_budget: Decimal | None = None
    washed: frozenset[Symbol] = frozenset()
    sales_only: bool = False
    bands: Mapping[Symbol, Decimal] = field(default_factory=dict)


def problem(
    account: Account,
    market: Market,
    assumptions: Assumptions,
    targets: Mapping[Symbol, Decimal],
    *,
    value: Decimal,
    spare: Decimal,
    wanted_cash: Decimal,
    wish: Wish,
) -> Problem:
    """`value` is what is measured against the model; `spare` is dollars that may be spent (negative: must be
    raised), of which `wanted_cash` would better stay."""
    held = shares_of(account)
    gaps = {s: held.get(s, ZERO) * market.prices[s].price - dollars for s, dollars in targets.items()}
    must_raise = -spare > sum((gap for gap in gaps.values() if gap > 0), ZERO)
    anything = must_raise or wish.sales_only  # may be sold, also below its target
    band = ZERO if anything else wish.band * value
    sells, buys = [], []
    for symbol in sorted(targets):
        price, gap = market.prices[symbol].price, gaps[symbol]
        own = ZERO if anything else wish.bands.get(symbol, wish.band) * value
        room = max(own - max(price, assumptions.minimum_trade), ZERO)  # what rounding may add
        cost = _rate(market.instruments[symbol].spread_bps / 20_000 + ACCESS_FEE / price)
        if symbol in held and (gap > 0 or anything):
            pieces = _pieces(account, symbol, price, market, assumptions, wish)
            most = pieces[-1].end if anything else min(_micro(gap), pieces[-1].end)
            least = 0 if anything else min(max(_micro(gap - room), 0), most)
            excess = _micro(gap) if wish.weigh or anything else least
            sells.append(Selling(symbol, excess, least, most, cost, pieces))
        elif gap < 0 and not anything:
            allowed = _micro(-gap) if symbol not in market.restricted else 0
            least = min(max(_micro(-gap - room), 0), allowed)
            buys.append(Buying(symbol, _micro(-gap) if wish.weigh else least, least, allowed, cost))
    over = spare - wanted_cash  # cash, too, may stay off its target where only the band counts
    stays = ZERO if wish.weigh or anything else min(max(over, -min(band, wanted_cash)), band)
    buys = _payable(sells, buys, spare)
    must_sell, must_buy = sum(one.least for one in sells), sum(one.least for one in buys)
    # At worst what must be sold brings less than its price, and what must be bought takes more.
    to_raise = max(_micro(-spare), 0) if wish.sales_only else must_sell
    worst = int(assumptions.limits.price_band * (to_raise + must_buy))
    cash, floor = _micro(over - stays), -_micro(wanted_cash + stays)
    floor = max(floor, min(floor + worst, cash + sum(one.most for one in sells) - must_buy))
    rounded = min(sum((market.prices[one.symbol].price for one in buys), ZERO), band / 2)
    least_left = cash + must_sell - sum(one.most for one in buys)
    return Problem(
        value=max(_micro(value), 1),
        cash=cash,
        floor=floor,
        ceiling=floor if wish.sales_only else max(_micro(band - rounded - stays), floor, least_left),
        sells=tuple(sells),
        buys=tuple(buys),
        budget=_budget(account, wish, assumptions),
    )


def _pieces(
    account: Account, symbol: Symbol, price: Decimal, market: Market, assumptions: Assumptions, wish: Wish
) -> tuple[Piece, ...]:
    rates, on = assumptions.rates, market.session
    taxed = [
        (_rate(tax_a_dollar(lot, price, kind=account.kind, on=on, rates=rates)), lot)
        for lot in account.lots
        if lot.symbol == symbol
    ]
    if symbol in wish.washed:
        taxed = [(max(tax, 0), lot) for tax, lot in taxed]
    found, end = [], 0
    for tax, lot in sorted(taxed, key=lambda one: (one[0], one[1].acquired_on, one[1].id)):
        start, end = end, end + _micro((lot.quantity - account.reserved_lots.get(lot.id, ZERO)) * price)
        found.append(Piece(lot.id, tax, start, end))
    return tuple(found)


def _payable(sells: list[Selling], buys: list[Buying], spare: Decimal) -> list[Buying]:
    """Where selling all that may be sold does not pay for what must be bought, nothing must be bought."""
    paid = _micro(spare) + sum(one.most for one in sells)
    if sum(one.least for one in buys) <= paid:
        return buys
    return [Buying(one.symbol, one.short, 0, one.most, one.cost) for one in buys]


def _budget(account: Account, wish: Wish, assumptions: Assumptions) -> int | None:
    """A gain of the short term uses as much of the budget as its tax is of a long-term gain's."""
    if wish.gains_budget is None or account.kind not in TAXED_KINDS:
        return None
    return _micro(wish.gains_budget * assumptions.rates.long_term)


def _micro(dollars: Decimal) -> int:
    return int((dollars * DOLLAR).to_integral_value(ROUND_HALF_EVEN))


def _rate(fraction: Decimal) -> int:
    return int((fraction * RATE).to_integral_value(ROUND_HALF_EVEN))
