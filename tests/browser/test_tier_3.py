"""Tier 3 on the screens: an authenticator enrolled by its picture, and two approvals, each proven."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import expect

from tests.browser.conftest import Seen
from tests.fixtures.office import Office
from tests.fixtures.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

SALE = {
    "kind": "order",
    "household": "hh-107",
    "accounts": ["acc-1014"],
    "symbol": "GHAB",
    "side": "sell",
    "quantity": "1500",
    "order_type": "market",
}  # more than half of a discretionary account


def submitted(office: Office, key: str) -> str:
    """That sale, submitted by Maria."""
    maria = office.of("maria.alvarez")
    proposal = maria.draft(SALE, key=key)["proposal"]
    found = until(lambda: maria.proposal(proposal), lambda p: p["status"] != "DRAFTED", within=60)
    why = {c["policy"]: "She asked for it." for c in found["findings"] if c["result"] == "finding"}
    maria.decide(proposal, "submit", {"digest": found["digest"], "reasons": why})
    return str(proposal)


def code_for(secret: str, *, ahead: int = 0) -> str:
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return TOTP(key, 6, SHA1(), 30).generate(int(time.time()) + 30 * ahead).decode()


def test_a_principal_and_compliance_decide_with_password_and_code(
    office: Office, sign_in: Callable[[str], Seen]
) -> None:
    proposal = submitted(office, "tier-3-in-the-browser")
    ngozi, robert = sign_in("ngozi.adeyemi").page, sign_in("robert.hensley").page

    ngozi.get_by_role("link", name="You").click()
    ngozi.get_by_label("Your password").fill(office.passwords["ngozi.adeyemi"])
    ngozi.get_by_role("button", name="Add an authenticator").click()
    picture = ngozi.get_by_role("main").locator("img")
    expect(picture.first).to_be_visible()
    assert picture.first.evaluate("image => image.complete && image.naturalWidth > 100")
    secret = ngozi.locator("code").first.inner_text().replace(" ", "")
    ngozi.get_by_label("The six digits that it shows now").fill(code_for(secret, ahead=-1))
    ngozi.get_by_role("button", name="Confirm", exact=True).click()
    expect(ngozi.get_by_text("You have an authenticator.")).to_be_visible()
    assert secret not in ngozi.content()

    robert.get_by_role("button", name=re.compile("Sell 1,500 GHAB")).click()
    expect(robert.get_by_text("Approvals", exact=True)).to_be_visible()
    robert.get_by_role("button", name="Approve", exact=True).click()
    dialog = robert.get_by_role("dialog")
    expect(dialog.get_by_text("Prove that it is you")).to_be_visible()
    for reason in dialog.get_by_label(re.compile("^Your reason")).all():
        reason.fill("Suitable.")
    dialog.get_by_label("Your password").fill("not it")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog.get_by_text("That code or password is not right")).to_be_visible()
    dialog.get_by_label("Your password").fill(office.passwords["robert.hensley"])
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(robert.get_by_text("Nothing waits for a principal.")).to_be_visible()

    ngozi.get_by_role("link", name="Inbox").click()
    ngozi.get_by_role("button", name=re.compile("Sell 1,500 GHAB")).click()
    expect(ngozi.get_by_text("Submitted, needs one more: compliance").first).to_be_visible()
    expect(ngozi.get_by_text("proven with the password")).to_be_visible()
    ngozi.get_by_role("button", name="Approve", exact=True).click()
    dialog = ngozi.get_by_role("dialog")
    for reason in dialog.get_by_label(re.compile("^Your reason")).all():
        reason.fill("Suitable.")
    dialog.get_by_label("The code that your authenticator shows").fill(code_for(secret))
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog).to_be_hidden()
    maria = office.of("maria.alvarez")
    done = until(lambda: maria.proposal(proposal), lambda p: p["waits_for"] == "nobody", within=90)
    assert done["status"] == "RELEASED"
    assert [(a["role"], a["step_up"]) for a in done["approvals"]] == [
        ("principal", "password"),
        ("compliance", "totp"),
    ]
