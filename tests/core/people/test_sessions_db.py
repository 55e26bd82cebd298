"""Signing in, tickets and their ends; and that nobody's words stand in the journal in clear."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

import pytest

from core.clock import WallClock
from core.database.logins import INTAKE
from core.database.pools import async_pool, connect
from core.errors import BadInput, NotFound, NotPermitted, SignInRequired
from core.firm.demo import SEED
from core.firm.households import households
from core.firm.people import PEOPLE
from core.ids import HouseholdId, ThreadId
from core.intake import Intake
from core.ledger.journal import Journal
from core.people.sessions import proof_of, set_password
from tests.fixtures.firm import Firm

LOGIN = "maria.alvarez"


@asynccontextmanager
async def door(firm: Firm) -> AsyncIterator[Intake]:
    async with (
        async_pool(firm.database.intake, name="test", most=4) as pool,
        Journal(pool, WallClock()) as journal,
    ):
        yield Intake(pool, journal, firm.keys, WallClock())


def new_password(firm: Firm) -> str:
    with connect(firm.database.owner, name="test") as owner:
        return set_password(owner, LOGIN)


@pytest.mark.anyio
async def test_a_password_signs_in_and_the_journal_knows_who(firm: Firm) -> None:
    password = new_password(firm)
    async with door(firm) as intake:
        session = await intake.sign_in(LOGIN, password)
        person = await intake.whoami(session.ticket)
    assert (person.person, person.role, person.name) == ("adv-1", "advisor", "Maria Alvarez")
    row = firm.ask("superuser", "select event_type, actor from gatehouse.journal order by seq desc limit 1")[
        0
    ]
    assert (row["event_type"], row["actor"]) == ("SessionOpened", "adv-1")


@pytest.mark.anyio
async def test_a_wrong_login_and_a_wrong_password_are_not_told_apart(firm: Firm) -> None:
    said = []
    async with door(firm) as intake:
        for login in (LOGIN, "nobody.atall"):
            with pytest.raises(SignInRequired) as no:
                await intake.sign_in(login, "wrong")
            said.append(str(no.value))
    assert said[0] == said[1]
    salts = "select gatehouse.sign_in_salt(%s)"
    assert len(firm.value(INTAKE, salts, LOGIN)) == len(firm.value(INTAKE, salts, "nobody")) == 16
    assert firm.value(INTAKE, salts, "nobody") == firm.value(INTAKE, salts, "nobody")


OPEN = "select person, refused from gatehouse.open_session(%s, %s, gen_random_uuid(), %s)"


def attempt(firm: Firm, login: str, proof: bytes) -> tuple[str | None, str | None]:
    row = firm.ask(INTAKE, OPEN, login, proof, sha256(proof + login.encode()).digest())[0]
    return row["person"], row["refused"]


@pytest.mark.parametrize("login", [LOGIN, "nobody.atall"])
def test_after_ten_wrong_tries_even_the_right_one_waits_a_quarter_of_an_hour(firm: Firm, login: str) -> None:
    assert [attempt(firm, login, b"wrong") for _ in range(10)] == [(None, "wrong")] * 10
    assert attempt(firm, login, b"whatever") == (None, "too_many")
    other = attempt(firm, "david.nakamura", sha256(b"the proof of david.nakamura").digest())
    assert other == ("adv-2", None)  # it is that login's alone
    firm.ask("superuser", "update gatehouse.failed_sign_in set at = at - interval '16 minutes'")
    assert attempt(firm, LOGIN, sha256(b"the proof of maria.alvarez").digest()) == ("adv-1", None)


@pytest.mark.anyio
async def test_the_eleventh_try_is_answered_with_the_wait(firm: Firm) -> None:
    for _ in range(10):
        attempt(firm, LOGIN, b"wrong")
    async with door(firm) as intake:
        with pytest.raises(NotPermitted, match="quarter"):
            await intake.sign_in(LOGIN, "wrong")


@pytest.mark.anyio
async def test_what_cannot_be_a_password_is_refused_before_any_work(firm: Firm) -> None:
    async with door(firm) as intake:
        with pytest.raises(BadInput):
            await intake.sign_in(LOGIN, "x" * 257)
        with pytest.raises(BadInput):
            await intake.sign_in("a\x00b", "x")


def test_the_database_holds_neither_password_nor_proof_nor_ticket(firm: Firm) -> None:
    password = new_password(firm)
    ticket = firm.sign_in("david.nakamura")
    whole = ""
    for table in ("credential", "session", "failed_sign_in", "journal"):
        whole += str(firm.value("superuser", f"select string_agg(t::text, ' ') from gatehouse.{table} t"))
    assert password not in whole
    assert ticket not in whole
    assert proof_of(password, b"0" * 16).hex() not in whole


def test_a_new_password_ends_every_session(firm: Firm) -> None:
    ticket = firm.ticket(LOGIN)
    thread_ticket = firm.thread_ticket(LOGIN, firm.thread(LOGIN))
    new_password(firm)
    assert firm.value(INTAKE, "select gatehouse.present(%s)", ticket) is None
    assert firm.value("gh_agent", "select gatehouse.present(%s)", thread_ticket) is None


def test_a_copilots_ticket_dies_with_its_parent(firm: Firm) -> None:
    thread_ticket = firm.thread_ticket(LOGIN, firm.thread(LOGIN))
    assert firm.value("gh_agent", "select gatehouse.present(%s)", thread_ticket) == "adv-1"
    firm.ask(INTAKE, "select gatehouse.close_session(%s)", firm.ticket(LOGIN))
    assert firm.value("gh_agent", "select gatehouse.present(%s)", thread_ticket) is None


def test_a_copilots_ticket_cannot_have_children_or_outlive_half_an_hour_or_its_parent(firm: Firm) -> None:
    thread = firm.thread(LOGIN)
    thread_ticket = firm.thread_ticket(LOGIN, thread)
    child = "select gatehouse.open_thread_session(%s, %s, gen_random_uuid(), %s)"
    assert firm.value(INTAKE, child, thread_ticket, thread, b"x" * 32) is None
    ages = "select expires_at - opened_at as life from gatehouse.session where thread is not null"
    row = firm.ask("superuser", ages)
    assert row[0]["life"].total_seconds() <= 1800
    soon = "update gatehouse.session set expires_at = now() + interval '1 minute' where parent is null"
    firm.ask("superuser", soon)
    assert firm.value(INTAKE, child, firm.ticket(LOGIN), thread, b"y" * 32) is not None
    left = "select expires_at - now() as life from gatehouse.session where ticket_hash = %s"
    lives = firm.ask("superuser", left, b"y" * 32)
    assert lives[0]["life"].total_seconds() <= 61


def test_a_session_that_has_expired_is_no_session(firm: Firm) -> None:
    ticket = firm.ticket(LOGIN)
    thread_ticket = firm.thread_ticket(LOGIN, firm.thread(LOGIN))
    over = "update gatehouse.session set expires_at = now() - interval '1 second' where parent is null"
    firm.ask("superuser", over)
    assert firm.value(INTAKE, "select gatehouse.present(%s)", ticket) is None
    assert firm.value("gh_agent", "select gatehouse.present(%s)", thread_ticket) is None


@pytest.mark.anyio
async def test_words_open_only_for_whoever_has_them_in_the_book(firm: Firm) -> None:
    async with door(firm) as intake:
        mine = (await intake.households(firm.ticket(LOGIN)))[0]
        assert (await intake.clear(firm.ticket(LOGIN), "name", [mine.name]))[0]
        with pytest.raises(NotFound):
            await intake.clear(firm.ticket("david.nakamura"), "name", [mine.name])
        with pytest.raises(SignInRequired):
            await intake.clear("nobody's", "name", [mine.name])
        assert await intake.clear(firm.ticket("robert.hensley"), "name", [mine.name])


@pytest.mark.anyio
async def test_a_forgotten_clients_words_read_as_forgotten_and_hide_nothing_else(firm: Firm) -> None:
    async with door(firm) as intake:
        lines = await intake.households(firm.ticket(LOGIN))
        (firm.keys_folder / f"{lines[0].household}.json").unlink()
    async with door(firm) as intake:
        said = await intake.clear(firm.ticket(LOGIN), "name", [line.name for line in lines])
    assert said[0] == "[forgotten]"
    assert "[forgotten]" not in said[1:]


SECRET = "Please rebalance the Okafor household before Grandmother Wilhelmina-Ottoline hears of it."


@pytest.mark.anyio
async def test_no_name_and_no_message_stands_in_clear_in_any_row(firm: Firm) -> None:
    async with door(firm) as intake:
        ticket = firm.ticket(LOGIN)
        thread = await intake.open_thread(ticket, HouseholdId("hh-101"))
        received = await intake.receive(ticket, thread, SECRET, key="k")
        await intake.answer(ticket, thread, received.message, SECRET[::-1], (), "m", received.trace)
        said = await intake.messages(ticket, thread)
        assert [(one.role, one.text) for one in said] == [("advisor", SECRET), ("copilot", SECRET[::-1])]
    families = [home.family.household for home in households(SEED)]
    clients = [client.name for home in households(SEED) for client in home.clients]
    born = [client.born_on.isoformat() for home in households(SEED) for client in home.clients]
    never = {*families, *clients, *(person.name for person in PEOPLE), SECRET, SECRET[::-1], "Wilhelmina"}
    assert len(never) > 150
    tables = firm.ask(
        "superuser",
        "select n.nspname || '.' || c.relname as name from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('gatehouse', 'copilot') and c.relkind = 'r'",
    )
    for table in tables:
        whole = firm.value("superuser", f"select string_agg(t::text, ' ') from {table['name']} t") or ""
        assert not [words for words in never if words in whole], table["name"]
    opened = "select string_agg(text, ' ') from gatehouse.journal where event_type = 'HouseholdOpened'"
    journal = firm.value("superuser", opened)
    assert not [day for day in born if day in journal]


@pytest.mark.anyio
async def test_a_repeated_message_is_the_same_message(firm: Firm) -> None:
    async with door(firm) as intake:
        ticket = firm.ticket(LOGIN)
        thread = await intake.open_thread(ticket, None)
        first = await intake.receive(ticket, thread, "hello", key="k")
        assert await intake.receive(ticket, thread, "hello", key="k") == first
        with pytest.raises(BadInput):
            await intake.receive(ticket, thread, "x" * 8_001, key="l")
        with pytest.raises(NotFound):
            await intake.receive(firm.ticket("david.nakamura"), thread, "hello", key="k")
        with pytest.raises(NotFound):
            await intake.receive(ticket, ThreadId("thr-none"), "hello", key="k")
    kept = firm.ask("superuser", "select text from gatehouse.journal where event_type = 'MessageReceived'")
    assert len(kept) == 1
    assert json.loads(kept[0]["text"])["payload"]["text"]["subject"] == "adv-1"
