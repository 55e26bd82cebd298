"""Tier 3: a principal and compliance, two people, each proven once more for exactly this."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, Final

import psycopg
import pytest

from core.database.pools import conninfo
from tests.core.gate.deal import (
    APPROVER,
    DAVID,
    ELENA,
    GATE,
    MARIA,
    NGOZI,
    ROBERT,
    SUSAN,
    THOMAS,
    WORDS,
    Deal,
    close_day,
    leg,
)
from tests.fixtures.firm import Answer, Firm, proof_of


@pytest.fixture
def deal(firm: Firm) -> Deal:
    return Deal(firm)


def big(deal: Deal, **content: Any) -> Deal:
    """Submitted, of tier 3."""
    return deal.submitted(tier=3, **content)


def second_compliance(firm: Firm) -> str:
    """A registered principal of the firm who now works for compliance, as founded."""
    firm.ask("superuser", "update gatehouse.person set role = 'compliance' where person = 'pri-2'")
    return SUSAN


BOTH_WAYS: Final = [(ROBERT, NGOZI), (NGOZI, ROBERT)]


@pytest.mark.parametrize(("first", "second"), BOTH_WAYS)
def test_it_is_approved_with_the_second_of_the_two_in_either_order(
    deal: Deal, first: str, second: str
) -> None:
    big(deal)
    assert deal.approve_proven(first).ok
    assert deal.status == "SUBMITTED"
    assert deal.release().code == "not_approved"
    assert deal.approve_proven(second, capacity="compliance" if second == NGOZI else "principal").ok
    assert deal.status == "APPROVED"
    assert deal.release().ok


@pytest.mark.parametrize(("first", "second", "code"), [
    (ROBERT, SUSAN, "compliance_missing"),
    (ROBERT, ROBERT, "already_decided"),
    (NGOZI, NGOZI, "already_decided"),
])  # fmt: skip
def test_two_of_one_role_are_not_both(deal: Deal, first: str, second: str, code: str) -> None:
    big(deal)
    assert deal.approve_proven(first).ok
    assert deal.approve_proven(second).code == code
    assert deal.status == "SUBMITTED"


def test_two_of_compliance_are_no_principal(deal: Deal) -> None:
    big(deal)
    other = second_compliance(deal.firm)
    assert deal.approve_proven(NGOZI).ok
    assert deal.approve_proven(other, capacity="compliance").code == "principal_missing"


@pytest.mark.parametrize("login", [MARIA, DAVID, ELENA, THOMAS])
def test_nobody_else_is_one_of_the_two(deal: Deal, login: str) -> None:
    big(deal)
    said = deal.approve_proven(login)
    assert said.code == {MARIA: "self_approval", THOMAS: "not_registered"}.get(login, "not_a_principal")
    assert deal.status == "SUBMITTED"


def test_compliance_approves_nothing_below_tier_3(deal: Deal) -> None:
    deal.submitted(tier=2)
    assert deal.approve(NGOZI, capacity="compliance").code == "not_a_principal"


@pytest.mark.parametrize("claimed", ["compliance", "principal"])
def test_nobody_approves_in_a_role_that_is_not_hers(deal: Deal, claimed: str) -> None:
    big(deal)
    login = ROBERT if claimed == "compliance" else NGOZI
    assert deal.approve_proven(login, capacity=claimed).code == "malformed_payload"


@pytest.mark.parametrize(("registration", "code"), [("S14", None), ("S24", None), ("S7", "not_registered")])
def test_compliance_holds_s14_or_s24_on_that_day(deal: Deal, registration: str, code: str | None) -> None:
    deal.firm.ask(
        "superuser",
        "update gatehouse.registration set registration = %s where person = 'com-1'",
        registration,
    )
    assert big(deal).approve_proven(NGOZI).code == code


def test_a_principal_is_no_principal_by_s14(deal: Deal) -> None:
    deal.firm.ask(
        "superuser",
        "update gatehouse.registration set registration = 'S14'"
        " where person = 'pri-1' and registration = 'S24'",
    )
    assert big(deal).approve_proven(ROBERT).code == "not_registered"


# Proven, for this, now, once -------------------------------------------------------------------------------


def test_without_a_proof_it_is_refused_and_that_is_on_record(deal: Deal) -> None:
    big(deal)
    assert deal.approve(ROBERT, step_up="password").code == "step_up_missing"
    last = "select text from gatehouse.journal where event_type = 'AttemptRefused' order by seq desc limit 1"
    told = json.loads(deal.firm.value("superuser", last))["payload"]
    assert (told["attempted"], told["code"]) == ("ProposalApproved", "step_up_missing")


def test_a_wrong_password_is_refused_as_one_and_that_is_on_record(deal: Deal) -> None:
    big(deal)
    assert deal.step_up(ROBERT, proof=b"no") == "wrong"
    assert deal.approve(ROBERT, step_up="password").code == "step_up_wrong"
    assert deal.approve(ROBERT, step_up="password").code == "step_up_missing"
    refused = "select count(*) from gatehouse.journal where event_type = 'AttemptRefused'"
    assert deal.firm.value("superuser", refused) == 2
    assert deal.approve_proven(ROBERT).ok


OF_ANOTHER: Final[dict[str, Callable[[Deal], dict[str, Any]]]] = {
    "proposal": lambda d: {"about": "proposal/prp-" + "0" * 32},
    "digest": lambda d: {"digest": "0" * 64},
    "person": lambda d: {"ticket": d.firm.ticket(SUSAN), "proof": proof_of(SUSAN)},
}


@pytest.mark.parametrize("what", OF_ANOTHER)
def test_a_proof_of_another_thing_proves_nothing_here(deal: Deal, what: str) -> None:
    big(deal)
    assert deal.step_up(ROBERT, **OF_ANOTHER[what](deal)) == "right"
    assert deal.approve(ROBERT, step_up="password").code == "step_up_missing"


def test_a_proof_is_good_for_two_minutes(deal: Deal) -> None:
    big(deal)
    assert deal.step_up(ROBERT) == "right"
    until = "select expires_at - opened_at = interval '2 minutes' from gatehouse.step_up"
    assert deal.firm.value("superuser", until)
    deal.firm.ask(
        "superuser", "update gatehouse.step_up set expires_at = clock_timestamp() - interval '1 ms'"
    )
    assert deal.approve(ROBERT, step_up="password").code == "step_up_missing"


def test_a_proof_is_good_once(deal: Deal) -> None:
    big(deal)
    assert deal.approve_proven(ROBERT).ok
    deal.firm.ask("superuser", "delete from gatehouse.decision where kind = 'approval'")
    assert deal.approve(ROBERT, step_up="password").code == "step_up_missing"


def test_a_proof_by_another_method_than_said_is_none(deal: Deal) -> None:
    big(deal)
    assert deal.step_up(ROBERT) == "right"
    assert deal.approve(ROBERT, step_up="totp").code == "step_up_missing"
    assert deal.step_up(ROBERT) == "right"
    assert deal.approve(ROBERT).code == "step_up_missing"


def test_a_proof_that_its_caller_rolls_back_is_none(deal: Deal) -> None:
    big(deal)
    with deal.firm.connection(APPROVER).transaction(force_rollback=True):
        assert deal.step_up(ROBERT) == "right"
    assert deal.approve(ROBERT, step_up="password").code == "step_up_missing"


def test_an_approval_below_tier_3_claims_no_proof(deal: Deal) -> None:
    deal.submitted(tier=2)
    assert deal.step_up(ROBERT) == "right"
    assert deal.approve(ROBERT, step_up="password").code == "malformed_payload"


def test_whoever_keeps_a_proof_open_holds_nobody_up(deal: Deal) -> None:
    """A transaction with an uncommitted proof and its locks: the append of an approval does not wait for
    it."""
    big(deal)
    assert deal.step_up(ROBERT) == "right"
    with psycopg.connect(conninfo(deal.firm.database.approver, name="holds")) as held:
        held.execute(
            "select gatehouse.step_up(%s, %s, %s, %s::bytea, null)",
            [deal.firm.ticket(ROBERT), deal.stream, deal.digest, proof_of(ROBERT)],
        )
        deal.firm.ask(APPROVER, "set statement_timeout = '3s'")
        assert deal.approve(ROBERT, step_up="password", capacity="principal").ok
        deal.firm.ask(APPROVER, "reset statement_timeout")


# What the release asks -------------------------------------------------------------------------------------


def approved(deal: Deal) -> Deal:
    big(deal)
    assert deal.approve_proven(ROBERT).ok
    assert deal.approve_proven(NGOZI).ok
    return deal


MISSED: Final = {
    "the principal's": ("delete from gatehouse.decision where person = 'pri-1'", "approval_missing"),
    "compliance's": ("delete from gatehouse.decision where person = 'com-1'", "compliance_missing"),
    "the principal's proof": (
        "update gatehouse.decision set stepped_up = null where person = 'pri-1'",
        "approval_missing",
    ),
    "compliance's proof": (
        "update gatehouse.decision set stepped_up = null where person = 'com-1'",
        "compliance_missing",
    ),
    "compliance's digest": (
        "update gatehouse.decision set digest = 'x' where person = 'com-1'",
        "compliance_missing",
    ),
    "the principal's registration": (
        "update gatehouse.registration set valid_until = '2022-12-01' where person = 'pri-1'",
        "approval_missing",
    ),
    "compliance's registration": (
        "update gatehouse.registration set valid_until = '2022-12-01' where person = 'com-1'",
        "compliance_missing",
    ),
    "compliance's independence": (
        "update gatehouse.person set reports_to = 'adv-1' where person = 'com-1'",
        "compliance_missing",
    ),
}


@pytest.mark.parametrize("what", MISSED)
def test_a_release_of_tier_3_misses_every_single_part_of_both_approvals(deal: Deal, what: str) -> None:
    statement, code = MISSED[what]
    approved(deal)
    deal.firm.ask("superuser", statement)
    assert deal.release().code == code


def test_with_both_it_goes(deal: Deal) -> None:
    assert approved(deal).release().ok


def test_a_household_that_became_one_of_somebody_here_needs_compliance_too(deal: Deal) -> None:
    deal.approved(tier=2)
    deal.firm.ask(
        "superuser", "update gatehouse.household set related = true where household = %s", deal.household
    )
    assert deal.release().code == "compliance_missing"


@pytest.mark.parametrize(("first", "second"), BOTH_WAYS)
def test_a_first_approval_that_counts_no_more_completes_nothing(deal: Deal, first: str, second: str) -> None:
    big(deal)
    assert deal.approve_proven(first).ok
    person = "com-1" if first == NGOZI else "pri-1"
    deal.firm.ask("superuser", "update gatehouse.person set reports_to = 'adv-1' where person = %s", person)
    assert deal.approve_proven(second).code == "other_approval_ended"
    assert deal.status == "SUBMITTED"
    if first == ROBERT:
        assert deal.approve_proven(SUSAN).ok
        assert deal.approve_proven(NGOZI).ok
        assert deal.status == "APPROVED"


# Whatever races --------------------------------------------------------------------------------------------


def at_once(firm: Firm, calls: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Each call from a connection of its own, all at once; conflicts of version are tried again."""
    answers: list[str] = []
    start = threading.Barrier(len(calls))

    def run(role: str, item: dict[str, Any]) -> None:
        with psycopg.connect(conninfo(firm.database.of(role), name="race"), autocommit=True) as connection:
            envelope = json.loads(item["text"])
            start.wait()
            for version in range(envelope["stream_version"], envelope["stream_version"] + 30):
                text = json.dumps(
                    {**envelope, "stream_version": version},
                    separators=(",", ":"),
                    sort_keys=True,
                    ensure_ascii=False,
                )
                row = connection.execute(
                    "select answer, code from gatehouse.append(%s::jsonb)",
                    [json.dumps([{**item, "text": text}])],
                ).fetchone()
                assert row is not None
                if row != ("conflict", "version"):
                    answers.append(f"{envelope['event_type']} {row[1] or row[0]}")
                    return

    threads = [threading.Thread(target=run, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


def approving(deal: Deal, login: str, **changed: Any) -> tuple[str, dict[str, Any]]:
    said = {"proposal": deal.proposal, "digest": deal.digest, "reasons": [], **changed}
    return APPROVER, deal.firm.item("ProposalApproved", deal.stream, said, login=login)


def test_many_approvals_of_both_at_once_are_one_of_each(deal: Deal) -> None:
    big(deal)
    for login in (ROBERT, NGOZI, SUSAN):
        assert deal.step_up(login) == "right"
    calls = [
        approving(deal, login, capacity="compliance" if login == NGOZI else "principal", step_up="password")
        for login in (ROBERT, NGOZI, SUSAN) * 3
    ]
    said = at_once(deal.firm, calls)
    assert said.count("ProposalApproved ok") == 2
    roles = "select array_agg(w.role order by w.role) from gatehouse.decision d"
    roles += " join gatehouse.person w using (person)"
    assert deal.firm.value("superuser", f"{roles} where d.kind = 'approval'") == ["compliance", "principal"]
    assert deal.status == "APPROVED"
    assert deal.firm.verified().ok


AGAINST: Final[dict[str, Callable[[Deal], tuple[str, dict[str, Any]]]]] = {
    "decline": lambda d: (
        APPROVER,
        d.firm.item(
            "ProposalDeclined",
            d.stream,
            {"proposal": d.proposal, "digest": d.digest, "reason": WORDS},
            login=SUSAN,
        ),
    ),
    "return": lambda d: (
        APPROVER,
        d.firm.item(
            "ProposalReturned",
            d.stream,
            {"proposal": d.proposal, "digest": d.digest, "comment": WORDS},
            login=SUSAN,
        ),
    ),
    "withdraw": lambda d: (
        APPROVER,
        d.firm.item("ProposalWithdrawn", d.stream, {"proposal": d.proposal}, login=MARIA),
    ),
}
ENDED: Final = {"decline": "DECLINED", "return": "RETURNED", "withdraw": "WITHDRAWN"}


@pytest.mark.parametrize("what", AGAINST)
@pytest.mark.parametrize("tier", [2, 3])
def test_an_approval_against_an_end_leaves_one_of_the_two_lives(deal: Deal, what: str, tier: int) -> None:
    """Whoever is first: an end after the approval ends it; an approval after the end is refused. Never
    both."""
    for _ in range(4):
        one = Deal(deal.firm).submitted(tier=tier)
        extra: dict[str, Any] = {}
        if tier == 3:
            assert one.approve_proven(NGOZI).ok
            assert one.step_up(ROBERT) == "right"
            extra = {"step_up": "password"}
        said = at_once(deal.firm, [approving(one, ROBERT, **extra), AGAINST[what](one)])
        assert one.status == ENDED[what]
        assert said[0] in ("ProposalApproved ok", "ProposalApproved already_decided")
        assert one.held("AAPL")[1] == 0
        assert one.release().code == "not_approved"
    assert deal.firm.verified().ok


def test_a_submission_against_a_lapse_ends_lapsed_and_reserves_nothing(deal: Deal) -> None:
    waiting = [Deal(deal.firm) for _ in range(4)]
    for one in waiting:
        assert one.draft().ok
        assert one.assess(*one.plain()).ok
    close_day(deal.firm)
    for one in waiting:
        submit = {"proposal": one.proposal, "digest": one.digest, "reasons": []}
        lapse = {"proposal": one.proposal, "session": "2022-12-29"}
        said = at_once(
            deal.firm,
            [
                (APPROVER, deal.firm.item("ProposalSubmitted", one.stream, submit, login=MARIA)),
                (GATE, deal.firm.item("ProposalLapsed", one.stream, lapse)),
            ],
        )
        assert said[0] == "ProposalLapsed ok"
        assert said[1] in ("ProposalSubmitted lapsed", "ProposalSubmitted already_decided")
        assert one.status == "LAPSED"
        assert one.held("AAPL")[1] == 0


# Lines -----------------------------------------------------------------------------------------------------


def returned(deal: Deal, comments: list[dict[str, Any]]) -> Answer:
    return deal.decide("ProposalReturned", ROBERT, comment=WORDS, comments=comments)


def test_comments_stand_on_the_lines_that_there_are(deal: Deal) -> None:
    deal.own("100", "AAPL")
    deal.submitted(leg(deal.account, "sell", "AAPL", "10"), leg(deal.account, "sell", "AAPL", "20"))
    for bad in ([{"leg": 2, "text": WORDS}], [{"leg": 0, "text": WORDS}] * 2, [{"leg": -1, "text": WORDS}]):
        assert returned(deal, bad).code == "no_such_leg"
    assert returned(deal, [{"leg": 1, "text": WORDS}]).ok
    assert deal.status == "RETURNED"
    kept = "select leg_comments from gatehouse.proposal where proposal = %s"
    assert deal.firm.value("superuser", kept, deal.proposal) == [{"leg": 1, "text": WORDS}]
