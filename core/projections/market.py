"""Reading what is the same for everybody: the business day, prices, instruments, models, the restricted list.

Rule 1: a price is the middle of the venues' best bid and ask of this business day; where no venue quotes, it
    is the previous session's close. Each says which it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.picture import Market, ModelPortfolio, Price
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


async def read_market(connection: Connection) -> tuple[Market, Mapping[ModelId, ModelPortfolio]]:
    """The market as of this read, and the firm's model portfolios."""
    return market_of(await together(connection, ASKS))


def market_of(found: Mapping[str, Sequence[DictRow]]) -> tuple[Market, Mapping[ModelId, ModelPortfolio]]:
    """The same, of what `ASKS` found.

    Raises:
        IntegrityLost: the firm has no business day.
    """
    if not found["market_day"]:
        raise IntegrityLost("there is no business day", fix="run `gatehouse doctor`")
    day = found["market_day"][0]
    stated: dict[str, dict[str, Mapping[str, Any]]] = {
        "instrument": {},
        "custodian": {},
        "model": {},
        "restriction": {},
    }
    for row in found["firm_reference"]:
        stated[row["kind"]][row["id"]] = row["state"]
    before = previous_session(day["session"])
    quotes = _quotes(found["quotes"])
    market = Market(
        session=day["session"],
        now=day["at"],
        previous_session=before,
        open=day["state"] == "open",
        prices=MappingProxyType({**_closes(before), **quotes.prices}),
        instruments={Symbol(s): instrument_stated(state) for s, state in stated["instrument"].items()},
        custodians={CustodianId(c): custodian_stated(state) for c, state in stated["custodian"].items()},
        restricted=frozenset(Symbol(s) for s in stated["restriction"]),
        volatility=volatilities(day["session"]),
        quoting=quotes.quoting,
        halts=frozenset(row["scope"] for row in found["halted"]),
    )
    return market, {ModelId(m): model_stated(state) for m, state in stated["model"].items()}


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
