"""The copilot's page with the copilot that thinks: sources, the parked proposal, its fills."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import signed_in
from tests.fixtures.office import Office, open_office
from tests.fixtures.servers import TestServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def whole_office(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("whole-office")
    with open_office(server, folder, screens=True, copilot="real") as opened:
        yield opened


def test_a_parked_rebalance_tells_of_its_fills_on_the_open_page(
    whole_office: Office, browser: Browser
) -> None:
    maria, robert = whole_office.of("maria.alvarez"), whole_office.of("robert.hensley")
    seen = signed_in(whole_office, browser, "maria.alvarez")
    page = seen.page
    page.get_by_role("link", name="Copilot").click()
    box = page.get_by_placeholder("Ask, or ask for a trade proposal")
    box.fill("Which of my households need me today?")
    box.press("Enter")
    expect(page.get_by_role("columnheader", name="Dollars")).to_have_css("text-align", "right")
    expect(page.get_by_text("book at entry").first).to_be_visible()
    box.fill("Rebalance the Okafor household")
    box.press("Enter")
    page.get_by_role("button", name="Submit").click()
    (waiting,) = (p for p in maria.proposals() if p["household_name"] == "Okafor household")
    expect(page.get_by_text("Waiting for a principal").first).to_be_visible()
    robert.decide(waiting["proposal"], "approve", {"digest": waiting["digest"]})
    expect(page.get_by_text("orders have fills").first).to_be_visible(timeout=60_000)
    assert seen.elsewhere(whole_office.url) == set()
    page.context.close()
