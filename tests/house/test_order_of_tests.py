"""The order in which the suite runs: every test once, and the long ones when a worker's share begins."""

from __future__ import annotations

import pytest

from tests.conftest import BEGIN_WITH, long_ones_first
from tests.fixtures.servers import ROOT

LONG = [f"{name}::{n}" for part in BEGIN_WITH for name in part for n in range(3)]
SHORT = [f"tests/core/test_money.py::{n}" for n in range(100)]


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_each_share_begins_with_its_part_of_the_long_tests(workers: int) -> None:
    names = [*SHORT[:50], *LONG, *SHORT[50:]]
    order = [names[n] for n in long_ones_first(names, workers)]
    assert sorted(order) == sorted(names)
    assert [name for name in order if name in SHORT] == SHORT
    begins = 0
    for worker in range(workers):  # as xdist cuts it
        share = order[begins : begins + (len(names) - begins) // (workers - worker)]
        begins += len(share)
        own = [name for part in BEGIN_WITH[worker::workers] for name in part]
        long = [name for name in share if name in LONG]
        assert [name.partition("::")[0] for name in long[::3]] == own
        assert share[: len(long)] == long


def test_a_few_tests_are_each_run_once_however_many_workers_there_are() -> None:
    for names in ([], LONG[:1], SHORT[:2], [*SHORT[:1], *LONG[-2:]]):
        assert sorted(long_ones_first(names, 3)) == list(range(len(names)))


@pytest.mark.parametrize("name", [name for part in BEGIN_WITH for name in part])
def test_what_the_run_begins_with_is_there(name: str) -> None:
    assert (ROOT / name).exists()
