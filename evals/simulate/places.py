"""Simulated venues in this process: their own engine, ledger and faults, behind the port and a bad network.

Rule 1: what a venue does is `core.venues.simulated`'s; what its answers mean is `core.venues.asking`'s. Here
    is only what lies between: time, loss, and the ends of connections.
Rule 2: what has left a worker arrives whether or not that worker still lives.
Rule 3: a venue that is killed keeps what its ledger has on the disk, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from core.errors import BadInput, WorldFailed
from core.ids import VenueName
from core.market.closes import closes
from core.market.walk import factor
from core.venues.asking import Ask, AskingVenue, NoAnswer, Told
from core.venues.simulated.book import Maker
from core.venues.simulated.characters import character
from core.venues.simulated.day import Day, first_day
from core.venues.simulated.exchange import Exchange
from core.venues.simulated.faults import Mishap
from core.venues.simulated.ledger import Ledger, Line, open_ledger, read_ledger
from core.venues.simulated.listings import listed
from core.venues.simulated.service import ORDERS, Answer, Service
from core.venues.simulated.socket import told_of
from evals.simulate.chance import Chance
from evals.simulate.server import Life

NAMES: Final = ("ARCADIA", "BOREAL", "CORTLAND")
SENDS: Final = frozenset({"send", "replace"})
Begins = Callable[[str, str | None], None]
"""Hears of each send's first step: the venue, and the order."""


class Place:
    """One venue. `faults` is what it begins with, as its control takes it."""

    def __init__(self, name: str, folder: Path, seed: int, faults: Mapping[str, Any]) -> None:
        self.name = name
        self._path = folder / f"{name}.jsonl"
        self._maker = Maker(name, character(name), seed, factor)
        self._listings = listed(self._maker.character)
        self._faults = faults
        self._day = first_day(closes().last_session())
        self._service: Service | None = None
        self._ledger: Ledger | None = None
        self._exchange: Exchange | None = None  # as it stood last, where it is down
        self._working: asyncio.Task[None] | None = None
        self._answering: dict[asyncio.Task[None], None] = {}  # in their order

    @property
    def up(self) -> bool:
        return self._service is not None

    @property
    def done(self) -> int:
        """Executions, and what was taken back or corrected of them."""
        held = () if self._exchange is None else self._exchange.orders.values()
        return sum(len(one.executions) + len(one.changes) for one in held)

    async def start(self) -> None:
        """From its ledger, as its process does."""
        ledger, lines = open_ledger(self._path)
        exchange = Exchange(self._day)
        for line in lines:
            exchange.apply(line)
        exchange.faults = exchange.faults.after_restart()
        ledger.add("opened", venue=self.name, seed=self._maker.seed, simulated=True)
        service = Service(maker=self._maker, listings=self._listings, exchange=exchange, ledger=ledger)
        self._service, self._ledger, self._exchange = service, ledger, exchange
        self._working = asyncio.create_task(service.run())
        await ledger.settle()
        if not lines:
            await service.control({"faults": dict(self._faults)})

    def kill(self) -> None:
        """As a power cut would: nobody is answered, what was not on the disk is lost."""
        if self._ledger is not None and self._working is not None:
            for task in (self._working, *self._answering):
                task.cancel()
            self._ledger.close()
            self._service = self._ledger = self._working = None

    async def control(self, given: Mapping[str, Any]) -> None:
        """Raises WorldFailed: it is down."""
        if self._service is None:
            raise WorldFailed(f"{self.name} is down", fix="it is told again")
        await self._service.control(dict(given))

    async def tell_day(self, day: Day) -> None:
        await self.control({"day": day.as_json()})

    def cleared(self, after: int) -> Answer | None:
        """What was executed since then, as whoever clears here hears it. None: it is down."""
        return None if self._service is None else self._service.cleared(after)

    def move_quotes(self) -> None:
        if self._service is not None:
            self._service.move_quotes()

    def answer(self, ask: Ask, answered: asyncio.Future[Answer | None]) -> None:
        """Answer that question some time. None: the connection ended without an answer."""
        task = asyncio.create_task(self._answer(ask, answered))
        self._answering[task] = None
        task.add_done_callback(lambda done: self._answering.pop(done, None))

    def ledger(self) -> tuple[Line, ...]:
        return read_ledger(self._path)

    async def _answer(self, ask: Ask, answered: asyncio.Future[Answer | None]) -> None:
        found: Answer | None = None
        try:
            service = self._service
            if service is not None:
                body = None if ask.body is None else ask.body.decode()
                asked = {"ask": ask.word, "order": ask.order, "body": body, "of": dict(ask.of)}
                with suppress(BadInput):
                    found = await told_of(service, asked)
                if ask.word in ORDERS:
                    await service.leave()
        finally:
            if not answered.done():
                answered.set_result(found)


class NearVenue(AskingVenue):
    """What a worker has of a venue. `life` is that worker's."""

    def __init__(self, place: Place, life: Life, chance: Chance, begins: Begins) -> None:
        super().__init__(VenueName(place.name))
        self._begins = begins
        self._place = place
        self._life = life
        self._chance = chance

    async def close(self) -> None:
        """There is nothing to close."""

    async def carried(self, ask: Ask, *, timeout: timedelta) -> Told:
        about_order = ask.word in ORDERS
        if ask.word in SENDS and not self._life.dead:
            self._begins(self.name, ask.order)
        if about_order:
            self._life.step()
        if self._life.dead or not self._place.up or self._chance.percent(1):
            raise self.away("connection refused")
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                told = await asyncio.shield(self._asked(ask))
        except TimeoutError as late:
            raise NoAnswer("no answer in time") from late
        if about_order:
            self._life.step()
        if self._life.dead:
            raise NoAnswer("the process that asks is dead")
        return told

    def _asked(self, ask: Ask) -> asyncio.Future[Told]:
        """The question is under way: nobody can take it back."""
        loop, chance = asyncio.get_running_loop(), self._chance
        answered: asyncio.Future[Answer | None] = loop.create_future()
        heard: asyncio.Future[Told] = loop.create_future()
        there = chance.ms(0.2, 30) + self._life.stalls
        if ask.word in ORDERS and chance.percent(1):
            there += chance.ms(1_000, 9_000)  # so late that nobody waits for it any more
        back = chance.ms(0.2, 30)
        lost = chance.percent(1)

        def comes_back(done: asyncio.Future[Answer | None]) -> None:
            loop.call_later(back, _hears, heard, None if lost else done.result())

        answered.add_done_callback(comes_back)
        loop.call_later(there, self._place.answer, ask, answered)
        heard.add_done_callback(lambda one: one.exception())  # nobody may be there to hear it
        return heard


def _hears(heard: asyncio.Future[Told], answer: Answer | None) -> None:
    if heard.done() or (answer is not None and answer.mishap is Mishap.TIME_OUT):
        return
    if answer is None or answer.mishap is Mishap.DROP:
        heard.set_exception(NoAnswer("the connection ended"))
    else:
        heard.set_result(Told(answer.status, None if answer.mishap is Mishap.CUT else answer.body))
