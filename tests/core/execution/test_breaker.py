"""The breaker, and the traps that others fell into."""

from __future__ import annotations

from datetime import timedelta

from core.execution.breaker import OPENS_AFTER, RESTS, Breaker

T0 = timedelta(hours=1)


def opened() -> Breaker:
    breaker = Breaker()
    for _ in range(OPENS_AFTER):
        assert breaker.admits(T0)
        breaker.failed(T0)
    return breaker


def test_failures_in_a_row_open_it() -> None:
    assert not opened().admits(T0)


def test_a_success_between_failures_clears_the_count() -> None:
    breaker = Breaker()
    for _ in range(10 * OPENS_AFTER):
        for _ in range(OPENS_AFTER - 1):
            assert breaker.admits(T0)
            breaker.failed(T0)
        assert breaker.admits(T0)
        breaker.succeeded()
    assert breaker.admits(T0)


def test_after_its_rest_exactly_one_goes_through() -> None:
    breaker = opened()
    assert [breaker.admits(T0 + RESTS) for _ in range(5)] == [True, False, False, False, False]


def test_asking_whether_it_would_admit_takes_no_probe() -> None:
    breaker = opened()
    assert [breaker.would_admit(T0 + RESTS) for _ in range(3)] == [True, True, True]
    assert breaker.admits(T0 + RESTS)


def test_a_failed_probe_rests_again_and_a_good_one_closes_it() -> None:
    breaker = opened()
    assert breaker.admits(T0 + RESTS)
    breaker.failed(T0 + RESTS)
    assert not breaker.admits(T0 + RESTS)
    assert breaker.admits(T0 + 2 * RESTS)
    breaker.succeeded()
    assert all(breaker.admits(T0 + 2 * RESTS) for _ in range(5))
