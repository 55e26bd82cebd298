"""What people see of a halt: one stops, everybody is told, and another resumes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seen
from tests.fixtures.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
BANNER = ".stopped"


def test_the_banner_is_on_every_page_and_another_person_resumes(
    office: Office, sign_in: Callable[[str], Seen]
) -> None:
    waiting = office.assessed("maria.alvarez", "hh-105")  # first: a page that changes closes a dialog
    people = [sign_in(login) for login in ("ngozi.adeyemi", "maria.alvarez", "robert.hensley")]
    compliance, advisor, principal = people
    expect(advisor.page.locator(BANNER)).to_have_count(0)

    compliance.page.get_by_role("button", name="Stop trading").click()
    dialog = compliance.page.get_by_role("dialog")
    dialog.get_by_label("Why (for those who resume it)").fill("The feed looks odd")
    dialog.get_by_label("Why (for those who resume it)").press("Enter")
    dialog.get_by_role("button", name="Stop trading now").click()
    answer = "You stopped it. Trading is stopped for everything. No further order leaves."
    expect(compliance.page.get_by_text(answer)).to_be_visible()

    # Nobody clicks: it comes by itself.
    for seen in people:
        banner = seen.page.locator(BANNER)
        expect(banner).to_contain_text("Trading stopped")
        expect(banner).to_contain_text("Everything since")
        expect(banner).to_contain_text("by Ngozi Adeyemi: The feed looks odd")
    expect(compliance.page.get_by_role("button", name="Resume trading for everything")).to_have_count(0)
    expect(advisor.page.get_by_role("button", name="Resume trading for everything")).to_have_count(0)

    advisor.page.goto(f"{office.url}/proposals?proposal={waiting['proposal']}")
    expect(
        advisor.page.get_by_text("Trading is stopped for everything: no new order of it leaves")
    ).to_be_visible()
    expect(advisor.page.locator(BANNER)).to_be_visible()

    principal.page.get_by_role("button", name="Resume trading for everything").click()
    principal.page.get_by_role("dialog").get_by_role("button", name="Resume trading", exact=True).click()
    expect(principal.page.locator(BANNER)).to_have_count(0)
    expect(advisor.page.locator(BANNER)).to_have_count(0)
    assert office.of("ngozi.adeyemi").halts()["halts"] == []
