"""Conversations survive in PostgreSQL, sealed; a row that we did not write there is never loaded."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import ormsgpack
import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, CheckpointMetadata, empty_checkpoint
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg.rows import dict_row
from pydantic import BaseModel

from agents.checkpoints import KEEP, CheckpointStore
from agents.run import Event, _config
from core.database.pools import async_pool
from core.errors import IntegrityLost
from core.ids import MessageId, ProposalId, ThreadId, TraceId
from core.orders.events import Request
from core.people.events import StepEvent
from tests.agents.running import answer, ask, copilot, kinds, nudge
from tests.fixtures.servers import Database
from tests.tools.book import SimulatedDesk, turn

ROOT: Final = Path(__file__).resolve().parents[2]
KEY: Final = "07" * 32
REBALANCE: Final = "Rebalance the Okafor household."
QUESTION: Final = "How is the Okafor household?"

pytestmark = [pytest.mark.database, pytest.mark.anyio]


@asynccontextmanager
async def store(database: Database, key: str = KEY) -> AsyncIterator[CheckpointStore]:
    async with async_pool(database.agent, name="test", most=4) as pool:
        yield CheckpointStore(pool, bytes.fromhex(key))


def tampered(database: Database, statement: str) -> None:
    """As somebody with the agents' login could."""
    with psycopg.connect(database.agent, autocommit=True) as connection:
        assert connection.execute(statement).rowcount > 0


def stored(database: Database, table: str) -> list[dict[str, Any]]:
    with psycopg.connect(database.agent, row_factory=dict_row) as connection:
        return connection.execute(f"select * from copilot.{table}").fetchall()


async def test_a_run_parked_by_a_killed_process_goes_on_in_another(database: Database) -> None:
    child = [sys.executable, "-m", "tests.agents.parks_and_dies", database.agent, KEY]
    died = await asyncio.to_thread(subprocess.run, child, cwd=ROOT, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    desk = SimulatedDesk()
    await ask(copilot(), desk, "Rebalance Okafor.")  # the same words draft the same proposal
    async with store(database) as saver:
        at = copilot(saver)
        assert "answer" not in kinds(await nudge(at, desk))
        desk.fill(next(iter(desk.drafts)))
        assert "is done" in answer(await nudge(at, desk))
        assert await nudge(at, desk) == []


class Slow(CheckpointStore):
    """Of a server that takes its time; from the write on that `breaks` counts it takes none."""

    breaks: int = 99
    writes: int = 0

    async def _write(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata
    ) -> None:
        self.writes += 1
        if self.writes > self.breaks:
            raise psycopg.OperationalError("the server is gone")
        await asyncio.sleep(0.05)
        await super()._write(config, checkpoint, metadata)


@dataclass
class Counting(SimulatedDesk):
    """Counts what is kept of the conversation whenever something goes on record or is drafted."""

    database: Database | None = None
    rows: list[int] = field(default_factory=list)

    def count(self) -> None:
        assert self.database is not None
        self.rows.append(len(stored(self.database, "checkpoint")))

    async def record(self, trace: TraceId, *facts: StepEvent, **rest: Any) -> None:
        self.count()
        await super().record(trace, *facts, **rest)

    async def draft(self, request: Request, **rest: Any) -> ProposalId:
        self.count()
        return await super().draft(request, **rest)


async def test_a_step_may_be_written_behind_but_is_there_before_what_comes_of_it_goes_on_record(
    database: Database,
) -> None:
    async with async_pool(database.agent, name="test", most=4) as pool:
        desk = Counting(database=database)
        await ask(copilot(Slow(pool, bytes.fromhex(KEY))), desk, QUESTION)
        assert desk.rows == [3, KEEP], "what was asked, the route, the plan; then the last few"
        drafting = Counting(database=database)
        at = copilot(Slow(pool, bytes.fromhex(KEY)))
        asked = [event async for event in at.asked(turn(drafting, thread="thr-2"), MessageId("m"), REBALANCE)]
    assert "parked" in kinds(asked)
    assert drafting.rows[:2] == [KEEP + 3, KEEP + 3], "its record, then the draft"


@pytest.mark.parametrize("breaks", range(6))
async def test_an_answer_does_not_leave_before_each_step_of_it_is_kept(
    database: Database, breaks: int
) -> None:
    async with async_pool(database.agent, name="test", most=4) as pool:
        saver = Slow(pool, bytes.fromhex(KEY))
        saver.breaks = breaks
        events: list[Event] = []

        async def asks() -> None:
            async for event in copilot(saver).asked(turn(SimulatedDesk()), MessageId("m"), QUESTION):
                events.append(event)

        with pytest.raises(psycopg.OperationalError):
            await asks()
        assert "answer" not in kinds(events)
        whole = Slow(pool, bytes.fromhex(KEY))
        again = [
            event async for event in copilot(whole).asked(turn(SimulatedDesk()), MessageId("m"), QUESTION)
        ]
        assert "Okafor" in answer(again)


async def test_nothing_in_clear_is_stored(database: Database) -> None:
    async with store(database) as saver:
        await ask(copilot(saver), SimulatedDesk(), REBALANCE)
    for table in ("checkpoint", "checkpoint_write"):
        for row in stored(database, table):
            assert b"kafor" not in repr(row).encode()
            assert b"kafor" not in bytes(row["body"])
            assert b"acc-" not in bytes(row["body"])


@pytest.mark.parametrize(
    "statement",
    [
        "update copilot.checkpoint set body = set_byte(body, 40, get_byte(body, 40) # 1)",
        "update copilot.checkpoint set body = 'planted'",
        (
            "update copilot.checkpoint c set body = o.body from copilot.checkpoint o"
            " where o.checkpoint < c.checkpoint"
        ),
        "update copilot.checkpoint_write set body = set_byte(body, 20, get_byte(body, 20) # 1)",
        "update copilot.checkpoint_write set place = place + 7",
    ],
)
async def test_a_changed_or_moved_row_is_refused(database: Database, statement: str) -> None:
    async with store(database) as saver:
        at, desk = copilot(saver), SimulatedDesk()
        await ask(at, desk, REBALANCE)
        tampered(database, statement)
        with pytest.raises(IntegrityLost, match="not what the copilot wrote"):
            await nudge(at, desk)


async def test_a_row_of_before_rows_were_compressed_opens_and_is_read_once_for_a_run(
    database: Database,
) -> None:
    async with store(database) as saver:
        saver_of_old = JsonPlusSerializer(allowed_msgpack_modules=None)
        old = empty_checkpoint()
        typed = {"checkpoint": saver_of_old.dumps_typed(old), "metadata": saver_of_old.dumps_typed({})}
        bound = json.dumps(["checkpoint", "thr-old", "", old["id"], None, None]).encode()
        clear = ormsgpack.packb({"parent": None, **typed})
        body = b"n" * 12 + AESGCMSIV(bytes.fromhex(KEY)).encrypt(b"n" * 12, clear, bound)
        with psycopg.connect(database.agent, autocommit=True) as connection:
            put = (
                "insert into copilot.checkpoint (thread, namespace, checkpoint, body) values (%s, '', %s, %s)"
            )
            connection.execute(put, ["thr-old", old["id"], body])
        place: Any = {"configurable": {"thread_id": "thr-old"}}
        async with saver.left("thr-old") as left:
            assert left is not None
            assert left.checkpoint["id"] == old["id"]
            assert await saver.aget_tuple(place) is left
            tampered(database, "delete from copilot.checkpoint")
            assert await saver.aget_tuple(place) is None


async def test_another_threads_checkpoint_is_refused_here(database: Database) -> None:
    async with store(database) as saver:
        at, desk = copilot(saver), SimulatedDesk()
        await ask(at, desk, REBALANCE)
        tampered(database, "update copilot.checkpoint set thread = 'thr-9'")
        with pytest.raises(IntegrityLost):
            await saver.aget_tuple(_config(ThreadId("thr-9")))


async def test_a_row_under_another_key_is_refused(database: Database) -> None:
    async with store(database) as saver:
        await ask(copilot(saver), SimulatedDesk(), REBALANCE)
    async with store(database, "08" * 32) as other:
        with pytest.raises(IntegrityLost):
            await nudge(copilot(other), SimulatedDesk())


async def test_a_thread_keeps_its_last_few_checkpoints_alone(database: Database) -> None:
    async with store(database) as saver:
        at, desk = copilot(saver), SimulatedDesk()
        for number in range(4):
            await ask(at, desk, "Who needs me today?", message=f"msg-{number}")
        checkpoints = {row["checkpoint"] for row in stored(database, "checkpoint")}
        assert len(checkpoints) == KEEP
        assert {row["checkpoint"] for row in stored(database, "checkpoint_write")} <= checkpoints
        assert len([one async for one in saver.alist(_config(ThreadId("thr-1")))]) == KEEP
        await saver.adelete_thread("thr-1")
        assert stored(database, "checkpoint") == []


async def test_a_long_conversation_stays_small(database: Database) -> None:
    async with store(database) as saver:
        at, desk = copilot(saver), SimulatedDesk()
        for number in range(12):
            await ask(at, desk, "What does the Okafor household hold?", message=f"msg-{number}")
        state = await at.graph.aget_state(_config(ThreadId("thr-1")))
        assert len(state.values["messages"]) < 20


class Planted(BaseModel):
    """A class that a stored checkpoint must not bring to life."""

    command: str


async def test_an_unknown_class_comes_back_as_data(database: Database) -> None:
    async with store(database) as saver:
        checkpoint = {**empty_checkpoint(), "channel_values": {"x": Planted(command="rm")}}
        place = {"configurable": {"thread_id": "thr-2", "checkpoint_ns": ""}}
        await saver.aput(place, checkpoint, {}, {})  # type: ignore[arg-type]
        found = await saver.aget_tuple(_config(ThreadId("thr-2")))
    assert found is not None
    assert found.checkpoint["channel_values"]["x"] == {"command": "rm"}


def test_the_agents_login_can_make_nothing_in_its_schema(database: Database) -> None:
    with psycopg.connect(database.agent, autocommit=True) as connection:
        for statement in (
            "create table copilot.more (x int)",
            "truncate copilot.checkpoint",
            "drop table copilot.checkpoint",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
