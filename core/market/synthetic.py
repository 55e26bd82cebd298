"""What no data set gives us, made by formula and marked: a bond ETF, other holdings' prices, volume, spread.

Rule 1: nothing here is a market fact. Every instrument and price made here says "synthetic".
Rule 2: a formula of the symbol and the day alone: no seed, no state, the same on every machine.

The bond ETF. It begins at 40.000 dollars on the first session. Each session it earns 0.012 % (three percent
a year, distributions kept) and moves by a shock between -0.36 % and +0.36 %: the sum of two draws from
`sha256("bond/<symbol>/<date>")`, each between -0.18 % and +0.18 %. Rounded down to a thousandth of a dollar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from core.ids import Symbol

SOURCE: Final = "synthetic"

BOND_ETF: Final = Symbol("GHAB")
CASH_SWEEP: Final = Symbol("GHCS")

FIXED_PRICES: Final[Mapping[Symbol, Decimal]] = MappingProxyType(
    {
        CASH_SWEEP: Decimal("1.00"),
        Symbol("GHLVX"): Decimal("41.87"),
        Symbol("GHMUNI31"): Decimal("98.40"),  # for 100 dollars of face value
        Symbol("AAPL230317C00150000"): Decimal("212.00"),  # for one contract on 100 shares
        Symbol("BTC"): Decimal("16600.00"),
    }
)
"""Prices of what may be held and is not traded here, in dollars; the same on every day."""

_MILLION: Final = 1_000_000
_CARRY: Final = 120  # millionths a session
_SHOCK: Final = 1800  # millionths, each of two


def bond_etf(sessions: Iterable[date]) -> Iterator[int]:
    """Closes of the bond ETF in thousandths of a dollar, one for each session in order."""
    price = 40_000
    for number, session in enumerate(sessions):
        if number:
            price = price * (_MILLION + _CARRY + _shock(session)) // _MILLION
        yield price


def average_daily_volume(symbol: Symbol, least: int, most: int) -> Decimal:
    """Shares a day between `least` and `most`, in whole thousands."""
    drawn = _draw(f"volume/{symbol}")
    return Decimal((least + drawn % (most - least + 1)) // 1000 * 1000)


def spread_bps(symbol: Symbol, least_tenths: int, most_tenths: int) -> Decimal:
    """The quoted spread in basis points of the price, to a tenth."""
    drawn = _draw(f"spread/{symbol}")
    return Decimal(least_tenths + drawn % (most_tenths - least_tenths + 1)).scaleb(-1)


def _shock(session: date) -> int:
    drawn = sha256(f"bond/{BOND_ETF}/{session.isoformat()}".encode()).digest()
    first, second = int.from_bytes(drawn[:8], "big"), int.from_bytes(drawn[8:16], "big")
    span = 2 * _SHOCK + 1
    return first % span + second % span - 2 * _SHOCK


def _draw(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")
