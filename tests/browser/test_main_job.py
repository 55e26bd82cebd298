"""The main job as two people do it in their browsers: draft, submit, approve, and see the fills."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Seen
from tests.fixtures.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SignIn = Callable[[str], Seen]


def discretionary_and_drifting(office: Office) -> str:
    """The name of a household that a principal may decide on without the client."""
    maria = office.of("maria.alvarez")
    for need in maria.worklist():
        accounts = maria.household(need["household"])["accounts"]
        if need["reason"] == "drift" and all(one["discretionary"] for one in accounts):
            found = office.assessed("maria.alvarez", need["household"])
            maria.decide(found["proposal"], "withdraw", {})
            if found["status"] == "ASSESSED" and found["tier"] < 3 and not found["found"]:
                return str(need["name"])
    raise AssertionError("no such household in the demo firm")


def test_from_the_worklist_to_the_fills(office: Office, sign_in: SignIn) -> None:
    name = discretionary_and_drifting(office)
    maria, robert = sign_in("maria.alvarez"), sign_in("robert.hensley")
    page = maria.page
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    row = page.locator("[data-testid=stHorizontalBlock]").filter(has_text=name).first
    row.get_by_role("button", name="Draft a rebalance").click()
    page.get_by_role("button", name=re.compile(r"^Submit \d+ order ticket")).click()
    expect(page.get_by_text("Waiting for a principal").first).to_be_visible()

    inbox = robert.page
    inbox.get_by_role("button", name=name).first.click()
    expect(inbox.get_by_role("heading", name=f"Rebalance · {name}")).to_be_visible()
    inbox.get_by_role("button", name="Approve", exact=True).click()
    dialog = inbox.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"order tickets?, \$"))
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(inbox.get_by_role("dialog")).to_be_hidden()

    go_to_the_orders(page)
    expect(page.get_by_text("Why this venue")).to_be_visible(timeout=30_000)
    for seen in (maria, robert):
        assert seen.elsewhere(office.url) == set()


def go_to_the_orders(page: Page) -> None:
    """A page that is being redrawn for a fill at that very moment comes back once: a second click goes."""
    for _ in range(3):
        page.get_by_role("link", name="Orders and trades").click()
        expect(page.get_by_role("heading", name="Orders and trades")).to_be_visible()
        page.wait_for_timeout(3_000)  # longer than from one look for fills to the next
        if page.get_by_role("heading", name="Orders and trades").is_visible():
            return


def test_a_reload_keeps_the_session_and_signing_out_ends_it(office: Office, sign_in: SignIn) -> None:
    page = sign_in("maria.alvarez").page
    page.reload()
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Sign in to your book of business")).to_be_visible()
    page.goto(office.url)
    expect(page.get_by_text("Sign in to your book of business")).to_be_visible()


def test_a_question_is_answered_with_its_steps(office: Office, sign_in: SignIn) -> None:
    office.copilot.will_answer("Two households need you: **$41,200** in all.", steps=2)
    page = sign_in("maria.alvarez").page
    page.get_by_role("link", name="Copilot").click()
    box = page.get_by_placeholder("Ask, or ask for a trade proposal")
    box.fill("Which of my households need me?")
    box.press("Enter")
    expect(page.get_by_text("Two households need you: $41,200 in all.").first).to_be_visible()
    expect(page.get_by_text("a double, not a model").first).to_be_visible()


def test_an_image_in_an_answer_asks_nobody(office: Office, sign_in: SignIn) -> None:
    office.copilot.will_answer(
        "See ![x](http://127.0.0.1:9/leak?d=1) and <img src='http://127.0.0.1:9/leak'>"
    )
    maria = sign_in("maria.alvarez")
    maria.page.get_by_role("link", name="Copilot").click()
    box = maria.page.get_by_placeholder("Ask, or ask for a trade proposal")
    box.fill("Show me")
    box.press("Enter")
    expect(maria.page.get_by_text("a double, not a model").first).to_be_visible()
    assert maria.elsewhere(office.url) == set()
