"""A worker's lease: by it several share the orders, and by it one that was stopped too long does nothing
more.

Rule 1: a process takes one lease for its life, and says its name on each connection. The append refuses
    what it writes of an order that has passed on: that is the law, and no clock is asked for it.
Rule 2: a lease is ended by another worker when its connection is gone, or when its beat was seen to stand
    still for `LASTS` by the other's own clock that only goes forward. A wall clock that is set ends
    nothing and saves nothing.
Rule 3: whoever has not beaten for `LASTS` begins no send: between an intent and its bytes a process can be
    stopped for an hour, and the order be another's by then. What slips through is the same order under the
    same id.
Rule 4: whoever begins takes no order before every other has seen it: what venues allow is shared, and two
    who both believed to be alone would go above it.
Rule 5: a worker whose lease has ended stops. What it believed is old: it begins anew, with a new lease.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.database.statements import statements
from core.errors import WorldFailed
from core.ids import OrderId

SQL: Final = statements(Path(__file__).with_name("leases.sql"))
VERSION: Final = 1
"""Of what a worker writes and understands. Raised when an older one could not go on from there."""
LASTS: Final = timedelta(seconds=3)
BEATS: Final = timedelta(milliseconds=300)
NO_BEAT: Final = -1
SEEN: Final = 2  # beats of another after which it has looked at the others once
SETTING: Final = "gatehouse.worker"

log = structlog.get_logger(__name__)


class Hold(Protocol):
    """What the execution asks before it does anything that cannot be taken back."""

    @property
    def in_time(self) -> bool:
        """Whether nobody can have ended the lease yet."""
        ...

    async def holds(self, order: OrderId) -> bool:
        """Whether that order is still ours, by the record. Raises WorldFailed: it cannot be asked now."""
        ...


class Alone:
    """The hold of a worker that is the only one there can be: in a simulation, a bench, or a test."""

    in_time = True

    async def holds(self, _: OrderId) -> bool:
        return True


def fresh_name() -> str:
    """A worker's name for one life."""
    return f"wrk-{secrets.token_hex(12)}"


@dataclass(slots=True)
class _Seen:
    """Another's beat, and since when it stands there."""

    beat: int
    since: timedelta


class Lease:
    """Of one life. `place` is a connection of its own, which lives as long."""

    def __init__(self, place: AsyncConnection[DictRow], pool: AsyncPool, version: int) -> None:
        self._place = place
        self._pool = pool
        self._version = version
        self._beaten = timedelta(0)
        self._others: dict[int, _Seen] = {}
        self.newer_at_work = False
        self.tell: Callable[[int], None] = _nobody
        self._before: dict[int, int] | None = None  # whoever was there when this one began, by its beat then

    @property
    def joined(self) -> bool:
        """Whether every other worker knows of this one: what is shared among workers is shared by then."""
        return self._before == {}

    async def begin(self) -> None:
        self._beaten = _now()
        number = (await one(self._place, SQL["begin"], {"version": self._version}))["lease"]
        log.info("lease_begun", lease=number, version=self._version)

    async def end(self) -> None:
        """Leave everything to the others at once. They find out by themselves where it cannot be said."""
        try:
            await self._place.execute(SQL["end"])
        except psycopg.Error as bad:
            log.info("lease_not_ended", says=str(bad).strip())

    @property
    def in_time(self) -> bool:
        return _now() - self._beaten < LASTS

    async def holds(self, order: OrderId) -> bool:
        async with lend(self._pool) as connection:
            return bool((await one(connection, SQL["holds"], {"order": order}))["mine"])

    async def claim(self, most: int) -> tuple[OrderId, ...]:
        """Orders that are ours from now on: at most so many."""
        async with lend(self._pool) as connection:
            return tuple(
                OrderId(row["order_id"]) for row in await rows(connection, SQL["claim"], {"most": most})
            )

    async def claim_late(self, order: OrderId) -> bool:
        """Whether a released order is ours, for a venue's word on it after its end."""
        async with lend(self._pool) as connection:
            return bool((await one(connection, SQL["claim_late"], {"order": order}))["mine"])

    async def keep(self) -> None:
        """Beat, and end the leases of those that are gone, until cancelled.

        Raises:
            WorldFailed: the lease has ended, or its connection has. This life is over.
        """
        while True:
            await self._beat()
            await self._look_at_others()
            await asyncio.sleep(BEATS.total_seconds())

    async def _beat(self) -> None:
        asked = _now()
        try:
            alive = (await one(self._place, SQL["beat"]))["alive"]
        except psycopg.Error as bad:
            if self._place.broken:
                raise WorldFailed(
                    "the worker's connection is gone, and with it its lease", fix="it begins anew by itself"
                ) from bad
            log.warning("beat_waits", says=str(bad).strip())  # a full disk: nobody can end it either
            return
        if not alive:
            raise WorldFailed("another worker has ended this one's lease", fix="it begins anew by itself")
        self._beaten = asked

    async def _look_at_others(self) -> None:
        try:
            others = await rows(self._place, SQL["others"])
        except psycopg.Error as bad:
            log.warning("others_not_seen", says=str(bad).strip())
            return
        gone = {row["lease"] for row in others if row["gone"]}
        self.newer_at_work = any(row["version"] > self._version and not row["gone"] for row in others)
        now = _now()
        before, self._others = self._others, {}
        for row in others:
            known = before.get(row["lease"])
            stood = known is not None and known.beat == row["beat"]
            self._others[row["lease"]] = known if known is not None and stood else _Seen(row["beat"], now)
        self._join({row["lease"]: row["beat"] for row in others if not row["gone"]})
        for lease, seen in list(self._others.items()):
            stands_still = now - seen.since >= LASTS
            if stands_still or lease in gone:
                await self._bury(lease, seen.beat if stands_still else NO_BEAT)

    def _join(self, beats: Mapping[int, int]) -> None:
        """Whoever has beaten twice since has looked at the others in between, and seen this one."""
        if self._before is None:
            self._before = dict(beats)
        known = self._before.items()
        self._before = {lease: beat for lease, beat in known if beats.get(lease, beat + SEEN) < beat + SEEN}
        self.tell(1 + len(beats))

    async def _bury(self, lease: int, beat: int) -> None:
        try:
            buried = (await one(self._place, SQL["bury"], {"lease": lease, "beat": beat}))["buried"]
        except psycopg.Error as bad:
            log.warning("lease_not_buried", lease=lease, says=str(bad).strip())
            return
        if buried:
            log.warning("lease_ended_of_another", lease=lease)


def _nobody(_: int) -> None:
    """Nobody is told how many workers there are."""


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())
