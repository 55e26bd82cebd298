"""The journal's client: many callers in several processes, and a world that breaks on the way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.clock import WallClock
from core.database.bootstrap import bootstrap
from core.database.embedded import Cluster, open_cluster
from core.database.logins import OWNER
from core.database.migrate import found, migrate
from core.database.pools import async_pool, conninfo
from core.errors import BadInput, Conflict, OutcomeUnknown, Refused, WorldFailed
from core.fact import Entry, Fact
from core.firm.events import FirmFounded
from core.ids import ProposalId, ThreadId, TraceId
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.orders.events import ProposalWithdrawn
from core.people.events import StepTaken
from tests.core.ledger.recording import TRACE, step
from tests.fixtures.firm import Firm
from tests.fixtures.servers import QUICK, ROOT, short_folder

LOGIN: Final = "maria.alvarez"
AGENT: Final = "gh_agent"


class Talk:
    """A thread to record steps in."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.thread = firm.thread(LOGIN)
        self.ticket = firm.thread_ticket(LOGIN, self.thread)

    def step(self, *, model: str = "m", key: str | None = None, ticket: str | None = None) -> Entry:
        return step(self.thread, ticket or self.ticket, model=model, key=key)

    def of_another_kind(self) -> Entry:
        """One that this login has no right to."""
        fact: Fact = ProposalWithdrawn(proposal=ProposalId("p"))
        return Entry("proposal/p", fact, TRACE, ticket=self.ticket)

    def versions(self) -> list[int]:
        rows = self.firm.ask(
            "superuser",
            "select stream_version from gatehouse.journal where stream = %s order by seq",
            f"thread/{self.thread}",
        )
        return [row["stream_version"] for row in rows]

    def models(self) -> list[str]:
        rows = self.firm.ask(
            "superuser",
            "select text::jsonb->'payload'->>'model' as model from gatehouse.journal"
            " where stream = %s and event_type = 'StepTaken' order by seq",
            f"thread/{self.thread}",
        )
        return [row["model"] for row in rows]


@pytest.fixture
def talk(firm: Firm) -> Talk:
    return Talk(firm)


def test_64_callers_in_two_processes_leave_one_whole_chain(talk: Talk) -> None:
    """Everyone writes to the same stream, so that versions clash as badly as they can."""
    words = [talk.firm.database.agent, talk.ticket, talk.thread, "32", "4"]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.core.ledger.recording", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    acknowledged = [int(line) for process in running for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in running] == [0, 0]
    assert len(acknowledged) == len(set(acknowledged)) == 2 * 32 * 4
    assert talk.versions() == list(range(1, 2 * 32 * 4 + 2))  # the thread's opening is the first
    assert talk.firm.verified().ok


@pytest.mark.anyio
async def test_callers_that_wait_together_are_one_commit(talk: Talk) -> None:
    async with talk.firm.journal(AGENT) as journal:
        await asyncio.gather(*(journal.record(talk.step(model=str(n))) for n in range(100)))
    commits = talk.firm.value(
        "superuser",
        "select count(distinct xmin::text) from gatehouse.journal"
        " where stream = %s and event_type = 'StepTaken'",
        f"thread/{talk.thread}",
    )
    assert commits <= 2
    assert talk.models() == [str(n) for n in range(100)]


@pytest.mark.anyio
async def test_one_callers_refusal_is_not_anothers(talk: Talk) -> None:
    async with talk.firm.journal(AGENT) as journal:
        said = await asyncio.gather(
            journal.record(talk.step()),
            journal.record(talk.step(ticket="nobody's")),
            journal.record(talk.of_another_kind()),
            journal.record(talk.step()),
            return_exceptions=True,
        )
    codes = [one.code if isinstance(one, Refused) else "ok" for one in said]
    assert codes == ["ok", "session_ended", "no_right", "ok"]


@pytest.mark.anyio
async def test_entries_of_one_call_happen_together_or_not_at_all(talk: Talk) -> None:
    async with talk.firm.journal(AGENT) as journal:
        with pytest.raises(Refused) as no:
            await journal.record(talk.step(), talk.step(), talk.of_another_kind())
        assert no.value.code == "no_right"
        assert talk.models() == []
        done = await journal.record(talk.step(), talk.step())
    assert done[1].seq == done[0].seq + 1


@pytest.mark.anyio
async def test_the_same_key_answers_the_first_entry_and_another_body_is_a_conflict(talk: Talk) -> None:
    async with talk.firm.journal(AGENT) as journal:
        (first,) = await journal.record(talk.step(key="k"))
        assert await journal.record(talk.step(key="k")) == (Recorded(first.seq, duplicate=True),)
        with pytest.raises(Conflict, match="key_reused"):
            await journal.record(talk.step(key="k", model="another"))


BAD_WORDS: Final = ("a\x00b", "half a pair \ud800")


@pytest.mark.anyio
@pytest.mark.parametrize("where", ["model", "key", "ticket"])
@pytest.mark.parametrize("words", BAD_WORDS, ids=["NUL", "surrogate"])
async def test_what_cannot_be_written_is_its_callers_alone(talk: Talk, where: str, words: str) -> None:
    fact = StepTaken.model_construct(
        thread=ThreadId(talk.thread), agent="a", step="plan", model=words if where == "model" else "m"
    )
    entry = Entry(
        f"thread/{talk.thread}",
        fact,
        TRACE,
        ticket=words if where == "ticket" else talk.ticket,
        key=words if where == "key" else None,
    )
    async with talk.firm.journal(AGENT) as journal:
        said = await asyncio.gather(
            journal.record(talk.step()),
            journal.record(entry),
            journal.record(talk.step()),
            return_exceptions=True,
        )
        assert [type(one) for one in said] == [tuple, BadInput, tuple]
        assert await journal.record(talk.step())


# Lost connections -----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def head_taken(firm: Firm) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """While this holds, every append waits at the head."""
    dsn = conninfo(firm.database.superuser, name="holder")
    async with await psycopg.AsyncConnection.connect(dsn) as holder:
        await holder.execute("select from gatehouse.head for update")
        yield holder


async def end_whoever_waits(firm: Firm) -> None:
    """Terminate the backends of the agent's login that stand before the head."""
    dsn = conninfo(firm.database.superuser, name="killer")
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as killer:
        for _ in range(200):
            found = await killer.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where usename = 'gh_agent' and wait_event_type = 'Lock' and datname = current_database()"
            )
            if await found.fetchall():
                return
            await asyncio.sleep(0.02)
    raise AssertionError("nobody waited")


async def who_waits(firm: Firm, role: str) -> int:
    """How many of that login's backends stand before the head, once one does and had time to be followed."""
    for _ in range(200):
        found = firm.value(
            "superuser",
            "select count(*) from pg_stat_activity where usename = %s and wait_event_type = 'Lock'"
            " and datname = current_database()",
            role,
        )
        if found:
            return int(found)
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waited")


@pytest.mark.anyio
async def test_few_that_come_while_an_append_is_under_way_wait_and_go_together(talk: Talk) -> None:
    other = Talk(talk.firm)  # another stream: nothing else keeps it from going at once
    async with talk.firm.journal(AGENT) as journal:
        async with head_taken(talk.firm):
            calls = [asyncio.create_task(journal.record(talk.step(model="first")))]
            assert await who_waits(talk.firm, AGENT) == 1
            for n in range(3):
                calls.append(asyncio.create_task(journal.record(other.step(model=str(n)))))
                await asyncio.sleep(0.05)
        await asyncio.gather(*calls)
    commits = talk.firm.value(
        "superuser",
        "select count(distinct xmin::text) from gatehouse.journal"
        " where stream = %s and event_type = 'StepTaken'",
        f"thread/{other.thread}",
    )
    assert other.models() == ["0", "1", "2"]
    assert commits == 1


@pytest.mark.anyio
async def test_a_stream_that_had_begun_in_spite_of_what_was_said_is_asked_for_then(talk: Talk) -> None:
    async with talk.firm.journal(AGENT, most=1) as journal:
        journal.begins(f"thread/{talk.thread}")  # it had begun, with its opening
        assert await journal.record(talk.step(model="late"))
    assert talk.versions() == [1, 2]


@pytest.mark.anyio
async def test_a_connection_lost_on_the_way_is_an_unknown_outcome_without_a_key(talk: Talk) -> None:
    async with talk.firm.journal(AGENT) as journal, head_taken(talk.firm):
        call = asyncio.create_task(journal.record(talk.step()))
        await end_whoever_waits(talk.firm)
        with pytest.raises(OutcomeUnknown):
            await call


@pytest.mark.anyio
async def test_with_a_key_the_call_is_made_again_and_happens_once(talk: Talk) -> None:
    async with talk.firm.journal(AGENT) as journal:
        async with head_taken(talk.firm):
            call = asyncio.create_task(journal.record(talk.step(key="k")))
            await end_whoever_waits(talk.firm)
        assert (await call)[0].duplicate is False
    assert talk.models() == ["m"]


@pytest.mark.anyio
async def test_a_neighbour_without_a_key_does_not_cost_one_with_a_key_its_second_try(talk: Talk) -> None:
    async with talk.firm.journal(AGENT) as journal:
        async with head_taken(talk.firm):
            calls = [
                asyncio.create_task(journal.record(talk.step(model="keyed", key="k"))),
                asyncio.create_task(journal.record(talk.step(model="bare"))),
            ]
            await end_whoever_waits(talk.firm)
        said = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(said[0], tuple)
    assert isinstance(said[1], OutcomeUnknown)
    assert talk.models() == ["keyed"]


@contextlib.asynccontextmanager
async def deaf_line(dsn: str, folder: Path) -> AsyncIterator[str]:
    """A DSN through a line that, at the first append, hands it over, drops the answer and hangs up."""
    parts = conninfo_to_dict(dsn)
    there = f"{parts['host']}/.s.PGSQL.{parts['port']}"
    deaf = True

    async def carry(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        nonlocal deaf
        server, to_server = await asyncio.open_unix_connection(there)

        async def answers() -> None:
            while data := await server.read(65536):
                if not dropping:
                    back.write(data)
            back.close()

        dropping = False
        answering = asyncio.create_task(answers())
        while data := await client.read(65536):
            dropping = deaf and b'[{"text":' in data
            to_server.write(data)
            if dropping:
                deaf = False
                await asyncio.sleep(0.3)  # the server commits meanwhile
                break
        to_server.close()
        await answering

    folder.chmod(0o755)
    listening = await asyncio.start_unix_server(carry, folder / ".s.PGSQL.5432")
    async with listening:
        yield make_conninfo(dsn, host=str(folder), port=5432)


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["k", None])
async def test_an_answer_lost_after_the_commit_is_a_duplicate_by_the_key_and_unknown_without(
    talk: Talk, tmp_path: Path, key: str | None
) -> None:
    if "/" not in str(conninfo_to_dict(talk.firm.database.agent)["host"]):
        pytest.skip("this server is met over TCP: the line here is a unix socket")
    async with (
        deaf_line(talk.firm.database.agent, tmp_path) as dsn,
        async_pool(dsn, name="test", most=1) as pool,
        Journal(pool, WallClock()) as journal,
    ):
        if key is None:
            with pytest.raises(OutcomeUnknown):
                await journal.record(talk.step())
        else:
            assert (await journal.record(talk.step(key=key)))[0].duplicate
    assert talk.models() == ["m"]


@pytest.mark.anyio
async def test_a_database_that_only_reads_takes_nothing_and_says_so(talk: Talk) -> None:
    name = talk.firm.database.name
    talk.firm.ask("superuser", f'alter database "{name}" set default_transaction_read_only = on')
    async with talk.firm.journal(AGENT) as journal:
        with pytest.raises(WorldFailed, match="nothing was recorded"):
            await journal.record(talk.step(key="k"))
    assert talk.models() == []
    talk.firm.ask("superuser", f'alter database "{name}" reset default_transaction_read_only')
    async with talk.firm.journal(AGENT) as journal:
        assert await journal.record(talk.step(key="k"))


# A killed server ------------------------------------------------------------------------------------------


@pytest.fixture
def own_home() -> Iterator[Path]:
    folder = short_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def opened(home: Path) -> Cluster:
    """A cluster that this test may kill, with the disk's promise kept: fsync is on."""
    return open_cluster(home, overrides={**QUICK, "fsync": "on", "full_page_writes": "on"})


@pytest.mark.anyio
async def test_a_server_killed_at_any_moment_loses_nothing_that_was_acknowledged(
    own_home: Path,
) -> None:
    cluster = opened(own_home)
    logins = bootstrap(cluster.superuser_dsn("gatehouse"), kept=None, new_passwords=True, whole_server=True)
    migrate(logins.dsn(OWNER), found(ROOT))
    acknowledged: list[int] = []

    async def caller(journal: Journal, number: int) -> None:
        with contextlib.suppress(OutcomeUnknown, WorldFailed):
            for turn in range(10_000):
                fact = FirmFounded(
                    firm=f"{number}/{turn}", seed=turn, synthetic=True, last_close="2022-12-28"
                )
                entry = Entry(f"firm/{number}", fact, TraceId("0" * 32))
                acknowledged.append((await journal.record(entry))[0].seq)

    pool = async_pool(logins.dsn(OWNER), name="test", most=2)
    async with pool, Journal(pool, WallClock()) as journal:
        calls = [asyncio.create_task(caller(journal, number)) for number in range(16)]
        while len(acknowledged) < 200:
            await asyncio.sleep(0.01)
        os.kill(int((cluster.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    cluster.close()
    again = opened(own_home)
    try:
        with psycopg.connect(again.superuser_dsn("gatehouse")) as connection:
            kept = {row[0] for row in connection.execute("select seq from gatehouse.journal")}
            head = connection.execute("select seq from gatehouse.head").fetchone()
    finally:
        again.close()
    assert set(acknowledged) <= kept
    assert kept == set(range(1, len(kept) + 1))
    assert head == (len(kept),)
