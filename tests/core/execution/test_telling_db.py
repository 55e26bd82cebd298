"""How a worker sees its venues, kept for people: who may write it, who may read it, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.database.pools import async_pool, lend
from core.execution.board import Board
from core.execution.lease import Alone
from core.execution.line import Line
from core.execution.telling import WORKER, keep_venues
from core.ids import VenueName
from core.projections.venues import read_venues
from tests.core.execution.steps import IMPATIENT
from tests.fixtures.halts import watching
from tests.fixtures.servers import Database
from tests.fixtures.venues import VenueProcess, one_venue


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    yield from one_venue("BOREAL", tmp_path_factory.mktemp("venue"), via="tcp")


@pytest.mark.anyio
async def test_people_read_what_the_worker_sees_of_a_venue_that_answers_and_of_one_that_does_not(
    database: Database, stage: VenueProcess, tmp_path: Path
) -> None:
    stops = watching(tmp_path / "halts")
    stage.tell(faults={"per_second": 40, "send_weight": 5})
    async with (
        stage.client() as there,
        stage.client(name="ARCADIA", port=9) as away,
        async_pool(database.of("gh_gate"), name="worker", most=2) as pool,
        async_pool(database.of("gh_intake"), name="front", most=2) as front,
    ):
        lines = {venue.name: Line(venue, IMPATIENT, stops, Alone()) for venue in (there, away)}
        await keep_venues(pool, Board(lines))
        await keep_venues(pool, Board(lines))
        async with lend(front) as connection:
            seen = {one.venue: one for one in await read_venues(connection)}
    assert {VenueName(name) for name in seen} == {"ARCADIA", "BOREAL"}
    told = seen["BOREAL"].told
    assert (told["open"], told["breaker"], told["capabilities"]["replaces"]) == (True, "closed", False)
    # Its line goes by what it says; the other's by our own figure.
    weights = {"send": 5, "cancel": 1, "lookup": 1}
    assert (told["per_second"], told["capabilities"]["weights"]) == (40, weights)
    assert seen["ARCADIA"].told["per_second"] == IMPATIENT.per_second
    assert (seen["ARCADIA"].told["open"], seen["ARCADIA"].told["capabilities"]) == (None, None)
    assert {one.worker for one in seen.values()} == {WORKER}
