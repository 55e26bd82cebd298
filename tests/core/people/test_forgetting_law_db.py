"""The law of people's data, by trying: each refusal by its code, as each login."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Any, Final

import pytest

from core.forgetting.retention import CLASSES, said
from tests.core.gate.deal import APPROVER, ELENA, GATE, INTAKE, MARIA, NGOZI, ROBERT, Deal, leg
from tests.core.gate.test_law_db import OF_PEOPLES_DATA
from tests.fixtures.firm import Answer, Firm

FREE: Final = "res-1"  # works here, advises nobody and decided nothing
HANNAH, WILLIAM = "hannah.lindqvist", "william.tran"
CLIENTS_HOUSEHOLD: Final = "hh-101"


def request_of(subject: str, n: int = 1) -> str:
    return "fgt-" + sha256(f"{subject}/{n}".encode()).hexdigest()[:32]


def hold_of(subject: str) -> str:
    return "hld-" + sha256(subject.encode()).hexdigest()[:32]


def say(firm: Firm, kind: str, subject: str, login: str | None, /, **said: Any) -> Answer:
    role = APPROVER if login else GATE
    stream = said.pop("stream", f"subject/{subject}")
    return firm.append(role, firm.item(kind, stream, said, login=login))[0]


def ask(firm: Firm, subject: str = FREE, login: str = NGOZI, n: int = 1, **changed: Any) -> Answer:
    payload = {
        "request": request_of(subject, n),
        "subject": subject,
        "reason": "asked_by_the_person",
        "note": None,
        **changed,
    }
    return say(firm, "ForgetRequested", subject, login, **payload)


def decide(firm: Firm, kind: str, login: str | None, subject: str = FREE, n: int = 1) -> Answer:
    return say(firm, kind, subject, login, request=request_of(subject, n), subject=subject)


def confirm(firm: Firm, login: str = ELENA, subject: str = FREE, n: int = 1) -> Answer:
    return decide(firm, "ForgetConfirmed", login, subject, n)


def begin(firm: Firm, subject: str = FREE) -> Answer:
    return decide(firm, "ForgettingBegun", None, subject)


def end(firm: Firm, subject: str = FREE) -> Answer:
    payload: dict[str, Any] = {
        "request": request_of(subject),
        "subject": subject,
        "stores": [],
        "unreached": [],
    }
    return say(firm, "SubjectForgotten", subject, None, **payload)


def hold(firm: Firm, subject: str = FREE, login: str = NGOZI) -> Answer:
    payload = {"hold": hold_of(subject), "subject": subject, "matter": "litigation", "note": None}
    return say(firm, "LegalHoldPlaced", subject, login, **payload)


def lifting(firm: Firm, kind: str, login: str, subject: str = FREE) -> Answer:
    return say(firm, kind, subject, login, hold=hold_of(subject), subject=subject)


def rotation(firm: Firm, login: str = NGOZI, subject: str | None = FREE) -> Answer:
    payload = {"request": "rot-" + "1" * 32, "subject": subject}
    return say(firm, "KeyRotationRequested", "", login, stream="keys", **payload)


def rotated(firm: Firm, version: int, request: str = "rot-" + "1" * 32) -> Answer:
    return say(firm, "SubjectKeyRotated", FREE, None, request=request, subject=FREE, version=version)


def close(firm: Firm, login: str = ELENA, *, emptied: bool = True, day: str | None = None) -> Answer:
    account = Deal(firm).account
    if emptied:
        firm.ask("superuser", "update gatehouse.holding set held = 0, reserved = 0")
    today = day or str(firm.value("superuser", "select session from gatehouse.market_day"))
    payload = {"account": account, "closed_on": today}
    return say(firm, "AccountClosed", "", login, stream=f"account/{account}", **payload)


def asked(firm: Firm, then: Callable[[], Answer]) -> Answer:
    assert ask(firm).ok
    return then()


def confirmed(firm: Firm, then: Callable[[], Answer]) -> Answer:
    return asked(firm, lambda: then() if confirm(firm).ok else pytest.fail("not confirmed"))


def begun(firm: Firm, then: Callable[[], Answer]) -> Answer:
    return confirmed(firm, lambda: then() if begin(firm).ok else pytest.fail("not begun"))


def held(firm: Firm, then: Callable[[], Answer]) -> Answer:
    assert hold(firm).ok
    return then()


def with_checkpoint(firm: Firm) -> Answer:
    thread = firm.thread(HANNAH)
    assert ask(firm).ok
    assert confirm(firm).ok
    assert begin(firm).ok
    firm.ask("superuser", "insert into copilot.checkpoint values (%s, '', '1', 'x')", thread)
    return end(firm)


ATTEMPTS: Final[dict[str, Callable[[Firm], Answer]]] = {
    "account_not_empty": lambda firm: close(firm, emptied=False),
    "compliance_missing": lambda firm: hold(firm, login=ROBERT),
    "forgetting_asked": lambda firm: asked(firm, lambda: ask(firm, login=ELENA, n=2)),
    "forgotten_before": lambda firm: begun(firm, lambda: hold(firm)),
    "legal_hold": lambda firm: held(firm, lambda: ask(firm)),
    "no_such_hold": lambda firm: lifting(firm, "LegalHoldLiftRequested", NGOZI),
    "no_such_request": lambda firm: confirm(firm),
    "not_a_record_keeper": lambda firm: ask(firm, login=MARIA),
    "not_all_reached": with_checkpoint,
    "not_confirmed": lambda firm: asked(firm, lambda: begin(firm)),
    "not_longer": lambda firm: say(
        firm, "RetentionLengthened", "", NGOZI, stream="retention", kind="ledger", years=6
    ),
    "own_data": lambda firm: ask(firm, subject="com-1"),
    "request_decided": lambda firm: confirmed(firm, lambda: confirm(firm)),
    "retention_runs": lambda firm: ask(firm, subject=CLIENTS_HOUSEHOLD),
    "same_person": lambda firm: asked(firm, lambda: confirm(firm, login=NGOZI)),
}


@pytest.mark.parametrize("code", sorted(ATTEMPTS))
def test_each_refusal_is_met_by_its_code(firm: Firm, code: str) -> None:
    said = ATTEMPTS[code](firm)
    assert (said.answer, said.code, said.seq) == ("refused", code, None)


def test_every_code_about_peoples_data_is_tried() -> None:
    assert set(ATTEMPTS) == OF_PEOPLES_DATA


def status(firm: Firm, subject: str = FREE) -> Any:
    found = firm.ask("superuser", "select status from gatehouse.forgetting where subject = %s", subject)
    return [row["status"] for row in found]


# Two people


def test_the_whole_way_takes_two_people_and_the_worker(firm: Firm) -> None:
    assert [ask(firm).ok, confirm(firm).ok, begin(firm).ok, end(firm).ok] == [True] * 4
    assert status(firm) == ["FORGOTTEN"]
    assert firm.verified().ok


@pytest.mark.parametrize("login", [MARIA, ROBERT, WILLIAM, HANNAH])
def test_no_other_role_confirms(firm: Firm, login: str) -> None:
    assert ask(firm).ok
    assert confirm(firm, login=login).code in ("not_a_record_keeper", "own_data")
    assert status(firm) == ["ASKED"]


def test_two_of_operations_are_not_enough(firm: Firm) -> None:
    firm.ask("superuser", "update gatehouse.person set role = 'operations' where person = 'aud-1'")
    assert ask(firm, login=ELENA).ok
    assert confirm(firm, login=WILLIAM).code == "compliance_missing"


def test_nobody_decides_about_the_household_that_she_is_related_to(firm: Firm) -> None:
    rows = "update gatehouse.person set related_households = '{hh-900}' where person = 'com-1'"
    firm.ask("superuser", rows)
    assert ask(firm, subject="hh-900").code == "own_data"


def test_the_asker_withdraws_and_another_declines(firm: Firm) -> None:
    assert ask(firm).ok
    assert decide(firm, "ForgettingWithdrawn", ELENA).code == "same_person"
    assert decide(firm, "ForgettingDeclined", NGOZI).code == "same_person"
    assert decide(firm, "ForgettingDeclined", ELENA).ok
    assert ask(firm, n=2).ok  # a request that ended bars no later one
    assert decide(firm, "ForgettingWithdrawn", NGOZI, n=2).ok
    assert status(firm) == ["DECLINED", "WITHDRAWN"]


def test_what_is_confirmed_can_still_be_taken_back_and_what_is_begun_cannot(firm: Firm) -> None:
    assert ask(firm).ok
    assert confirm(firm).ok
    assert begin(firm).ok
    assert decide(firm, "ForgettingWithdrawn", NGOZI).code == "request_decided"


@pytest.mark.parametrize("role", [INTAKE, "gh_agent"])
@pytest.mark.parametrize(
    "kind", ["ForgetRequested", "ForgetConfirmed", "SubjectForgotten", "LegalHoldLifted"]
)
def test_no_other_login_has_a_part_in_it(firm: Firm, role: str, kind: str) -> None:
    if role == INTAKE:
        item = firm.item(kind, f"subject/{FREE}", {}, login=NGOZI)
    else:
        ticket = firm.thread_ticket(MARIA, firm.thread(MARIA))
        item = firm.item(kind, f"subject/{FREE}", {}, ticket=ticket)
    assert firm.append(role, item)[0].code == "no_right"


def test_the_approvers_login_cannot_say_that_it_was_done(firm: Firm) -> None:
    item = firm.item("SubjectForgotten", f"subject/{FREE}", {}, login=NGOZI)
    assert firm.append(APPROVER, item)[0].code == "no_right"


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "because Ann Smith asked"},
        {"name": "Ann Smith"},
        {"request": "fgt-x"},
        {"note": "Ann Smith"},
        {"note": {"subject": FREE, "key": 1, "sealed": "AAAA"}},  # under the one who is to be forgotten
        {"note": {"subject": "com-1", "key": 1, "sealed": "AAAA", "clear": "Ann"}},
    ],
)
def test_words_have_no_place_in_it_but_a_note_sealed_under_its_writer(
    firm: Firm, changed: dict[str, Any]
) -> None:
    assert ask(firm, **changed).code == "malformed_payload"


def test_a_note_sealed_under_its_writer_is_taken(firm: Firm) -> None:
    note = firm.keys.seal("com-1", "note", "as discussed").model_dump(mode="json")  # type: ignore[arg-type]
    assert ask(firm, note=note).ok


# Holds


def test_a_hold_that_comes_between_the_decision_and_the_deed_stops_it(firm: Firm) -> None:
    assert ask(firm).ok
    assert confirm(firm).ok
    assert hold(firm).ok
    assert begin(firm).code == "legal_hold"
    assert firm.ask(GATE, "select * from gatehouse.forgettings_due()") == []
    assert lifting(firm, "LegalHoldLiftRequested", NGOZI).ok
    assert lifting(firm, "LegalHoldLifted", ROBERT).ok
    assert begin(firm).ok


def test_a_hold_is_lifted_by_two_of_whom_one_is_of_compliance_and_none_of_operations(firm: Firm) -> None:
    assert hold(firm).ok
    assert lifting(firm, "LegalHoldLiftRequested", ELENA).code == "not_a_record_keeper"
    assert lifting(firm, "LegalHoldLiftRequested", ROBERT).ok
    assert lifting(firm, "LegalHoldLifted", ROBERT).code == "same_person"
    assert lifting(firm, "LegalHoldLifted", "thomas.brandt").code == "compliance_missing"
    assert lifting(firm, "LegalHoldLifted", NGOZI).ok
    assert ask(firm).ok


def test_a_lift_that_was_refused_takes_two_people_again(firm: Firm) -> None:
    assert hold(firm).ok
    assert lifting(firm, "LegalHoldLiftRequested", ROBERT).ok
    assert lifting(firm, "LegalHoldKept", NGOZI).ok
    assert lifting(firm, "LegalHoldLifted", NGOZI).code == "request_decided"
    assert ask(firm).code == "legal_hold"


def test_a_hold_on_a_household_bars_its_owners_and_the_reverse(firm: Firm) -> None:
    deal = Deal(firm)
    assert hold(firm, subject=CLIENTS_HOUSEHOLD).ok
    bars = "select count(*) as n from gatehouse.holds_on(%s)"
    assert firm.value("superuser", bars, deal.client) == 1
    assert firm.value("superuser", bars, "hh-102") == 0


# Retention, on the firm's own days


def kept(firm: Firm, subject: str) -> dict[str, Any]:
    found = firm.ask("superuser", "select kind, until from gatehouse.kept(%s)", subject)
    return {row["kind"]: row["until"] for row in found}


def test_the_tables_of_code_and_database_are_the_same(firm: Firm) -> None:
    found = firm.ask("superuser", "select kind, years, runs_from from gatehouse.retention_class")
    assert {tuple(row.values()) for row in found} == {(c.kind, c.years, c.runs_from) for c in CLASSES}


def test_an_open_account_is_kept_without_end(firm: Firm) -> None:
    assert kept(firm, CLIENTS_HOUSEHOLD) == {"account_record": None}
    assert kept(firm, Deal(firm).client) == {"account_record": None}
    assert kept(firm, "adv-1") == {"account_record": None}
    assert kept(firm, FREE) == {}


def test_each_record_of_a_trade_is_kept_as_long_as_its_rule_says(firm: Firm) -> None:
    """The firm's day is 2022-12-29; the ends are counted by hand from the rules' periods."""
    deal = Deal(firm, household="hh-102")
    deal.own("100", "AAPL")
    account = firm.value(
        "superuser", "select account from gatehouse.account where household = 'hh-102' and not discretionary"
    )
    firm.ask("superuser", "update gatehouse.holding set held = 100 where account = %s", account)
    deal.submitted(leg(account, "sell", "AAPL", "10"))
    client = firm.value("superuser", "select owners[1] from gatehouse.account where account = %s", account)
    assert deal.consent(client=client).ok
    assert deal.approve().ok
    assert deal.release().ok
    assert deal.fill(0, "10", "100").ok
    expected = {
        "order_ticket": date(2025, 12, 29),  # three years
        "ledger": date(2028, 12, 29),  # six years
        "consent": date(2027, 12, 31),  # five years from the end of fiscal 2022
        "approval": date(2028, 12, 29),  # six years
        "account_record": None,
    }
    assert kept(firm, "hh-102") == expected
    assert kept(firm, client) == expected
    assert kept(firm, "pri-1") == {kind: day for kind, day in expected.items() if kind != "account_record"}
    assert "ledger" not in kept(firm, "hh-101")


def test_a_closed_account_frees_its_subject_when_its_period_has_ended(firm: Firm) -> None:
    firm.ask("superuser", "update gatehouse.holding set held = 0, reserved = 0")
    accounts = firm.ask("superuser", "select account from gatehouse.account where household = 'hh-101'")
    for row in accounts:
        payload = {"account": row["account"], "closed_on": "2022-12-29"}
        stream = f"account/{row['account']}"
        assert say(firm, "AccountClosed", "", ELENA, stream=stream, **payload).ok
    assert kept(firm, CLIENTS_HOUSEHOLD) == {"account_record": date(2028, 12, 29)}
    firm.ask("superuser", "update gatehouse.market_day set session = '2028-12-29'")
    assert ask(firm, subject=CLIENTS_HOUSEHOLD).code == "retention_runs"
    firm.ask("superuser", "update gatehouse.market_day set session = '2029-01-02'")
    assert ask(firm, subject=CLIENTS_HOUSEHOLD).ok


def test_a_class_is_lengthened_by_compliance_and_never_shortened(firm: Firm) -> None:
    def years(login: str, count: int) -> Answer:
        return say(
            firm, "RetentionLengthened", "", login, stream="retention", kind="order_ticket", years=count
        )

    assert years(ELENA, 7).code == "compliance_missing"
    assert years(NGOZI, 7).ok
    assert years(NGOZI, 5).code == "not_longer"


def test_only_who_supervises_is_told_what_bars(firm: Firm) -> None:
    def bars(login: str) -> int:
        connection = firm.connection(APPROVER)
        with connection.transaction():
            connection.execute("select gatehouse.present(%s)", [firm.ticket(login)])
            return len(connection.execute("select * from gatehouse.forgetting_bars('hh-101')").fetchall())

    assert (bars(NGOZI), bars(MARIA)) == (1, 0)


@pytest.mark.parametrize(("kind", "until"), [("ledger", date(2028, 12, 29)), ("account_record", None)])
def test_a_bar_in_words_names_its_rule_and_its_day(kind: str, until: date | None) -> None:
    words = said(kind, until)
    assert "240.17a-4" in words
    assert until is None or until.isoformat() in words


# Accounts and keys


def test_an_account_is_closed_by_operations_on_the_firms_day(firm: Firm) -> None:
    assert close(firm, login=NGOZI).code == "not_operations"
    assert close(firm, day="2022-12-28").code == "wrong_session"
    assert close(firm).ok
    assert close(firm).code == "account_not_empty"


def test_a_key_is_rotated_for_a_request_and_upwards_alone(firm: Firm) -> None:
    assert rotated(firm, 2).code == "no_such_request"
    assert rotation(firm, login=MARIA).code == "not_a_record_keeper"
    assert rotation(firm).ok
    assert rotated(firm, 1).code == "not_longer"
    assert rotated(firm, 2).ok
    assert rotated(firm, 2).code == "not_longer"
