"""Large texts beside the journal: kept once for each subject, never changed, gone with their subject."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import WallClock
from core.database.logins import AGENT, APPROVER, GATE, INTAKE, WITNESS
from core.database.pools import async_pool, connect_async
from core.desk import Desk
from core.errors import IntegrityLost, Refused
from core.fact import Kept, Sealed, Words
from core.feed.steps import CLOSED, FORGOTTEN, StepRead, Steps
from core.ids import SubjectId, ThreadId, TraceId
from core.ledger.bodies import INLINE, worded
from core.ledger.bodies_checked import BodiesChecked, check_bodies, names
from core.people.events import DecisionTaken, ObservationMade, Read, StepEvent, StepTaken, Thought
from tests.core.gate.deal import DAVID, ELENA, MARIA
from tests.core.people.test_carrying_out_db import carry, decided
from tests.core.people.test_forgetting_law_db import FREE, HANNAH
from tests.fixtures.firm import TRACE, Firm

LONG: Final = "What the tool told, and it told much of the household's affairs. " * 30


class Office:
    """One advisor's thread about one of her households, at the copilot's own door."""

    def __init__(self, firm: Firm, login: str = MARIA, herself: SubjectId | None = None) -> None:
        """Of that household; where the words are to be `herself`'s, none is pinned."""
        self.firm = firm
        homes = firm.ask(
            "superuser",
            "select household from gatehouse.household h join gatehouse.person p on p.person = h.advisor"
            " where p.login = %s order by household",
            login,
        )
        self.home = herself or SubjectId(homes[0]["household"])
        self.thread = ThreadId(firm.thread(login, None if herself else self.home))
        self.ticket = firm.thread_ticket(login, self.thread)

    def sealed(self, text: str, subject: SubjectId | None = None) -> Sealed:
        return self.firm.keys.seal(subject or self.home, "step", text)

    def keep(self, *sealed: Sealed) -> tuple[Words, ...]:
        async def run() -> tuple[Words, ...]:
            async with (
                async_pool(self.firm.database.agent, name="test", most=2) as pool,
                self.firm.journal(AGENT) as journal,
            ):
                return await Desk(pool, journal, self.ticket, WallClock()).keep(sealed)

        return asyncio.run(run())

    def record(self, *facts: StepEvent, held: Sequence[tuple[str, StepEvent]] = ()) -> None:
        async def run() -> None:
            async with (
                async_pool(self.firm.database.agent, name="test", most=2) as pool,
                self.firm.journal(AGENT) as journal,
            ):
                await Desk(pool, journal, self.ticket, WallClock()).record(TraceId(TRACE), *facts, held=held)

        asyncio.run(run())

    def observed(self, words: Words) -> ObservationMade:
        return ObservationMade(
            thread=self.thread, call="call-1", agent="portfolio", tool="cash", outcome="answered", words=words
        )

    def kept(self, text: str = LONG) -> Kept:
        """That text, kept."""
        [words] = self.keep(self.sealed(text))
        assert words.kept is not None
        return words.kept

    def call(self, *bodies: bytes, ticket: str | None = None, subject: str | None = None) -> str | None:
        """The bare SQL call: what a hostile copilot could send."""
        code: str | None = self.firm.value(
            AGENT,
            "select gatehouse.keep_bodies(%s, %s, %s::int[], %s::bytea[])",
            self.ticket if ticket is None else ticket,
            subject or self.home,
            [1] * len(bodies),
            list(bodies),
        )
        return code


def checked(firm: Firm) -> BodiesChecked:
    async def run() -> BodiesChecked:
        async with await connect_async(firm.database.witness, name="test") as connection:
            return await check_bodies(connection)

    return asyncio.run(run())


def read(firm: Firm, login: str, *, with_read: bool = True) -> Sequence[StepRead]:
    async def run() -> Sequence[StepRead]:
        async with async_pool(firm.database.intake, name="test", most=2) as pool:
            steps = Steps(pool, firm.keys)
            return await steps.of(firm.ticket(login), TraceId(TRACE), with_read=with_read)

    return asyncio.run(run())


@pytest.fixture
def office(firm: Firm) -> Office:
    return Office(firm)


def count(firm: Firm) -> int:
    return int(firm.value("superuser", "select count(*) from gatehouse.body"))


# Kept once ------------------------------------------------------------------------------------------------


def test_a_large_text_is_kept_once_for_its_subject_however_often_it_comes(office: Office) -> None:
    first = office.kept()
    assert office.kept() == first
    assert count(office.firm) == 1
    assert first.digest == sha256(base64.b64decode(office.sealed(LONG).sealed)).hexdigest()


def test_the_same_text_of_another_subject_is_another_body(office: Office) -> None:
    """Equal digests would tell that two clients were told the same."""
    person = SubjectId(
        office.firm.value("superuser", "select person from gatehouse.person where login = %s", MARIA)
    )
    office.keep(office.sealed(LONG), office.sealed(LONG, person))
    rows = office.firm.ask("superuser", "select distinct digest from gatehouse.body")
    assert len(rows) == 2


def test_a_short_text_stays_in_its_entry(office: Office) -> None:
    [words] = office.keep(office.sealed("short"))
    assert words.sealed is not None
    assert count(office.firm) == 0


@given(st.text(max_size=600))
def test_a_text_is_in_its_entry_or_named_by_what_it_is(text: str) -> None:
    raw = b"n" * 28 + text.encode()
    sealed = Sealed(subject=SubjectId("hh-1"), key=1, sealed=base64.b64encode(raw).decode())
    words = worded(sealed)
    if len(sealed.sealed) <= INLINE:
        assert (words.sealed, words.kept) == (sealed, None)
    else:
        assert words.sealed is None
        assert words.kept is not None
        assert (words.kept.digest, words.kept.length) == (sha256(raw).hexdigest(), len(raw))


# Who may keep what ----------------------------------------------------------------------------------------


def test_a_subject_outside_the_book_is_refused(office: Office) -> None:
    theirs = Office(office.firm, DAVID)
    assert office.call(os.urandom(600), subject=theirs.home) == "outside_book"
    assert office.call(os.urandom(600), subject="nobody") == "outside_book"
    with pytest.raises(Refused, match="not in your book"):
        office.keep(office.sealed(LONG, theirs.home))
    assert count(office.firm) == 0


def test_a_ticket_that_has_ended_or_is_a_persons_own_is_refused(office: Office) -> None:
    body = os.urandom(600)
    assert office.call(body, ticket="no such ticket") == "session_ended"
    assert office.call(body, ticket=office.firm.ticket(MARIA)) == "wrong_ticket"


@pytest.mark.parametrize("role", [INTAKE, APPROVER, GATE, WITNESS])
def test_no_other_login_keeps_bodies(office: Office, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.firm.ask(role, "select gatehouse.keep_bodies('', '', '{1}', '{a}')")


@pytest.mark.parametrize(
    "bodies", [[b"too short"], [b"x" * 1_048_577], [os.urandom(40)] * 65], ids=["short", "large", "many"]
)
def test_a_body_of_no_right_size_or_number_is_refused(office: Office, bodies: list[bytes]) -> None:
    assert office.call(*bodies) == "malformed_bodies"
    assert count(office.firm) == 0


def test_a_copilot_that_runs_on_is_stopped_for_the_day(office: Office) -> None:
    office.firm.ask(
        "superuser",
        "insert into gatehouse.body_use select p.person, (now() at time zone 'UTC')::date, 19999, 0"
        " from gatehouse.person p where p.login = %s",
        MARIA,
    )
    assert office.call(b"a" * 40) is None
    assert office.call(b"a" * 40) is None, "what is there already counts for nothing"
    assert office.call(b"b" * 40) == "too_many_bodies"


def test_the_copilot_cannot_read_what_it_kept(office: Office) -> None:
    office.kept()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.firm.ask(AGENT, "select * from gatehouse.body")


def test_a_person_sees_the_bodies_of_her_book_alone(office: Office) -> None:
    office.kept()
    seen = {}
    for login in (MARIA, DAVID, ELENA):
        with office.firm.connection(INTAKE).transaction():
            office.firm.ask(INTAKE, "select gatehouse.present(%s)", office.firm.ticket(login))
            seen[login] = len(office.firm.ask(INTAKE, "select 1 from gatehouse.body"))
    assert seen == {MARIA: 1, DAVID: 0, ELENA: 1}


@pytest.mark.parametrize(
    "statement",
    [
        "update gatehouse.body set sealed = sealed",
        "delete from gatehouse.body",
        "truncate gatehouse.body",
    ],
)
@pytest.mark.parametrize("role", ["superuser", "owner"])
def test_nobody_changes_a_body_or_takes_it_away(office: Office, role: str, statement: str) -> None:
    office.kept()
    with (
        psycopg.connect(office.firm.database.of(role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())
    assert count(office.firm) == 1


# Entries that name them -----------------------------------------------------------------------------------


def refused(office: Office, fact: StepEvent) -> str:
    with pytest.raises(Refused) as no:
        office.record(fact)
    return no.value.code


@pytest.mark.parametrize(
    "changed",
    [{"digest": "0" * 64}, {"length": 7}, {"key": 9}, {"subject": "hh-none"}],
    ids=lambda changed: next(iter(changed)),
)
def test_an_entry_names_only_what_is_kept_and_as_it_is(office: Office, changed: dict[str, Any]) -> None:
    kept = office.kept()
    office.record(office.observed(Words(kept=kept)))
    assert refused(office, office.observed(Words(kept=kept.model_copy(update=changed)))) == "no_such_body"


def test_every_place_where_a_step_names_a_body_is_looked_at(office: Office) -> None:
    missing = Words(kept=office.kept().model_copy(update={"digest": "0" * 64}))
    bare = Thought(input_tokens=1, output_tokens=1, counted_by="rule")
    step = StepTaken(thread=office.thread, agent="portfolio", step="think", model="m")
    decision = DecisionTaken(
        thread=office.thread, agent="portfolio", decision="answer", because="model_chose", why=missing
    )
    said = step.model_copy(update={"thought": bare.model_copy(update={"said": missing})})
    told = step.model_copy(
        update={"thought": bare.model_copy(update={"read": (Read(by="tool", words=missing),)})}
    )
    assert [refused(office, fact) for fact in (decision, said, told)] == ["no_such_body"] * 3
    office.record(step, step.model_copy(update={"thought": bare}))


def test_a_step_names_no_more_bodies_than_a_model_can_read(office: Office) -> None:
    words = Words(kept=office.kept())
    thought = Thought(
        input_tokens=1, output_tokens=1, counted_by="rule", read=(Read(by="tool", words=words),) * 65
    )
    step = StepTaken(thread=office.thread, agent="a", step="think", model="m", thought=thought)
    assert refused(office, step) == "no_such_body"


# Checked from the outside ---------------------------------------------------------------------------------


def test_bodies_that_hold_are_counted(office: Office) -> None:
    kept = office.kept()
    office.record(office.observed(Words(kept=kept)), office.observed(Words(kept=kept)))
    found = checked(office.firm)
    assert (found.ok, found.bodies, found.octets, found.named, found.forgotten) == (
        True,
        1,
        kept.length,
        2,
        0,
    )


def tampered(firm: Firm, statement: str) -> None:
    """As a superuser with triggers off."""
    with psycopg.connect(firm.database.superuser) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(statement.encode())


TAMPERED: Final = {
    "update gatehouse.body set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)": "was changed",
    "update gatehouse.body set key = 2": "has another key or length than its entry says",
    "update gatehouse.body set digest = sha256('x')": "is not there",
    "update gatehouse.body set subject = 'hh-999'": "is not there",
    "delete from gatehouse.body": "is not there",
}


@pytest.mark.parametrize("statement", TAMPERED)
def test_whatever_a_superuser_does_to_a_body_is_found_and_named_by_sequence(
    office: Office, statement: str
) -> None:
    office.record(office.observed(Words(kept=office.kept())))
    seq = office.firm.value("superuser", "select seq from gatehouse.head")
    tampered(office.firm, statement)
    faults = checked(office.firm).faults
    assert faults[0].seq == seq
    assert TAMPERED[statement] in faults[0].says
    assert office.firm.verified().ok, "the journal itself is as it was"


def test_a_changed_body_that_no_entry_names_is_found_too(office: Office) -> None:
    office.kept()
    tampered(office.firm, "update gatehouse.body set sealed = sealed || 'x'::bytea")
    assert [fault.seq for fault in checked(office.firm).faults] == [0]


def test_a_changed_body_is_never_shown(office: Office) -> None:
    office.record(office.observed(Words(kept=office.kept())))
    tampered(office.firm, "update gatehouse.body set sealed = sealed || 'x'::bytea")
    with pytest.raises(IntegrityLost, match="was changed"):
        read(office.firm, MARIA)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda s: (
            st.lists(s, max_size=3)
            | st.dictionaries(st.sampled_from(["kept", "subject", "key", "digest", "length"]), s, max_size=5)
        ),
    )
)
def test_whatever_stands_in_an_entry_is_looked_through(payload: Any) -> None:
    assert all(isinstance(one, Kept) for one in names(json.dumps({"payload": payload})))


# Read again -----------------------------------------------------------------------------------------------


def test_a_step_that_was_held_is_on_record_once_however_often_it_comes(office: Office) -> None:
    """A run that ended behind the append and before its checkpoint hands it over again; the same decision of
    another message has a key of its own."""
    said = DecisionTaken(thread=office.thread, agent="portfolio", decision="answer", because="model_chose")
    count = "select count(*) from gatehouse.journal where stream = %s and event_type = 'DecisionTaken'"
    for key in ("first", "second"):
        office.record(office.observed(Words(sealed=office.sealed("short"))), held=[(key, said)])
        office.record(held=[(key, said)])
    assert office.firm.value("superuser", count, f"thread/{office.thread}") == 2


def test_who_may_read_a_step_reads_its_words(office: Office) -> None:
    short, long = office.keep(office.sealed("cash"), office.sealed(LONG))
    decision = DecisionTaken(
        thread=office.thread, agent="orchestrator", decision="hand_over", because="model_chose", why=short
    )
    office.record(decision, office.observed(long))
    for login in (MARIA, ELENA):
        told = [step.told for step in read(office.firm, login)]
        assert [told[0]["why"], told[1]["words"]] == ["cash", LONG]
    assert read(office.firm, DAVID) == ()


def test_what_a_model_read_is_told_on_request(office: Office) -> None:
    [long] = office.keep(office.sealed(LONG))
    thought = Thought(input_tokens=1, output_tokens=1, counted_by="rule", read=(Read(by="tool", words=long),))
    office.record(StepTaken(thread=office.thread, agent="a", step="think", model="m", thought=thought))
    [brief] = read(office.firm, MARIA, with_read=False)
    [full] = read(office.firm, MARIA)
    assert "read" not in brief.told["thought"]
    assert full.told["thought"]["read"] == [{"by": "tool", "words": LONG}]


def test_without_the_key_a_body_reads_as_forgotten_and_hides_nothing_else(office: Office) -> None:
    [long] = office.keep(office.sealed(LONG))
    office.record(office.observed(long))
    (office.firm.keys_folder / f"{office.home}.json").unlink()
    [step] = read(office.firm, MARIA)
    assert (step.told["words"], step.told["tool"]) == (FORGOTTEN, "cash")
    assert checked(office.firm).ok, "its digest is of the sealed bytes"


def test_words_of_a_subject_that_is_not_hers_stay_closed(office: Office) -> None:
    """A hostile copilot can seal nothing of another's, and what it copied here is not opened."""
    theirs = Office(office.firm, DAVID)
    foreign = theirs.sealed("of another book")
    office.record(office.observed(Words(sealed=foreign)))
    [step] = read(office.firm, MARIA)
    assert step.told["words"] == CLOSED


# Gone with their subject ----------------------------------------------------------------------------------


def test_a_forgotten_subjects_bodies_go_and_the_check_says_so(firm: Firm) -> None:
    office = Office(firm, HANNAH, SubjectId(FREE))
    other = Office(firm)
    other.record(other.observed(Words(kept=other.kept())))
    office.record(office.observed(Words(kept=office.kept())))
    asyncio.run(decided(firm))
    assert asyncio.run(carry(firm))
    found = checked(firm)
    assert (found.ok, found.bodies, found.named, found.forgotten) == (True, 1, 2, 1)
    assert (
        office.call(os.urandom(600), ticket=firm.thread_ticket(HANNAH, office.thread)) == "forgotten_before"
    )
