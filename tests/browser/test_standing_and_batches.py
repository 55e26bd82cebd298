"""Two people adopt a standing approval at their screens, and a principal decides on a batch as one."""

from __future__ import annotations

import os
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Seen
from tests.fixtures.office import Office
from tests.fixtures.processes import until

ROBERT, NGOZI, DAVID = "robert.hensley", "ngozi.adeyemi", "david.nakamura"


def key() -> str:
    return f"key-{os.urandom(6).hex()}"


def test_compliance_confirms_what_a_principal_offered(office: Office, sign_in: Callable[[str], Seen]) -> None:
    terms = {
        "kind": "rebalance",
        "advisors": ["adv-3"],
        "dollars_each": "25000",
        "dollars_a_day": "100000",
        "dollars_in_all": "500000",
        "proposals_a_day": 10,
        "valid_from": "2022-12-29",
        "valid_until": "2023-01-31",
    }
    given = office.of(ROBERT).propose_standing(terms, key=key())
    page = sign_in(NGOZI).page
    page.get_by_role("link", name="Standing approvals").click()
    expect(page.get_by_text(given["standing"])).to_be_visible()
    page.get_by_role("button", name="Confirm", exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm", exact=True).click()
    until(lambda: office.of(ROBERT).standing_one(given["standing"]), lambda one: one["status"] == "CONFIRMED")
    expect(page.get_by_text("in force")).to_be_visible()
    office.of(ROBERT).decide_standing(given["standing"], "revoke", None)


def test_a_principal_approves_a_batch_from_its_table(office: Office, sign_in: Callable[[str], Seen]) -> None:
    david = office.of(DAVID)
    found = [office.assessed(DAVID, need["household"]) for need in david.worklist()[:6]]
    ready = [p for p in found if p["status"] == "ASSESSED" and not p["found"]][:2]
    made = david.assemble_batch([p["proposal"] for p in ready], key=key())
    david.decide_batch(made["batch"], "submit", {"digest": made["digest"], "reasons": {}})
    page = sign_in(ROBERT).page
    expect(page.get_by_text(made["digest"])).to_be_visible()
    for row in ready:
        expect(page.get_by_text(row["household_name"]).first).to_be_visible()
    page.get_by_role("button", name="Approve all").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Approve all").click()
    until(lambda: david.batch(made["batch"]), lambda one: one["status"] == "APPROVED")
    assert {row["status"] for row in david.batch(made["batch"])["rows"]} <= {"APPROVED", "RELEASED"}
