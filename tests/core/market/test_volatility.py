"""How far a symbol usually moves, against the standard library's statistics."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from math import isclose, sqrt
from statistics import stdev

import pytest

from core.ids import Symbol
from core.market.closes import closes
from core.market.volatility import RETURNS, deviation, volatilities

AAPL = Symbol("AAPL")


def test_the_deviation_of_known_returns() -> None:
    # returns of +10 %, -10 % and +10 %: mean 1/30, squares 1/225, 4/225 and 1/225 over 2
    assert deviation([Decimal(100), Decimal(110), Decimal(99), Decimal("108.9")]) == Decimal("0.11547005")


def test_it_is_what_the_standard_library_says_of_the_last_sixty_returns() -> None:
    series = [float(close) for _, close in closes().series(AAPL)][-RETURNS - 1 :]
    returns = [after / before - 1 for before, after in itertools.pairwise(series)]
    found = volatilities(date(2022, 12, 29))[AAPL]
    assert isclose(float(found.daily), stdev(returns), abs_tol=1e-7)
    assert found.expected == found.daily


@pytest.mark.parametrize(("session", "sessions"), [(date(2022, 12, 30), 2), (date(2023, 1, 5), 5)])
def test_it_grows_with_the_root_of_the_sessions_without_a_close(session: date, sessions: int) -> None:
    found = volatilities(session)[AAPL]
    assert isclose(float(found.expected), float(found.daily) * sqrt(sessions), abs_tol=1e-7)


def test_the_close_of_the_session_itself_is_not_known_yet() -> None:
    before, after = volatilities(date(2022, 12, 27))[AAPL], volatilities(date(2022, 12, 28))[AAPL]
    assert before.close == closes().on(AAPL, date(2022, 12, 23)).quantize(Decimal("0.01"))
    assert after.close == closes().on(AAPL, date(2022, 12, 27)).quantize(Decimal("0.01"))
