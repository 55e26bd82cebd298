"""Every caller of the journal is told how it ended, also when it is closed, full, large or contended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import BadInput, Conflict, OutcomeUnknown, WorldFailed
from core.fact import Entry, PolicyDecision
from core.ledger import journal as client
from tests.core.gate.deal import AGENT
from tests.core.ledger.recording import step
from tests.core.ledger.test_append_sets_db import World
from tests.fixtures.firm import Firm


@pytest.fixture
def world(firm: Firm) -> World:
    return World(firm)


def of(world: World, *, model: str = "m", key: str | None = None, said: str | None = None) -> Entry:
    entry = step(world.threads[0], world.tickets[0], model=model, key=key)
    return entry if said is None else replace(entry, policy_decisions=(PolicyDecision("p", said),))


@pytest.mark.anyio
@pytest.mark.parametrize("words", ["a\x00b", "half a pair \ud800"], ids=["NUL", "surrogate"])
async def test_decisions_that_cannot_be_written_are_their_callers_alone(world: World, words: str) -> None:
    async with world.firm.journal(AGENT) as journal:
        calls = (journal.record(of(world)), journal.record(of(world, said=words)), journal.record(of(world)))
        said = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in said] == [tuple, BadInput, tuple]


@pytest.mark.anyio
async def test_more_than_one_append_takes_is_its_callers_fault(world: World) -> None:
    async with world.firm.journal(AGENT) as journal:
        for entries in ([of(world)] * 257, [of(world, model="x" * 250_000)] * 4):
            with pytest.raises(BadInput, match="happen together"):
                await journal.record(*entries)
        assert len(await journal.record(*[of(world)] * 256)) == 256


@pytest.mark.anyio
async def test_large_entries_of_many_callers_go_in_several_appends(world: World) -> None:
    """Each is what one append takes; all together they are not."""
    async with world.firm.journal(AGENT) as journal:
        large = [journal.record(of(world, model="é" * 125_000)) for _ in range(40)]
        many = [journal.record(*[of(world)] * 100) for _ in range(5)]
        assert len(await asyncio.gather(*large, *many)) == 45


@pytest.mark.anyio
async def test_whoever_is_in_doubt_stays_so_when_the_journal_is_closed(world: World) -> None:
    """A keyed call whose connection broke waits for its second try; the first may have happened."""
    async with world.firm.journal(AGENT) as journal:
        call = asyncio.ensure_future(journal.record(of(world, key="k")))
        await asyncio.sleep(0)
        journal._waiting[0].doubtful = True
        fresh = asyncio.ensure_future(journal.record(of(world)))
        await asyncio.sleep(0)
        await journal.__aexit__(None, None, None)
        said = await asyncio.gather(call, fresh, return_exceptions=True)
        assert isinstance(said[0], OutcomeUnknown)
        assert isinstance(said[1], OutcomeUnknown | WorldFailed)
        with pytest.raises(WorldFailed, match="closed"):
            await journal.record(of(world))


@pytest.mark.anyio
async def test_nobody_waits_on_after_the_close(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of an append that was started and never began; within far less than a caller waits at most."""
    monkeypatch.setattr(client, "WAITS", timedelta(minutes=10))
    async with world.firm.journal(AGENT) as journal:
        calls = [asyncio.ensure_future(journal.record(of(world, key=f"k{n}"))) for n in range(600)]
        await asyncio.sleep(0)
        journal._send()  # the tasks are made and have not run
        await journal.__aexit__(None, None, None)
        said = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 60)
    assert {type(one) for one in said} <= {OutcomeUnknown, WorldFailed}
    assert OutcomeUnknown in {type(one) for one in said}


@pytest.mark.anyio
async def test_ten_thousand_may_wait_and_no_more(world: World) -> None:
    async with world.firm.journal(AGENT) as journal:
        calls = [asyncio.ensure_future(journal.record(of(world))) for _ in range(client.MOST_WAITING + 50)]
        said = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, tuple) for one in said) == client.MOST_WAITING
    assert sum(isinstance(one, WorldFailed) for one in said) == 50


@pytest.mark.anyio
async def test_a_caller_that_went_away_leaves_the_others_theirs(world: World) -> None:
    async with world.firm.journal(AGENT) as journal:
        calls = [asyncio.ensure_future(journal.record(of(world, model=str(n)))) for n in range(300)]
        await asyncio.sleep(0)
        for call in calls[::3]:
            call.cancel()
        await asyncio.sleep(0.01)
        for call in calls[1::3]:
            call.cancel()
        said = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(one, tuple) for one in said[2::3])
        assert await journal.record(of(world))
    assert (await asyncio.to_thread(world.firm.verified)).ok


@pytest.mark.anyio
async def test_two_that_keep_moving_one_stream_are_each_told_the_truth(world: World) -> None:
    async def storm(name: str) -> list[Any]:
        async with world.firm.journal(AGENT) as journal:
            said = []
            for n in range(60):
                calls = [journal.record(of(world, model=f"{name}-{n}-{m}")) for m in range(4)]
                said += await asyncio.gather(*calls, return_exceptions=True)
            return said

    one, other = await asyncio.gather(storm("one"), storm("other"))
    assert all(isinstance(said, tuple | Conflict) for said in one + other)
    taken = [said[0].seq for said in one + other if isinstance(said, tuple)]
    rows = world.firm.ask(
        "superuser", "select seq from gatehouse.journal where seq > %s order by seq", world.model.first
    )
    assert sorted(taken) == [row["seq"] for row in rows]
    assert (await asyncio.to_thread(world.firm.verified)).ok
