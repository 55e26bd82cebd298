"""The audit page shows an account as it was, and says of a time that cannot be read how to write it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seen
from tests.fixtures.office import Office

pytestmark = pytest.mark.browser


def test_an_account_is_shown_as_it_was_at_a_market_time(
    office: Office, sign_in: Callable[[str], Seen]
) -> None:
    page = sign_in("maria.alvarez").page
    page.goto(f"{office.url}/audit")
    page.get_by_text("An account as it was").click()
    expect(page.get_by_text("It rests on entry")).to_be_visible()
    true_at = page.get_by_label("True at, market clock (empty: all known)")
    true_at.fill("2022-12-29T15:00:00Z")
    true_at.press("Enter")
    expect(page.get_by_text("true at 29 Dec 2022, 10:00:00 ET")).to_be_visible()
    expect(page.locator("table.gh")).to_be_visible()
    true_at.fill("yesterday")
    true_at.press("Enter")
    expect(page.get_by_text("That is no time. Write RFC 3339 with its zone")).to_be_visible()
