"""The loop of the simulation: its time is its own, and nothing of the machine's gets in."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from evals.simulate.chance import Chance
from evals.simulate.loop import BEGINS_AT, EPOCH, StandsStillError, VirtualClock, VirtualLoop


def test_hours_pass_at_once_and_in_their_order() -> None:
    loop = VirtualLoop()
    seen: list[tuple[int, int]] = []

    async def late(hours: int) -> None:
        await asyncio.sleep(hours * 3_600)
        seen.append((hours, round(loop.time() - BEGINS_AT)))

    async def all_of_them() -> None:
        await asyncio.gather(late(3), late(1), late(2))

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(all_of_them())
    assert seen == [(hours, hours * 3_600) for hours in (1, 2, 3)]


def test_a_time_out_comes_when_virtual_time_has_come_so_far() -> None:
    async def wait() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(86_400):
                await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(wait())


def test_what_a_thread_would_do_is_done_at_once() -> None:
    async def asked() -> tuple[int, float]:
        begun = asyncio.get_running_loop().time()
        return await asyncio.to_thread(sum, (1, 2)), asyncio.get_running_loop().time() - begun

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(asked()) == (3, 0)


def test_what_waits_for_ever_is_said_and_not_waited_for() -> None:
    loop = VirtualLoop()
    try:
        with pytest.raises(StandsStillError):
            loop.run_until_complete(asyncio.Event().wait())
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()


def test_a_clock_that_is_set_moves_no_timer() -> None:
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    before = clock.monotonic_ns()
    clock.off = timedelta(hours=-5)
    assert clock.now() == EPOCH - timedelta(hours=5)
    assert clock.monotonic_ns() == before
    loop.close()


def test_what_one_subject_draws_changes_nothing_for_another() -> None:
    one, other = Chance(7, "run"), Chance(7, "run")
    one.under("venues").bytes(50)
    assert [one.count(0, 99) for _ in range(5)] == [other.count(0, 99) for _ in range(5)]
    assert Chance(8, "run").bytes(8) != Chance(7, "run").bytes(8)
