"""Who may store and who may read what, tried through the logins' own SQL; versions and days.

Rule 1: names are of each test's own, so that tests share one firm in any order.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from typing import Any, Final

import psycopg
import pytest

from core.clock import WallClock
from core.database.logins import AGENT, INTAKE
from core.database.pools import async_pool
from core.errors import NotFound, NotPermitted
from core.library.shelf import Document, Library, Stored
from tests.fixtures.firm import Firm

MARIA, DAVID, HANNAH = "maria.alvarez", "david.nakamura", "hannah.lindqvist"
NGOZI, ROBERT, ELENA, WILLIAM = "ngozi.adeyemi", "robert.hensley", "elena.petrova", "william.tran"
VECTOR: Final = f"[1{',0' * 383}]"
REFUSED: Final = psycopg.errors.InsufficientPrivilege


@contextmanager
def presented(firm: Firm, role: str, login: str, household: str | None = None) -> Iterator[None]:
    """A transaction of that login in which that person asks; the copilot's by a conversation of hers."""
    thread = firm.thread(login, household) if role == AGENT else ""
    ticket = firm.thread_ticket(login, thread) if role == AGENT else firm.ticket(login)
    with firm.connection(role).transaction():
        assert firm.value(role, "select gatehouse.present(%s)", ticket)
        yield


def put(
    firm: Firm, login: str, name: str, text: str = "words", *, vector: str | None = VECTOR, **said: Any
) -> Any:
    """What the database says to a document of that person; its passages have vectors then."""
    whole = {
        "name": name,
        "title": name,
        "source": "a test",
        "dated": "2022-12-01",
        "body_digest": sha256(text.encode()).hexdigest(),
        **said,
    }
    stored = "select * from gatehouse.library_store(%s::jsonb, %s::text[])"
    with presented(firm, INTAKE, login):
        (row,) = firm.ask(INTAKE, stored, json.dumps(whole), [f"{text} of {name}"])
    if vector:
        firm.ask(
            "superuser",
            "insert into copilot.embedding (passage, vector, model) select p.id, %s::public.vector, 'm'"
            " from gatehouse.passage p where p.document = %s on conflict do nothing",
            vector,
            row["document"],
        )
    return row


def found(
    firm: Firm, login: str, mark: str, *, as_of: str | None = None, household: str | None = None
) -> set[str]:
    """The titles with that mark that the person's copilot finds, the same by every way there is."""
    with presented(firm, AGENT, login, household):
        near = firm.ask(AGENT, "select * from gatehouse.library_nearest(%s, 200, %s)", VECTOR, as_of)
        words = firm.ask(AGENT, "select * from gatehouse.library_quoting(%s, 200, %s)", mark, as_of)
    by_vector = {row["title"] for row in near if mark in row["title"]}
    assert by_vector == {row["title"] for row in words}
    return by_vector


def read(firm: Firm, role: str, login: str, document: str) -> int:
    """How many of its passages that login gets from the table itself."""
    with presented(firm, role, login):
        return len(firm.ask(role, "select * from gatehouse.passage where document = %s", document))


STORING: Final[tuple[tuple[str, dict[str, Any], str], ...]] = (
    (HANNAH, {}, "stored"),
    (NGOZI, {"sensitivity": "compliance"}, "stored"),
    (ELENA, {"sensitivity": "supervision"}, "stored"),
    (MARIA, {}, "not_a_librarian"),
    (ROBERT, {"sensitivity": "public"}, "not_a_librarian"),
    (WILLIAM, {"sensitivity": "supervision"}, "not_a_librarian"),
    (MARIA, {"sensitivity": "named", "readers": ["adv-1"]}, "stored"),
    (MARIA, {"sensitivity": "named", "readers": ["adv-1", "adv-2"]}, "not_a_librarian"),
    (MARIA, {"subject": "hh-101"}, "stored"),
    (MARIA, {"subject": "hh-150"}, "not_in_book"),
    (HANNAH, {"subject": "hh-101"}, "not_in_book"),
    (HANNAH, {"sensitivity": "named"}, "unknown_reader"),
    (HANNAH, {"sensitivity": "named", "readers": ["nobody"]}, "unknown_reader"),
    (HANNAH, {"readers": ["adv-1"]}, "malformed"),
    (HANNAH, {"body_digest": "x"}, "malformed"),
)


@pytest.mark.parametrize(("login", "said", "outcome"), STORING)
def test_the_library_is_filled_by_those_who_keep_it(
    shared_firm: Firm, login: str, said: dict[str, Any], outcome: str
) -> None:
    assert put(shared_firm, login, f"who {login} {sorted(said.items())}", **said)["outcome"] == outcome


def test_nobody_stores_without_a_ticket_and_no_login_writes_the_tables(shared_firm: Firm) -> None:
    stored = "select outcome from gatehouse.library_store('{}'::jsonb, array['x'])"
    assert shared_firm.value(INTAKE, stored) == "not_signed_in"
    for role in (AGENT, INTAKE):
        for write in (
            "insert into gatehouse.document values ('doc-y', 't', 's', '2022-12-28', 'adv-1', now())",
            "insert into gatehouse.passage (document, ordinal, text) values ('x', 0, 'x')",
            "update gatehouse.passage set text = 'x'",
            "delete from gatehouse.document",
        ):
            with pytest.raises(REFUSED):
                shared_firm.ask(role, write)


CLASSES: Final[dict[str, tuple[dict[str, Any], set[str]]]] = {
    "public": ({}, {MARIA, DAVID, HANNAH, NGOZI, ROBERT}),
    "firm": ({}, {MARIA, DAVID, HANNAH, NGOZI, ROBERT}),
    "supervision": ({}, {HANNAH, NGOZI, ROBERT}),
    "compliance": ({}, {HANNAH, NGOZI}),
    "named": ({"readers": ["adv-2"]}, {DAVID, HANNAH, NGOZI}),
}


def test_each_class_is_read_by_those_it_is_for_by_every_way(shared_firm: Firm) -> None:
    """Hannah reads them all: she stored them."""
    kept = {
        name: put(shared_firm, HANNAH, f"barrier {name}", sensitivity=name, **more)["document"]
        for name, (more, _) in CLASSES.items()
    }
    for login in (MARIA, DAVID, HANNAH, NGOZI, ROBERT):
        may = {name for name, (_, readers) in CLASSES.items() if login in readers}
        assert found(shared_firm, login, "barrier") == {f"barrier {name}" for name in may}
        for name, document in kept.items():
            assert read(shared_firm, AGENT, login, document) == (name in may), (login, name)
            assert read(shared_firm, INTAKE, login, document) == (name in may), (login, name)


def test_the_copilots_login_reads_no_vector_and_makes_none_for_what_is_closed(shared_firm: Firm) -> None:
    closed = put(shared_firm, HANNAH, "vectors", sensitivity="compliance")["document"]
    passage = shared_firm.value("superuser", "select id from gatehouse.passage where document = %s", closed)
    for statement in ("select vector from copilot.embedding", "select passage from copilot.unindexed"):
        with pytest.raises(REFUSED):
            shared_firm.ask(AGENT, statement)
    index = "select gatehouse.library_index(%s, %s, 'planted')"
    with presented(shared_firm, AGENT, MARIA):
        assert shared_firm.value(AGENT, index, passage, VECTOR) is False
    assert shared_firm.value(AGENT, index, passage, VECTOR) is False  # nobody asks
    whose = "select model from copilot.embedding where passage = %s"
    assert shared_firm.value("superuser", whose, passage) == "m"


def test_a_passage_takes_one_vector_and_keeps_it(shared_firm: Firm) -> None:
    kept = put(shared_firm, HANNAH, "once", vector=None)["document"]
    passage = shared_firm.value("superuser", "select id from gatehouse.passage where document = %s", kept)
    index = "select gatehouse.library_index(%s, %s, %s)"
    said = []
    for login, model in ((MARIA, "first"), (MARIA, "second"), (DAVID, "third")):
        with presented(shared_firm, AGENT, login):
            said.append(shared_firm.value(AGENT, index, passage, VECTOR, model))
    assert said == [True, False, False]
    with presented(shared_firm, AGENT, MARIA):
        waiting = shared_firm.ask(AGENT, "select id from gatehouse.library_unindexed(1000)")
    assert passage not in {row["id"] for row in waiting}


def test_without_a_ticket_the_copilots_login_finds_nothing(shared_firm: Firm) -> None:
    put(shared_firm, HANNAH, "unasked", sensitivity="public")
    for statement in (
        f"select * from gatehouse.library_nearest('{VECTOR}', 9, null)",
        "select * from gatehouse.library_quoting('a', 9, null)",
        "select * from gatehouse.library_unindexed(9)",
        "select * from gatehouse.library_open()",
        "select * from gatehouse.passage",
    ):
        assert shared_firm.ask(AGENT, statement) == []


def test_a_search_that_says_who_asks_finds_the_same_and_binds_nobody_to_the_connection(
    shared_firm: Firm,
) -> None:
    put(shared_firm, HANNAH, "at once", sensitivity="named", readers=["adv-2"])
    at_once = "select signed_in, title from gatehouse.library_search(%s, %s, 200, null)"
    for login, finds in ((DAVID, True), (MARIA, False)):
        ticket = shared_firm.thread_ticket(login, shared_firm.thread(login, None))
        with presented(shared_firm, AGENT, login):
            said = shared_firm.ask(
                AGENT, "select title from gatehouse.library_nearest(%s, 200, null)", VECTOR
            )
        rows = shared_firm.ask(AGENT, at_once, ticket, VECTOR)
        assert [row["title"] for row in rows] == [row["title"] for row in said]
        assert ("at once" in {row["title"] for row in rows}) is finds
        assert all(row["signed_in"] for row in rows)
        assert shared_firm.ask(AGENT, "select * from gatehouse.library_open()") == []


def test_a_search_without_a_session_of_the_copilots_is_told_so(shared_firm: Firm) -> None:
    at_once = "select signed_in, id, text from gatehouse.library_search(%s, %s, 9, null)"
    for ticket in ("", "nobody's", shared_firm.ticket(MARIA)):  # hers is not good at this login
        (row,) = shared_firm.ask(AGENT, at_once, ticket, VECTOR)
        assert (row["signed_in"], row["id"], row["text"]) == (False, None, None)


def test_what_is_about_one_client_is_not_found_in_a_conversation_about_another(shared_firm: Firm) -> None:
    ours = shared_firm.ask(
        "superuser", "select household from gatehouse.household where advisor = 'adv-1' order by 1 limit 2"
    )
    one, other = (row["household"] for row in ours)
    put(shared_firm, MARIA, "pinned note", subject=one)
    assert found(shared_firm, MARIA, "pinned") == {"pinned note"}
    assert found(shared_firm, MARIA, "pinned", household=one) == {"pinned note"}
    assert found(shared_firm, MARIA, "pinned", household=other) == set()
    assert found(shared_firm, DAVID, "pinned") == set()


def test_another_text_is_the_next_version_and_the_old_one_stays_for_what_cited_it(shared_firm: Firm) -> None:
    first = put(shared_firm, HANNAH, "grows", "old", dated="2022-11-01")
    again = put(shared_firm, HANNAH, "grows", "old", dated="2022-11-01")
    second = put(shared_firm, NGOZI, "grows", "new", dated="2022-12-01")
    assert [one["outcome"] for one in (first, again, second)] == ["stored", "unchanged", "stored"]
    assert (first["version"], again["document"], second["version"]) == (1, first["document"], 2)
    assert read(shared_firm, INTAKE, MARIA, first["document"]) == 1
    assert texts(shared_firm, "grows") == ["new of grows"]
    assert texts(shared_firm, "grows", as_of="2022-11-15") == ["old of grows"]
    assert texts(shared_firm, "grows", as_of="2022-10-31") == []


def texts(firm: Firm, mark: str, as_of: str | None = None) -> Sequence[str]:
    asked = "select text from gatehouse.library_quoting(%s, 9, %s)"
    with presented(firm, AGENT, MARIA):
        return [row["text"] for row in firm.ask(AGENT, asked, mark, as_of)]


def test_what_is_classed_higher_is_closed_in_every_version(shared_firm: Firm) -> None:
    first = put(shared_firm, HANNAH, "raised")
    put(shared_firm, HANNAH, "raised", sensitivity="compliance")
    assert found(shared_firm, MARIA, "raised") == set()
    assert found(shared_firm, MARIA, "raised", as_of="2022-12-02") == set()
    assert read(shared_firm, AGENT, MARIA, first["document"]) == 0
    assert found(shared_firm, NGOZI, "raised") == {"raised"}


def test_a_question_of_a_day_sees_nothing_that_was_known_later(shared_firm: Firm) -> None:
    put(shared_firm, HANNAH, "known at once", dated="2022-06-30")
    put(shared_firm, HANNAH, "known later", dated="2022-06-30", known_on="2022-08-01")
    put(shared_firm, HANNAH, "known after the firm's day", dated="2023-02-01")
    assert found(shared_firm, MARIA, "known", as_of="2022-06-29") == set()
    assert found(shared_firm, MARIA, "known", as_of="2022-07-31") == {"known at once"}
    assert found(shared_firm, MARIA, "known", as_of="2022-08-01") == {"known at once", "known later"}
    marked = "select title, later from gatehouse.library_quoting('known', 9, null)"
    with presented(shared_firm, AGENT, MARIA):
        flags = {row["title"]: row["later"] for row in shared_firm.ask(AGENT, marked)}
    assert flags == {"known at once": False, "known later": False, "known after the firm's day": True}


async def shelved(firm: Firm, login: str, *documents: Document) -> Sequence[Stored]:
    """As the front stores them, all at once."""
    async with async_pool(firm.database.intake, name="test", most=4) as pool, firm.journal(INTAKE) as journal:
        library = Library(pool, journal, WallClock())
        return await asyncio.gather(*(library.store(firm.ticket(login), one) for one in documents))


def note(name: str, text: str = "A note.", **more: Any) -> Document:
    return Document(title=name, source="a test", dated=date(2022, 12, 1), text=text, name=name, **more)


def entries(firm: Firm, document: str) -> list[dict[str, Any]]:
    lines = "select text::jsonb->'payload' as payload from gatehouse.journal where stream = %s"
    return [row["payload"] for row in firm.ask("superuser", lines, f"library/{document}")]


def test_cut_short_between_rows_and_record_the_same_again_finishes_it(shared_firm: Firm) -> None:
    (stored,) = asyncio.run(shelved(shared_firm, HANNAH, note("whole")))
    body = sha256(b"A note.").hexdigest()
    said: dict[str, Any] = {
        "known_on": None,
        "issuer": "",
        "sensitivity": "firm",
        "readers": [],
        "subject": None,
        "body_digest": body,
    }
    cut = put(shared_firm, HANNAH, "cut", "A note.", **said)
    assert (len(entries(shared_firm, stored.document)), entries(shared_firm, cut["document"])) == (1, [])
    for _ in range(2):
        (again,) = asyncio.run(shelved(shared_firm, HANNAH, note("cut")))
        assert (again.unchanged, again.document) == (True, cut["document"])
        assert len(entries(shared_firm, cut["document"])) == 1


def test_versions_that_come_at_once_are_one_after_the_other(shared_firm: Firm) -> None:
    kept = asyncio.run(shelved(shared_firm, HANNAH, *(note("race", f"Text {n}.") for n in range(3))))
    assert sorted(one.version for one in kept) == [1, 2, 3]


def test_what_is_not_for_everybody_is_on_record_without_its_title(shared_firm: Firm) -> None:
    (hidden,) = asyncio.run(shelved(shared_firm, NGOZI, note("Project Falcon", sensitivity="compliance")))
    assert "Falcon" not in str(entries(shared_firm, hidden.document))


def test_the_doors_word_for_a_no_says_what_to_do(shared_firm: Firm) -> None:
    with pytest.raises(NotPermitted, match="research, compliance and operations"):
        asyncio.run(shelved(shared_firm, MARIA, note("hers")))
    with pytest.raises(NotFound):
        asyncio.run(shelved(shared_firm, HANNAH, note("whose", subject="hh-101")))
