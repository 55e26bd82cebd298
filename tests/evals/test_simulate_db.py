"""The simulation: one seed is one journal, and a worker that is broken on purpose does not get through."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import pytest

from core.errors import BadInput
from core.execution.outbox import Record
from core.fact import Entry
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.orders.events import OrderSent
from core.orders.released import ReleasedOrder
from core.venues.venue import Execution, Found, Looking, Page, Sending, Unknown, Venue
from core.worker import Parts
from evals.simulate.command import Result, span
from evals.simulate.ground import Ground, ready
from evals.simulate.places import NearVenue
from evals.simulate.run import Ran, Scale, ran
from tests.fixtures.firm import TEMPLATE, FirmTemplate

FEW: Final = Scale(orders=5, workers=2, closes_after=timedelta(seconds=4), longest=timedelta(seconds=20))
SHORT: Final = replace(FEW, longest=timedelta(seconds=6))
"""For what never comes to its end."""


@pytest.fixture(scope="module")
def ground(firm_template: FirmTemplate) -> Iterator[Ground]:
    """The run's own server and firm."""
    server = firm_template.server
    home = Path(tempfile.mkdtemp(prefix="gh-sim-"))
    home.chmod(0o711)
    database = server.clone(TEMPLATE)
    ours = Ground(home, server.superuser_dsn("postgres"), server.logins, database.name)
    ready(ours, database.superuser, founded=True)
    yield ours
    server.drop(database)
    shutil.rmtree(home, ignore_errors=True)


def test_one_seed_is_one_journal_byte_for_byte_and_nothing_is_lost(ground: Ground) -> None:
    once, again = ran(ground, 1, FEW), ran(ground, 1, FEW)
    assert once.good, once
    assert once == again
    assert once.counted["executions"] > 0


class Impatient:
    """It does not wait for an answer, and asks another venue without looking the order up."""

    def __init__(self, venue: NearVenue, other: NearVenue) -> None:
        self._venue, self._other = venue, other

    def __getattr__(self, name: str) -> object:
        return getattr(self._venue, name)

    async def send(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Sending:
        said = await self._venue.send(order, body, timeout=timedelta(microseconds=1))
        return await self._other.send(order, body, timeout=timeout) if isinstance(said, Unknown) else said


class Forgetful:
    """It drops what a venue tells of executions."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def __getattr__(self, name: str) -> object:
        return getattr(self._venue, name)

    async def reports(self, after: str, *, wait: timedelta, timeout: timedelta) -> Page:
        page = await self._venue.reports(after, wait=wait, timeout=timeout)
        return Page(tuple(one for one in page.reports if not isinstance(one, Execution)), page.cursor)

    async def lookup(self, order: object, *, timeout: timedelta) -> Looking:
        said = await self._venue.lookup(order, timeout=timeout)  # type: ignore[arg-type]
        return replace(said, executions=()) if isinstance(said, Found) else said


class Silent:
    """It sends without an intent on record."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        if any(isinstance(entry.fact, OrderSent) for entry in entries):
            return (Recorded(0, duplicate=False),)
        return await self._record.record(*entries)


def impatient(parts: Parts) -> Parts:
    venues = [cast(NearVenue, venue) for venue in parts.venues]
    others = [*venues[1:], venues[0]]
    pairs = zip(venues, others, strict=True)
    return replace(parts, venues=[cast(Venue, Impatient(venue, other)) for venue, other in pairs])


def forgetful(parts: Parts) -> Parts:
    return replace(parts, venues=[cast(Venue, Forgetful(venue)) for venue in parts.venues])


def silent(parts: Parts) -> Parts:
    return replace(parts, journal=cast(Journal, Silent(parts.journal)))


def test_a_worker_that_sends_again_elsewhere_without_a_look_up_is_found(ground: Ground) -> None:
    found = ran(ground, 1, SHORT, impatient)
    assert any(says.startswith("order gh-") and " is at " in says for says in found.duplicates), found


def test_a_fill_that_is_dropped_is_found(ground: Ground) -> None:
    found = ran(ground, 1, SHORT, forgetful)
    assert any("is not in the record" in says for says in found.lost), found


def test_a_message_without_an_intent_is_found(ground: Ground) -> None:
    found = ran(ground, 1, SHORT, silent)
    assert any("without an intent" in says for says in found.breaks), found


def result(*runs: Ran, unequal: tuple[int, ...] = ()) -> Result:
    return Result(7, 8, 50, 2, runs, unequal, timedelta(seconds=1))


def test_a_seed_that_does_not_hold_is_named_with_the_words_that_run_it_again() -> None:
    lost = Ran(7, "d" * 64, (), ("order gh-1 has no end: SENT",), (), {"executions": 9, "lives": 2})
    good = Ran(8, "e" * 64, (), (), (), {"executions": 9, "lives": 2})
    said = result(lost, good, unequal=(8,)).as_json()
    assert (said["breaks"], said["lost"], said["duplicates"], said["digests_equal"]) == (0, 1, 0, 1)
    assert [(one["seed"], one["again"]) for one in said["failing"]] == [
        (7, "gatehouse simulate --seeds 7..7 --orders 50"),
        (8, "gatehouse simulate --seeds 8..8 --orders 50"),
    ]
    assert json.loads(json.dumps(said)) == said
    assert result(good).good
    assert not result(good, unequal=(8,)).good


@pytest.mark.parametrize(("words", "is_"), [("1..200", (1, 200)), ("7", (7, 7)), ("0..0", (0, 0))])
def test_a_span_of_seeds_is_read(words: str, is_: tuple[int, int]) -> None:
    assert span(words) == is_


@pytest.mark.parametrize("words", ["", "b", "3..1", "-1..2", "1..x"])
def test_what_is_no_span_is_refused(words: str) -> None:
    with pytest.raises(BadInput):
        span(words)
