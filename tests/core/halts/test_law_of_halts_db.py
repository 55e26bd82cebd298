"""The law of halts, by trying every login: who stops, who resumes, and what a halt refuses at once."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database.pools import conninfo
from tests.core.gate.deal import (
    AGENT,
    APPROVER,
    DAVID,
    ELENA,
    GATE,
    INTAKE,
    MARIA,
    NGOZI,
    ROBERT,
    SUSAN,
    THOMAS,
    Deal,
    leg,
)
from tests.fixtures.firm import Answer, Firm

HANNAH: Final = "hannah.lindqvist"
APPEND: Final = "select answer, at_seq, code from gatehouse.append(%s)"


def halt_id() -> str:
    return f"hlt-{secrets.token_hex(16)}"


def halt(firm: Firm, scope: str, login: str | None = ROBERT, *, role: str = APPROVER, **said: Any) -> Answer:
    payload = {"halt": halt_id(), "scope": scope, "cause": "person" if login else "machine", **said}
    stream = said.pop("stream", f"halt/{scope}")
    payload.pop("stream", None)
    return firm.append(role, firm.item("TradingHalted", stream, payload, login=login))[0]


def resume(
    firm: Firm, scope: str, login: str = SUSAN, *, role: str = APPROVER, halts: list[str] | None = None
) -> Answer:
    rows = "select halt from gatehouse.halt where scope = %s and lifted_seq is null"
    seen = [row["halt"] for row in firm.ask("superuser", rows, scope)] if halts is None else halts
    payload = {"scope": scope, "halts": seen}
    return firm.append(role, firm.item("TradingResumed", f"halt/{scope}", payload, login=login))[0]


def alert(firm: Firm, scope: str, *, role: str = GATE, severity: str = "critical", **said: Any) -> str:
    name = f"alt-{secrets.token_hex(16)}"
    payload = {"alert": name, "severity": severity, "scope": scope, "kind": "order_in_trouble", **said}
    login = None if role == GATE else MARIA
    answer = firm.append(role, firm.item("AlertRaised", f"alert/{name}", payload, login=login))[0]
    return name if answer.ok else str(answer.code)


def acknowledge(firm: Firm, name: str, login: str = ROBERT, role: str = APPROVER) -> Answer:
    return firm.append(role, firm.item("AlertAcknowledged", f"alert/{name}", {"alert": name}, login=login))[0]


def by_alert(firm: Firm, name: str, scope: str) -> Answer:
    return halt(firm, scope, None, role=GATE, cause="alert", alert=name)


@pytest.fixture
def deal(firm: Firm) -> Deal:
    return Deal(firm)


# Who stops ------------------------------------------------------------------------------------------------


def hers(deal: Deal) -> list[str]:
    return [f"account:{deal.account}", f"household:{deal.household}", "advisor:adv-1"]


@pytest.mark.parametrize("login", [ROBERT, THOMAS, NGOZI, ELENA])
def test_who_supervises_stops_anything(deal: Deal, login: str) -> None:
    anything = ["all", "venue:ARCADIA", "symbol:AAPL", "agent:proposal", "tool:propose_order", "strategy:s1"]
    for scope in [*anything, *hers(deal)]:
        assert halt(deal.firm, scope, login).ok, scope


def test_an_advisor_stops_what_is_hers_and_nothing_else(deal: Deal) -> None:
    other = Deal(deal.firm, household="hh-103").account
    for scope in hers(deal):
        assert halt(deal.firm, scope, MARIA).ok, scope
        assert halt(deal.firm, scope, DAVID).code == "may_not_halt", scope
    for scope in (
        "all",
        "venue:ARCADIA",
        "symbol:AAPL",
        "agent:proposal",
        "tool:x",
        "strategy:s",
        "advisor:adv-2",
    ):
        assert halt(deal.firm, scope, MARIA).code == "may_not_halt", scope
    assert halt(deal.firm, f"account:{other}", DAVID).code == "may_not_halt"


def test_a_researcher_stops_nothing(firm: Firm) -> None:
    assert halt(firm, "all", HANNAH).code == "may_not_halt"


@pytest.mark.parametrize("role", [AGENT, INTAKE])
def test_no_tool_and_no_intake_stops_resumes_or_acknowledges(firm: Firm, role: str) -> None:
    assert halt(firm, "all", ROBERT).ok
    name = alert(firm, "all")
    assert halt(firm, "symbol:AAPL", ROBERT, role=role).answer == "refused"
    assert resume(firm, "all", SUSAN, role=role).answer == "refused"
    assert acknowledge(firm, name, ROBERT, role=role).answer == "refused"
    assert alert(firm, "all", role=role) in {"no_right", "wrong_ticket"}


def test_the_copilots_own_ticket_is_not_good_for_a_halt(firm: Firm) -> None:
    ticket = firm.thread_ticket(MARIA, firm.thread(MARIA))
    payload = {"halt": halt_id(), "scope": "advisor:adv-1", "cause": "person"}
    item = firm.item("TradingHalted", "halt/advisor:adv-1", payload, ticket=ticket)
    assert firm.append(APPROVER, item)[0].answer == "refused"
    assert firm.append(AGENT, item)[0].answer == "refused"


def test_the_worker_says_how_it_came_and_never_that_a_person_did(firm: Firm) -> None:
    assert halt(firm, "all", None, role=GATE, cause="person").code == "malformed_payload"
    assert halt(firm, "all", None, role=GATE, cause="machine", named="pri-1").ok
    assert halt(firm, "all", None, role=GATE, cause="file").ok
    assert halt(firm, "all", None, role=GATE, cause="file").code == "halted_before"


def test_the_workers_login_does_not_resume(firm: Firm) -> None:
    assert halt(firm, "all").ok
    payload = {"scope": "all", "halts": []}
    assert firm.append(GATE, firm.item("TradingResumed", "halt/all", payload))[0].code == "no_right"


FORGED: Final[dict[str, dict[str, Any]]] = {
    "of the machine": {"cause": "machine"},
    "of an alert": {"cause": "alert", "alert": "alt-" + "0" * 32},
    "of yesterday": {"halted_at": "2022-12-28T15:00:00Z"},
    "of somebody else": {"named": "pri-2"},
    "with another's words": {"reason": {"subject": "pri-2", "key": 1, "sealed": "AAAA"}},
    "without an id": {"halt": "mine"},
}


@pytest.mark.parametrize("how", FORGED)
def test_a_person_halts_as_herself(firm: Firm, how: str) -> None:
    assert halt(firm, "all", ROBERT, **FORGED[how]).code == "malformed_payload"


@pytest.mark.parametrize("scope", ["", "ALL", "all:x", "venue:", "account:a b", "planet:mars", "all;x"])
def test_a_scope_has_its_form(firm: Firm, scope: str) -> None:
    said = halt(firm, scope, stream="halt/all")
    assert said.answer == "refused"


def test_a_halt_stands_in_the_stream_of_its_scope(firm: Firm) -> None:
    assert halt(firm, "symbol:AAPL", stream="halt/all").code == "wrong_stream"


@pytest.mark.parametrize(
    "scope", ["venue:NOWHERE", "account:acc-0", "household:hh-0", "advisor:pri-1", "symbol:NOPE"]
)
def test_what_the_firm_has_not_is_not_stopped(firm: Firm, scope: str) -> None:
    """A person who mistypes would believe that it is."""
    assert halt(firm, scope).code == "no_such_scope"


def test_the_same_person_stops_it_once_and_another_may_too(firm: Firm) -> None:
    assert halt(firm, "all", ROBERT).ok
    assert halt(firm, "all", ROBERT).code == "halted_before"
    assert halt(firm, "all", SUSAN).ok


# Who resumes ----------------------------------------------------------------------------------------------


def test_another_person_resumes_and_never_the_one_who_stopped_it(firm: Firm) -> None:
    assert halt(firm, "all", ROBERT).ok
    assert resume(firm, "all", ROBERT).code == "halted_by_you"
    assert resume(firm, "all", SUSAN).ok
    assert resume(firm, "all", SUSAN).code == "not_halted"


def test_none_of_those_who_stopped_it_resumes(firm: Firm) -> None:
    for login in (ROBERT, SUSAN, NGOZI):
        assert halt(firm, "all", login).ok
    for login in (ROBERT, SUSAN, NGOZI):
        assert resume(firm, "all", login).code == "halted_by_you"
    assert resume(firm, "all", ELENA).ok


def test_an_advisor_a_researcher_and_a_lapsed_principal_do_not_resume(deal: Deal) -> None:
    scope = f"account:{deal.account}"
    assert halt(deal.firm, scope, NGOZI).ok
    for login, code in ((MARIA, "may_not_resume"), (HANNAH, "may_not_resume"), (THOMAS, "not_registered")):
        assert resume(deal.firm, scope, login).code == code
    assert resume(deal.firm, scope, ROBERT).ok


def test_who_was_signed_in_at_the_machine_does_not_resume(firm: Firm) -> None:
    assert halt(firm, "all", None, role=GATE, named="pri-1").ok
    assert resume(firm, "all", ROBERT).code == "halted_by_you"
    assert resume(firm, "all", SUSAN).ok


def test_a_halt_that_came_meanwhile_is_not_resumed_unseen(firm: Firm) -> None:
    assert halt(firm, "all", ROBERT).ok
    seen = [r["halt"] for r in firm.ask("superuser", "select halt from gatehouse.halt")]
    assert halt(firm, "all", NGOZI).ok
    assert resume(firm, "all", SUSAN, halts=seen).code == "halts_changed"
    assert resume(firm, "all", SUSAN, halts=[]).code == "halts_changed"
    assert resume(firm, "all", SUSAN).ok


def test_resuming_one_scope_resumes_no_other(deal: Deal) -> None:
    one = deal.approved()
    assert halt(deal.firm, "all", ROBERT).ok
    assert halt(deal.firm, f"account:{deal.account}", NGOZI).ok
    assert resume(deal.firm, "all", SUSAN).ok
    assert one.release().code == "halted"
    assert resume(deal.firm, f"account:{deal.account}", SUSAN).ok
    assert one.release().ok


# What a halt refuses --------------------------------------------------------------------------------------


def test_no_leg_of_a_halted_scope_is_released_and_every_other_is(deal: Deal) -> None:
    deal.own("100", "AAPL")
    other = Deal(deal.firm, household="hh-103").approved()
    deal.approved(leg(deal.account, "sell", "AAPL", "10"), leg(deal.account, "sell", "AAPL", "11"))
    for scope in hers(deal)[:2]:
        assert halt(deal.firm, scope, ROBERT).ok
        assert deal.release(0).code == "halted", scope
        assert resume(deal.firm, scope, SUSAN).ok
    assert halt(deal.firm, f"household:{deal.household}").ok
    assert other.release().ok
    assert resume(deal.firm, f"household:{deal.household}").ok
    for scope in ("symbol:AAPL", "advisor:adv-1", "all"):
        assert halt(deal.firm, scope, ROBERT).ok
        assert deal.release(0).code == "halted", scope
        assert resume(deal.firm, scope, SUSAN).ok
    for scope in ("symbol:KO", "advisor:adv-2", "account:acc-1101", "agent:proposal", "strategy:x", "tool:y"):
        deal.firm.ask(
            "superuser",
            "insert into gatehouse.halt values (%s, %s, 'machine', null, null, null, null, now(), 0)",
            halt_id(),
            scope,
        )
    assert deal.release(0).ok


def test_an_agents_halt_stops_what_it_drafted_and_nobody_elses(deal: Deal) -> None:
    one = deal.approved()
    deal.firm.ask(
        "superuser", "update gatehouse.proposal set agent = 'proposal' where proposal = %s", one.proposal
    )
    assert halt(deal.firm, "agent:proposal").ok
    assert one.release().code == "halted"
    assert Deal(deal.firm, household="hh-103").approved().release().ok


def test_a_halted_agent_drafts_nothing_and_people_go_on(deal: Deal) -> None:
    assert halt(deal.firm, "agent:proposal").ok
    thread = deal.firm.thread(MARIA)
    payload = {
        "proposal": deal.proposal,
        "request": {"kind": "rebalance", "household": deal.household, "accounts": []},
        "provenance": [{"field": "household", "message": "msg-1", "start": 0, "end": 3}],
        "thread": thread,
        "agent": "proposal",
    }
    ticket = deal.firm.thread_ticket(MARIA, thread)
    drafted = deal.firm.append(AGENT, deal.firm.item("ProposalDrafted", deal.stream, payload, ticket=ticket))
    assert drafted[0].code == "halted"
    assert deal.draft().ok
    assert resume(deal.firm, "agent:proposal").ok
    again = Deal(deal.firm)
    said = {**payload, "proposal": again.proposal}
    (taken,) = deal.firm.append(AGENT, deal.firm.item("ProposalDrafted", again.stream, said, ticket=ticket))
    assert taken.ok


def test_what_is_out_is_booked_and_ended_under_a_halt(deal: Deal) -> None:
    deal.own("100", "AAPL")
    deal.approved(leg(deal.account, "sell", "AAPL", "10"), leg(deal.account, "sell", "AAPL", "11"))
    assert deal.release(0).ok
    assert deal.release(1).ok
    assert halt(deal.firm, "all").ok
    assert deal.of_order("OrderRouted", 0, scores=[]).ok
    assert deal.of_order("OrderAccepted", 0, venue_order="v").ok
    assert deal.fill(0, "4", "100").ok
    assert deal.of_order("OrderCancelled", 0, reason="asked").ok
    assert deal.of_order("OrderExpired", 1, session="2022-12-29").ok


def test_a_halt_ends_no_proposal(deal: Deal) -> None:
    one = deal.approved()
    assert halt(deal.firm, "all").ok
    assert one.release().code == "halted"
    assert one.status == "APPROVED"
    assert resume(deal.firm, "all").ok
    assert one.release().ok


def test_of_sixty_four_releases_that_race_a_halt_none_comes_behind_it(firm: Firm) -> None:
    deals = [Deal(firm, household=f"hh-{number}") for number in (101, 103, 105, 107)]
    for one in deals:
        one.own("1000", "AAPL")
        one.approved(*(leg(one.account, "sell", "AAPL", "1") for _ in range(16)))
    wanted = [(one, number) for number in range(16) for one in deals]
    items = [
        firm.item("OrderReleased", f"order/{one.order(number)}", one.releasing(number))
        for one, number in wanted
    ]
    said: list[Answer] = []
    under_way = threading.Barrier(9)

    def release(mine: list[Any]) -> None:
        with psycopg.connect(conninfo(firm.database.gate, name="race"), autocommit=True) as connection:
            under_way.wait()
            for item in mine:
                row = connection.execute(APPEND, [json.dumps([item])]).fetchone()
                assert row is not None
                said.append(Answer(*row))

    racing = [threading.Thread(target=release, args=(items[at::8],)) for at in range(8)]
    for thread in racing:
        thread.start()
    under_way.wait()
    assert halt(firm, "all").ok
    for thread in racing:
        thread.join()
    halted_at = int(firm.value("superuser", "select seq from gatehouse.halt"))
    assert len(said) == 64
    assert all(one.seq < halted_at if one.ok and one.seq else one.code == "halted" for one in said)
    assert any(one.code == "halted" for one in said)
    behind = "select count(*) from gatehouse.journal where event_type = 'OrderReleased' and seq > %s"
    assert firm.value("superuser", behind, halted_at) == 0


SCOPES: Final = st.sampled_from(
    ("all", "symbol:AAPL", "symbol:KO", "household:hh-101", "advisor:adv-1", "venue:BOREAL")
)
PEOPLE: Final = st.sampled_from((ROBERT, SUSAN, NGOZI, ELENA))
STEPS: Final = st.lists(st.tuples(st.sampled_from(("halt", "resume")), SCOPES, PEOPLE), max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_any_order_of_halts_and_resumptions_leaves_what_a_plain_model_says(
    firm: Firm, steps: list[tuple[str, str, str]]
) -> None:
    """The model: a scope is halted by a set of people, and resumed by nobody of them."""
    firm.ask("superuser", "update gatehouse.halt set lifted_seq = 1, lifted_by = null")
    model: dict[str, set[str]] = {}
    for what, scope, login in steps:
        by = model.setdefault(scope, set())
        if what == "halt":
            assert halt(firm, scope, login).ok is (login not in by)
            by.add(login)
        else:
            said = resume(firm, scope, login)
            assert said.ok is (bool(by) and login not in by)
            if said.ok:
                by.clear()
        standing = {
            row["scope"]
            for row in firm.ask(GATE, "select scope from gatehouse.halt where lifted_seq is null")
        }
        assert standing == {name for name, people in model.items() if people}


# Alerts ---------------------------------------------------------------------------------------------------


def test_an_unanswered_critical_alert_halts_the_scope_it_names_and_no_other(firm: Firm) -> None:
    name = alert(firm, "venue:ARCADIA")
    assert by_alert(firm, name, "all").code == "no_such_alert"
    assert by_alert(firm, name, "venue:BOREAL").code == "no_such_alert"
    assert by_alert(firm, name, "venue:ARCADIA").ok
    assert by_alert(firm, name, "venue:ARCADIA").code == "no_such_alert"  # it has done so
    assert resume(firm, "venue:ARCADIA", ROBERT).ok


def test_an_alert_that_was_acknowledged_or_only_warns_halts_nothing(firm: Firm) -> None:
    answered, warns = alert(firm, "all"), alert(firm, "all", severity="warning")
    assert acknowledge(firm, answered).ok
    assert acknowledge(firm, answered, SUSAN).code == "alert_answered"
    assert by_alert(firm, answered, "all").code == "no_such_alert"
    assert by_alert(firm, warns, "all").code == "no_such_alert"


def test_an_alert_is_acknowledged_by_whoever_might_stop_its_scope(deal: Deal) -> None:
    mine, firms = alert(deal.firm, f"account:{deal.account}"), alert(deal.firm, "venue:ARCADIA")
    assert acknowledge(deal.firm, mine, DAVID).code == "may_not_halt"
    assert acknowledge(deal.firm, firms, MARIA).code == "may_not_halt"
    assert acknowledge(deal.firm, mine, MARIA).ok
    assert acknowledge(deal.firm, "alt-" + "0" * 32).code == "no_such_alert"


# Who sees -------------------------------------------------------------------------------------------------


def seen(firm: Firm, login: str, role: str = APPROVER, table: str = "halt") -> set[str]:
    connection = firm.connection(role)
    with connection.transaction():
        connection.execute("select gatehouse.present(%s)", [firm.ticket(login)])
        return {row["scope"] for row in connection.execute(f"select scope from gatehouse.{table}".encode())}


def test_an_advisor_sees_what_stops_everybody_and_what_is_hers(deal: Deal) -> None:
    for scope in ("all", "venue:ARCADIA", *hers(deal), "household:hh-103", "advisor:adv-2"):
        assert halt(deal.firm, scope).ok
    theirs = {"all", "venue:ARCADIA"}
    assert seen(deal.firm, MARIA) >= theirs | set(hers(deal))
    assert "advisor:adv-2" not in seen(deal.firm, MARIA)
    assert seen(deal.firm, DAVID) & set(hers(deal)) == set()
    assert len(seen(deal.firm, NGOZI)) == 7
