"""Carrying out a forgetting: what goes, what stays readable, and what a kill at any step leaves."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from core.clock import WallClock
from core.database.pools import async_pool
from core.errors import NotFound, NotPermitted, Refused
from core.fact import Sealed
from core.forgetting.carrying_out import UNREACHED, CarryingOut
from core.forgetting.door import RecordKeeping
from core.forgetting.rotation import Rotation
from core.ids import HouseholdId, SubjectId, ThreadId
from core.intake import Intake
from core.library.shelf import Document
from core.people.keystore import KeyStore
from tests.core.gate.deal import APPROVER, ELENA, GATE, INTAKE, MARIA, NGOZI
from tests.core.people.test_forgetting_law_db import FREE, HANNAH, hold, status
from tests.fixtures.firm import Firm
from tests.fixtures.servers import ROOT

WORDS: Final = "Call me at home about the divorce"
RES: Final = SubjectId(FREE)


async def decided(firm: Firm, subject: SubjectId = RES) -> str:
    """Two people have decided; the request."""
    async with (
        async_pool(firm.database.approver, name="test", most=2) as pool,
        firm.journal(APPROVER) as journal,
    ):
        door = RecordKeeping(pool, journal, firm.keys, WallClock())
        request, _ = await door.ask(firm.ticket(NGOZI), subject, "employee_left", "as agreed", key="k" * 8)
        await door.decide(firm.ticket(ELENA), request, "confirm")
    return request


async def carry(firm: Firm, keys: KeyStore | None = None) -> bool:
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        return await CarryingOut(pool, journal, keys or firm.keys).turn()


async def rotate(firm: Firm) -> bool:
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        rotation, turns = Rotation(pool, journal, firm.keys), 0
        while await rotation.turn():
            turns += 1
        return turns > 0


async def ask_to_rotate(firm: Firm, subject: SubjectId | None, key: str = "r" * 8) -> None:
    async with (
        async_pool(firm.database.approver, name="test", most=2) as pool,
        firm.journal(APPROVER) as journal,
    ):
        door = RecordKeeping(pool, journal, firm.keys, WallClock())
        await door.rotate(firm.ticket(NGOZI), subject, key=key)


async def said(firm: Firm, login: str, thread: str, key: str, words: str = WORDS) -> str:
    """A message in that thread; its id."""
    async with async_pool(firm.database.intake, name="test", most=2) as pool, firm.journal(INTAKE) as journal:
        intake = Intake(pool, journal, firm.keys, WallClock())
        return (await intake.receive(firm.ticket(login), ThreadId(thread), words, key=key)).message


async def read(firm: Firm, login: str, thread: str, keys: KeyStore | None = None) -> list[str]:
    async with async_pool(firm.database.intake, name="test", most=2) as pool, firm.journal(INTAKE) as journal:
        intake = Intake(pool, journal, keys or firm.keys, WallClock())
        return [line.text for line in await intake.messages(firm.ticket(login), ThreadId(thread))]


def stored(firm: Firm, thread: str, subject: str = FREE) -> None:
    """What the copilot keeps of that thread, and a document about the subject with its vector."""
    firm.ask("superuser", "insert into copilot.checkpoint values (%s, '', '1', 'x')", thread)
    firm.ask("superuser", "insert into copilot.checkpoint_write values (%s, '', '1', 't', 0, 'x')", thread)
    document = "insert into gatehouse.document values ('doc-1', 't', 's', '2022-12-01', 'res-1', now(), %s)"
    firm.ask("superuser", document, subject)
    passage = "insert into gatehouse.passage (document, ordinal, text) values ('doc-1', 0, %s) returning id"
    made = firm.value("superuser", passage, WORDS)
    vector = f"[{','.join(['0.1'] * 384)}]"
    firm.ask("superuser", "insert into copilot.embedding values (%s, %s::public.vector, 'm')", made, vector)


async def noted(firm: Firm, subject: SubjectId, words: str = WORDS) -> str:
    """A document about somebody, stored by her advisor."""
    async with async_pool(firm.database.intake, name="test", most=2) as pool, firm.journal(INTAKE) as journal:
        about = Document(title=words, source="x", dated=date(2022, 12, 1), text=words, subject=subject)
        library = Intake(pool, journal, firm.keys, WallClock()).library
        return (await library.store(firm.ticket(MARIA), about)).document


def passages(firm: Firm, login: str) -> int:
    """How many passages about a divorce that person can read."""
    connection = firm.connection(INTAKE)
    with connection.transaction():
        connection.execute("select gatehouse.present(%s)", [firm.ticket(login)])
        found = connection.execute("select from gatehouse.passage where text like '%%divorce%%'")
        return len(found.fetchall())


def test_a_document_about_a_client_is_her_advisors_to_read_and_its_title_is_not_on_record(firm: Firm) -> None:
    asyncio.run(noted(firm, SubjectId("hh-101")))
    assert (passages(firm, MARIA), passages(firm, "david.nakamura"), passages(firm, NGOZI)) == (1, 0, 1)
    assert WORDS not in str(last(firm, "DocumentStored"))
    with pytest.raises(NotFound):
        asyncio.run(noted(firm, SubjectId("hh-150")))  # David's


def last(firm: Firm, kind: str = "SubjectForgotten") -> dict[str, Any]:
    rows = "select text::jsonb->'payload' as p from gatehouse.journal where event_type = %s order by seq desc"
    return dict(firm.value("superuser", rows, kind))


ALL: Final = {"key": 1, "checkpoint": 1, "checkpoint_write": 1, "embedding": 1, "passage": 1, "document": 1}


def counts(firm: Firm) -> dict[str, int]:
    return {one["store"]: one["count"] for one in last(firm)["stores"] if one["store"] != "body"}


def test_every_store_is_reached_and_told_and_what_is_not_is_told_too(firm: Firm) -> None:
    thread, other = firm.thread(HANNAH), firm.thread(MARIA)
    asyncio.run(said(firm, HANNAH, thread, "m1"))
    stored(firm, thread)
    firm.ask("superuser", "insert into copilot.checkpoint values (%s, '', '1', 'x')", other)
    asyncio.run(decided(firm))
    assert asyncio.run(carry(firm))
    assert counts(firm) == ALL
    assert {one["store"] for one in last(firm)["unreached"]} == {one.store for one in UNREACHED}
    assert firm.value("superuser", "select count(*) from copilot.checkpoint") == 1  # somebody else's
    assert firm.value("superuser", "select count(*) from gatehouse.document where document = 'doc-1'") == 0
    assert status(firm) == ["FORGOTTEN"]
    assert firm.verified().ok


def test_what_was_forgotten_reads_so_and_hides_nothing_else(firm: Firm) -> None:
    """In a process that had the key in its memory too."""
    thread, other = firm.thread(HANNAH), firm.thread(MARIA)
    front = firm.keys
    asyncio.run(said(firm, HANNAH, thread, "m1"))
    asyncio.run(said(firm, MARIA, other, "m2"))
    assert asyncio.run(read(firm, HANNAH, thread, front)) == [WORDS]
    asyncio.run(decided(firm))
    asyncio.run(carry(firm))
    assert asyncio.run(read(firm, HANNAH, thread, front)) == ["[forgotten]"]
    assert asyncio.run(read(firm, MARIA, other, front)) == [WORDS]
    with pytest.raises(NotPermitted, match="forgotten"):
        asyncio.run(said(firm, HANNAH, thread, "m3"))


def test_no_key_file_holds_the_key_afterwards(firm: Firm) -> None:
    key = (firm.keys_folder / f"{FREE}.json").read_text().split('"')[3]
    asyncio.run(decided(firm))
    asyncio.run(carry(firm))
    kept = [path for path in firm.keys_folder.iterdir() if key in path.read_text(errors="replace")]
    assert kept == []
    assert [path.name for path in firm.keys_folder.iterdir() if path.name.startswith(".")] == []


def test_who_still_has_the_journal_has_no_way_to_read_it(firm: Firm) -> None:
    thread = firm.thread(HANNAH)
    asyncio.run(said(firm, HANNAH, thread, "m1"))
    sealed = Sealed.model_validate(last(firm, "MessageReceived")["text"])
    asyncio.run(decided(firm))
    asyncio.run(carry(firm))
    with pytest.raises(NotFound):
        KeyStore(firm.keys_folder).clear("message", sealed)


def test_a_key_that_comes_back_from_a_backup_is_destroyed_again(firm: Firm) -> None:
    backup = (firm.keys_folder / f"{FREE}.json").read_bytes()
    asyncio.run(decided(firm))
    asyncio.run(carry(firm))
    (firm.keys_folder / f"{FREE}.json").write_bytes(backup)
    assert firm.keys.versions(RES) == (1,)

    async def start() -> None:
        async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
            await CarryingOut(pool, journal, firm.keys).sweep()

    asyncio.run(start())
    assert firm.keys.is_forgotten(RES)


def test_a_hold_after_the_decision_is_waited_for_and_nothing_is_deleted(firm: Firm) -> None:
    asyncio.run(decided(firm))
    assert hold(firm).ok
    assert not asyncio.run(carry(firm))
    assert firm.keys.versions(RES) == (1,)


def test_a_client_with_records_is_refused_with_class_rule_and_day(firm: Firm) -> None:
    with pytest.raises(Refused, match=r"account records .* 240\.17a-4\(c\)") as no:
        asyncio.run(decided(firm, SubjectId("hh-101")))
    assert no.value.code == "retention_runs"


def test_a_subject_that_nobody_wrote_about_is_not_found(firm: Firm) -> None:
    with pytest.raises(NotFound):
        asyncio.run(decided(firm, SubjectId("hh-999")))


def test_a_prospects_conversation_can_be_forgotten(firm: Firm) -> None:
    """A household without an account: nothing must be kept of it yet."""
    payload = {
        "household": "hh-900",
        "name": firm.keys.seal(SubjectId("hh-900"), "name", "The Prospects").model_dump(mode="json"),
        "advisor": "adv-1",
        "clients": [],
    }
    assert firm.append("gh_owner", firm.item("HouseholdOpened", "household/hh-900", payload))[0].ok
    thread = firm.thread(MARIA, HouseholdId("hh-900"))
    asyncio.run(said(firm, MARIA, thread, "m1"))
    asyncio.run(decided(firm, SubjectId("hh-900")))
    assert asyncio.run(carry(firm))
    assert asyncio.run(read(firm, MARIA, thread)) == ["[forgotten]"]


# Kills


def dying(firm: Firm, step: int) -> int:
    command = [sys.executable, "-m", "tests.core.people.dying_forgetter", firm.database.gate]
    done = subprocess.run(
        [*command, str(firm.keys_folder), str(step)], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode in (0, -9), done.stderr.decode()
    return done.returncode


STEPS: Final = 14  # an append is two: before it, and after its commit; the rest are the key file's
EVERY: Final = [n if n % 4 == 1 else pytest.param(n, marks=pytest.mark.long) for n in range(1, STEPS + 1)]


@pytest.mark.parametrize("first", EVERY)
def test_a_kill_at_any_step_ends_in_the_same_place(firm: Firm, first: int) -> None:
    """Killed at that step, again at the same one, and then left alone."""
    thread = firm.thread(HANNAH)
    asyncio.run(said(firm, HANNAH, thread, "m1"))
    stored(firm, thread)
    asyncio.run(decided(firm))
    assert dying(firm, first) == -9
    dying(firm, first)
    assert dying(firm, 0) == 0
    assert counts(firm) == ALL
    assert status(firm) == ["FORGOTTEN"]
    forgotten = (
        "select count(*) from gatehouse.journal where event_type in ('ForgettingBegun', 'SubjectForgotten')"
    )
    assert firm.value("superuser", forgotten) == 2
    assert [path.name for path in firm.keys_folder.iterdir() if path.name.startswith(".")] == []
    assert asyncio.run(read(firm, HANNAH, thread)) == ["[forgotten]"]
    assert firm.verified().ok


@pytest.mark.parametrize(
    "first", [n if n % 3 == 1 else pytest.param(n, marks=pytest.mark.long) for n in range(1, 8)]
)
def test_a_kill_during_a_rotation_gives_one_new_version_and_one_fact(firm: Firm, first: int) -> None:
    asyncio.run(ask_to_rotate(firm, RES))
    assert dying(firm, first) == -9
    assert dying(firm, 0) == 0
    assert firm.keys.versions(RES) == (1, 2)
    facts = "select count(*) from gatehouse.journal where event_type ~ 'KeyRotated|RotationFinished'"
    assert firm.value("superuser", facts) == 2


# Rotation


def test_all_keys_are_rotated_once_and_everything_still_opens(firm: Firm) -> None:
    thread = firm.thread(HANNAH)
    asyncio.run(said(firm, HANNAH, thread, "m1"))
    before = list(firm.keys.subjects())
    asyncio.run(ask_to_rotate(firm, None))
    assert asyncio.run(rotate(firm))
    assert not asyncio.run(rotate(firm))
    assert {firm.keys.versions(subject) for subject in before} == {(1, 2)}
    asyncio.run(said(firm, HANNAH, thread, "m2", "And again"))
    assert asyncio.run(read(firm, HANNAH, thread)) == [WORDS, "And again"]
    assert last(firm, "MessageReceived")["text"]["key"] == 2
    assert last(firm, "KeyRotationFinished")["subjects"] == len(before)


def test_a_double_click_across_a_rotation_is_recognised(firm: Firm) -> None:
    thread = firm.thread(HANNAH)
    first = asyncio.run(said(firm, HANNAH, thread, "m1"))
    asyncio.run(ask_to_rotate(firm, RES))
    asyncio.run(rotate(firm))
    assert asyncio.run(said(firm, HANNAH, thread, "m1")) == first
    assert asyncio.run(read(firm, HANNAH, thread)) == [WORDS]


def test_a_damaged_key_is_named_and_keeps_nobody_from_a_new_one(firm: Firm) -> None:
    (firm.keys_folder / "cli-101-1.json").write_text("{")
    count = len(list(firm.keys.subjects()))
    asyncio.run(ask_to_rotate(firm, None))
    assert asyncio.run(rotate(firm))
    finished = last(firm, "KeyRotationFinished")
    assert (finished["damaged"], finished["subjects"]) == (["cli-101-1"], count - 1)


def test_a_forgetting_destroys_every_version(firm: Firm, tmp_path: Path) -> None:
    asyncio.run(ask_to_rotate(firm, RES))
    asyncio.run(rotate(firm))
    asyncio.run(decided(firm))
    asyncio.run(carry(firm))
    assert counts(firm)["key"] == 2
    assert firm.keys.versions(RES) == ()
