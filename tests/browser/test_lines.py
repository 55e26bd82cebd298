"""Comments beside order tickets, and what a successor changed, on the screens."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seen
from tests.fixtures.office import Office
from tests.fixtures.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SALE = {
    "kind": "order",
    "household": "hh-120",
    "accounts": ["acc-1046"],
    "symbol": "GHAB",
    "side": "sell",
    "quantity": "60",
    "order_type": "market",
}


def test_a_line_comes_back_with_its_comment_and_its_successor_shows_what_changed(
    office: Office, sign_in: Callable[[str], Seen]
) -> None:
    advisor = office.of("maria.alvarez")
    proposal = advisor.draft(SALE, key="line-in-the-browser")["proposal"]
    found = until(lambda: advisor.proposal(proposal), lambda p: p["status"] != "DRAFTED", within=60)
    why = {c["policy"]: "She asked for it." for c in found["findings"] if c["result"] == "finding"}
    advisor.decide(proposal, "submit", {"digest": found["digest"], "reasons": why})

    susan = sign_in("susan.feldman").page
    susan.get_by_role("button", name=re.compile("Sell 60 GHAB")).click()
    susan.get_by_role("button", name="Return with comments").click()
    dialog = susan.get_by_role("dialog")
    dialog.get_by_label("Comments for the advisor").fill("Too much at once.")
    dialog.get_by_label("Sell 60 GHAB in acc-1046").fill("Half of it today.")
    dialog.get_by_role("button", name="Return", exact=True).click()
    expect(dialog).to_be_hidden()

    maria = sign_in("maria.alvarez").page
    maria.goto(f"{office.url}/proposals?proposal={proposal}")
    expect(maria.get_by_text("Half of it today.")).to_be_visible()
    maria.get_by_label("Shares").fill("30")
    maria.get_by_role("button", name="Draft its successor").click()
    submit = maria.get_by_role("button", name=re.compile(r"^Submit 1 order ticket, \$"))
    expect(submit).to_be_visible(timeout=60_000)
    expect(maria.get_by_text("Against the one that it replaces")).to_be_visible()
    expect(maria.get_by_text("changed", exact=True)).to_be_visible()
    expect(maria.get_by_text("Half of it today.")).to_be_visible()
    for reason in maria.get_by_label(re.compile("^Your reason")).all():
        reason.fill("As she asked.")
    submit.click()
    expect(maria.get_by_text("Waiting for a principal").first).to_be_visible()
    successor = advisor.proposal(proposal)["successor"]
    assert advisor.proposal(successor)["supersedes"] == proposal
    advisor.decide(successor, "withdraw", {})
