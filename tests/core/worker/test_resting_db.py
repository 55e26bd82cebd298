"""A worker with nothing to do looks at the record's end, and does its turn when there is more of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.database.pools import async_pool
from core.worker.resting import Resting
from tests.fixtures.firm import Firm

pytestmark = pytest.mark.anyio
UNTIL_THE_TEST_FAILS = timedelta(hours=1)
WITHIN = 30  # seconds


async def test_a_rest_ends_with_an_entry_and_not_before(firm: Firm) -> None:
    async with async_pool(firm.database.gate, name="test", most=1) as pool:
        resting = Resting(pool, longest=UNTIL_THE_TEST_FAILS)
        await resting.rest()  # the first one only learns where the record ends
        second = asyncio.create_task(resting.rest())
        done, _ = await asyncio.wait({second}, timeout=0.3)
        assert not done
        firm.thread("maria.alvarez")
        await asyncio.wait_for(second, WITHIN)


async def test_what_was_recorded_during_a_turn_is_seen_at_the_first_look(firm: Firm) -> None:
    async with async_pool(firm.database.gate, name="test", most=1) as pool:
        resting = Resting(pool, longest=UNTIL_THE_TEST_FAILS)
        await resting.rest()
        firm.thread("maria.alvarez")
        await asyncio.wait_for(resting.rest(), WITHIN)


async def test_without_an_entry_or_an_answer_it_ends_with_its_time(firm: Firm) -> None:
    async with async_pool(firm.database.gate, name="test", most=1) as pool:
        resting = Resting(pool, longest=timedelta(0))
        await resting.rest()
        await asyncio.wait_for(resting.rest(), WITHIN)
    nowhere = "postgresql://nobody@127.0.0.1:1/nowhere"
    async with async_pool(nowhere, name="test", most=1) as pool:
        pool.timeout = 0.1
        await asyncio.wait_for(Resting(pool, longest=timedelta(0)).rest(), WITHIN)
