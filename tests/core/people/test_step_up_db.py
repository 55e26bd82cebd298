"""Stepping up: the codes against their standards, and who can prove what, how often, and for how long."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from typing import Any, Final

import psycopg
import pytest

from core.database.pools import conninfo
from tests.core.gate.deal import AGENT, APPROVER, GATE, INTAKE, MARIA, NGOZI, ROBERT
from tests.fixtures.firm import Answer, Firm, proof_of

ABOUT: Final = "proposal/prp-1"
DIGEST: Final = "d" * 64
STEP: Final = "select gatehouse.step_up(%s, %s, %s, %s::bytea, %s)"


def step_up(
    firm: Firm, login: str, *, about: str = ABOUT, proof: bytes | None = None, code: str | None = None
) -> str:
    words = (firm.ticket(login), about, "" if about.startswith("auth") else DIGEST, proof, code)
    return str(firm.value(APPROVER, STEP, *words))


def code_of(secret: bytes, step: int) -> str:
    """RFC 6238 by the standard library: our tests' own word for it."""
    mac = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def now_step(firm: Firm) -> int:
    return int(firm.value("superuser", "select floor(extract(epoch from clock_timestamp()) / 30)::bigint"))


def own_event(firm: Firm, login: str, kind: str, person: str) -> Answer:
    return firm.append(APPROVER, firm.item(kind, f"person/{person}", {"person": person}, login=login))[0]


def offered(firm: Firm, login: str) -> bytes:
    row = firm.ask(
        APPROVER, "select * from gatehouse.offer_authenticator(%s, %s)", firm.ticket(login), proof_of(login)
    )[0]
    assert row["refused"] is None
    return bytes(row["secret"])


def enrolled(firm: Firm, login: str = ROBERT, person: str = "pri-1") -> bytes:
    secret = offered(firm, login)
    assert step_up(firm, login, about="authenticator/enrol", code=code_of(secret, now_step(firm))) == "right"
    assert own_event(firm, login, "AuthenticatorEnrolled", person).ok
    return secret


def forget_used(firm: Firm) -> None:
    """As if the last code had been used long ago."""
    firm.ask("superuser", "update gatehouse.step_used set step = 0")


# Known answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
        ),
    ],
)
def test_sha1_gives_the_examples_of_its_standard(shared_firm: Firm, message: bytes, digest: str) -> None:
    """FIPS 180-4, the secure hash standard's examples."""
    assert shared_firm.value("superuser", "select encode(gatehouse.sha1(%s), 'hex')", message) == digest


def test_sha1_is_the_standard_librarys_at_every_length(shared_firm: Firm) -> None:
    for length in range(200):
        message = secrets.token_bytes(length)
        mine = shared_firm.value("superuser", "select encode(gatehouse.sha1(%s), 'hex')", message)
        assert mine == hashlib.sha1(message).hexdigest()


@pytest.mark.parametrize(
    ("key", "message", "mac"),
    [
        (b"\x0b" * 20, b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        (b"Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (b"\xaa" * 20, b"\xdd" * 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
        (
            b"\xaa" * 80,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "aa4ae5e15272d00e95705637ce8a3b55ed402112",
        ),
    ],
)
def test_hmac_gives_the_vectors_of_rfc_2202(shared_firm: Firm, key: bytes, message: bytes, mac: str) -> None:
    assert (
        shared_firm.value("superuser", "select encode(gatehouse.hmac_sha1(%s, %s), 'hex')", key, message)
        == mac
    )


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238_appendix_b(shared_firm: Firm, at: int, code: str) -> None:
    secret = b"12345678901234567890"
    assert shared_firm.value("superuser", "select gatehouse.totp(%s, %s, 8)", secret, at // 30) == code


# Enrolling ------------------------------------------------------------------------------------------------


def test_an_authenticator_is_enrolled_by_its_first_code_and_its_secret_is_in_no_entry(firm: Firm) -> None:
    secret = enrolled(firm)
    assert len(secret) == 20
    texts = [
        row["text"]
        for row in firm.ask("superuser", "select text from gatehouse.journal order by seq desc limit 5")
    ]
    assert '"AuthenticatorEnrolled"' in texts[0]
    for spelt in (secret.hex(), __import__("base64").b32encode(secret).decode()):
        assert not any(spelt in text for text in texts)
    assert own_event(firm, ROBERT, "AuthenticatorEnrolled", "pri-1").code == "authenticator_enrolled"


def test_whoever_does_not_know_the_password_is_offered_none(firm: Firm) -> None:
    """A stolen session alone cannot enrol an authenticator of the thief's."""
    row = firm.ask(
        APPROVER, "select * from gatehouse.offer_authenticator(%s, %s)", firm.ticket(ROBERT), proof_of(MARIA)
    )[0]
    assert (row["secret"], row["refused"]) == (None, "wrong")


def test_nothing_is_enrolled_without_a_proven_code(firm: Firm) -> None:
    assert own_event(firm, ROBERT, "AuthenticatorEnrolled", "pri-1").code == "step_up_missing"
    secret = offered(firm, ROBERT)
    assert (
        step_up(firm, ROBERT, about="authenticator/enrol", code=code_of(secret, now_step(firm) - 9))
        == "wrong"
    )
    assert own_event(firm, ROBERT, "AuthenticatorEnrolled", "pri-1").code == "step_up_wrong"
    assert firm.value("superuser", "select count(*) from gatehouse.authenticator") == 0


def test_nobody_enrols_or_removes_for_somebody_else(firm: Firm) -> None:
    enrolled(firm)
    assert own_event(firm, MARIA, "AuthenticatorRemoved", "pri-1").code == "wrong_stream"
    assert own_event(firm, MARIA, "AuthenticatorEnrolled", "pri-1").code == "wrong_stream"
    assert own_event(firm, MARIA, "AuthenticatorRemoved", "adv-1").code == "no_authenticator"


def test_a_second_authenticator_is_not_offered_beside_the_first(firm: Firm) -> None:
    enrolled(firm)
    row = firm.ask(
        APPROVER, "select * from gatehouse.offer_authenticator(%s, %s)", firm.ticket(ROBERT), proof_of(ROBERT)
    )[0]
    assert (row["secret"], row["refused"]) == (None, "enrolled")


def test_hers_is_removed_with_a_code_of_it_and_with_nothing_else(firm: Firm) -> None:
    secret = enrolled(firm)
    forget_used(firm)
    assert step_up(firm, ROBERT, about="authenticator/remove", proof=proof_of(ROBERT)) == "code_needed"
    assert own_event(firm, ROBERT, "AuthenticatorRemoved", "pri-1").code == "step_up_missing"
    assert (
        step_up(firm, ROBERT, about="authenticator/remove", code=code_of(secret, now_step(firm))) == "right"
    )
    assert own_event(firm, ROBERT, "AuthenticatorRemoved", "pri-1").ok
    assert step_up(firm, ROBERT, proof=proof_of(ROBERT)) == "right"


# Codes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("away", "said"), [(-2, "wrong"), (-1, "right"), (0, "right"), (1, "right"), (2, "wrong")]
)
def test_a_code_is_good_one_step_before_and_after_its_own(firm: Firm, away: int, said: str) -> None:
    secret = enrolled(firm)
    forget_used(firm)
    before = now_step(firm)
    answer = step_up(firm, ROBERT, code=code_of(secret, before + away))
    if now_step(firm) == before:  # else the step ended while it was asked
        assert answer == said


def test_a_code_counts_once_and_none_of_an_earlier_step_after_it(firm: Firm) -> None:
    secret = enrolled(firm)
    forget_used(firm)
    step = now_step(firm)
    assert step_up(firm, ROBERT, code=code_of(secret, step)) == "right"
    for used in (step, step - 1):
        assert step_up(firm, ROBERT, code=code_of(secret, used)) == "wrong"


def test_who_has_an_authenticator_does_not_get_by_with_the_password(firm: Firm) -> None:
    enrolled(firm)
    assert step_up(firm, ROBERT, proof=proof_of(ROBERT)) == "code_needed"
    assert step_up(firm, NGOZI, code="123456") == "not_enrolled"
    assert step_up(firm, NGOZI, proof=proof_of(NGOZI)) == "right"


@pytest.mark.parametrize("proof", [b"", b"x" * 32, None])
def test_a_wrong_password_is_wrong(firm: Firm, proof: bytes | None) -> None:
    assert step_up(firm, NGOZI, proof=proof) == "wrong"


def test_the_stored_verifier_is_no_proof(firm: Firm) -> None:
    verifier = firm.value("superuser", "select verifier from gatehouse.credential where login = %s", NGOZI)
    assert step_up(firm, NGOZI, proof=bytes(verifier)) == "wrong"


# How often ------------------------------------------------------------------------------------------------


def test_wrong_tries_end_and_a_right_one_costs_nothing(firm: Firm) -> None:
    for _ in range(20):
        assert step_up(firm, NGOZI, proof=proof_of(NGOZI)) == "right"
    assert [step_up(firm, NGOZI, proof=b"no") for _ in range(5)] == ["wrong"] * 5
    assert step_up(firm, NGOZI, proof=b"no") == "too_many"
    assert step_up(firm, NGOZI, proof=proof_of(NGOZI)) == "too_many"
    assert step_up(firm, ROBERT, proof=proof_of(ROBERT)) == "right"  # others go on


def test_who_rolls_back_gets_no_try_more(firm: Firm) -> None:
    """A program with the front's login guesses and undoes it: the count stays."""
    said = []
    with psycopg.connect(conninfo(firm.database.approver, name="guess")) as guess:
        for _ in range(30):
            row = guess.execute(STEP, [firm.ticket(NGOZI), ABOUT, DIGEST, b"no", None]).fetchone()
            guess.rollback()
            assert row is not None
            said.append(row[0])
    assert said.count("wrong") == 5
    assert said[5:] == ["too_many"] * 25


def test_racing_guesses_get_no_try_more(firm: Firm) -> None:
    said: list[str] = []
    ticket, start = firm.ticket(NGOZI), threading.Barrier(8)

    def guess() -> None:
        with psycopg.connect(conninfo(firm.database.approver, name="guess"), autocommit=True) as connection:
            start.wait()
            for _ in range(4):
                row = connection.execute(STEP, [ticket, ABOUT, DIGEST, b"no", None]).fetchone()
                assert row is not None
                said.append(row[0])

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["too_many"] * 27 + ["wrong"] * 5


# Who ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [AGENT, INTAKE, GATE, "gh_witness"])
def test_no_other_login_can_even_ask(shared_firm: Firm, role: str) -> None:
    for statement in (
        "select gatehouse.step_up('t', 'a', 'd', null, '1')",
        "select gatehouse.offer_authenticator('t', '\\x00')",
        "select gatehouse.step_up_asks('t')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            shared_firm.ask(role, statement)


def test_a_copilots_ticket_and_an_ended_one_prove_nothing(firm: Firm) -> None:
    copilots = firm.thread_ticket(MARIA, firm.thread(MARIA))
    ended = firm.sign_in(NGOZI)
    firm.ask(INTAKE, "select gatehouse.close_session(%s)", ended)
    tried: list[Any] = [copilots, ended, "x", None]
    for ticket in tried:
        assert firm.value(APPROVER, STEP, ticket, ABOUT, DIGEST, proof_of(MARIA), None) == "session_ended"


def test_a_lost_one_is_removed_by_the_owners_login(firm: Firm) -> None:
    enrolled(firm)
    item = firm.item("AuthenticatorRemoved", "person/pri-1", {"person": "pri-1"})
    assert firm.append("owner", item)[0].ok
    assert step_up(firm, ROBERT, proof=proof_of(ROBERT)) == "right"
