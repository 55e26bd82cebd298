"""The packaged daily closes: real to 2022-12-28, adjusted for splits and dividends.

Rule 1: adjusted closes are not what anybody paid. No dividend is paid on them, no lot is read as a ticket.
Rule 2: read once per process, on first use; kept as whole thousandths of a dollar, a megabyte in all.
Rule 3: what is synthetic comes from `core.market.synthetic` and is marked in each price's source.

Source: the datasets of the package skfolio (see `data/README.md`).
"""

from __future__ import annotations

import gzip
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final

from core.errors import NotFound
from core.ids import Symbol
from core.market import synthetic

INDEX: Final = Symbol("SP500")
REAL_SOURCE: Final = "adjusted close (skfolio)"

_PLACES: Final = -3  # closes are given to a thousandth of a dollar


@dataclass(frozen=True, slots=True)
class Closes:
    """Closes by symbol and session, in dollars (index points for `SP500`)."""

    sessions: tuple[date, ...]
    _place: Mapping[date, int]
    _thousandths: Mapping[Symbol, array[int]]  # zero: before the first close

    def symbols(self) -> tuple[Symbol, ...]:
        """Every symbol with a series: shares, factor ETFs, the index, the synthetic bond ETF."""
        return tuple(sorted(self._thousandths))

    def last_session(self) -> date:
        """The session of the last real price."""
        return self.sessions[-1]

    def on(self, symbol: Symbol, session: date) -> Decimal:
        """The close of that session, to a thousandth.

        Raises:
            NotFound: no such series, or no close on that day.
        """
        series = self._series(symbol)
        place = self._place.get(session)
        if place is None or not series[place]:
            raise NotFound(
                f"no close of {symbol!r} on {session.isoformat()!r}",
                fix=f"ask for a session from {self.sessions[0]} to {self.sessions[-1]}",
            )
        return Decimal(series[place]).scaleb(_PLACES)

    def series(
        self, symbol: Symbol, *, since: date | None = None, until: date | None = None
    ) -> tuple[tuple[date, Decimal], ...]:
        """Sessions and closes in order, both ends included. Sessions before the first close are absent."""
        series = self._series(symbol)
        begin = 0 if since is None else bisect_left(self.sessions, since)
        end = len(self.sessions) if until is None else bisect_right(self.sessions, until)
        return tuple(
            (day, Decimal(close).scaleb(_PLACES))
            for day, close in zip(self.sessions[begin:end], series[begin:end], strict=True)
            if close
        )

    def _series(self, symbol: Symbol) -> array[int]:
        try:
            return self._thousandths[symbol]
        except KeyError:
            raise NotFound(f"no closes of {symbol!r}", fix=f"known: {', '.join(self.symbols())}") from None


@cache
def closes() -> Closes:
    """All packaged closes, read on the first call."""
    packed = files("core.market").joinpath("data/closes.csv.gz").read_bytes()
    header, *rows = gzip.decompress(packed).decode("ascii").splitlines()
    symbols = [Symbol(name) for name in header.split(",")[1:]]
    columns: dict[Symbol, array[int]] = {symbol: array("i") for symbol in symbols}
    sessions = []
    for row in rows:
        day, *values = row.split(",")
        sessions.append(date.fromisoformat(day))
        for symbol, value in zip(symbols, values, strict=True):
            columns[symbol].append(_thousandths(value))
    columns[synthetic.BOND_ETF] = array("i", synthetic.bond_etf(sessions))
    return Closes(tuple(sessions), {day: place for place, day in enumerate(sessions)}, columns)


def _thousandths(value: str) -> int:
    """`359.69` is 359690; nothing is 0."""
    whole, _, part = value.partition(".")
    return int(whole or 0) * 1000 + int(part.ljust(3, "0"))
