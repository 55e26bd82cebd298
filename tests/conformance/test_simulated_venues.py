"""The three simulated venues against the port's contract, as real processes: over HTTP and over sockets.

Each venue is asked over one of its interfaces here, and over the other in the long run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.venues.simulated.characters import CHARACTERS
from tests.conformance.venue_suite import VenueSuite
from tests.fixtures.venues import VenueProcess, one_venue

SHORT = {"ARCADIA": "tcp", "BOREAL": "http", "CORTLAND": "tcp"}
WAYS = [
    pytest.param((name, via), id=f"{name}-{via}", marks=[] if SHORT[name] == via else pytest.mark.long)
    for name in sorted(CHARACTERS)
    for via in ("http", "tcp")
]


@pytest.fixture(scope="module", params=WAYS)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VenueProcess]:
    name, via = request.param
    yield from one_venue(name, tmp_path_factory.mktemp("venue"), via=via)


class TestSimulatedVenue(VenueSuite):
    @pytest.fixture
    def stage(self, running: VenueProcess) -> VenueProcess:
        return running
