"""A preference is a place in her own journaled message, and nobody else can make, see or erase one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any, Final

from core.clock import WallClock
from core.database.pools import async_pool
from core.ids import HouseholdId, SubjectId
from core.ledger.journal import Journal
from core.people.preferences import Kept, Preferences
from tests.core.gate.deal import AGENT, APPROVER, DAVID, INTAKE, MARIA
from tests.core.halts.test_law_of_halts_db import halt
from tests.fixtures.firm import Answer, Firm

TEXT: Final = "Good morning. Always keep 2 % cash for the Millers! And who needs me today?"
FIRST, PAST = TEXT.index("keep"), TEXT.index("Millers")


class Talk:
    """A conversation of somebody's with one message in it, and the copilot's ticket for it."""

    def __init__(
        self, firm: Firm, login: str = MARIA, household: str | None = None, text: str = TEXT
    ) -> None:
        self.firm, self.login = firm, login
        self.thread = firm.thread(login, household)
        self.ticket = firm.thread_ticket(login, self.thread)
        self.message = f"msg-{secrets.token_hex(8)}"
        person = firm.value("superuser", "select person from gatehouse.person where login = %s", login)
        sealed = firm.keys.seal(SubjectId(household or person), "message", text).model_dump()
        told = {"thread": self.thread, "message": self.message, "text": sealed}
        (said,) = firm.append(
            INTAKE, firm.item("MessageReceived", f"thread/{self.thread}", told, login=login)
        )
        assert said.ok, said

    def span(self, field: str = "preference", **changed: Any) -> dict[str, Any]:
        return {"field": field, "message": self.message, "start": FIRST, "end": PAST, **changed}

    def keep(self, said: Mapping[str, Any] | None = None, **changed: Any) -> Answer:
        self.kept = f"prf-{secrets.token_hex(16)}"
        payload = {
            "preference": self.kept,
            "thread": self.thread,
            "agent": "proposal",
            "said": said or self.span(),
            **changed,
        }
        stream = f"preference/{payload['preference']}"
        item = self.firm.item("PreferenceKept", stream, payload, ticket=self.ticket)
        return self.firm.append(AGENT, item)[0]

    def erase(self, preference: str, asked: Any = None, *, ticket: str | None = None) -> Answer:
        payload = {"preference": preference, "agent": "proposal", "asked": asked or self.span("kind")}
        stream = f"preference/{preference}"
        item = self.firm.item("PreferenceErased", stream, payload, ticket=ticket or self.ticket)
        return self.firm.append(AGENT, item)[0]

    def erases_herself(self, preference: str, **changed: Any) -> Answer:
        payload = {"preference": preference, "agent": None, "asked": None, **changed}
        stream = f"preference/{preference}"
        item = self.firm.item("PreferenceErased", stream, payload, login=self.login)
        return self.firm.append(INTAKE, item)[0]

    def mine(self, household: str | None = None) -> tuple[Kept, ...]:
        """What her front opens of hers; with a household, what a conversation about that is shown."""

        async def read() -> tuple[Kept, ...]:
            clock = WallClock()
            async with (
                async_pool(self.firm.database.intake, name="test", most=1) as pool,
                Journal(pool, clock) as journal,
            ):
                hers, ticket = (
                    Preferences(pool, journal, self.firm.keys, clock),
                    self.firm.ticket(self.login),
                )
                about = HouseholdId(household) if household else None
                return await (hers.for_thread(ticket, about) if about else hers.mine(ticket))

        return asyncio.run(read())


def test_it_reads_as_the_whole_sentence_of_her_message(shared_firm: Firm) -> None:
    talk = Talk(shared_firm)
    assert talk.keep().ok
    [one] = [kept for kept in talk.mine() if kept.preference == talk.kept]
    assert one.text == "Always keep 2 % cash for the Millers!"
    assert (one.thread, one.message, one.household) == (talk.thread, talk.message, None)


def test_only_her_own_journaled_message_of_that_conversation_can_be_one(shared_firm: Firm) -> None:
    talk, other, davids = Talk(shared_firm), Talk(shared_firm), Talk(shared_firm, DAVID)
    assert talk.keep(other.span()).code == "not_her_words"
    assert talk.keep(davids.span()).code == "not_her_words"
    assert talk.keep(talk.span(message="msg-of-nobody")).code == "not_her_words"
    assert talk.keep(talk.span(end=5_000, start=4_600)).code == "not_her_words"
    assert talk.keep(thread=other.thread).code == "wrong_author"
    assert talk.keep(preference="prf-1").code in ("malformed_payload", "wrong_stream")
    for wrong in ({"field": "household"}, {"start": PAST}, {"end": 700}, {"end": 0}, {"start": -1}, {"x": 1}):
        assert talk.keep(talk.span(**wrong)).code == "malformed_payload", wrong
    assert talk.keep().ok
    assert talk.keep().code == "preference_kept"


def test_no_other_login_keeps_one_and_she_herself_only_through_her_message(shared_firm: Firm) -> None:
    talk = Talk(shared_firm)
    payload = {
        "preference": f"prf-{'1' * 32}",
        "thread": talk.thread,
        "agent": "proposal",
        "said": talk.span(),
    }
    for role in (INTAKE, APPROVER):
        item = shared_firm.item("PreferenceKept", f"preference/prf-{'1' * 32}", payload, login=MARIA)
        assert shared_firm.append(role, item)[0].code == "no_right"


def test_a_conversation_about_one_household_is_shown_that_ones_and_general_ones(shared_firm: Firm) -> None:
    general, about, other = (Talk(shared_firm, household=h) for h in (None, "hh-101", "hh-102"))
    assert all(talk.keep().ok for talk in (general, about, other))
    shown = {kept.preference for kept in about.mine("hh-101")}
    assert {general.kept, about.kept} <= shown
    assert other.kept not in shown


def test_another_person_sees_and_erases_none_of_hers(shared_firm: Firm) -> None:
    talk, davids = Talk(shared_firm), Talk(shared_firm, DAVID)
    assert talk.keep().ok
    assert talk.kept not in {kept.preference for kept in davids.mine()}
    assert davids.erases_herself(talk.kept).code == "no_such_preference"
    assert davids.erase(talk.kept).code == "no_such_preference"
    assert shared_firm.ask(AGENT, "select has_table_privilege('gatehouse.preference', 'select') as may") == [
        {"may": False}
    ]


def test_it_is_erased_by_herself_once_and_its_words_leave_the_table(shared_firm: Firm) -> None:
    talk = Talk(shared_firm)
    assert talk.keep().ok
    assert talk.erases_herself(talk.kept, agent="proposal").code == "wrong_author"
    assert talk.erases_herself(talk.kept).ok
    assert talk.kept not in {kept.preference for kept in talk.mine()}
    said = shared_firm.value(
        "superuser", "select said from gatehouse.preference where preference = %s", talk.kept
    )
    assert said is None
    assert talk.erases_herself(talk.kept).code == "preference_erased"
    assert talk.keep().ok, "what was erased may be stated again"


def test_the_copilot_erases_only_where_a_message_of_hers_stands_behind_it(shared_firm: Firm) -> None:
    talk, later, davids = Talk(shared_firm), Talk(shared_firm), Talk(shared_firm, DAVID)
    assert talk.keep().ok
    assert later.erase(talk.kept, talk.span("kind")).code == "not_her_words"
    assert later.erase(talk.kept, davids.span("kind")).code == "not_her_words"
    assert later.erase(talk.kept, {"field": "kind"}).code == "malformed_payload"
    assert later.erase(talk.kept).ok


def test_fifty_are_the_most_that_hold(shared_firm: Firm) -> None:
    talk = Talk(shared_firm, DAVID)
    held = len(talk.mine())
    for n in range(50 - held):
        assert talk.keep(talk.span(start=n % 20, end=21 + n)).ok, n
    assert talk.keep(talk.span(start=3, end=4)).code == "too_many_preferences"
    for kept in talk.mine():
        assert talk.erases_herself(kept.preference).ok


def test_a_stopped_agent_keeps_and_erases_none(firm: Firm) -> None:
    talk = Talk(firm)
    assert talk.keep().ok
    kept = talk.kept
    assert halt(firm, "agent:proposal").ok
    assert talk.keep(talk.span(start=1, end=9)).code == "halted"
    assert talk.erase(kept).code == "halted"


def test_a_run_names_its_manifest_by_a_digest_and_nothing_else(shared_firm: Firm) -> None:
    talk = Talk(shared_firm)
    payload: dict[str, Any] = {
        "thread": talk.thread,
        "message": talk.message,
        "manifest": "a" * 64,
        "model": "offline",
        "preferences": [],
        "words": None,
    }

    def begun(**changed: Any) -> Answer:
        stream = f"thread/{talk.thread}"
        item = shared_firm.item("RunBegun", stream, {**payload, **changed}, ticket=talk.ticket)
        return shared_firm.append(AGENT, item)[0]

    for wrong in ({"manifest": "Okafor"}, {"preferences": [1]}, {"words": "clear"}, {"says": "x"}):
        assert begun(**wrong).code == "malformed_payload", wrong
    absent = {"subject": "adv-1", "key": 1, "digest": "b" * 64, "length": 40}
    assert begun(words={"sealed": None, "kept": absent}).code == "no_such_body"
    assert begun().ok
