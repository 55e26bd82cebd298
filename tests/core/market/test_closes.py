"""The packaged closes: true to their source, read whole, honest about what is missing or made."""

import csv
import gzip
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from core.errors import NotFound
from core.ids import Symbol
from core.market import synthetic
from core.market.calendar import is_session, session_close
from core.market.closes import INDEX, closes
from core.market.instruments import listing, listings
from core.market.prices import closing_price, closing_prices

ORIGINALS = Path(__file__).parents[4] / "shared" / "data" / "prices"
AAPL = Symbol("AAPL")


@pytest.mark.parametrize("name", ["sp500_dataset", "sp500_index", "factors_dataset"])
def test_every_close_is_the_originals(name: str) -> None:
    original = ORIGINALS / f"skfolio_{name}.csv.gz"
    if not original.exists():
        pytest.skip(f"{original} is not here; the packaged cut cannot be compared")
    with gzip.open(original, "rt", encoding="ascii") as file:
        header, *rows = csv.reader(file)
    for place, name_of in enumerate(header[1:], start=1):
        theirs = tuple((date.fromisoformat(row[0]), Decimal(row[place])) for row in rows)
        assert closes().series(Symbol(name_of)) == theirs


def test_known_levels_of_the_index() -> None:
    """S&P 500 closes that anybody can look up: the lows of 2009 and 2020, the top of January 2022."""
    assert closes().on(INDEX, date(2009, 3, 9)) == Decimal("676.53")
    assert closes().on(INDEX, date(2020, 3, 23)) == Decimal("2237.40")
    assert closes().on(INDEX, date(2022, 1, 3)) == Decimal("4796.56")
    assert closes().on(INDEX, date(2022, 12, 28)) == Decimal("3783.22")


def test_the_sessions_are_the_exchanges() -> None:
    """The data set lacks some sessions of the exchange, and has no day that was none."""
    assert all(is_session(day) for day in closes().sessions)
    assert closes().last_session() == date(2022, 12, 28)


def test_a_factor_fund_has_no_close_before_its_first() -> None:
    with pytest.raises(NotFound, match="2013-12-31"):
        closes().on(Symbol("USMV"), date(2013, 12, 31))
    assert closes().series(Symbol("USMV"))[0] == (date(2014, 1, 2), Decimal("29.338"))


def test_an_unknown_symbol_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="AAPL"):
        closes().series(Symbol("TSLA"))


def test_a_series_is_cut_on_both_days_included() -> None:
    cut = closes().series(AAPL, since=date(2022, 12, 24), until=date(2022, 12, 28))
    assert [day for day, _ in cut] == [date(2022, 12, 27), date(2022, 12, 28)]
    exact = closes().series(AAPL, since=date(2022, 12, 27), until=date(2022, 12, 27))
    assert len(exact) == 1


def test_a_price_is_in_cents_with_its_source_and_time() -> None:
    price = closing_price(AAPL, date(2022, 12, 28))
    assert price.price == Decimal("125.67")
    assert "adjusted" in price.source
    assert price.taken_at == session_close(date(2022, 12, 28))


def test_every_instrument_has_a_price_on_the_last_day_and_the_made_ones_say_so() -> None:
    prices = closing_prices(closes().last_session())
    assert set(prices) == {row.symbol for row in listings()}
    for row in listings():
        assert (prices[row.symbol].source == synthetic.SOURCE) == row.synthetic
        assert ("synthetic" in row.name) == row.synthetic


def test_the_bond_fund_moves_little_and_is_the_same_everywhere() -> None:
    series = [close for _, close in closes().series(synthetic.BOND_ETF)]
    assert series[0] == Decimal("40.000")
    assert series[-1] == Decimal("129.218")
    moves = [abs(after / before - 1) for before, after in pairwise(series)]
    assert max(moves) < Decimal("0.004")


def test_only_shares_and_funds_of_the_exchange_are_traded() -> None:
    traded = {row.kind for row in listings() if row.tradable}
    held = {row.kind for row in listings() if not row.tradable}
    assert traded == {"share", "etf"}
    assert held == {"cash_sweep", "mutual_fund", "bond", "option", "crypto"}
    assert sum(row.kind == "share" for row in listings()) == 20


def test_an_unlisted_instrument_is_not_found() -> None:
    with pytest.raises(NotFound, match="TSLA"):
        listing(Symbol("TSLA"))
