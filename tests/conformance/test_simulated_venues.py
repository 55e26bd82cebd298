"""The three simulated venues against the port's contract, over real HTTP, as real processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.venues.simulated.characters import CHARACTERS
from tests.conformance.venue_suite import VenueSuite
from tests.fixtures.venues import VenueProcess, one_venue


@pytest.fixture(scope="module", params=sorted(CHARACTERS))
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VenueProcess]:
    yield from one_venue(request.param, tmp_path_factory.mktemp("venue"))


class TestSimulatedVenue(VenueSuite):
    @pytest.fixture
    def stage(self, running: VenueProcess) -> VenueProcess:
        return running
