"""A start from a snapshot is a start from entry 1; a snapshot that cannot be trusted is not used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import async_pool, connect_async
from core.projections import snapshots
from core.projections.folded import Folded
from core.projections.follow import Follower
from core.projections.replay import end_of_journal, replay
from tests.core.book.test_follower_db import forget, stored, traded
from tests.fixtures.firm import Firm

HALF = 1_500  # an entry in the middle of the founding


@asynccontextmanager
async def gate(firm: Firm) -> AsyncIterator[AsyncConnection[DictRow]]:
    async with await connect_async(firm.database.gate, name="test") as connection:
        yield connection


async def kept_at(firm: Firm, *seqs: int) -> None:
    async with gate(firm) as connection:
        for seq in seqs:
            folded = Folded()
            await replay(connection, folded, after=0, upto=seq)
            await snapshots.keep(connection, seq, folded)


async def used(firm: Firm, *, upto: int = 10**9) -> int:
    """The sequence of the snapshot that a start takes; 0 of none."""
    async with gate(firm) as connection:
        return (await snapshots.newest(connection, upto=upto)).seq


@pytest.mark.anyio
async def test_from_any_snapshot_the_state_is_that_from_entry_one(firm: Firm) -> None:
    traded(firm)
    async with gate(firm) as connection:
        end = await end_of_journal(connection)
        whole = Folded()
        await replay(connection, whole, after=0, upto=end)
        for seq in (1, HALF, end - 12, end - 5, end):
            await kept_at(firm, seq)
            start = await snapshots.newest(connection, upto=seq)
            assert start.seq == seq
            await replay(connection, start.folded, after=seq, upto=end)
            assert start.folded == whole
            assert snapshots.text_of(start.folded) == snapshots.text_of(whole)


@pytest.mark.anyio
async def test_a_follower_that_starts_from_its_snapshot_writes_the_same_rows(firm: Firm) -> None:
    async with async_pool(firm.database.gate, name="test", most=2) as pool:
        await Follower(pool, snapshot_every=100).catch_up()
        assert await used(firm) > 0
        traded(firm)
        await Follower(pool, snapshot_every=100).catch_up()
        after = stored(firm)
        forget(firm)
        firm.ask("superuser", "delete from gatehouse.snapshot")
        await Follower(pool).catch_up()
    assert stored(firm) == after


@pytest.mark.anyio
async def test_rows_that_are_gone_are_written_again_though_a_snapshot_is_there(firm: Firm) -> None:
    before = stored(firm)
    await kept_at(firm, HALF)
    forget(firm)
    await firm.fold()
    assert stored(firm) == before


@pytest.mark.anyio
async def test_a_snapshot_with_a_changed_byte_is_set_aside_for_the_one_before(firm: Firm) -> None:
    await kept_at(firm, HALF, HALF + 1)
    firm.ask(
        "superuser",
        "update gatehouse.snapshot_part set body = set_byte(body, 40, get_byte(body, 40) # 1) where seq = %s",
        HALF + 1,
    )
    assert await used(firm) == HALF


@pytest.mark.anyio
@pytest.mark.parametrize(
    "damage",
    [
        "update gatehouse.snapshot set form = '0-0000000000000000'",
        "update gatehouse.snapshot set journal_digest = sha256('another')",
        "update gatehouse.snapshot set text_digest = sha256('another')",
        "delete from gatehouse.snapshot_part",
    ],
)
async def test_without_a_snapshot_that_fits_the_first_entry_is_the_start(firm: Firm, damage: str) -> None:
    await kept_at(firm, HALF)
    assert await used(firm) == HALF
    firm.ask("superuser", damage)
    assert await used(firm) == 0


@pytest.mark.anyio
async def test_a_text_that_is_whole_and_no_fold_is_set_aside(firm: Firm) -> None:
    await kept_at(firm, HALF)
    firm.ask("superuser", "update gatehouse.snapshot_part set body = '[]'")
    firm.ask("superuser", "update gatehouse.snapshot set text_digest = sha256('[]')")
    assert await used(firm) == 0


@pytest.mark.anyio
async def test_a_snapshot_that_breaks_off_in_the_middle_is_no_snapshot(firm: Firm) -> None:
    await kept_at(firm, HALF)
    firm.ask(
        "superuser",
        "create trigger breaks before insert on gatehouse.snapshot_part"
        " execute function gatehouse.refuse_change()",
    )
    with pytest.raises(psycopg.Error):
        await kept_at(firm, HALF + 1)
    assert await used(firm) == HALF


@pytest.mark.anyio
async def test_a_start_takes_no_snapshot_beyond_what_it_asks_for(firm: Firm) -> None:
    await kept_at(firm, HALF, HALF + 1)
    assert await used(firm, upto=HALF) == HALF


@pytest.mark.parametrize("role", ["gh_agent", "gh_intake", "gh_approver", "gh_witness"])
def test_the_worker_alone_reads_and_writes_snapshots(firm: Firm, role: str) -> None:
    for statement in ("select * from gatehouse.snapshot_part", "delete from gatehouse.snapshot"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            firm.ask(role, statement)
