"""Independence at that moment: each bar by itself, by facts that come between submission and approval, and
after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from tests.core.gate.deal import APPROVER, DAVID, ELENA, MARIA, NEEDS_CONSENT, NGOZI, ROBERT, SUSAN, Deal
from tests.fixtures.firm import Answer, Firm


@pytest.fixture
def deal(firm: Firm) -> Deal:
    return Deal(firm)


def recorded(deal: Deal, kind: str, login: str = NGOZI, **said: Any) -> Answer:
    """What compliance records of somebody who works here."""
    item = deal.firm.item(kind, f"person/{said['person']}", said, login=login)
    return deal.firm.append(APPROVER, item)[0]


def reports(deal: Deal, person: str, to: str | None) -> Answer:
    return recorded(deal, "ReportingLineChanged", person=person, reports_to=to)


def paid(deal: Deal, **depends_on: Any) -> Answer:
    return recorded(deal, "PayRecorded", person="pri-1", **depends_on)


def both(*steps: Answer) -> Answer:
    """The last, where all went."""
    for step in steps:
        assert step.ok, step
    return steps[-1]


BARS: Final[Mapping[str, tuple[Callable[[Deal], Answer], str]]] = {
    "reports to the advisor": (lambda d: reports(d, "pri-1", "adv-1"), "not_independent"),
    "reports to her through another": (
        lambda d: both(reports(d, "pri-1", "pri-2"), reports(d, "pri-2", "adv-1")),
        "not_independent",
    ),
    "reports to her through three": (
        lambda d: both(
            reports(d, "pri-1", "pri-3"),
            reports(d, "pri-3", "ops-1"),
            reports(d, "ops-1", "pri-2"),
            reports(d, "pri-2", "adv-1"),
        ),
        "not_independent",
    ),
    "is paid from the account": (lambda d: paid(d, accounts=[d.account]), "not_independent"),
    "is paid from the household": (lambda d: paid(d, households=[d.household]), "not_independent"),
    "is paid by what the advisor does": (lambda d: paid(d, advisors=["adv-1"]), "not_independent"),
    "is related": (
        lambda d: recorded(d, "RelationRecorded", person="pri-1", related_households=[d.household]),
        "not_independent",
    ),
    "is registered no more": (
        lambda d: recorded(
            d,
            "RegistrationRecorded",
            person="pri-1",
            registration="S24",
            valid_from="2011-09-06",
            valid_until="2022-12-28",
        ),
        "not_registered",
    ),
}
NO_BARS: Final[Mapping[str, Callable[[Deal], Answer]]] = {
    "the advisor reports to him": lambda d: reports(d, "adv-1", "pri-1"),
    "reports to another advisor": lambda d: reports(d, "pri-1", "adv-2"),
    "reports in a circle": lambda d: both(reports(d, "pri-1", "pri-2"), reports(d, "pri-2", "pri-1")),
    "is paid from other accounts": lambda d: paid(
        d, households=["hh-104"], accounts=["acc-9999"], advisors=["adv-2"]
    ),
    "is related to others": lambda d: recorded(
        d, "RelationRecorded", person="pri-1", related_households=["hh-104"]
    ),
    "is registered to the last day": lambda d: recorded(
        d,
        "RegistrationRecorded",
        person="pri-1",
        registration="S24",
        valid_from="2011-09-06",
        valid_until="2022-12-29",
    ),
}


@pytest.mark.parametrize("bar", BARS)
def test_a_bar_that_comes_after_the_submission_stops_the_approval(deal: Deal, bar: str) -> None:
    deal.submitted()
    change, code = BARS[bar]
    assert change(deal).ok
    assert deal.approve().code == code
    assert deal.status == "SUBMITTED"
    assert deal.approve(SUSAN).ok is (
        bar not in ("reports to her through another", "reports to her through three")
    )


@pytest.mark.parametrize("bar", BARS)
def test_a_bar_that_comes_after_the_approval_stops_the_release(deal: Deal, bar: str) -> None:
    deal.approved()
    assert BARS[bar][0](deal).ok
    assert deal.release().code == "approval_missing"


@pytest.mark.parametrize("bar", BARS)
def test_a_bar_holds_compliance_too(deal: Deal, bar: str) -> None:
    """The same, of the second of the two of tier 3."""
    deal.submitted(tier=3)
    change, code = BARS[bar]
    deal.firm.ask("superuser", "update gatehouse.person set role = 'compliance' where person = 'pri-1'")
    assert change(deal).ok
    assert deal.step_up(ROBERT) == "right"
    assert deal.approve(ROBERT, capacity="compliance", step_up="password").code == code


@pytest.mark.parametrize("change", NO_BARS)
def test_what_concerns_others_is_no_bar(deal: Deal, change: str) -> None:
    deal.submitted()
    assert NO_BARS[change](deal).ok
    assert deal.approve().ok


@pytest.mark.parametrize("bar", ["reports to the advisor", "is paid from the account", "is related"])
def test_a_bar_that_is_taken_away_is_none(deal: Deal, bar: str) -> None:
    deal.submitted()
    assert BARS[bar][0](deal).ok
    assert both(
        reports(deal, "pri-1", None),
        paid(deal),
        recorded(deal, "RelationRecorded", person="pri-1", related_households=[]),
    ).ok
    assert deal.approve().ok


@pytest.mark.parametrize("who", ["drafted_by", "submitted_by"])
def test_who_had_a_hand_in_what_it_replaces_is_not_independent(deal: Deal, who: str) -> None:
    deal.submitted()
    deal.firm.ask(
        "superuser", f"update gatehouse.proposal set {who} = 'pri-1' where proposal = %s", deal.proposal
    )
    assert deal.turn_down("ProposalReturned", SUSAN).ok
    middle = Deal(deal.firm)
    assert middle.draft(supersedes=deal.proposal).ok
    last = Deal(deal.firm)
    assert last.draft(supersedes=middle.proposal).ok
    assert last.assess(*last.plain()).ok
    assert last.submit().ok
    assert last.approve(ROBERT).code == "not_independent"
    assert last.approve(SUSAN).ok


def test_who_returned_it_with_comments_may_approve_what_came_of_it(deal: Deal) -> None:
    """A comment is no edit: a principal never edits."""
    deal.submitted()
    assert deal.turn_down("ProposalReturned", ROBERT).ok
    successor = Deal(deal.firm)
    assert successor.draft(supersedes=deal.proposal).ok
    assert successor.assess(*successor.plain()).ok
    assert successor.submit().ok
    assert successor.approve(ROBERT).ok


def test_more_predecessors_than_anybody_reads_back_stop_it(deal: Deal) -> None:
    before = None
    for _ in range(102):
        one = Deal(deal.firm)
        assert one.draft(supersedes=before).ok
        before = one.proposal
    assert one.assess(*one.plain()).ok
    assert one.submit().ok
    assert one.approve().code == "not_independent"


def test_who_recorded_a_consent_is_not_independent(deal: Deal) -> None:
    one = Deal(deal.firm, household=NEEDS_CONSENT).submitted(tier=3)
    deal.firm.ask("superuser", "update gatehouse.person set role = 'operations' where person = 'com-1'")
    assert one.consent(NGOZI).ok
    deal.firm.ask("superuser", "update gatehouse.person set role = 'compliance' where person = 'com-1'")
    assert one.approve_proven(NGOZI).code == "not_independent"


# Who records what of people -------------------------------------------------------------------------------

STAFF: Final[Mapping[str, dict[str, Any]]] = {
    "RegistrationRecorded": {"registration": "S24", "valid_from": "2022-01-03"},
    "PayRecorded": {"advisors": ["adv-2"]},
    "ReportingLineChanged": {"reports_to": "pri-2"},
    "RelationRecorded": {"related_households": ["hh-104"]},
}


@pytest.mark.parametrize("kind", STAFF)
@pytest.mark.parametrize("login", [MARIA, ROBERT, ELENA, DAVID])
def test_only_compliance_records_facts_of_people(deal: Deal, kind: str, login: str) -> None:
    assert recorded(deal, kind, login, person="pri-3", **STAFF[kind]).code == "compliance_missing"


@pytest.mark.parametrize("kind", STAFF)
def test_and_of_others_that_are_here_alone(deal: Deal, kind: str) -> None:
    assert recorded(deal, kind, person="com-1", **STAFF[kind]).code == "own_data"
    assert recorded(deal, kind, person="nobody", **STAFF[kind]).code == "no_such_person"
    item = deal.firm.item(kind, "person/pri-2", {"person": "pri-3", **STAFF[kind]}, login=NGOZI)
    assert deal.firm.append(APPROVER, item)[0].code == "wrong_stream"
    assert recorded(deal, kind, person="pri-3", **STAFF[kind]).ok


def test_nobody_reports_to_somebody_who_is_not_here(deal: Deal) -> None:
    assert reports(deal, "pri-1", "nobody").code == "no_such_person"


def test_a_relation_makes_a_household_related_and_its_end_does_not_leave_it_so(deal: Deal) -> None:
    related = "select array_agg(household order by household) from gatehouse.household where related"
    before = deal.firm.value("superuser", related)
    assert recorded(deal, "RelationRecorded", person="pri-1", related_households=["hh-104"]).ok
    assert deal.firm.value("superuser", related) == sorted([*before, "hh-104"])
    assert recorded(deal, "RelationRecorded", person="pri-1", related_households=[]).ok
    assert deal.firm.value("superuser", related) == before
