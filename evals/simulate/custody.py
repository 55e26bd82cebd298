"""Simulated custodians in this process: their own books and ledgers, which outlive every worker.

Rule 1: what a custodian has is `core.venues.custody.simulated`'s. Here is only how it hears the venues, how
    long a worker waits for its word, and that some words are lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import WorldFailed
from core.firm.custody import transferred
from core.firm.demo import SEED
from core.ids import CustodianId
from core.venues.custody.custodian import Instruction, Statement, Word
from core.venues.custody.simulated.clearing import Clearing
from core.venues.custody.simulated.house import House
from core.venues.custody.simulated.office import Custodians
from core.venues.simulated.ledger import open_ledger
from evals.simulate.chance import Chance
from evals.simulate.places import Place
from evals.simulate.server import Life


class Keepers:
    """The firm's custodians, from `start` to `close`. Nothing befalls them but the venues' outages."""

    def __init__(self, folder: Path, seed: int, places: Sequence[Place]) -> None:
        self._folder = folder
        self._seed = seed
        self._places = places
        self._closing = ExitStack()
        self.names = tuple(sorted(_opening()))

    async def start(self) -> None:
        houses = []
        for name in self.names:
            ledger, lines = open_ledger(self._folder / f"{name}.jsonl")
            self._closing.enter_context(contextlib.closing(ledger))
            house = House(name, self._seed, ledger, lines)
            house.open(_opening()[name])
            await house.settle()
            houses.append(house)
        self.office = Custodians(houses, {})
        ledger, _ = open_ledger(self._folder / "clearing.jsonl")
        self._closing.enter_context(contextlib.closing(ledger))
        hears = [_Hears(place) for place in self._places]
        self.office.hears(Clearing(ledger, hears, kept=self.office.keeps, passed_on=self.office.pass_on))

    def close(self) -> None:
        self._closing.close()


class NearCustodian:
    """What a worker has of a custodian. `life` is that worker's."""

    def __init__(self, name: CustodianId, keepers: Keepers, life: Life, chance: Chance) -> None:
        self._name = name
        self._keepers = keepers
        self._life = life
        self._chance = chance

    @property
    def name(self) -> CustodianId:
        return self._name

    async def statement(self, session: date, *, timeout: timedelta) -> Statement:
        await self._reached(timeout)
        return await self._keepers.office.statement(self._name, session)

    async def settlements(
        self, trades: Sequence[str], session: date, *, timeout: timedelta
    ) -> Mapping[str, Word]:
        await self._reached(timeout)
        return await self._keepers.office.settlements(self._name, trades, session)

    async def allocate(self, told: Instruction, *, timeout: timedelta) -> bool:
        await self._reached(timeout)
        return await self._keepers.office.allocate(self._name, told)

    async def _reached(self, timeout: timedelta) -> None:
        """Raises WorldFailed: the question or its answer is lost, or nobody is left to ask it."""
        lost = self._chance.percent(2)
        await asyncio.sleep(timeout.total_seconds() if lost else self._chance.ms(0.4, 60))
        if lost or self._life.dead:
            raise WorldFailed(f"custodian {self._name} gives no answer", fix="it is asked again")


class _Hears:
    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def name(self) -> str:
        return self._place.name

    async def since(self, cursor: str) -> tuple[Sequence[Mapping[str, Any]], str]:
        answer = self._place.cleared(int(cursor))
        if answer is None:
            raise WorldFailed(f"{self.name} is down", fix="it is asked again")
        return answer.body["reports"], answer.body["cursor"]


@cache
def _opening() -> Mapping[CustodianId, Sequence[Mapping[str, Any]]]:
    return transferred(SEED)
