"""If the append does not happen, the caller's effect does not happen.

Three callers with an effect behind their fact: the worker sends an order, the front tells a person that her
decision stands, and the front passes her message on to the copilot. Real journal, real venue, real API.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

from core.clock import WallClock
from core.database.pools import async_pool, lend
from core.errors import GatehouseError
from core.execution.execute import Executor, Terms
from core.execution.last_check import Chained, records_of
from core.execution.lease import SETTING, Alone
from core.fact import Entry
from core.gate.release import released
from core.ids import CustodianId, OrderId, ProposalId
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.routing.rules import BUILT_IN, always
from core.settings import FrontSettings, Secret
from tests.core.execution.steps import IMPATIENT
from tests.core.gate.deal import ELENA, MARIA, Deal
from tests.core.ledger.faults.breaking import answered_by_us, disk_under
from tests.core.ledger.faults.callers import every_answer_was_true
from tests.core.ledger.faults.own import OwnServer
from tests.core.ledger.faults.syscalls import SYNCS, NotHere
from tests.core.ledger.faults.test_read_only import back_from_the_setting, read_only_by_setting
from tests.fixtures.copilot_double import SECRET, CopilotDouble, copilot_double
from tests.fixtures.firm import WORKER
from tests.fixtures.halts import KEY_HEX, watching
from tests.fixtures.venues import VenueProcess, one_venue
from ui.api.server import without_screens

PROBLEM: Final = "application/problem+json"


@dataclass
class Fault:
    """`begin` and `end` are called while everything else runs."""

    begin: Callable[[], None]
    end: Callable[[], None]


@contextmanager
def full_disk(own: OwnServer) -> Iterator[Fault]:
    """To its last page: what fits into a page that is there already is appended, and rightly so."""
    with disk_under(own, "base", "kernel") as disk:
        thread = own.firm.thread(MARIA)
        ticket = own.firm.thread_ticket(MARIA, thread)

        def fill() -> None:
            disk.fill()
            for letters in (3_000, 1_000, 300, 1):
                step = {"thread": thread, "agent": "a", "step": "plan", "model": secrets.token_hex(letters)}
                with contextlib.suppress(psycopg.errors.DiskFull):
                    while True:
                        item = own.firm.item("StepTaken", f"thread/{thread}", step, ticket=ticket)
                        assert own.firm.append("gh_agent", item)[0].ok

        yield Fault(fill, disk.free)


@contextmanager
def fsync_error(own: OwnServer) -> Iterator[Fault]:
    with answered_by_us(own, SYNCS) as kernel:

        def end() -> None:
            kernel.mend()
            own.start_again()

        yield Fault(lambda: kernel.fail(errno.EIO, under="/pg_wal/"), end)


@contextmanager
def read_only(own: OwnServer) -> Iterator[Fault]:
    yield Fault(lambda: read_only_by_setting(own), lambda: back_from_the_setting(own))


@contextmanager
def away(own: OwnServer) -> Iterator[Fault]:
    yield Fault(own.stop, own.start)


FAULTS: Final = {"full disk": full_disk, "fsync error": fsync_error, "read only": read_only, "away": away}


@dataclass
class Heard:
    """The product's journal, and how often it said no."""

    journal: Journal
    noes: int = 0

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        try:
            return await self.journal.record(*entries)
        except GatehouseError:
            self.noes += 1
            raise


@asynccontextmanager
async def front(own: OwnServer, copilot: CopilotDouble) -> AsyncIterator[httpx.AsyncClient]:
    """The API with its own pools and journals, asked without a socket."""
    settings = FrontSettings(
        home=own.home,
        intake=Secret(own.firm.database.intake),
        approver=Secret(own.firm.database.approver),
        host="127.0.0.1",
        port=8080,
        copilot_url=copilot.url,
        loopback=Secret(SECRET),
        keystore=own.firm.keys_folder,
        halts=own.home / "halts",
        halt_key=Secret(KEY_HEX),
    )
    app: Any = without_screens(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://front", timeout=60) as client,
    ):
        yield client


@asynccontextmanager
async def sending(own: OwnServer, venue: VenueProcess) -> AsyncIterator[tuple[Executor, Heard]]:
    """What the worker does with released orders, on the gate's journal."""

    async def find(_: OrderId) -> None:
        return None

    async with (
        async_pool(own.firm.database.gate, name="test", most=4, says={SETTING: WORKER}) as pool,
        Journal(pool, WallClock()) as journal,
        venue.client() as client,
    ):
        heard = Heard(journal)

        async def read(order: OrderId, proposal: ProposalId) -> Sequence[Chained]:
            async with lend(pool) as connection:
                return (await records_of(connection, [(order, proposal)]))[order, proposal]

        def terms_of(_: CustodianId) -> Terms:
            return Terms(frozenset([client.name]), Decimal("4.95"))

        executor = Executor(
            record=heard,
            venues=[client],
            terms_of=terms_of,
            find=find,
            record_of=read,
            rules_of=always(BUILT_IN),
            patience=IMPATIENT,
            stops=watching(own.home / "halts"),
            hold=Alone(),
        )
        await executor.start([])
        running = asyncio.create_task(executor.run())
        try:
            yield executor, heard
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


def sends(venue: VenueProcess) -> list[str]:
    return [line["order"] for line in venue.ledger() if line.get("verb") == "send"]


def kinds_of(own: OwnServer, stream: str) -> list[str]:
    rows = "select event_type from gatehouse.journal where stream = %s order by seq"
    return [row["event_type"] for row in own.firm.ask("superuser", rows, stream)]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault", [name if name != "away" else pytest.param(name, marks=pytest.mark.long) for name in FAULTS]
)
async def test_without_its_fact_nothing_is_sent_shown_or_passed_on(
    own: OwnServer, tmp_path: Path, fault: str
) -> None:
    try:
        with (
            FAULTS[fault](own) as broken,
            copilot_double() as copilot,
            contextmanager(one_venue)("ARCADIA", tmp_path) as venue,
        ):
            await all_three(own, broken, copilot, venue)
    except NotHere as lacking:
        pytest.skip(f"no {fault} on this machine: {lacking}")


async def all_three(own: OwnServer, fault: Fault, copilot: CopilotDouble, venue: VenueProcess) -> None:
    firm = own.firm
    deal = Deal(firm).approved()
    assert deal.release().ok
    order = deal.order(0)
    firm.claim(order)
    thread = firm.thread(MARIA)
    hers = {"Authorization": f"Bearer {firm.ticket(MARIA)}", "Idempotency-Key": "message-1"}
    theirs = {"Authorization": f"Bearer {firm.ticket(ELENA)}"}
    copilot.will_answer("Done.")
    async with front(own, copilot) as api, sending(own, venue) as (executor, heard):

        async def ask() -> tuple[httpx.Response, httpx.Response]:
            return await asyncio.gather(
                api.post("/v1/day/close", headers=theirs),
                api.post(f"/v1/threads/{thread}/messages", headers=hers, json={"text": "Buy."}),
            )

        async with async_pool(firm.database.gate, name="test", most=1) as pool, lend(pool) as connection:
            (work,) = [one for one in await released(connection) if one.id == order]
        fault.begin()
        executor.take(work)
        for answer in await ask():
            assert answer.headers["content-type"] == PROBLEM, answer.text
            assert answer.status_code in (202, 500, 503), answer.text
        await until(lambda: heard.noes >= 2)
        assert copilot.turns() == []
        assert sends(venue) == []

        fault.end()
        await until(lambda: sends(venue) == [order])
        closed, said = await ask()
        assert closed.status_code in (200, 201, 202), closed.text
        assert closed.json()["seq"] > 0
        assert said.status_code == 200, said.text
        assert len(copilot.turns()) == 1
        own.forget_connections()
        await until(lambda: "OrderFilled" in kinds_of(own, f"order/{order}"))
    assert kinds_of(own, f"order/{order}").count("OrderSent") == 1
    assert kinds_of(own, f"thread/{thread}").count("MessageReceived") == 1
    assert kinds_of(own, "market").count("BusinessDayCloseRequested") == 1
    assert executor.troubles == {}
    await every_answer_was_true(own.firm)
