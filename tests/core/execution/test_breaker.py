"""The breaker, and the traps that others fell into."""

from __future__ import annotations

from datetime import timedelta

from core.execution.breaker import LONGEST, OPENS_AFTER, RESTS, Breaker, Fault

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


def test_a_failed_probe_rests_longer_up_to_a_bound_and_a_good_one_closes_it() -> None:
    breaker, now = opened(), T0
    for rest in (RESTS, 2 * RESTS, LONGEST, LONGEST):
        assert not breaker.admits(now + rest - timedelta(microseconds=1))
        now += rest
        assert breaker.admits(now)
        breaker.failed(now)
    now += LONGEST
    assert breaker.admits(now)
    breaker.succeeded()
    assert all(breaker.admits(now) for _ in range(5))
    assert not opened().admits(T0 + RESTS / 2)


def test_doubt_opens_it_sooner_than_absence() -> None:
    def failures_until_open(fault: Fault) -> int:
        breaker = Breaker()
        for count in range(1, OPENS_AFTER + 1):
            assert breaker.admits(T0)
            breaker.failed(T0, fault)
            if not breaker.would_admit(T0):
                return count
        raise AssertionError("it never opened")

    assert failures_until_open(Fault.DOUBT) < failures_until_open(Fault.AWAY) == OPENS_AFTER


def test_who_did_not_send_after_all_leaves_the_probe_to_the_next() -> None:
    breaker = opened()
    assert breaker.admits(T0 + RESTS)
    breaker.gave_up()
    assert breaker.admits(T0 + RESTS)
