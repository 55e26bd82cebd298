"""The record on the screen: chosen by kind, person and account, and growing by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seen
from tests.fixtures.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SignIn = Callable[[str], Seen]


def test_the_record_grows_on_the_screen_and_a_wrong_filter_is_said(office: Office, sign_in: SignIn) -> None:
    maria = sign_in("maria.alvarez")
    page = maria.page
    page.get_by_role("link", name="Audit trail").click()
    page.get_by_text("The whole record").click()
    page.get_by_label("By").fill("maria.alvarez")
    page.get_by_label("By").press("Enter")
    expect(page.get_by_role("cell", name="Session opened").first).to_be_visible()
    before = page.get_by_role("cell", name="Thread opened").count()
    office.of("maria.alvarez").open_thread(None)
    expect(page.get_by_role("cell", name="Thread opened")).to_have_count(before + 1)
    page.get_by_label("Account").fill("acc-none")
    page.get_by_label("Account").press("Enter")
    expect(page.get_by_text("There is no account 'acc-none' in your book.")).to_be_visible()
    assert maria.elsewhere(office.url) == set()
