"""A worker that can die at any counted step, and a record on the disk that outlives it.

A step is a place before or after something that lasts: an append, a message to a venue, a page of reports.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.errors import Conflict
from core.execution.execute import Executor, Terms
from core.execution.last_check import Chained
from core.execution.lease import Alone
from core.execution.line import Patience
from core.execution.working import Working, working
from core.fact import Entry, Fact
from core.ids import CustodianId, OrderId, ProposalId, Symbol, VenueName
from core.ledger.envelope import Recorded
from core.ledger.events import fact_of
from core.orders.released import ReleasedOrder
from core.routing.rules import BUILT_IN, always
from core.venues.venue import (
    Cancelling,
    Capabilities,
    Health,
    Looking,
    Page,
    Quote,
    Replacing,
    Sending,
    Venue,
)
from evals.bench.decided import recorded
from tests.fixtures.halts import watching

IMPATIENT = Patience(
    send=timedelta(milliseconds=500),
    lookup=timedelta(seconds=2),
    reports=timedelta(milliseconds=300),
    between_lookups=timedelta(milliseconds=50),
    per_second=500,
    at_once=16,
)


@dataclass
class FileRecord:
    """Facts in a file, each fsynced before it is acknowledged, once per key. Read again at every start."""

    path: Path
    kept: dict[str, tuple[str, str]] = field(default_factory=dict)
    facts: list[tuple[str, Fact]] = field(default_factory=list)

    def __post_init__(self) -> None:
        text = self.path.read_text() if self.path.exists() else ""
        for line in text.splitlines():
            self._take(json.loads(line))

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        return tuple(self._one(entry) for entry in entries)

    def of(self, order: OrderId) -> list[Fact]:
        return [fact for stream, fact in self.facts if stream == f"order/{order}"]

    def _one(self, entry: Entry) -> Recorded:
        assert entry.key is not None
        body = entry.fact.model_dump(mode="json")
        if entry.key in self.kept:
            if self.kept[entry.key] != (entry.fact.event_type(), json.dumps(body)):
                raise Conflict(f"{entry.key!r} has another body", fix="use a fresh key")
            return Recorded(0, duplicate=True)
        line = {"key": entry.key, "stream": entry.stream, "type": entry.fact.event_type(), "body": body}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._take(line)
        return Recorded(len(self.facts), duplicate=False)

    def _take(self, line: Mapping[str, Any]) -> None:
        self.kept[line["key"]] = (line["type"], json.dumps(line["body"]))
        self.facts.append((line["stream"], fact_of(line["type"], 1, line["body"])))


@dataclass
class Steps:
    """Counts, and dies at the step that it was told: from then on nothing of this life does anything."""

    die: Callable[[], None]
    at: int | None
    count: int = 0
    dead: bool = False

    async def pass_by(self) -> None:
        if not self.dead:
            self.count += 1
            if self.count == self.at:
                self.dead = True
                self.die()
        if self.dead:
            await asyncio.Event().wait()


@dataclass
class SteppedRecord:
    record_: FileRecord
    steps: Steps

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        await self.steps.pass_by()
        done = await self.record_.record(*entries)
        await self.steps.pass_by()
        return done


@dataclass
class SteppedVenue:
    venue: Venue
    steps: Steps

    @property
    def name(self) -> VenueName:
        return self.venue.name

    async def send(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Sending:
        await self.steps.pass_by()
        said = await self.venue.send(order, body, timeout=timeout)
        await self.steps.pass_by()
        return said

    async def lookup(self, order: OrderId, *, timeout: timedelta) -> Looking:
        await self.steps.pass_by()
        said = await self.venue.lookup(order, timeout=timeout)
        await self.steps.pass_by()
        return said

    async def lookups(self, orders: Sequence[OrderId], *, timeout: timedelta) -> Mapping[OrderId, Looking]:
        return await self.venue.lookups(orders, timeout=timeout)

    async def reports(self, after: str, *, wait: timedelta, timeout: timedelta) -> Page:
        page = await self.venue.reports(after, wait=wait, timeout=timeout)
        if page.reports:
            await self.steps.pass_by()
        return page

    async def replace(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Replacing:
        await self.steps.pass_by()
        said = await self.venue.replace(order, body, timeout=timeout)
        await self.steps.pass_by()
        return said

    async def cancel(self, order: OrderId, *, timeout: timedelta) -> Cancelling:
        return await self.venue.cancel(order, timeout=timeout)

    async def newest(self, *, timeout: timedelta) -> str:
        return await self.venue.newest(timeout=timeout)

    async def quotes(self, symbols: Sequence[Symbol], *, timeout: timedelta) -> Mapping[Symbol, Quote]:
        return await self.venue.quotes(symbols, timeout=timeout)

    async def capabilities(self, *, timeout: timedelta) -> Capabilities:
        return await self.venue.capabilities(timeout=timeout)

    async def health(self, *, timeout: timedelta) -> Health:
        return await self.venue.health(timeout=timeout)


async def one_life(
    orders: Sequence[ReleasedOrder], venues: Sequence[Venue], record: FileRecord, steps: Steps
) -> bool:
    """Work until every order has ended, or until death. Whether it lived."""
    works = {order.id: working(order, record.of(order.id)) for order in orders}

    async def find(order: OrderId) -> Working | None:
        return works.get(order)

    async def record_of(order: OrderId, _: ProposalId) -> Sequence[Chained]:
        return recorded(works[order].released, record.of(order))

    def terms_of(custodian: CustodianId) -> Terms:
        return Terms(frozenset(venue.name for venue in venues), Decimal("4.95"))

    executor = Executor(
        record=SteppedRecord(record, steps),
        venues=[SteppedVenue(venue, steps) for venue in venues],
        terms_of=terms_of,
        find=find,
        record_of=record_of,
        rules_of=always(BUILT_IN),
        patience=IMPATIENT,
        stops=watching(record.path.with_suffix(".halts")),
        hold=Alone(),
    )

    async def work() -> None:
        await executor.start([work for work in works.values() if not work.over])
        await executor.run()

    task = asyncio.create_task(work())
    try:
        async with asyncio.timeout(40):
            while not steps.dead and not all(work.over for work in works.values()):
                assert not task.done(), task.result()
                assert not executor.troubles, executor.troubles
                await asyncio.sleep(timedelta(milliseconds=5).total_seconds())
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return not steps.dead
