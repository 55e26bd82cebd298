"""Reading what is the same for everybody: the business day, prices, instruments, models, the restricted list.

Rule 1: a price is the middle of the venues' best bid and ask of this business day; where no venue quotes, it
    is the previous session's close. Each says which it is.
Rule 2: whoever reads it again and again reads what moved since: the server says by a digest of all rows
    whether any did, and a digest is read before the rows, so that what moves meanwhile is read the next time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.picture import Custodian, Instrument, Market, ModelPortfolio, Price
from core.book.stated import custodian_stated, instrument_stated, model_stated
from core.database.rows import together
from core.database.statements import statements
from core.errors import IntegrityLost
from core.ids import CustodianId, ModelId, Symbol, VenueName
from core.market.calendar import previous_session
from core.market.prices import closing_prices
from core.market.volatility import volatilities
from core.money import to_cents

SQL: Final = statements(Path(__file__).with_name("statements.sql"))

Connection = AsyncConnection[DictRow]


ASKS: Final = {name: (SQL[name], None) for name in ("market_day", "firm_reference", "quotes", "halted")}
STAMPED: Final = ("firm_reference", "quotes")
MOVES: Final = {name: (SQL[name], None) for name in ("market_stamps", "market_day", "halted")}


async def read_market(connection: Connection) -> tuple[Market, Mapping[ModelId, ModelPortfolio]]:
    """The market as of this read, and the firm's model portfolios."""
    return market_of(await together(connection, ASKS))


def market_of(found: Mapping[str, Sequence[DictRow]]) -> tuple[Market, Mapping[ModelId, ModelPortfolio]]:
    """The same, of what `ASKS` found.

    Raises:
        IntegrityLost: the firm has no business day.
    """
    firm = _firm(found["firm_reference"])
    return _market(found, firm, _quotes(found["quotes"])), firm.models


class LastMarket:
    """The market as it was read last, for one process that reads it for as long as it runs."""

    def __init__(self) -> None:
        self._read: Mapping[str, Sequence[DictRow]] = {}
        self._firm = _firm(())
        self._quotes = _quotes(())
        self._market: Market | None = None

    async def read(self, connection: Connection) -> Market:
        """As `read_market`. The same object, where it is an equal one. Raises as `market_of`."""
        found = await together(connection, MOVES)
        before, self._read = self._read, {}  # where the next question fails, all of it is read again
        was, now = (_stamps(one) for one in (before, found))
        moved = {name: ASKS[name] for name in STAMPED if name not in was or was[name] != now[name]}
        if moved:
            rows = await together(connection, moved)
            if "firm_reference" in rows:
                self._firm = _firm(rows["firm_reference"])
            if "quotes" in rows:
                self._quotes = _quotes(rows["quotes"])
        if self._market is None or found != before:
            market = _market(found, self._firm, self._quotes)
            self._market = self._market if market == self._market else market
        self._read = found
        return self._market


def _stamps(found: Mapping[str, Sequence[DictRow]]) -> Mapping[str, str]:
    return found["market_stamps"][0] if found else {}


class _Firm(NamedTuple):
    """What the firm states for everybody."""

    instruments: Mapping[Symbol, Instrument]
    custodians: Mapping[CustodianId, Custodian]
    models: Mapping[ModelId, ModelPortfolio]
    restricted: frozenset[Symbol]


def _firm(found: Sequence[DictRow]) -> _Firm:
    stated: dict[str, dict[str, Mapping[str, Any]]] = {
        "instrument": {},
        "custodian": {},
        "model": {},
        "restriction": {},
    }
    for row in found:
        stated[row["kind"]][row["id"]] = row["state"]
    return _Firm(
        {Symbol(s): instrument_stated(state) for s, state in stated["instrument"].items()},
        {CustodianId(c): custodian_stated(state) for c, state in stated["custodian"].items()},
        {ModelId(m): model_stated(state) for m, state in stated["model"].items()},
        frozenset(Symbol(s) for s in stated["restriction"]),
    )


def _market(found: Mapping[str, Sequence[DictRow]], firm: _Firm, quotes: _Quotes) -> Market:
    if not found["market_day"]:
        raise IntegrityLost("there is no business day", fix="run `gatehouse doctor`")
    day = found["market_day"][0]
    before = previous_session(day["session"])
    return Market(
        session=day["session"],
        now=day["at"],
        previous_session=before,
        open=day["state"] == "open",
        prices=MappingProxyType({**_closes(before), **quotes.prices}),
        instruments=firm.instruments,
        custodians=firm.custodians,
        restricted=firm.restricted,
        volatility=volatilities(day["session"]),
        quoting=quotes.quoting,
        halts=frozenset(row["scope"] for row in found["halted"]),
    )


def _closes(session: date) -> dict[Symbol, Price]:
    return {
        symbol: Price(symbol, close.price, close.session, close.source, close.taken_at)
        for symbol, close in closing_prices(session).items()
    }


class _Quotes(NamedTuple):
    prices: Mapping[Symbol, Price]
    quoting: Mapping[Symbol, frozenset[VenueName]]


def _quotes(found: Sequence[DictRow]) -> _Quotes:
    prices = {
        Symbol(row["symbol"]): Price(
            symbol=Symbol(row["symbol"]),
            price=to_cents((row["bid"] + row["ask"]) / 2),
            session=row["session"],
            source="middle of the venues' quotes" + (", synthetic" if row["synthetic"] else ""),
            taken_at=row["taken_at"],
        )
        for row in found
    }
    return _Quotes(prices, {Symbol(row["symbol"]): frozenset(row["venues"]) for row in found})
