"""A browser for the tests of what people see: Debian's chromium, headless, offline but for the loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.fixtures.firm import FirmTemplate
from tests.fixtures.office import Office, open_office
from tests.fixtures.servers import TestServer

ARGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Seen:
    """A person's page, and every address that it asked for."""

    page: Page
    asked: list[str] = field(default_factory=list)

    def elsewhere(self, url: str) -> set[str]:
        return {one for one in self.asked if not one.startswith((url, "data:", "blob:"))}


# Not the session's: its processes ask their database all day, and with nobody's test in it for nothing.
@pytest.fixture(scope="package")
def office(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The demo firm at work, with its screens."""
    with open_office(server, tmp_path_factory.mktemp("office"), screens=True) as opened:
        yield opened


# Playwright's own event loop runs as long as this lives: no test of another folder may run beside it, and the
# firm, which is founded in a loop of its own, has to be there before.
@pytest.fixture(scope="package")
def browser(firm_template: FirmTemplate) -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    expect.set_options(timeout=15_000)  # a slow machine under load
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield launched
        launched.close()


def signed_in(office: Office, browser: Browser, login: str) -> Seen:
    """Somebody at a browser of her own, on the first page of her role. Close its context at the end."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    seen = Seen(context.new_page())
    seen.page.set_default_timeout(30_000)
    seen.page.on("request", lambda request: seen.asked.append(request.url))
    seen.page.goto(office.url)
    seen.page.fill("#login", login)
    seen.page.fill("#password", office.passwords[login])
    seen.page.click("button[type=submit]")
    seen.page.wait_for_selector("h1")
    return seen


@pytest.fixture
def sign_in(office: Office, browser: Browser) -> Iterator[Callable[[str], Seen]]:
    """Signs people in at this run's office."""
    opened: list[Seen] = []

    def one(login: str) -> Seen:
        opened.append(signed_in(office, browser, login))
        return opened[-1]

    yield one
    for seen in opened:
        seen.page.context.close()
