"""`worker`: assess, release, route, send and record, in the foreground."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

import uvloop

from core.clock import WallClock
from core.database.pools import async_pool, connect_async
from core.execution.lease import SETTING, fresh_name
from core.ids import CustodianId, VenueName
from core.ledger.journal import AT_ONCE, Journal
from core.people.keystore import KeyStore
from core.settings import WorkerSettings, environment
from core.settings import worker as settings
from core.venues.address import venue_at
from core.venues.custody.http import HttpCustodian
from core.venues.simulated.control import Address
from core.worker import Halts, Parts, Worker, telling
from ui.processes.foreground import until_stopped


def worker() -> None:
    """Run one worker until it is stopped. It holds the gate's login and the venues' keys, and no model."""
    uvloop.run(until_stopped(_work(settings(environment()))))


async def _work(chosen: WorkerSettings) -> None:
    clock = WallClock()
    dsn, name = chosen.gate.reveal(), fresh_name()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            async_pool(dsn, name="worker", most=10, says={SETTING: name}, asks_first=False)
        )
        # Its own connections: each makes ready once what the append asks, which takes as long as 200 entries.
        writing = await stack.enter_async_context(
            async_pool(dsn, name="worker-journal", most=AT_ONCE, says={SETTING: name}, asks_first=False)
        )
        journal = await stack.enter_async_context(Journal(writing, clock))
        venues = [
            await stack.enter_async_context(venue_at(VenueName(v.name), v.url, key=v.key.reveal()))
            for v in chosen.venues
        ]
        parts = Parts(
            place=partial(connect_async, dsn, name="worker-place", says={SETTING: name}),
            pool=pool,
            journal=journal,
            keys=KeyStore(chosen.keystore),
            clock=clock,
            venues=venues,
            tell=telling([Address(v.name, v.url, v.key.reveal()) for v in chosen.venues]),
            halts=Halts(chosen.halts, bytes.fromhex(chosen.halt_key.reveal()), chosen.acknowledged_within),
            custodians=[
                HttpCustodian(CustodianId(one.name), one.url, key=one.key.reveal())
                for one in chosen.custodians
            ],
        )
        await Worker(parts).run()
