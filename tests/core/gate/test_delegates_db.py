"""Delegates: who names one, what one may do in the advisor's place, what one sees, and when it ends."""

from __future__ import annotations

import secrets
from typing import Any, Final

import pytest

from tests.core.gate.deal import (
    AGENT,
    APPROVER,
    DAVID,
    ELENA,
    INTAKE,
    MARIA,
    NEEDS_CONSENT,
    NGOZI,
    ROBERT,
    SUSAN,
    Deal,
    close_day,
    open_day,
)
from tests.fixtures.firm import Answer, Firm

PRIYA: Final = "priya.raman"
TODAY: Final = "2022-12-29"
NEXT: Final = "2022-12-30"


@pytest.fixture
def deal(firm: Firm) -> Deal:
    return Deal(firm)


def delegation() -> str:
    return f"dlg-{secrets.token_hex(16)}"


def named(firm: Firm, login: str = MARIA, **changed: Any) -> tuple[str, Answer]:
    said = {
        "delegation": delegation(),
        "advisor": "adv-1",
        "delegate": "adv-2",
        "from_day": TODAY,
        "until_day": TODAY,
        **changed,
    }
    item = firm.item("DelegateNamed", f"delegation/{said['delegation']}", said, login=login)
    return said["delegation"], firm.append(APPROVER, item)[0]


def step(firm: Firm, kind: str, which: str, login: str) -> Answer:
    item = firm.item(kind, f"delegation/{which}", {"delegation": which}, login=login)
    return firm.append(APPROVER, item)[0]


def standing_in(firm: Firm, **changed: Any) -> str:
    """David stands in for Maria today."""
    which, said = named(firm, **changed)
    assert said.ok, said
    return which


def assessed(deal: Deal) -> Deal:
    assert deal.draft().ok
    assert deal.assess(*deal.plain()).ok
    return deal


# Naming ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("login", "code"), [
    (MARIA, None), (ELENA, None), (DAVID, "not_the_advisor"), (PRIYA, "not_the_advisor"),
    (ROBERT, "not_the_advisor"), (NGOZI, "not_the_advisor"),
])  # fmt: skip
def test_the_advisor_names_and_operations_asks(firm: Firm, login: str, code: str | None) -> None:
    assert named(firm, login)[1].code == code


@pytest.mark.parametrize(("changed", "code"), [
    ({"delegate": "adv-1"}, "not_a_delegate"),
    ({"delegate": "pri-1"}, "not_a_delegate"),
    ({"delegate": "ops-1"}, "not_a_delegate"),
    ({"delegate": "nobody"}, "not_a_delegate"),
    ({"from_day": NEXT}, "wrong_period"),
    ({"from_day": "2022-12-01", "until_day": "2022-12-28"}, "wrong_period"),
    ({"until_day": "2023-06-30"}, "wrong_period"),
    ({"until_day": "soon"}, "malformed_payload"),
    ({"delegation": "dlg-1"}, "malformed_payload"),
])  # fmt: skip
def test_a_delegate_is_another_advisor_for_some_days(firm: Firm, changed: dict[str, str], code: str) -> None:
    assert named(firm, **changed)[1].code == code


def test_what_operations_asked_for_counts_when_another_person_has_confirmed_it(deal: Deal) -> None:
    which, said = named(deal.firm, ELENA)
    assert said.ok
    assessed(deal)
    assert deal.submit(DAVID).code == "not_the_advisor"
    for login in (ELENA, DAVID, MARIA):
        assert step(deal.firm, "DelegateConfirmed", which, login).code == "not_a_principal"
    assert step(deal.firm, "DelegateConfirmed", which, NGOZI).ok
    assert step(deal.firm, "DelegateConfirmed", which, ROBERT).code == "request_decided"
    assert deal.submit(DAVID).ok


def test_one_that_nobody_named_is_neither_confirmed_nor_ended(firm: Firm) -> None:
    for kind in ("DelegateConfirmed", "DelegateEnded"):
        assert step(firm, kind, delegation(), NGOZI).code == "no_such_delegation"


@pytest.mark.parametrize("login", [MARIA, DAVID, ELENA, ROBERT, NGOZI])
def test_either_of_the_two_and_whoever_supervises_ends_it(deal: Deal, login: str) -> None:
    which = standing_in(deal.firm)
    assert step(deal.firm, "DelegateEnded", which, PRIYA).code == "not_the_advisor"
    assert step(deal.firm, "DelegateEnded", which, login).ok
    assert step(deal.firm, "DelegateEnded", which, login).code == "request_decided"
    assert assessed(deal).submit(DAVID).code == "not_the_advisor"


# What she may ---------------------------------------------------------------------------------------------


def test_a_delegate_submits_and_withdraws_and_a_principal_approves_that(deal: Deal) -> None:
    standing_in(deal.firm)
    assert assessed(deal).submit(DAVID).ok
    assert deal.approve().ok
    assert deal.release().ok
    other = Deal(deal.firm).submitted()
    assert other.withdraw(DAVID).ok


def test_a_delegate_records_the_clients_consent(deal: Deal) -> None:
    standing_in(deal.firm)
    assert Deal(deal.firm, household=NEEDS_CONSENT).submitted().consent(DAVID).ok


def test_without_being_named_she_may_none_of_it(deal: Deal) -> None:
    standing_in(deal.firm, delegate="adv-3")
    assert assessed(deal).submit(DAVID).code == "not_the_advisor"
    assert deal.submit().ok
    assert deal.withdraw(DAVID).code == "not_the_advisor"
    one = Deal(deal.firm, household=NEEDS_CONSENT).submitted()
    assert one.consent(DAVID).code == "not_the_advisor"


def test_it_goes_one_way_and_not_on(deal: Deal) -> None:
    """Maria does not stand in for David, and Priya not for Maria because David named her."""
    standing_in(deal.firm)
    assert named(deal.firm, DAVID, advisor="adv-2", delegate="adv-3")[1].ok
    assert assessed(deal).submit(PRIYA).code == "not_the_advisor"
    davids = deal.firm.value(
        "superuser", "select min(household) from gatehouse.household where advisor = 'adv-2'"
    )
    his = assessed(Deal(deal.firm, household=davids, advisor=DAVID))
    assert his.submit(MARIA).code == "not_the_advisor"
    assert his.submit(PRIYA).ok


def test_a_delegate_is_registered_to_take_orders(deal: Deal) -> None:
    standing_in(deal.firm)
    deal.firm.ask(
        "superuser", "update gatehouse.registration set valid_until = '2022-12-28' where person = 'adv-2'"
    )
    assert assessed(deal).submit(DAVID).code == "not_the_advisor"


@pytest.mark.parametrize(("first", "last", "today", "tomorrow"), [
    (TODAY, TODAY, True, False), (TODAY, NEXT, True, True), (NEXT, NEXT, False, True),
])  # fmt: skip
def test_it_counts_from_its_first_business_day_to_its_last(
    deal: Deal, first: str, last: str, today: bool, tomorrow: bool
) -> None:
    standing_in(deal.firm, from_day=first, until_day=last)
    assert assessed(deal).submit(DAVID).ok is today
    close_day(deal.firm)
    open_day(deal.firm, NEXT)
    assert assessed(Deal(deal.firm)).submit(DAVID).ok is tomorrow


def test_what_a_delegate_submitted_is_not_released_once_she_is_ended(deal: Deal) -> None:
    which = standing_in(deal.firm)
    assert assessed(deal).submit(DAVID).ok
    assert deal.approve().ok
    assert step(deal.firm, "DelegateEnded", which, MARIA).ok
    assert deal.release().code == "submission_missing"


def test_neither_a_delegate_nor_who_reports_to_her_approves(deal: Deal) -> None:
    """A principal's role does not help whoever stands in for the advisor, nor whoever is below her."""
    standing_in(deal.firm)
    deal.submitted()  # by Maria herself
    assert deal.approve(DAVID).code == "not_a_principal"
    deal.firm.ask("superuser", "update gatehouse.person set role = 'principal' where person = 'adv-2'")
    assert deal.approve(DAVID).code == "not_independent"
    deal.firm.ask("superuser", "update gatehouse.person set reports_to = 'adv-2' where person = 'pri-1'")
    assert deal.approve(ROBERT).code == "not_independent"
    deal.firm.ask("superuser", "insert into gatehouse.pay values ('pri-2', '{}', '{}', '{adv-2}')")
    assert deal.approve(SUSAN).code == "not_independent"


def test_a_delegate_who_submitted_approves_it_in_no_role(deal: Deal) -> None:
    standing_in(deal.firm)
    assert assessed(deal).submit(DAVID).ok
    deal.firm.ask("superuser", "update gatehouse.person set role = 'principal' where person = 'adv-2'")
    assert deal.approve(DAVID).code == "self_approval"


# What she sees --------------------------------------------------------------------------------------------

OF_A_BOOK: Final = (
    *("household", "account", "proposal", "decision", "leg"),
    *("reference", "lot", "position", "cash", "order_state"),
)


def advisors_seen(firm: Firm, role: str, login: str, table: str) -> set[str]:
    ticket = firm.thread_ticket(login, firm.thread(login)) if role == AGENT else firm.ticket(login)
    connection = firm.connection(role)
    with connection.transaction():
        connection.execute("select gatehouse.present(%s)", [ticket])
        rows = connection.execute(
            f"select distinct advisor from gatehouse.{table} where advisor is not null".encode()
        ).fetchall()
    return {row["advisor"] for row in rows}


@pytest.fixture(scope="module")
def busy(shared_firm: Firm) -> Firm:
    """Each advisor has a submitted proposal, and David stands in for Maria from today on."""
    for login in (MARIA, DAVID, PRIYA):
        homes = "select min(h.household) from gatehouse.household h, gatehouse.person p"
        hers = "where p.person = h.advisor and p.login = %s and not h.related"
        home = shared_firm.value("superuser", f"{homes} {hers}", login)
        Deal(shared_firm, household=home, advisor=login).submitted()
    standing_in(shared_firm)
    return shared_firm


@pytest.mark.parametrize("role", [INTAKE, APPROVER])
@pytest.mark.parametrize("table", OF_A_BOOK)
def test_a_delegate_sees_exactly_her_own_and_the_delegating_book(busy: Firm, role: str, table: str) -> None:
    for login, books in ((DAVID, {"adv-1", "adv-2"}), (MARIA, {"adv-1"}), (PRIYA, {"adv-3"})):
        seen = advisors_seen(busy, role, login, table)
        assert seen <= books, table
        if table not in ("order_state", "lot", "position", "cash", "reference"):
            assert seen == books, table


@pytest.mark.parametrize("table", OF_A_BOOK)
def test_a_delegates_copilot_reads_her_own_book_alone(busy: Firm, table: str) -> None:
    assert advisors_seen(busy, AGENT, DAVID, table) <= {"adv-2"}


def test_the_record_of_a_delegating_advisors_proposals_is_seen_and_her_own_acts_are_not(busy: Firm) -> None:
    connection = busy.connection(INTAKE)
    with connection.transaction():
        connection.execute("select gatehouse.present(%s)", [busy.ticket(DAVID)])
        rows = connection.execute("select actor, stream from gatehouse.journal_line").fetchall()
    assert {row["actor"] for row in rows if row["stream"].startswith("proposal/")} >= {"adv-1", "adv-2"}
    assert {row["actor"] for row in rows if not row["stream"].startswith("proposal/")} <= {"adv-2"}


def test_the_book_closes_with_its_last_day(firm: Firm) -> None:
    which = standing_in(firm)
    assert advisors_seen(firm, INTAKE, DAVID, "account") == {"adv-1", "adv-2"}
    assert step(firm, "DelegateEnded", which, DAVID).ok
    assert advisors_seen(firm, INTAKE, DAVID, "account") == {"adv-2"}
    standing_in(firm)
    close_day(firm)
    assert advisors_seen(firm, INTAKE, DAVID, "account") == {"adv-1", "adv-2"}
    open_day(firm, NEXT)
    assert advisors_seen(firm, INTAKE, DAVID, "account") == {"adv-2"}


def test_delegations_are_seen_by_the_two_and_by_who_supervises(busy: Firm) -> None:
    for login, many in ((DAVID, 1), (MARIA, 1), (PRIYA, 0), (NGOZI, 1), (ELENA, 1)):
        connection = busy.connection(APPROVER)
        with connection.transaction():
            connection.execute("select gatehouse.present(%s)", [busy.ticket(login)])
            rows = connection.execute("select * from gatehouse.delegation").fetchall()
        assert len(rows) == many, login
