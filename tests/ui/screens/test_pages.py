"""The pages against a real front, as Streamlit runs them; a grid or a dialog is the browser's test."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.fixtures.office import Office
from tests.ui.as_the_copilot import drafts_email, keeps
from ui.api.server import SCREENS

Opened = Callable[[str, str], AppTest]


@pytest.fixture(autouse=True)
def main_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen runs as `__main__`, which a process that another test starts afterwards would begin with."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def page(office: Office) -> Opened:
    """That page, opened by that person."""

    def opened(login: str, name: str) -> AppTest:
        app = AppTest.from_file(str(SCREENS), default_timeout=60)
        app.secrets["api"] = office.url
        app.session_state["ticket"] = office.of(login).ticket
        app.run()
        if name:
            app.switch_page(f"views/{name}.py").run()
        assert not app.exception
        return app

    return opened


def html_of(app: AppTest) -> str:
    return " ".join(str(getattr(element.proto, "body", "")) for element in app.get("html"))


def test_the_advisors_day_opens_on_her_ranked_worklist(office: Office, page: Opened) -> None:
    app = page("maria.alvarez", "")
    assert app.title[0].value == "Worklist"
    needs = office.of("maria.alvarez").worklist()
    shown = html_of(app)
    assert all(need["name"] in shown for need in needs)


def test_the_principal_opens_on_the_inbox_and_operations_on_the_day(page: Opened) -> None:
    assert page("robert.hensley", "").title[0].value == "Inbox"


@pytest.mark.parametrize(
    "name", ["copilot", "proposals", "emails", "household", "trades", "blocks", "audit", "agents", "you"]
)
def test_every_page_of_an_advisor_opens(page: Opened, name: str) -> None:
    assert page("maria.alvarez", name).title


def test_a_principal_and_compliance_see_what_was_given_and_the_inbox_what_is_to_review(
    office: Office, page: Opened
) -> None:
    terms = {
        "kind": "order",
        "advisors": ["adv-3"],
        "dollars_each": "1000",
        "dollars_a_day": "2000",
        "dollars_in_all": "3000",
        "proposals_a_day": 4,
        "valid_from": "2022-12-29",
        "valid_until": "2022-12-30",
    }
    given = office.of("robert.hensley").propose_standing(terms, key="standing-page-1")
    app = page("ngozi.adeyemi", "standing")
    assert app.title[0].value == "Standing approvals"
    assert given["standing"] in html_of(app)
    assert "Priya Raman" in html_of(app)
    assert {"Confirm", "Revoke"} <= {button.label for button in app.button}
    his = page("robert.hensley", "standing")
    assert "Confirm" not in {button.label for button in his.button}, "who gave it does not confirm it"
    office.of("robert.hensley").decide_standing(given["standing"], "revoke", None)


def test_a_batch_stands_in_the_inbox_as_one_table_with_one_fingerprint(office: Office, page: Opened) -> None:
    david = office.of("david.nakamura")
    mine = [need["household"] for need in david.worklist()]
    found = [office.assessed("david.nakamura", household) for household in mine[:6]]
    ready = [p for p in found if p["status"] == "ASSESSED" and not p["found"]][:2]
    made = david.assemble_batch([p["proposal"] for p in ready], key="batch-page-1")
    assert "Submit a batch of 2" in {button.label for button in page("david.nakamura", "proposals").button}
    david.decide_batch(made["batch"], "submit", {"digest": made["digest"], "reasons": {}})
    app = page("robert.hensley", "")
    assert "Approve all" in {button.label for button in app.button}
    assert made["digest"] in {element.value for element in app.code}
    shown = html_of(app)
    assert all(p["household_name"] in shown for p in ready)
    office.of("robert.hensley").decide_batch(
        made["batch"], "decline", {"digest": made["digest"], "words": "not today"}
    )


def test_an_ended_session_leads_to_the_sign_in(office: Office) -> None:
    app = AppTest.from_file(str(SCREENS), default_timeout=60)
    app.secrets["api"] = office.url
    app.session_state["ticket"] = "no ticket at all"
    app.run()
    assert not app.exception
    assert "/sign-in" in html_of(app)


def test_a_household_is_drafted_with_one_click(office: Office, page: Opened) -> None:
    maria = office.of("maria.alvarez")
    before = {p["proposal"] for p in maria.proposals()}
    app = page("maria.alvarez", "")
    next(button for button in app.button if button.label == "Draft a rebalance").click().run()
    after = [p for p in maria.proposals() if p["proposal"] not in before]
    assert [p["kind"] for p in after] == ["rebalance"]
    assert after[0]["drafted_by"] == maria.me()["person"]


def test_she_sees_what_the_copilot_keeps_of_what_she_prefers_and_erases_one(
    office: Office, page: Opened
) -> None:
    priya, kept = (
        office.of("priya.raman"),
        keeps(office, "priya.raman", "Remember that I prefer morning calls"),
    )
    [told] = [one for one in priya.preferences() if one["preference"] == kept]
    app = page("priya.raman", "you")
    shown = html_of(app)
    assert "I prefer morning calls" in shown
    assert told["message"] in shown
    next(button for button in app.button if button.key == f"erase/{kept}").click().run()
    assert kept not in {one["preference"] for one in priya.preferences()}


def test_a_principal_may_stop_an_agent_on_its_page_and_an_advisor_may_not(page: Opened) -> None:
    stops = {"Stop the research agent", "Stop the orchestrator agent"}
    assert stops <= {button.label for button in page("robert.hensley", "agents").button}
    assert not stops & {button.label for button in page("maria.alvarez", "agents").button}


def test_a_held_email_is_edited_by_its_advisor_and_reviewed_by_a_principal_on_the_page(
    office: Office, page: Opened
) -> None:
    email = drafts_email(office, "priya.raman", office.of("priya.raman").households()[0]["household"])
    hers = page("priya.raman", "emails")
    assert "Adopt this text as mine" in {button.label for button in hers.button}
    held = office.of("priya.raman").email(email)
    hers.text_area[0].set_value(held["text"].replace("January", "May. It will outperform"))
    next(button for button in hers.button if button.label == "Adopt this text as mine").click().run()
    assert office.of("priya.raman").email(email)["status"] == "ADOPTED"
    app = page("susan.feldman", "emails")
    app = next(button for button in app.button if button.key == f"pick/{email}").click().run()
    assert "<mark>will outperform</mark>" in html_of(app)
    next(button for button in app.button if button.label == "Mark as reviewed").click().run()
    assert office.of("priya.raman").email(email)["status"] == "ADOPTED", "what is found takes words"
