"""The ladder in the record: who is told, by whom it may be said, that a restart repeats nothing."""

from __future__ import annotations

from typing import Any, Final

import pytest

from core.database.pools import async_pool
from core.escalation.climbing import Climbing
from core.escalation.ladder import LADDER, LADDER_DIGEST
from tests.core.gate.deal import (
    AGENT,
    APPROVER,
    GATE,
    INTAKE,
    MARIA,
    NGOZI,
    ROBERT,
    SUSAN,
    Deal,
    close_day,
)
from tests.fixtures.firm import Answer, Firm

DEPUTY: Final = {"valid_from": "2022-12-29", "valid_until": "2022-12-30"}


def aged(firm: Firm, deal: Deal, minutes: float) -> None:
    """Submitted so long ago, and the day opened before it. The journal's own row is a superuser's to move."""
    ago = "set decided_at = decided_at - make_interval(secs => %s) where proposal = %s returning 1"
    firm.ask("superuser", f"update gatehouse.decision {ago}", minutes * 60, deal.proposal)
    with firm.connection("superuser").transaction():
        firm.ask("superuser", "set local session_replication_role = replica")
        firm.ask(
            "superuser",
            "update gatehouse.journal set recorded_at = recorded_at - make_interval(secs => %s)"
            " where event_type = 'BusinessDayOpened' returning 1",
            minutes * 60,
        )


def climbing(firm: Firm, deal: Deal, rung: int = 1, *, role: str = GATE, **changed: Any) -> Answer:
    people = {"deputies": ["pri-2"], "compliance": ["com-1"], "operations": ["ops-1"]}
    addressed = LADDER[rung - 1].addressed if rung <= len(LADDER) else "operations"
    payload = {
        "proposal": deal.proposal,
        "digest": deal.digest,
        "rung": rung,
        "addressed": addressed,
        "people": people[addressed],
        "waited_minutes": 500,
        "ladder": LADDER_DIGEST,
        **changed,
    }
    ticket = None
    if role == AGENT:
        ticket = firm.thread_ticket(MARIA, firm.thread(MARIA))
    elif role != GATE:
        ticket = firm.ticket(ROBERT)
    return firm.append(role, firm.item("ProposalEscalated", deal.stream, payload, ticket=ticket))[0]


def deputy(firm: Firm, login: str = ROBERT, principal: str = "pri-1", **changed: Any) -> Answer:
    payload = {"principal": principal, "deputy": "pri-2", **DEPUTY, **changed}
    return firm.append(APPROVER, firm.item("DeputyNamed", f"person/{principal}", payload, login=login))[0]


def waited(firm: Firm, minutes: float = 500) -> Deal:
    deal = Deal(firm).submitted()
    aged(firm, deal, minutes)
    return deal


def test_the_append_has_the_same_ladder(firm: Firm) -> None:
    assert firm.value("superuser", "select gatehouse.escalation_ladder_digest()") == LADDER_DIGEST


def test_each_step_tells_the_next_people_and_decides_nothing(firm: Firm) -> None:
    deal = waited(firm)
    for rung in LADDER:
        assert climbing(firm, deal, rung.number).ok
        assert climbing(firm, deal, rung.number).code == "wrong_rung"
    assert climbing(firm, deal, 4).code == "wrong_rung"
    assert deal.status == "SUBMITTED"
    assert deal.release().code == "not_approved"
    told = firm.ask("superuser", "select addressed, people from gatehouse.escalation order by rung")
    assert [(row["addressed"], row["people"]) for row in told] == [
        ("deputies", ["pri-2"]),  # not the advisor's own principal, and not whose registration has lapsed
        ("compliance", ["com-1"]),
        ("operations", ["ops-1"]),
    ]
    assert deal.approve().ok


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"people": ["pri-1"]}, "escalation_misstated"),
        ({"people": []}, "escalation_misstated"),
        ({"addressed": "compliance"}, "escalation_misstated"),
        ({"ladder": "0" * 64}, "escalation_misstated"),
        ({"digest": "0" * 64}, "digest_mismatch"),
        ({"waited_minutes": 29}, "not_waited"),
        ({"rung": 2}, "wrong_rung"),
        ({"rung": 9}, "wrong_rung"),
    ],
)
def test_a_step_that_is_misstated_is_refused(firm: Firm, changed: dict[str, Any], code: str) -> None:
    assert climbing(firm, waited(firm), **changed).code == code


def test_no_step_comes_before_its_time_or_after_the_decision(firm: Firm) -> None:
    early = waited(firm, 29.9)
    assert climbing(firm, early).code == "not_waited"
    decided = waited(firm)
    assert decided.approve().ok
    assert climbing(firm, decided).code == "already_decided"
    lapsing = waited(firm)
    close_day(firm)
    assert climbing(firm, lapsing).code == "lapsed"


@pytest.mark.parametrize("role", [AGENT, INTAKE, APPROVER])
def test_the_worker_alone_says_it(firm: Firm, role: str) -> None:
    assert climbing(firm, waited(firm), role=role).code == "no_right"


def test_a_deputy_is_told_first_and_may_no_more_than_before(firm: Firm) -> None:
    firm.ask(
        "superuser", "update gatehouse.registration set valid_until = null where person = 'pri-3' returning 1"
    )
    deal = waited(firm)
    people = "select gatehouse.escalation_people(p, 'deputies') from gatehouse.proposal p where proposal = %s"
    assert firm.value("superuser", people, deal.proposal) == ["pri-2", "pri-3"]
    assert deputy(firm, deputy="pri-3").ok
    assert firm.value("superuser", people, deal.proposal) == ["pri-3"]
    assert climbing(firm, deal, people=["pri-2"]).code == "escalation_misstated"
    assert climbing(firm, deal, people=["pri-3"]).ok
    ended = firm.item("DeputyEnded", "person/pri-1", {"principal": "pri-1"}, login=ROBERT)
    assert firm.append(APPROVER, ended)[0].ok
    again = firm.item("DeputyEnded", "person/pri-1", {"principal": "pri-1"}, login=ROBERT)
    assert firm.append(APPROVER, again)[0].code == "no_such_deputy"
    assert firm.value("superuser", people, deal.proposal) == ["pri-2", "pri-3"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"deputy": "pri-3"}, "not_registered"),
        ({"deputy": "com-1"}, "not_a_principal"),
        ({"deputy": "pri-1"}, "same_person"),
        ({"valid_from": "2022-12-28"}, "deputy_out_of_bounds"),
        ({"valid_until": "2022-12-28"}, "deputy_out_of_bounds"),
        ({"valid_until": "2023-03-30"}, "deputy_out_of_bounds"),
        ({"valid_until": "2023-02-30"}, "malformed_payload"),
        ({"login": SUSAN}, "wrong_stream"),
        ({"login": NGOZI, "principal": "com-1"}, "not_a_principal"),
    ],
)
def test_who_cannot_be_or_name_a_deputy(firm: Firm, said: dict[str, Any], code: str) -> None:
    assert deputy(firm, **said).code == code
    assert firm.ask("superuser", "select * from gatehouse.deputy") == []


@pytest.mark.anyio
async def test_the_worker_climbs_a_step_a_turn_and_a_restart_repeats_nothing(firm: Firm) -> None:
    deal = Deal(firm).submitted()
    aged(firm, deal, 61)
    count = "select count(*) from gatehouse.journal where event_type = 'ProposalEscalated'"
    refused = "select count(*) from gatehouse.journal where text like '%not_waited%'"
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        assert await Climbing(pool, journal).turn()
        assert firm.value(GATE, count) == 1
        assert await Climbing(pool, journal).turn()
        for _ in range(3):
            assert not await Climbing(pool, journal).turn()
        assert firm.value(GATE, count) == 2
        aged(firm, deal, 58)
        assert not await Climbing(pool, journal).turn()  # 119 minutes
        assert firm.value(GATE, refused) == 0  # it does not ask before the record's clock says that it is due
        aged(firm, deal, 1)
        assert await Climbing(pool, journal).turn()
    assert deal.status == "SUBMITTED"


@pytest.mark.anyio
async def test_minutes_after_the_close_do_not_count(firm: Firm) -> None:
    """The day stands at 10:00; a night of the wall's is six hours of it at most, and a weekend no more."""
    deal = Deal(firm).submitted()
    waiting = "select since, opened_at, opened_on_the_wall from gatehouse.escalation_waiting()"
    row = firm.ask(GATE, waiting)[0]
    assert row["opened_at"].isoformat().startswith("2022-12-29T15:00")
    assert row["since"] >= row["opened_on_the_wall"]
    aged(firm, deal, 29)
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        assert not await Climbing(pool, journal).turn()
    assert deal.status == "SUBMITTED"


@pytest.mark.anyio
async def test_a_submission_without_a_decision_is_told_once_and_the_others_climb(firm: Firm) -> None:
    broken, sound = Deal(firm).submitted(), Deal(firm).submitted()
    aged(firm, sound, 31)
    firm.ask("superuser", "delete from gatehouse.decision where proposal = %s returning 1", broken.proposal)
    try:
        async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
            climbing = Climbing(pool, journal)
            assert await climbing.turn()
            assert not await climbing.turn()
        assert list(climbing.troubles) == [broken.proposal]
        rungs = "select count(*) from gatehouse.escalation where proposal = %s"
        assert firm.value("superuser", rungs, sound.proposal) == 1
    finally:
        firm.ask(
            "superuser",
            "update gatehouse.proposal set status = 'LAPSED' where proposal = %s returning 1",
            broken.proposal,
        )
