"""What each account of the demo firm holds: weights by condition, then whole shares, then lots.

Rule 1: a lot was acquired on a real session at that session's adjusted close, rounded to a cent. An adjusted
close is not what anybody paid: no lot is a historical ticket.
Rule 2: weights and cash add up to one; shares are whole (one fund at one custodian excepted), and what they
leave stays in cash.
Rule 3: everything here is synthetic and drawn from the seed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from core.firm.draw import Draw
from core.firm.events import LotReceived
from core.firm.households import Account, Condition
from core.firm.models import HARBOR, model
from core.ids import HouseholdId, LotId, Symbol
from core.market.calendar import next_session
from core.market.closes import closes
from core.market.instruments import listing
from core.market.prices import closing_price
from core.money import whole_shares_down

LAST_BOUGHT: Final = date(2022, 10, 31)
FACTOR_FUNDS_SINCE: Final = date(2014, 1, 2)

_THOUSANDTH: Final = Decimal("0.001")
_BASIS_POINT: Final = Decimal("0.0001")
_EXCESS: Final = Decimal("0.14")  # of the account, above the model's cash
_NEXT_TO_NOTHING: Final = Decimal("0.0001")  # of the account in cash, less than a quarter's fee
_LOSING: Final = (Symbol("AMD"), Symbol("HD"), Symbol("MTUM"))
_MAY_BE_UNDER_WATER: Final = frozenset({Condition.LOSSES, Condition.DRIFTED})
_PEAK: Final = (date(2021, 11, 1), date(2022, 1, 31))  # when those stood near their highs
_COLLECTED: Final = tuple(
    Symbol(name)
    for name in ("AAPL", "BAC", "BBY", "CVX", "GE", "JPM", "KO", "PFE", "RRC", "WMT", "XOM", "MRK")
)
_FRACTIONS: Final = Symbol("QUAL")  # where the custodian keeps fractions, this one is bought in dollars
_UNTRADED: Final[Mapping[HouseholdId, tuple[Symbol, str]]] = MappingProxyType(
    {
        # what came in kind and may only be held, in the household's first account
        HouseholdId("hh-114"): (Symbol("GHLVX"), "620"),
        HouseholdId("hh-124"): (Symbol("GHMUNI31"), "250"),
        HouseholdId("hh-145"): (Symbol("AAPL230317C00150000"), "3"),
        HouseholdId("hh-154"): (Symbol("BTC"), "0.75"),
    }
)
_TILTS: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    # what has grown too large, what has become too small: the first by 6.5 points or more
    (("QUAL", "MSFT"), ("VLUE", "SIZE")),
    (("MTUM", "AAPL"), ("SIZE", "QUAL")),
    (("VLUE", "HD"), ("QUAL", "MTUM")),
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Fractions of the account; `cash` is the rest."""

    held: Mapping[Symbol, Decimal]

    @property
    def cash(self) -> Decimal:
        return 1 - sum(self.held.values(), Decimal(0))


def weights(account: Account, draw: Draw) -> Weights:
    """What part of the account each symbol is today."""
    if account.model is None:
        return _collection(draw)
    held = {target.symbol: target.weight for target in model(account.model).targets}
    if account.condition in (Condition.STORY, Condition.STORY_CONSENT):
        return Weights(_tilted(held, Decimal("0.065"), draw))
    held = _jittered(held, draw)
    if account.condition is Condition.DRIFTED:
        held = _tilted(held, _BASIS_POINT * draw.between(650, 1100, "tilt"), draw)
    if account.condition is Condition.EXCESS_CASH:
        held = {symbol: weight * (1 - _EXCESS) for symbol, weight in held.items()}
    if account.condition is Condition.FEE_SHORT:
        invested = sum(held.values(), Decimal(0))
        held = {symbol: weight * (1 - _NEXT_TO_NOTHING) / invested for symbol, weight in held.items()}
    return Weights(held)


def lots(account: Account, session: date, draw: Draw) -> tuple[LotReceived, ...]:
    """The opening lots, by symbol and then by date. `session` prices the account."""
    return tuple(
        LotReceived(
            account=account.id,
            lot=LotId(f"lot-{account.id.removeprefix('acc-')}-{number:02}"),
            symbol=symbol,
            quantity=quantity,
            cost_per_share=closing_price(symbol, acquired_on).price,
            acquired_on=acquired_on.isoformat(),
        )
        for number, (symbol, acquired_on, quantity) in enumerate(_purchases(account, session, draw), start=1)
    )


def invested(opened: Iterable[LotReceived], session: date) -> Decimal:
    """Dollars in what is traded, at the close of `session`."""
    traded = (lot for lot in opened if listing(lot.symbol).tradable)
    return sum((lot.quantity * closing_price(lot.symbol, session).price for lot in traded), Decimal(0))


def _purchases(account: Account, session: date, draw: Draw) -> Iterator[tuple[Symbol, date, Decimal]]:
    for symbol, weight in weights(account, draw).held.items():
        exactly = weight * account.value / closing_price(symbol, session).price
        fractions = account.custodian == HARBOR and symbol == _FRACTIONS
        shares = exactly.quantize(_THOUSANDTH, ROUND_DOWN) if fractions else whole_shares_down(exactly)
        for acquired_on, quantity in _parcels(account, symbol, shares, draw.under(symbol)):
            yield symbol, acquired_on, quantity
    if account.household in _UNTRADED and account.number == 0:
        symbol, units = _UNTRADED[account.household]
        yield symbol, _bought_on(account, symbol, draw.under(symbol)), Decimal(units)


def _collection(draw: Draw) -> Weights:
    """Brokerage: five shares that somebody picked, about equal."""
    start = draw.between(0, len(_COLLECTED) - 1, "collection")
    picked = [_COLLECTED[(start + step * 5) % len(_COLLECTED)] for step in range(5)]
    return Weights(
        {symbol: _BASIS_POINT * draw.between(1750, 1950, f"weight {symbol}") for symbol in sorted(picked)}
    )


def _jittered(held: Mapping[Symbol, Decimal], draw: Draw) -> dict[Symbol, Decimal]:
    """A little of one for a little of the next: under a point each way, cash unchanged."""
    moved = dict(held)
    for one, other in pairwise(sorted(held)):
        step = min(held[one], held[other], Decimal("0.08")) * draw.between(-4, 4, f"jitter {one}") / 40
        moved[one] += step
        moved[other] -= step
    return moved


def _tilted(held: Mapping[Symbol, Decimal], points: Decimal, draw: Draw) -> dict[Symbol, Decimal]:
    """`points` too much of one and too little of another, and 2.5 points of a second pair."""
    known = [tilt for tilt in _TILTS if all(name in held for name in (*tilt[0], *tilt[1]))]
    over, under = draw.one_of(known, "tilt of") if known else _largest_and_next(held)
    moved = dict(held)
    for grown, shrunk, by in zip(over, under, (points, Decimal("0.025")), strict=False):
        by = min(by, moved[Symbol(shrunk)] - Decimal("0.01"))
        moved[Symbol(grown)] += by
        moved[Symbol(shrunk)] -= by
    return moved


def _largest_and_next(held: Mapping[Symbol, Decimal]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where no tilt fits: shares have outgrown the bond fund."""
    largest, *others = sorted(held, key=lambda symbol: (-held[symbol], symbol))
    return (others[0],), (largest,)


def _parcels(account: Account, symbol: Symbol, shares: Decimal, draw: Draw) -> Iterator[tuple[date, Decimal]]:
    """One to three purchases, oldest first. No shares, no purchase."""
    count = min(int(shares), draw.between(1, 3, "parcels"))
    days = sorted(_bought_on(account, symbol, draw.under(f"parcel {number}")) for number in range(count))
    left = shares
    for number, day in enumerate(days, start=1):
        share = draw.between(30, 60, f"part {number}")
        part = left if number == count else whole_shares_down(left * share / 100)
        left -= part
        if part:
            yield day, part


def _bought_on(account: Account, symbol: Symbol, draw: Draw) -> date:
    """A session of the data between the account's opening (or the fund's first close) and last autumn.

    Where the account is to need nothing on account of losses, one at which the symbol cost no more than now.
    """
    first, last = max(next_session(account.opened_on), FACTOR_FUNDS_SINCE), LAST_BOUGHT
    sessions = closes().sessions
    if account.condition is Condition.LOSSES and symbol in _LOSING:
        first, last = _PEAK
    elif account.condition not in _MAY_BE_UNDER_WATER and symbol in closes().symbols():
        sessions = _no_dearer_than_now(symbol)
    return sessions[draw.between(bisect_left(sessions, first), bisect_right(sessions, last) - 1, "session")]


@cache
def _no_dearer_than_now(symbol: Symbol) -> tuple[date, ...]:
    """Sessions with a close up to the last one."""
    series = closes().series(symbol)
    return tuple(day for day, close in series if close <= series[-1][1])
