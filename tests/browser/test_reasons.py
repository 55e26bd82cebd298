"""A finding on the screens: the advisor's written reason, the principal's, and the client's consent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seen
from tests.fixtures.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ORDER = {
    "kind": "order",
    "household": "hh-113",
    "accounts": ["acc-1030"],
    "symbol": "XOM",
    "side": "buy",
    "quantity": "108",
    "order_type": "limit",
    "limit_price": "108",
}  # it takes Exxon Mobil above the account's limit for one issuer; the account is not discretionary
FOUND = ("Concentration by issuer", "Concentration by sector")


def test_a_finding_is_decided_on_with_two_written_reasons_and_the_clients_consent(
    office: Office, sign_in: Callable[[str], Seen]
) -> None:
    drafted = office.of("maria.alvarez").draft(ORDER, key="finding-in-the-browser")
    maria, robert = sign_in("maria.alvarez").page, sign_in("robert.hensley").page
    maria.goto(f"{office.url}/proposals?proposal={drafted['proposal']}")
    submit = maria.get_by_role("button", name=re.compile(r"^Submit 1 order ticket, \$"))
    submit.click()
    expect(maria.get_by_text(f"Write a reason for {', '.join(FOUND)} first.")).to_be_visible()
    for check in FOUND:
        maria.get_by_label(f"Your reason: {check}").fill("She asked for it.")
    submit.click()
    expect(maria.get_by_text("Waiting for a principal").first).to_be_visible()

    robert.get_by_role("button", name=re.compile("Buy 108 XOM")).click()
    expect(robert.get_by_text("She asked for it.").first).to_be_visible()
    robert.get_by_role("button", name="Approve", exact=True).click()
    approve = robert.get_by_role("dialog").get_by_role("button", name="Approve", exact=True)
    approve.click()
    expect(robert.get_by_text("Each finding needs your written reason.")).to_be_visible()
    for check in FOUND:
        robert.get_by_role("dialog").get_by_label(f"Your reason: {check}").fill("Suitable.")
    approve.click()
    expect(robert.get_by_role("dialog")).to_be_hidden()

    expect(maria.get_by_text("Approved, needs the client’s consent").first).to_be_visible()
    client = maria.get_by_label("Client", exact=True)
    expect(client).to_have_value("Ruth Abernathy for Taxable acc-1030")
    maria.get_by_role("button", name="Record consent").click()
    expect(maria.get_by_text("Executed").first).to_be_visible(timeout=60_000)
    expect(maria.get_by_text("108 of 108")).to_be_visible()
