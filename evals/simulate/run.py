"""One seed's run: workers, venues, faults and people on one virtual day, to the end of its last order.

Rule 1: everything that is chosen is the seed's: orders, deaths, outages, clocks, lies. The same seed and the
    same number of orders make the same run.
Rule 2: a run ends when every released order has ended and the day is closed and its trades confirmed, or when
    virtual time is over: then what has not ended is lost.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow

from core.business_day import Day
from core.database.logins import APPROVER, GATE
from core.database.pools import connect
from core.halts.file import Halt, HaltFile
from core.halts.scope import Scope
from core.ids import random_bytes
from core.venues.simulated.day import Day as VenueDay
from core.worker import Parts
from evals.bench.released import Releasing
from evals.simulate.chance import Chance
from evals.simulate.checks import Watched, checked
from evals.simulate.custody import Keepers
from evals.simulate.ground import Ground
from evals.simulate.journal import digest_of
from evals.simulate.lives import HALT_KEY, OneLife, Seat, Setting
from evals.simulate.loop import BEGINS_AT, VirtualClock, VirtualLoop, true_time
from evals.simulate.orders import Decided, decided, event_ids, moments
from evals.simulate.people import People
from evals.simulate.places import NAMES, Place
from evals.simulate.server import Server

LOOKS_EVERY: Final = 0.25  # virtual seconds
UNDECIDED: Final = 3  # orders that nobody approved
RELEASES: Final = 5  # bursts in which orders come
ARRIVE_WITHIN: Final = timedelta(seconds=3)
STEPS_AN_ORDER: Final = 6  # of a life that dies: it does so while there is work

Wrapped = Callable[[Parts], Parts]


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a run is: its orders, at most so many workers at once, when people close the day, and when
    it is given up. Durations are virtual."""

    orders: int
    workers: int
    closes_after: timedelta
    longest: timedelta


def scale(orders: int) -> Scale:
    """A day that is long enough for so many."""
    return Scale(orders, 3, timedelta(seconds=8 + orders // 50), timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it. `breaks` are sentences, empty where everything held."""

    seed: int
    digest: str
    breaks: tuple[str, ...]
    lost: tuple[str, ...]
    duplicates: tuple[str, ...]
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not (self.breaks or self.lost or self.duplicates)

    def line(self) -> str:
        """In one line."""
        found = f"{len(self.breaks)} breaks, {len(self.lost)} lost, {len(self.duplicates)} duplicates"
        executions, lives = self.counted["executions"], self.counted["lives"]
        return f"seed {self.seed}: {found}; {executions} executions, {lives} lives, {self.digest[:16]}"


def unbroken(parts: Parts) -> Parts:
    """The worker as it is."""
    return parts


def ran(ground: Ground, seed: int, size: Scale, wrapped: Wrapped = unbroken) -> Ran:
    """Run that seed once."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with ExitStack() as stack:
        database = stack.enter_context(ground.clone(f"{ground.template}_run"))
        home = ground.home / "run"
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
        for folder in ("venues", "keys", "halts"):
            (home / folder).mkdir(parents=True)
        superuser = stack.enter_context(connect(_at(ground.superuser, database), name="simulation"))
        loop = VirtualLoop()
        gc.collect()
        gc.disable()  # what it would finish, and when, is no part of the seed
        stack.callback(gc.enable)
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(_Run(ground, database, home, loop, superuser, seed, size, wrapped).run())


def _at(dsn: str, database: str) -> str:
    return make_conninfo(dsn, dbname=database)


class _Run:
    def __init__(
        self,
        ground: Ground,
        database: str,
        home: Path,
        loop: VirtualLoop,
        superuser: Connection[DictRow],
        seed: int,
        size: Scale,
        wrapped: Wrapped,
    ) -> None:
        self._seed = seed
        self._loop = loop
        self._home = home
        self._superuser = superuser
        self._chance = Chance(seed, "run")
        self._server = Server(loop, ground.time_file, superuser)
        self._approver = ground.logins.dsn(APPROVER, database=database)
        self._places = [
            Place(name, home / "venues", seed, faults(self._chance.under("faults", name))) for name in NAMES
        ]
        self._keepers = Keepers(home / "custody", seed, self._places)
        self._size = size
        self._told: VenueDay | None = None
        self._halts = HaltFile(home / "halts", HALT_KEY, VirtualClock(loop))
        self._watched = Watched()
        gate = ground.logins.dsn(GATE, database=database)
        self._setting = Setting(
            loop,
            self._server,
            gate,
            home,
            self._places,
            self._keepers,
            self._tell,
            self._watched.begins,
            wrapped,
        )
        self._seats = self._seated()

    def _seated(self) -> list[Seat]:
        chance = self._chance.under("seats")
        count = chance.count(1, self._size.workers)
        most = max(STEPS_AN_ORDER * self._size.orders // count, 1)
        seats = []
        for number in range(1, count + 1):
            deaths = [chance.count(1, most) for _ in range(chance.count(0, 3))]
            seats.append(Seat(number, self._setting, chance.under(number), deaths))
        return seats

    async def run(self) -> Ran:
        random_bytes.set(self._chance.under("ids").bytes)
        random.seed(self._seed)  # the pauses between tries are drawn from it
        self._server.show_time()
        self._halts.make(())
        both = decided(self._superuser, self._size.orders + UNDECIDED, self._chance.under("orders"))
        orders, undecided = both[UNDECIDED:], both[:UNDECIDED]
        self._watched.begin(self._superuser)
        people = People(self._server, self._loop, self._approver)
        try:
            await self._lived(people, orders, undecided)
        finally:
            people.close()
            self._server.close()
        return self._found(orders)

    async def _lived(self, people: People, orders: Sequence[Decided], undecided: Sequence[Decided]) -> None:
        tasks: list[asyncio.Task[None]] = []
        try:
            for place in self._places:
                await place.start()
            await self._keepers.start()
            tasks = [asyncio.create_task(seat.run()) for seat in self._seats]
            tasks += [asyncio.create_task(one) for one in self._troubles(people, orders, undecided)]
            await self._until_over(people, tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for place in self._places:
                place.kill()
            self._keepers.close()

    def _found(self, orders: Sequence[Decided]) -> Ran:
        ledgers = {place.name: place.ledger() for place in self._places}
        said = checked(self._superuser, self._watched, ledgers, [one.order for one in orders])
        fell = [f"a worker fell: {seat.fell}" for seat in self._seats if seat.fell is not None]
        virtual_ms = int((self._loop.time() - BEGINS_AT) * 1_000)
        lives = sum(len(seat.lives) for seat in self._seats)
        return Ran(
            seed=self._seed,
            digest=digest_of(self._superuser, ledgers),
            breaks=(*said.breaks, *fell),
            lost=said.lost,
            duplicates=said.duplicates,
            counted={**said.counted, "lives": lives, "virtual_ms": virtual_ms},
        )

    async def _until_over(self, people: People, tasks: Sequence[asyncio.Task[None]]) -> None:
        begun = self._loop.time()
        asked = False
        while self._loop.time() - begun < self._size.longest.total_seconds():
            await asyncio.sleep(LOOKS_EVERY)
            for task in tasks:
                if task.done():
                    task.result()  # raises what ended it: the simulation itself is broken
            age = self._loop.time() - begun
            if not asked and age > self._size.closes_after.total_seconds():
                asked = people.close_day() == "ok"
            if asked and self._watched.is_over(self._superuser, self._places, self._size.orders):
                return

    def _now(self) -> datetime:
        return true_time(self._loop)

    async def _tell(self, day: Day) -> None:
        wanted = VenueDay(day.session, day.at, day.state == "open")
        if wanted != self._told:
            for place in self._places:
                await place.tell_day(wanted)
            self._told = wanted

    # What befalls it

    def _troubles(self, people: People, orders: Sequence[Decided], undecided: Sequence[Decided]) -> list[Any]:
        chance = self._chance.under("troubles")
        return [
            self._release(orders, undecided, chance.under("releases")),
            self._cancel(people, orders, chance.under("cancels")),
            self._outages(chance.under("outages")),
            self._set_clocks(chance.under("clocks")),
            self._stall(chance.under("stalls")),
            self._halt(people, chance.under("halts")),
            self._walk(),
        ]

    async def _release(self, orders: Sequence[Decided], undecided: Sequence[Decided], chance: Chance) -> None:
        """Orders come in bursts; and some come that nobody approved, which must go nowhere."""
        releasing = Releasing(self._superuser, event_ids(chance))
        releasing.write([(one.order, one.content) for one in undecided], at=self._now(), approved=False)
        bursts = moments(chance, RELEASES, ARRIVE_WITHIN)
        begun, size = self._loop.time(), -(-len(orders) // RELEASES)
        for number, moment in enumerate(bursts):
            await asyncio.sleep(max(begun + moment - self._loop.time(), 0))
            some = orders[number * size : (number + 1) * size]
            releasing.write([(one.order, one.content) for one in some], at=self._now(), approved=True)

    async def _cancel(self, people: People, orders: Sequence[Decided], chance: Chance) -> None:
        wanted = [one.order.id for one in orders if chance.percent(8)]
        begun = self._loop.time()
        for moment, order in zip(moments(chance, len(wanted), self._size.closes_after), wanted, strict=True):
            await asyncio.sleep(max(begun + moment - self._loop.time(), 0))
            people.cancel(order)

    async def _outages(self, chance: Chance) -> None:
        """Venues that do not answer for a while, and venues that are killed."""
        for _ in range(chance.count(0, 4)):
            await asyncio.sleep(chance.ms(100, 5_000))
            place = chance.pick(self._places)
            lasts = chance.ms(100, 6_000)
            if chance.percent(50) and place.up:
                await place.control({"faults": {"away": True}})
                await asyncio.sleep(lasts)
                await place.control({"faults": {"away": False}})
            else:
                place.kill()
                await asyncio.sleep(lasts)
                await place.start()

    async def _set_clocks(self, chance: Chance) -> None:
        """Wall clocks of workers that are set, forward and back."""
        for _ in range(chance.count(0, 5)):
            await asyncio.sleep(chance.ms(100, 3_000))
            seat = chance.pick(self._seats)
            seat.clock.off = timedelta(milliseconds=chance.count(-7_200_000, 7_200_000))

    async def _stall(self, chance: Chance) -> None:
        """A worker that reaches nobody for a while: long enough that another one ends its lease."""
        for _ in range(chance.count(0, 2)):
            await asyncio.sleep(chance.ms(200, 6_000))
            life: OneLife | None = chance.pick(self._seats).now()
            if life is not None:
                life.stalled_until = self._loop.time() + chance.ms(500, 8_000)

    async def _halt(self, people: People, chance: Chance) -> None:
        """Trading that is stopped at the machine, for everything or one venue, and resumed by a person."""
        for number in range(chance.count(0, 2)):
            await asyncio.sleep(chance.ms(100, 6_000))
            scope = Scope(chance.pick(("all", f"venue:{NAMES[0]}", f"venue:{NAMES[2]}")))
            halt = Halt(f"hlt-{self._seed:024x}{number:08x}", scope, true_time(self._loop), "machine")
            self._halts.add(halt)
            self._watched.halted(scope)
            await asyncio.sleep(chance.ms(300, 4_000))
            while people.resume(scope) != "ok":  # until a worker has taken it into the record
                await asyncio.sleep(0.1)
            self._watched.resumed(scope)

    async def _walk(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            for place in self._places:
                place.move_quotes()


def faults(chance: Chance) -> dict[str, Any]:
    """How one venue behaves from its start: badly, and not all in the same way."""
    often = {
        "time_out_percent": 4,
        "cut_percent": 4,
        "drop_percent": 4,
        "reject_percent": 3,
        "limit_percent": 3,
        "duplicate_percent": 20,
        "reorder_percent": 20,
        "bust_percent": 4,
        "correct_percent": 4,
        "away_percent": 2,
        "answer_ms": 300,
        "delay_ms": 30,
        "queue_us": 500,
    }
    return {name: chance.count(0, most) for name, most in often.items() if chance.percent(60)}
