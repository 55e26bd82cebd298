"""Workers that live and die at the seed's word: the product's own worker, whole, on virtual time.

Rule 1: a life that ends leaves nothing behind that a killed process would not: its connections are gone at
    once, nothing of it reaches the record or a venue any more, and what was on its way arrives.
Rule 2: a step is a place before or after something that lasts: an append, a message about an order. A life
    dies at a counted one.
Rule 3: a worker that ends by itself (its lease has ended) is started anew, as its supervisor would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

from core.clock import Clock
from core.database.pools import AsyncPool
from core.errors import WorldFailed
from core.execution.lease import SETTING
from core.ledger.journal import Journal
from core.people.keystore import KeyStore
from core.venues.venue import Venue
from core.worker import Halts, Parts, Worker
from core.worker.duties import Tell
from evals.simulate.chance import Chance
from evals.simulate.custody import Keepers, NearCustodian
from evals.simulate.loop import VirtualClock, VirtualLoop
from evals.simulate.places import Begins, NearVenue, Place
from evals.simulate.server import Pool, Server

HALT_KEY: Final = b"s" * 32
ACKNOWLEDGED_WITHIN: Final = timedelta(hours=1)
CONNECTIONS: Final = 5
SLOWEST_MS: Final = (20, 60, 120)
STARTS_AGAIN_MS: Final = (200, 2_500)


@dataclass(slots=True)
class OneLife:
    """`dies_at` counts steps from one; None: it lives until it is told to stop. `stalled_until` is the
    loop's time until which nothing of it reaches anybody."""

    name: str
    loop: VirtualLoop
    chance: Chance
    server: Server
    dies_at: int | None
    slowest_ms: int
    steps: int = 0
    dead: bool = False
    stalled_until: float = 0.0
    pools: list[Pool] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    @property
    def stalls(self) -> float:
        return max(self.stalled_until - self.loop.time(), 0.0)

    def step(self) -> None:
        if self.dead:
            return
        self.steps += 1
        if self.steps == self.dies_at:
            self.die()

    def die(self) -> None:
        """Nothing of it does anything from here on."""
        self.dead = True
        self.server.wait_until_gone([pid for pool in self.pools for pid in pool.sever()])
        if self.task is not None:
            self.loop.call_soon(self.task.cancel)


@dataclass(slots=True)
class Setting:
    """What all lives of a run share. `wrapped` may change what a worker is made of: for the proof that a
    broken one is found."""

    loop: VirtualLoop
    server: Server
    dsn: str
    home: Path
    places: Sequence[Place]
    keepers: Keepers
    tell: Tell
    begins: Begins
    wrapped: Callable[[Parts], Parts]


class Seat:
    """One worker's place in the firm: whoever has it, one life after the other."""

    def __init__(self, number: int, setting: Setting, chance: Chance, deaths: Sequence[int]) -> None:
        self._number = number
        self._setting = setting
        self._chance = chance
        self._deaths = list(deaths)
        self.clock = VirtualClock(setting.loop)
        self.lives: list[OneLife] = []
        self.fell: str | None = None

    async def run(self) -> None:
        """Until cancelled, or until a worker fell by what none should fall by: `fell` has its words."""
        while self.fell is None:
            await self._one()
            await asyncio.sleep(self._chance.ms(*STARTS_AGAIN_MS))

    def now(self) -> OneLife | None:
        return self.lives[-1] if self.lives and not self.lives[-1].dead else None

    async def _one(self) -> None:
        life = self._begun()
        life.task = asyncio.create_task(self._lived(life), name=life.name)
        ended = False
        try:
            await asyncio.wait([life.task])
            ended = not life.dead  # by itself: what a killed one says at last nobody hears
        finally:
            if not life.dead:
                life.die()
            life.task.cancel()
            await asyncio.wait([life.task])
        if ended and not life.task.cancelled():
            self.fell = _fell(life.task.exception())

    def _begun(self) -> OneLife:
        number = len(self.lives) + 1
        dies_at = self._deaths.pop(0) if self._deaths else None
        chance = self._chance.under("life", number)
        name, slowest_ms = f"wrk-{self._number}-{number}", chance.pick(SLOWEST_MS)
        life = OneLife(name, self._setting.loop, chance, self._setting.server, dies_at, slowest_ms)
        self.lives.append(life)
        return life

    async def _lived(self, life: OneLife) -> None:
        setting, says = self._setting, {SETTING: life.name}
        pool = Pool(setting.server, life, setting.dsn, most=CONNECTIONS, says=says)
        apart = Pool(setting.server, life, setting.dsn, most=1, says=says)
        life.pools += [pool, apart]
        clock: Clock = self.clock
        known = cast(AsyncPool, pool)
        async with Journal(known, clock) as journal:
            venues: list[Venue] = [
                NearVenue(place, life, life.chance.under(place.name), setting.begins)
                for place in setting.places
            ]
            parts = Parts(
                place=apart.made,
                pool=known,
                journal=journal,
                keys=KeyStore(setting.home / "keys"),
                clock=clock,
                venues=venues,
                tell=setting.tell,
                halts=Halts(setting.home / "halts", HALT_KEY, ACKNOWLEDGED_WITHIN),
                custodians=[
                    NearCustodian(name, setting.keepers, life, life.chance.under(name))
                    for name in setting.keepers.names
                ],
            )
            await Worker(setting.wrapped(parts)).run()


def _fell(ended: BaseException | None) -> str | None:
    """What is no reason to begin anew, in words. A lease that has ended is one."""
    words = [f"{type(one).__name__}: {one}" for one in _leaves(ended) if not isinstance(one, WorldFailed)]
    return "; ".join(words) or None


def _leaves(bad: BaseException | None) -> list[BaseException]:
    if bad is None:
        return []
    if isinstance(bad, BaseExceptionGroup):
        return [leaf for one in bad.exceptions for leaf in _leaves(one)]
    return [bad]
