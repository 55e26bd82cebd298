"""One office for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.office import Office, open_office
from tests.fixtures.servers import TestServer


# Not the session's: its processes ask their database all day, and with nobody's test in it for nothing.
@pytest.fixture(scope="package")
def office(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The demo firm at work, without screens."""
    with open_office(server, tmp_path_factory.mktemp("office"), screens=False, keeps=True) as opened:
        yield opened


@pytest.fixture(autouse=True)
def copilot_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did to the copilot's double is undone."""
    yield
    if "office" in request.fixturenames:
        opened: Office = request.getfixturevalue("office")
        opened.copilot.down, opened.copilot.holds = False, None
        opened.copilot.says.clear()
        opened.copilot.heard.clear()
