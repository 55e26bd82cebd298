"""The walk of simulated quotes: seeded, bounded, coming back."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.ids import Symbol
from core.market.walk import BOUND, factor

KNOWN = ["0.99988428", "0.99954395", "0.99923028"]
SEEDS = st.integers(0, 2**63)
SYMBOLS = st.sampled_from([Symbol("AAPL"), Symbol("GHAB"), Symbol("XOM")])


@given(SEEDS, SYMBOLS)
def test_the_walk_begins_at_the_last_real_price(seed: int, symbol: Symbol) -> None:
    assert factor(seed, symbol, 0) == 1


@given(SEEDS, SYMBOLS, st.integers(0, 10**9))
def test_no_step_leaves_the_bound(seed: int, symbol: Symbol, step: int) -> None:
    assert abs(factor(seed, symbol, step) - 1) <= BOUND


def test_a_walk_is_the_same_on_every_machine() -> None:
    assert [str(factor(7, Symbol("AAPL"), step)) for step in (1, 2, 1_000_000)] == KNOWN


def test_it_moves_and_comes_back() -> None:
    steps = [factor(7, Symbol("AAPL"), step) - 1 for step in range(2000)]
    assert len(set(steps)) > 1900
    assert abs(sum(steps, Decimal(0)) / len(steps)) < Decimal("0.0003")
    crossings = sum(before * after < 0 for before, after in pairwise(steps))
    assert crossings > 20


def test_symbols_and_seeds_walk_apart() -> None:
    walks = {
        tuple(factor(seed, Symbol(name), step) for step in range(20))
        for seed in (1, 2)
        for name in ("A", "B")
    }
    assert len(walks) == 4


def test_there_is_no_step_before_the_beginning() -> None:
    with pytest.raises(BadInput, match="-1"):
        factor(7, Symbol("AAPL"), -1)
