"""A held e-mail is drafted by the copilot in its own thread, adopted by its advisor, reviewed by another, and
sent by nobody: the law through each login."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import pytest
import rfc8785

from core.clock import WallClock
from core.correspondence.checking import Checking
from core.correspondence.door import HeldEmail, HeldEmails
from core.database.pools import async_pool
from core.errors import NotFound, Refused
from core.ids import Digest, SubjectId
from core.ledger.journal import Journal
from tests.core.gate.deal import AGENT, APPROVER, DAVID, GATE, INTAKE, MARIA, NGOZI, ROBERT, SUSAN, THOMAS
from tests.core.halts.test_law_of_halts_db import halt
from tests.fixtures.firm import Answer, Firm

HOUSEHOLD: Final = "hh-101"


class Held:
    """One e-mail of a conversation of that advisor's."""

    def __init__(self, firm: Firm, login: str = MARIA, household: str = HOUSEHOLD) -> None:
        self.firm, self.login, self.household = firm, login, household
        self.email = f"eml-{secrets.token_hex(16)}"
        self.thread = firm.thread(login, household)
        self.ticket = firm.thread_ticket(login, self.thread)
        self.subject, self.text = self.sealed("About our meeting"), self.sealed("Dear all, let us meet.")

    def sealed(self, words: str, of: str | None = None) -> dict[str, Any]:
        return self.firm.keys.seal(SubjectId(of or self.household), "email", words).model_dump()

    @property
    def digest(self) -> str:
        return str(self.row("digest"))

    @property
    def status(self) -> str:
        return str(self.row("status"))

    def row(self, column: str) -> Any:
        return self.firm.value(
            "superuser", f"select {column} from gatehouse.held_email where email = %s", self.email
        )

    def draft(self, role: str = AGENT, *, ticket: str | None = None, **changed: Any) -> Answer:
        payload = {
            "email": self.email,
            "household": self.household,
            "thread": self.thread,
            "agent": "research",
            "subject": self.subject,
            "text": self.text,
            **changed,
        }
        stream = f"email/{payload['email']}"
        item = self.firm.item("EmailDrafted", stream, payload, ticket=ticket or self.ticket)
        return self.firm.append(role, item)[0]

    def by(self, event: str, login: str, role: str = APPROVER, **changed: Any) -> Answer:
        base: Mapping[str, Any] = {"email": self.email, "household": self.household}
        extra: Mapping[str, Mapping[str, Any]] = {
            "EmailAdopted": {
                "seen": self.digest,
                "subject": self.subject,
                "text": self.sealed(f"Mine now. {secrets.token_hex(4)}"),
                "findings": [],
            },
            "EmailReviewed": {"digest": self.digest, "comment": None},
            "EmailReturned": {"digest": self.digest, "comment": self.comment("not so")},
            "EmailWithdrawn": {},
        }
        payload = {**base, **extra[event], **changed}
        return self.firm.append(role, self.firm.item(event, f"email/{self.email}", payload, login=login))[0]

    def checked(self, *findings: str, differs: bool = False, **changed: Any) -> Answer:
        """What a worker says that it found in the text as it stands."""
        said = {"digest": self.digest, "findings": list(findings), "differs": differs, **changed}
        payload = {"email": self.email, "household": self.household, **said}
        return self.firm.append(GATE, self.firm.item("EmailChecked", f"email/{self.email}", payload))[0]

    def comment(self, words: str) -> dict[str, Any]:
        return self.firm.keys.seal(SubjectId(self.household), "comment", words).model_dump()


@pytest.fixture
def held(shared_firm: Firm) -> Held:
    made = Held(shared_firm)
    assert made.draft().ok
    return made


def test_its_fingerprint_is_of_household_subject_and_text_in_their_sealed_form(held: Held) -> None:
    whole: dict[str, Any] = {
        "email": held.email,
        "household": HOUSEHOLD,
        "subject": held.subject,
        "text": held.text,
    }
    assert held.digest == sha256(rfc8785.dumps(whole)).hexdigest()
    assert (held.status, held.row("version"), held.row("agent")) == ("HELD", 1, "research")


def test_the_copilot_drafts_in_its_own_thread_to_its_own_advisors_household_and_no_more(held: Held) -> None:
    firm = held.firm
    fresh = Held(firm)
    theirs = firm.value(
        "superuser",
        "select household from gatehouse.household h join gatehouse.person p on p.person = h.advisor "
        "where p.login = %s order by 1 limit 1",
        DAVID,
    )
    hers = Held(firm, household=HOUSEHOLD)
    to_them: dict[str, Any] = {name: fresh.sealed("x", theirs) for name in ("subject", "text")}
    assert fresh.draft(household=theirs, **to_them).code == "outside_book"
    assert fresh.draft(thread=hers.thread).code == "wrong_author"
    assert fresh.draft(text=fresh.sealed("y", "hh-102")).code == "malformed_payload"
    assert fresh.draft(text={**fresh.text, "sealed": "A" * 60_001}).code == "malformed_payload"
    assert fresh.draft(email="eml-1").code in ("malformed_payload", "wrong_stream")
    for role in (INTAKE, APPROVER, GATE):
        assert fresh.draft(role, ticket=firm.ticket(MARIA)).code in ("no_right", "wrong_ticket"), role


def test_the_copilot_neither_adopts_nor_reviews_nor_drops_one(held: Held) -> None:
    for event in ("EmailAdopted", "EmailReviewed", "EmailReturned", "EmailWithdrawn"):
        for role in (AGENT, INTAKE, GATE):
            assert held.by(event, MARIA, role).code in ("no_right", "wrong_ticket"), (event, role)
    assert held.status == "HELD"


def test_only_its_advisor_adopts_and_only_the_text_that_she_saw(held: Held) -> None:
    assert held.by("EmailAdopted", DAVID).code == "not_her_email"
    assert held.by("EmailAdopted", ROBERT).code == "not_her_email"
    assert held.by("EmailAdopted", MARIA, seen="0" * 64).code == "email_changed"
    assert held.by("EmailAdopted", MARIA, household="hh-102").code == "no_such_email"
    assert held.by("EmailAdopted", MARIA, text=held.sealed("x", "hh-102")).code == "malformed_payload"
    before = held.digest
    assert held.by("EmailAdopted", MARIA).ok
    assert (held.status, held.row("version")) == ("ADOPTED", 2)
    assert held.digest != before


def test_only_a_registered_principal_who_is_not_its_author_reviews_it(held: Held) -> None:
    assert held.by("EmailReviewed", ROBERT).code == "email_not_adopted", "nobody made it hers yet"
    assert held.by("EmailAdopted", MARIA).ok
    assert held.by("EmailReviewed", MARIA).code == "own_email"
    assert held.by("EmailReviewed", DAVID).code == "not_a_principal"
    assert held.by("EmailReviewed", NGOZI).code == "not_a_principal", "compliance reads, and does not review"
    assert held.by("EmailReviewed", THOMAS).code == "not_registered"
    assert held.by("EmailReviewed", ROBERT, digest="0" * 64).code == "email_changed"
    assert held.by("EmailReviewed", ROBERT, comment=held.sealed("x", "hh-102")).code == "malformed_payload"
    assert held.by("EmailReviewed", ROBERT).code == "email_unchecked"
    assert held.checked().ok
    assert held.by("EmailReviewed", ROBERT).ok
    assert held.by("EmailReviewed", SUSAN).code == "email_decided"
    assert held.by("EmailReturned", SUSAN).code == "email_decided"
    assert held.by("EmailWithdrawn", MARIA).code == "email_decided"


def test_who_is_paid_by_its_advisor_is_not_independent(held: Held) -> None:
    assert held.by("EmailAdopted", MARIA).ok
    maria = held.row("advisor")
    susan = held.firm.value("superuser", "select person from gatehouse.person where login = %s", SUSAN)
    held.firm.ask(
        "superuser",
        "insert into gatehouse.pay values (%s, '{}', '{}', %s) on conflict (person) do update "
        "set advisors = excluded.advisors",
        susan,
        [maria],
    )
    try:
        assert held.by("EmailReviewed", SUSAN).code == "not_independent"
    finally:
        held.firm.ask("superuser", "delete from gatehouse.pay where person = %s", susan)


def test_an_edit_after_the_review_is_another_text_that_nobody_has_reviewed(held: Held) -> None:
    assert held.by("EmailAdopted", MARIA).ok
    assert held.checked().ok
    assert held.by("EmailReviewed", ROBERT).ok
    reviewed = held.digest
    same = {"subject": held.row("subject"), "text": held.row("text")}
    assert held.by("EmailAdopted", MARIA, **same).code == "email_decided", "the same text is no edit"
    assert held.by("EmailAdopted", MARIA).ok
    assert held.digest != reviewed
    assert (held.status, held.row("decided_by")) == ("ADOPTED", None)
    assert held.by("EmailReviewed", ROBERT).code == "email_unchecked"


def test_a_text_with_findings_is_reviewed_with_words_only(held: Held) -> None:
    assert held.by("EmailAdopted", MARIA, findings=["guess"]).code == "malformed_payload"
    assert held.by("EmailAdopted", MARIA, findings=["promise"]).ok
    assert held.checked(differs=True).ok  # either word is enough
    assert held.by("EmailReviewed", ROBERT).code == "email_comment_missing"
    assert held.by("EmailReviewed", ROBERT, comment=held.comment("it quotes the fund's own name")).ok


def test_what_is_returned_comes_back_to_its_advisor_who_adopts_another_text_or_drops_it(held: Held) -> None:
    assert held.by("EmailReturned", ROBERT).ok, "the copilot's own draft can be returned"
    assert held.by("EmailAdopted", MARIA).ok
    assert held.by("EmailReturned", ROBERT).ok
    assert held.by("EmailWithdrawn", DAVID).code == "not_her_email"
    assert held.by("EmailWithdrawn", MARIA).ok
    for event, login in (("EmailAdopted", MARIA), ("EmailReviewed", ROBERT), ("EmailWithdrawn", MARIA)):
        assert held.by(event, login).code == "email_withdrawn", event


def test_forty_wait_at_most_and_a_stopped_agent_drafts_none(firm: Firm) -> None:
    first = Held(firm)
    assert first.draft().ok
    firm.ask(
        "superuser",
        "insert into gatehouse.held_email select 'eml-' || md5(n::text), household, advisor, thread, agent, "
        "manifest, model, trace, status, version, subject, text, digest, findings, adopted_by, decided_by, "
        "decided_at, comment, drafted_at, changed_at, session, last_seq "
        "from gatehouse.held_email, generate_series(1, 39) n",
    )
    assert Held(firm).draft().code == "too_many_emails"
    firm.ask("superuser", "delete from gatehouse.held_email where email <> %s", first.email)
    assert halt(firm, "agent:research").ok
    assert Held(firm).draft().code == "halted"


def test_at_the_door_it_reads_as_it_stands_and_only_for_whom_it_concerns(shared_firm: Firm) -> None:
    mine = Held(shared_firm)
    mine.text = mine.sealed("The fund will outperform. Write to a@b.example")
    assert mine.draft().ok

    async def story() -> list[HeldEmail]:
        clock = WallClock()
        async with (
            async_pool(shared_firm.database.approver, name="test", most=2) as pool,
            Journal(pool, clock) as journal,
        ):
            door = HeldEmails(pool, journal, shared_firm.keys, clock)
            maria, david, robert = (shared_firm.ticket(login) for login in (MARIA, DAVID, ROBERT))
            seen = [await door.one(maria, mine.email)]
            with pytest.raises(NotFound):
                await door.one(david, mine.email)
            body = "Dear all, as we said in June."
            done = await door.adopt(maria, mine.email, seen[0].digest, "Meeting", body)
            again = await door.adopt(maria, mine.email, seen[0].digest, "Meeting", body)
            assert (again.seq, again.duplicate) == (done.seq, True), "a double click is one act"
            seen.append(await door.one(robert, mine.email))
            await read_again(shared_firm)
            with pytest.raises(Refused, match="says in writing"):
                await door.review(robert, mine.email, seen[1].digest, None)
            await door.send_back(robert, mine.email, Digest(seen[1].digest), "Put the disclosures back.")
            seen.append(await door.one(maria, mine.email))
            return seen

    first, second, third = asyncio.run(story())
    assert [one.finding for one in first.found][:2] == ["promise", "address"]
    assert [one.finding for one in second.found] == ["risk_missing", "no_offer_missing", "sources_missing"]
    assert (third.status, third.comment) == ("RETURNED", "Put the disclosures back.")


async def read_again(firm: Firm) -> None:
    """A worker's turn."""
    async with (
        async_pool(firm.database.gate, name="test", most=1) as pool,
        Journal(pool, WallClock()) as journal,
    ):
        checking = Checking(pool, journal, firm.keys)
        await checking.turn()
        await checking.turn()  # again: nothing is left


def test_what_a_front_leaves_out_the_worker_finds_and_the_review_takes_words(held: Held) -> None:
    """A front that was taken over says that it found nothing in a text that promises."""
    text = held.sealed("This fund is guaranteed to rise.")
    assert held.by("EmailAdopted", MARIA, text=text, findings=[]).ok
    other = Held(held.firm)
    assert other.draft().ok
    assert other.by("EmailAdopted", MARIA, text={**text, "sealed": "AAAA"}).ok  # keeps nobody waiting
    asyncio.run(read_again(held.firm))
    checked = held.row("checked")
    assert "promise" in checked
    (said,) = held.firm.ask(
        "superuser",
        "select text::jsonb->'payload'->'differs' as differs from gatehouse.journal"
        " where event_type = 'EmailChecked' and stream = %s",
        f"email/{held.email}",
    )
    assert said["differs"] is True
    assert held.by("EmailReviewed", ROBERT).code == "email_comment_missing"
    assert held.by("EmailReviewed", ROBERT, comment=held.comment("The fund's own name.")).ok
    assert other.by("EmailReviewed", ROBERT).code == "email_unchecked"
    held.firm.ask("superuser", "delete from gatehouse.held_email where email = %s", other.email)  # not read


def test_nobody_but_the_worker_says_what_it_found_and_only_of_the_text_as_it_stands(held: Held) -> None:
    assert held.checked().code == "email_changed"  # nobody made it hers
    assert held.by("EmailAdopted", MARIA).ok
    assert held.checked(digest="0" * 64).code == "email_changed"
    assert held.checked("promise").code == "malformed_payload"  # that is not what was said
    assert held.checked(differs=True).code == "malformed_payload"
    assert held.checked("guess", differs=True).code == "malformed_payload"
    payload = {"email": held.email, "household": HOUSEHOLD, "digest": held.digest, "findings": []}
    for role, login in ((APPROVER, ROBERT), (INTAKE, MARIA), (AGENT, MARIA)):
        said = {**payload, "differs": False}
        item = held.firm.item("EmailChecked", f"email/{held.email}", said, login=login)
        assert held.firm.append(role, item)[0].code in ("no_right", "wrong_ticket"), role
    assert held.checked().ok
    assert held.checked().code == "email_decided"


def test_a_draft_that_does_not_open_hides_no_other_one(shared_firm: Firm) -> None:
    """A copilot that was taken over puts base64 of nothing into a draft."""
    good, bad = Held(shared_firm), Held(shared_firm)
    assert good.draft().ok
    assert bad.draft(text={**bad.text, "sealed": "AAAA"}).ok

    async def read() -> tuple[HeldEmail, ...]:
        clock = WallClock()
        async with (
            async_pool(shared_firm.database.approver, name="test", most=1) as pool,
            Journal(pool, clock) as journal,
        ):
            return await HeldEmails(pool, journal, shared_firm.keys, clock).all(shared_firm.ticket(ROBERT))

    found = {one.email: one for one in asyncio.run(read())}
    assert (found[bad.email].damaged, found[bad.email].text, found[bad.email].forgotten) == (True, "", False)
    assert found[good.email].text == "Dear all, let us meet."


def test_it_is_kept_three_years_once_a_person_adopted_it_and_unreadable_once_forgotten(firm: Firm) -> None:
    held = Held(firm)
    assert held.draft().ok
    kept = "select until from gatehouse.kept(%s) where kind = 'correspondence'"
    assert firm.ask("superuser", kept, HOUSEHOLD) == []
    assert held.by("EmailAdopted", MARIA).ok
    [row] = firm.ask("superuser", kept, HOUSEHOLD)
    assert row["until"].year == held.row("session").year + 3
    firm.keys.forget(SubjectId(HOUSEHOLD))

    async def read() -> HeldEmail:
        clock = WallClock()
        async with (
            async_pool(firm.database.approver, name="test", most=1) as pool,
            Journal(pool, clock) as journal,
        ):
            return await HeldEmails(pool, journal, firm.keys, clock).one(firm.ticket(MARIA), held.email)

    found = asyncio.run(read())
    assert (found.forgotten, found.subject, found.text, found.found) == (True, "", "", ())


def test_its_advisor_reads_in_the_record_what_became_of_it_and_another_does_not(held: Held) -> None:
    assert held.by("EmailAdopted", MARIA).ok
    assert held.checked().ok
    assert held.by("EmailReviewed", ROBERT).ok

    def kinds(login: str) -> list[str]:
        with held.firm.connection(INTAKE).transaction():
            held.firm.ask(INTAKE, "select gatehouse.present(%s)", held.firm.ticket(login))
            found = held.firm.ask(
                INTAKE,
                "select event_type from gatehouse.journal_line where stream = %s order by seq",
                f"email/{held.email}",
            )
        return [row["event_type"] for row in found]

    assert kinds(MARIA) == kinds(ROBERT) == ["EmailDrafted", "EmailAdopted", "EmailChecked", "EmailReviewed"]
    assert kinds(DAVID) == []
