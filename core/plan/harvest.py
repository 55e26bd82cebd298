"""Losses that may be taken, and a replacement that stands in until the shares may be bought back.

Rule 1: how much of a loss a purchase washes is the policy's own answer (`core.risk.wash_sale`): what is
drafted is what would be allowed. A household counts as one taxpayer, as there.
Rule 2: a symbol is harvested only where nothing of its loss is washed today; otherwise the day is said on
which it is clear.
Rule 3: each sale is replaced by one purchase of the same account, of another issuer and the same kind and
sector. That purchase names the sale as what pays for it, and so which holding it stands in for.
Rule 4: losses first meet the gains that the household has realised this year, each term its own, then the
other; beyond that $3,000 a year may be deducted, and the rest is carried forward.
Source: 26 USC 1091, 1211(b), 1212(b), 1222; IRS Publication 550, Wash Sales and Capital Losses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.book.gains import Gains, Term, term
from core.book.picture import Account, Lot, Market, Picture
from core.errors import BadInput
from core.ids import AccountId, ProposalId, Symbol
from core.money import to_cents, whole_shares_down
from core.orders.content import LotChoice
from core.orders.cost import least_received, most_paid
from core.orders.events import Side
from core.plan.assumptions import Assumptions
from core.plan.band import unusable_price
from core.plan.basket import Table, table
from core.plan.legs import legs_of
from core.plan.lots import gains_of
from core.plan.rebalance import limit_trade
from core.plan.start import why_blocked
from core.plan.tax import TAXED_KINDS
from core.plan.trade import Trade
from core.risk.intent import intents
from core.risk.standing import Ground
from core.risk.wash_sale import WINDOW, disallowed, matched

ZERO: Final = Decimal(0)
LEAST_LOSS: Final = Decimal(1_000)
DEDUCTIBLE: Final = Decimal(3_000)
"""Dollars of net loss a year against other income. Source: 26 USC 1211(b)(1)."""
ASKED_ABOUT: Final = ProposalId("prp-harvest")


@dataclass(frozen=True, slots=True)
class Harvest:
    """One holding's lots below their cost, all together. Dollars, positive. `usable` is neither deferred nor
    lost for good; `clear_on` is the first day on which nothing bought so far washes it (None: now), and
    `buy_back_on` the first on which the shares may be bought again after a sale today."""

    account: AccountId
    symbol: Symbol
    lots: tuple[LotChoice, ...]
    loss: Decimal
    short_term: Decimal
    long_term: Decimal
    usable: Decimal
    deferred: Decimal
    lost: Decimal
    clear_on: date | None
    buy_back_on: date


@dataclass(frozen=True, slots=True)
class TaxYear:
    """A household's year so far, and what the usable losses would do. Dollars; `realised` are signed."""

    realised: Gains
    usable: Decimal
    against_gains: Decimal
    deductible: Decimal
    carried: Decimal
    lost: Decimal


def harvestable(
    picture: Picture, accounts: Sequence[AccountId], assumptions: Assumptions
) -> tuple[Harvest, ...]:
    """Every holding of a taxed account with lots below their cost, the most usable first. No account: all."""
    ground = Ground(picture)
    found = []
    for account in picture.household.accounts:
        if account.kind not in TAXED_KINDS or (accounts and account.id not in accounts):
            continue
        for symbol in account.symbols():
            lots = losing_lots(account, symbol, picture.market)
            if lots and unusable_price(symbol, picture.market) is None:
                found.append(_harvest(account, symbol, lots, ground, assumptions))
    return tuple(sorted(found, key=lambda one: (-one.usable, one.account, one.symbol)))


def losing_lots(account: Account, symbol: Symbol, market: Market) -> tuple[LotChoice, ...]:
    """Free lots below their cost, the largest loss a share first. Nothing that may not be sold."""
    instrument, price = market.instruments.get(symbol), market.prices.get(symbol)
    if instrument is None or price is None or not instrument.tradable or symbol in account.do_not_trade:
        return ()
    losing = [lot for lot in account.lots if lot.symbol == symbol and lot.cost_per_share > price.price]
    losing.sort(key=lambda lot: (-lot.cost_per_share, lot.acquired_on, lot.id))
    free = [(lot, lot.quantity - account.reserved_lots.get(lot.id, ZERO)) for lot in losing]
    return tuple(LotChoice(lot=lot.id, quantity=shares) for lot, shares in free if shares > 0)


def tax_year(picture: Picture, found: Iterable[Harvest]) -> TaxYear:
    """What the losses that are usable now would save from, in the order of the law."""
    harvests = tuple(found)
    realised = realised_this_year(picture)
    usable = sum((one.usable for one in harvests), ZERO)
    gains = max(realised.short_term, ZERO) + max(realised.long_term, ZERO)
    losses = -min(realised.short_term, ZERO) - min(realised.long_term, ZERO)
    against = min(usable, max(gains - losses, ZERO))
    spare = max(DEDUCTIBLE - max(losses - gains, ZERO), ZERO)
    deductible = min(usable - against, spare)
    lost = sum((one.lost for one in harvests), ZERO)
    return TaxYear(realised, usable, against, deductible, usable - against - deductible, lost)


def realised_this_year(picture: Picture) -> Gains:
    """Net gains of the household's taxed accounts, by the executions that are known here, each whole sale of
    one lot by its own term."""
    short = long = ZERO
    taxed = {account.id for account in picture.household.accounts if account.kind in TAXED_KINDS}
    for done in picture.activity.executed:
        if done.account in taxed and done.traded_on.year == picture.market.session.year:
            for part in done.sold:
                gain = to_cents(part.proceeds - part.cost)
                acquired = part.acquired_on
                if acquired and term(acquired_on=acquired, sold_on=done.traded_on) is Term.LONG:
                    long += gain
                else:
                    short += gain
    return Gains(short_term=short, long_term=long)


def harvest_plan(
    account: Account,
    picture: Picture,
    assumptions: Assumptions,
    *,
    symbol: Symbol | None,
    replacement: Symbol | None,
) -> tuple[Trade, ...] | str:
    """Sales of what is worth harvesting, each with its replacement; or why there is none.

    Raises:
        BadInput: the named replacement cannot stand in.
    """
    market = picture.market
    if account.kind not in TAXED_KINDS:
        return "no tax is paid here, so no loss is worth harvesting"
    blocked = why_blocked(account, market)
    if blocked:
        return blocked
    found = [h for h in harvestable(picture, [account.id], assumptions) if symbol in (None, h.symbol)]
    worth = [h for h in found if h.usable == h.loss and h.loss >= LEAST_LOSS]
    trades: list[Trade] = []
    without = []
    taken = {h.symbol for h in found}
    for one in worth:
        other = stands_in(one.symbol, account, picture, taken, named=replacement)
        pair = None if other is None else _pair(account, market, assumptions, one, other)
        if other is None or pair is None:
            without.append(f"nothing can stand in for {one.symbol}")
            continue
        taken.add(other)
        trades += pair
    sells = [trade for trade in trades if trade.side is Side.SELL]
    return (*sells, *(t for t in trades if t.side is Side.BUY)) or _why_none(found, worth, without)


def stands_in(
    symbol: Symbol, account: Account, picture: Picture, taken: Iterable[Symbol], *, named: Symbol | None
) -> Symbol | None:
    """What may be bought in its place: same kind and sector, another issuer, not lately sold at a loss. The
    most traded one, unless one is named. None: nothing may.

    Raises:
        BadInput: the named one cannot stand in; says why.
    """
    market = picture.market
    original = market.instruments[symbol]
    barred = {*taken, symbol} | _sold_at_a_loss(picture)
    fitting = [
        other
        for other in market.instruments.values()
        if other.tradable
        and (other.kind, other.sector) == (original.kind, original.sector)
        and other.issuer != original.issuer
        and other.symbol not in barred
        and other.symbol not in market.restricted
        and other.symbol not in account.do_not_trade
        and unusable_price(other.symbol, market) is None
    ]
    if named is not None and named not in {other.symbol for other in fitting}:
        names = ", ".join(sorted(other.symbol for other in fitting)) or "none"
        raise BadInput(
            f"{named} cannot stand in for {symbol}: it takes another issuer of the same kind and sector, "
            "that is traded here, not restricted, and not itself sold at a loss",
            fix=f"name one of these, or leave it to us: {names}",
            field="replacement",
        )
    if named is not None:
        return named
    fitting.sort(key=lambda other: (-other.average_daily_volume, other.symbol))
    return fitting[0].symbol if fitting else None


def _harvest(
    account: Account, symbol: Symbol, lots: tuple[LotChoice, ...], ground: Ground, assumptions: Assumptions
) -> Harvest:
    market = ground.market
    price = market.prices[symbol].price
    quantity = sum((choice.quantity for choice in lots), ZERO)
    sale = limit_trade(account, market, symbol, Side.SELL, quantity, lots)
    legs = legs_of(ASKED_ABOUT, (sale,), market, assumptions.limits, partly=False)
    (intent,) = intents(legs, ground)
    deferred, lost = disallowed(matched(intent))
    gains = gains_of(account, lots, price=price, on=market.session)
    loss = -to_cents(gains.total)
    return Harvest(
        account=account.id,
        symbol=symbol,
        lots=lots,
        loss=loss,
        short_term=-to_cents(gains.short_term),
        long_term=-to_cents(gains.long_term),
        usable=loss - to_cents(deferred) - to_cents(lost),
        deferred=to_cents(deferred),
        lost=to_cents(lost),
        clear_on=_clear_on(symbol, ground, {choice.lot for choice in lots}) if deferred or lost else None,
        buy_back_on=market.session + WINDOW + timedelta(days=1),
    )


def _clear_on(symbol: Symbol, ground: Ground, sold: set[str]) -> date:
    """The day after the window of the last purchase that would be left."""
    today = ground.market.session
    around = (lot for account in ground.household.accounts for lot in _around(account, symbol, today))
    bought = [lot.acquired_on for lot in around if lot.id not in sold]
    if any(asked.side is Side.BUY for asked in ground.pending.get(symbol, ())):
        bought.append(today)
    return max(bought, default=today) + WINDOW + timedelta(days=1)


def _around(account: Account, symbol: Symbol, today: date) -> list[Lot]:
    return [lot for lot in account.lots if lot.symbol == symbol and today - lot.acquired_on <= WINDOW]


def _pair(
    account: Account, market: Market, assumptions: Assumptions, one: Harvest, other: Symbol
) -> tuple[Trade, Trade] | None:
    """The sale and what it pays for at worst. None: it pays for no share, or no price is in the band."""
    quantity = whole_shares_down(sum((choice.quantity for choice in one.lots), ZERO))
    lots = _first(one.lots, quantity)
    try:
        at = table(account, market, (one.symbol, other), assumptions)
    except BadInput:
        return None
    shares = _paid_by(at, one.symbol, quantity, other)
    if not quantity or not shares:
        return None
    return (
        limit_trade(account, market, one.symbol, Side.SELL, quantity, lots),
        limit_trade(account, market, other, Side.BUY, shares, (), instead_of=one.symbol),
    )


def _paid_by(at: Table, sold: Symbol, quantity: Decimal, other: Symbol) -> Decimal:
    brings = least_received(quantity=quantity, price=at.bands[sold].low, ticket_fee=at.ticket_fee)
    price = at.bands[other].high
    shares = whole_shares_down(max(brings, ZERO) / price)
    while shares > 0 and most_paid(quantity=shares, price=price, ticket_fee=at.ticket_fee) > brings:
        shares -= 1
    return shares


def _first(lots: Sequence[LotChoice], quantity: Decimal) -> tuple[LotChoice, ...]:
    found, left = [], quantity
    for choice in lots:
        taken = min(choice.quantity, left)
        if taken > 0:
            found.append(LotChoice(lot=choice.lot, quantity=taken))
            left -= taken
    return tuple(found)


def _sold_at_a_loss(picture: Picture) -> set[Symbol]:
    since = picture.market.session - WINDOW
    return {
        done.symbol
        for done in picture.activity.executed
        if done.traded_on >= since and any(part.proceeds < part.cost for part in done.sold)
    }


def _why_none(found: Sequence[Harvest], worth: Sequence[Harvest], without: Sequence[str]) -> str:
    if without:
        return "; ".join(without)
    if not found:
        return "no lot is below its cost"
    washed = [one for one in found if one.usable < one.loss]
    if washed:
        return "; ".join(
            f"{one.symbol}: of ${one.loss:,.2f}, ${one.deferred:,.2f} would be deferred and ${one.lost:,.2f} "
            f"lost for good; clear from {one.clear_on}"
            for one in washed
        )
    most = max(one.loss for one in found)
    return f"no holding has a loss of ${LEAST_LOSS:,.2f}; the largest is ${most:,.2f}"
