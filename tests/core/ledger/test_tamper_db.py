"""Whatever a superuser does to the journal with the triggers off is found, and named by its sequence."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from core.ledger.heads import HeadsFile, Signer
from core.ledger.verify import Verified
from tests.fixtures.firm import Firm
from tests.fixtures.heads import version_1
from tests.fixtures.servers import Database

MINE: Final = 7  # an entry in the middle
SEED: Final = "42" * 32
COLUMNS: Final = (
    "recorded_at",
    "role",
    "actor",
    "text",
    "event_id",
    "event_type",
    "event_version",
    "stream",
    "stream_version",
    "trace_id",
    "occurred_at",
    "digest",
)


def superuser(firm: Firm, statement: str, *words: Any) -> list[Any]:
    """As the database's superuser, with every trigger and constraint off."""
    with firm.connection("superuser").transaction():
        firm.ask("superuser", "set local session_replication_role = replica")
        return firm.ask("superuser", statement, *words)


def found(firm: Firm, heads: HeadsFile | None = None) -> set[int]:
    """The sequences at which something is wrong."""
    seen: Verified = firm.verified(heads)
    assert seen.ok is (not seen.faults)
    return {fault.seq for fault in seen.faults}


def test_an_untouched_journal_has_no_fault(firm: Firm) -> None:
    assert found(firm) == set()


def test_the_triggers_stop_even_the_superuser_while_they_are_on(firm: Firm) -> None:
    for statement in (
        "update gatehouse.journal set actor = 'x' where seq = 1",
        "delete from gatehouse.journal where seq = 1",
        "truncate gatehouse.journal",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            firm.ask("superuser", statement)


OTHER: Final[dict[str, str]] = {
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "role": "'gh_gate'",
    "actor": "'adv-1'",
    "text": "text || ' '",
    "event_id": "'00000000-0000-7000-8000-000000000000'",
    "event_type": "'OrderFilled'",
    "event_version": "event_version + 1",
    "stream": "stream || 'x'",
    "stream_version": "stream_version + 1",
    "trace_id": "repeat('f', 32)",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "digest": "sha256(digest)",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_an_altered_column_is_found_at_its_entry(firm: Firm, column: str) -> None:
    superuser(firm, f"update gatehouse.journal set {column} = {OTHER[column]} where seq = {MINE}")
    assert MINE in found(firm)


def test_every_column_of_the_journal_is_tried_here(firm: Firm) -> None:
    rows = firm.ask(
        "superuser",
        "select column_name from information_schema.columns"
        " where table_schema = 'gatehouse' and table_name = 'journal'",
    )
    assert {row["column_name"] for row in rows} - {"seq"} == set(COLUMNS) == set(OTHER)


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.long)])
def test_every_byte_of_a_small_journal_matters(database: Database, tmp_path: Path, stride: int) -> None:
    """Three entries; each byte of each hashed column is changed by one bit, and found where it is."""
    firm = Firm(database, tmp_path)
    for number in range(3):
        payload = {"firm": f"é{number}", "seed": 1, "synthetic": True, "last_close": "2022-12-28"}
        (said,) = firm.append("gh_owner", firm.item("FirmFounded", "firm", payload))
        assert said.ok
    places = 0
    try:
        for row in firm.ask("superuser", "select seq, role, actor, text from gatehouse.journal order by seq"):
            for column in ("role", "actor", "text"):
                raw = row[column].encode()
                for at in range(row["seq"] % stride, len(raw), stride):
                    changed = bytearray(raw)
                    changed[at] ^= 1 << (at % 7)
                    try:
                        text = changed.decode()
                    except UnicodeDecodeError:
                        continue  # the database itself refuses what is not UTF-8
                    if "\x00" in text:
                        continue
                    set_it = f"update gatehouse.journal set {column} = %s where seq = %s"
                    superuser(firm, set_it, text, row["seq"])
                    assert row["seq"] in found(firm), (row["seq"], column, at)
                    superuser(firm, set_it, row[column], row["seq"])
                    places += 1
        assert places > 800 / stride
        assert found(firm) == set()
    finally:
        firm.close()


def test_any_byte_of_a_large_journal_is_found(firm: Firm) -> None:
    draw = random.Random(20221228)
    for _ in range(12):
        seq = draw.randint(1, 3632)
        text = firm.value("superuser", "select text from gatehouse.journal where seq = %s", seq)
        at = draw.randrange(len(text))
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        superuser(firm, "update gatehouse.journal set text = %s where seq = %s", changed, seq)
        assert seq in found(firm)
        superuser(firm, "update gatehouse.journal set text = %s where seq = %s", text, seq)


def test_a_deleted_entry_is_found_by_the_one_behind_it(firm: Firm) -> None:
    superuser(firm, f"delete from gatehouse.journal where seq = {MINE}")
    assert MINE + 1 in found(firm)


def test_swapped_entries_are_found_at_both_places(firm: Firm) -> None:
    superuser(
        firm,
        f"update gatehouse.journal set seq = case seq when {MINE} then {-MINE} else {MINE} end"
        f" where seq in ({MINE}, {MINE + 3})",
    )
    superuser(firm, f"update gatehouse.journal set seq = {MINE + 3} where seq = {-MINE}")
    assert {MINE, MINE + 3} <= found(firm)


INSERT: Final = (
    "insert into gatehouse.journal select %s, recorded_at, role, actor, text, gen_random_uuid(), event_type,"
    " event_version, stream || '/x', 1, trace_id, occurred_at, digest from gatehouse.journal where seq = 7"
)


@pytest.mark.parametrize("seq", [0, -1, -(2**62)])
def test_an_entry_put_in_front_of_the_first_is_found(firm: Firm, seq: int) -> None:
    superuser(firm, INSERT, seq)
    assert seq in found(firm)


def test_an_entry_put_behind_the_last_is_found(firm: Firm) -> None:
    last = int(firm.value("superuser", "select seq from gatehouse.head"))
    superuser(firm, INSERT, last + 1)
    assert last + 1 in found(firm)


def test_an_entry_put_behind_the_last_with_a_right_digest_is_found_too(firm: Firm) -> None:
    """The head's row does not know it."""
    last = int(firm.value("superuser", "select seq from gatehouse.head"))
    payload = {"firm": "x"}
    text = firm.item("FirmFounded", "firm/x", payload)["text"]
    superuser(
        firm,
        "insert into gatehouse.journal"
        " select %s, recorded_at, role, actor, %s, (%s::jsonb->>'event_id')::uuid, 'FirmFounded', 1,"
        " 'firm/x', 1, %s, (%s::jsonb->>'occurred_at')::timestamptz,"
        " sha256(digest || gatehouse.leaf(%s, recorded_at, role, actor, %s))"
        " from gatehouse.journal where seq = %s",
        last + 1,
        text,
        text,
        json.loads(text)["trace_id"],
        text,
        last + 1,
        text,
        last,
    )
    assert found(firm) == {last + 1}


def test_a_truncated_end_is_found_by_the_heads_row(firm: Firm) -> None:
    superuser(firm, "delete from gatehouse.journal where seq > 3000")
    assert found(firm) == {3000}


def test_a_truncated_journal_is_found(firm: Firm) -> None:
    superuser(firm, "truncate gatehouse.journal")
    assert found(firm) == {0}


@pytest.mark.parametrize("change", ["seq = seq - 1", "seq = seq + 1", "digest = sha256(digest)"])
def test_an_altered_row_of_the_head_is_found(firm: Firm, change: str) -> None:
    superuser(firm, f"update gatehouse.head set {change}")
    assert found(firm)


@pytest.mark.parametrize(
    "text", ["[]", '"text"', "null", "{", "", '{"a":NaN}', "[" * 50_000, '{"a":"\\ud800"}']
)
def test_a_text_of_any_kind_is_named_and_does_not_stop_the_verification(firm: Firm, text: str) -> None:
    superuser(firm, "update gatehouse.journal set text = %s where seq = %s", text, MINE)
    superuser(firm, "update gatehouse.journal set actor = 'x' where seq = %s", MINE + 2000)
    assert found(firm) == {MINE, MINE + 2000}


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 BC", "29999-01-01"])
@pytest.mark.parametrize("column", ["recorded_at", "occurred_at"])
def test_a_time_that_nothing_can_read_is_named(firm: Firm, column: str, moment: str) -> None:
    superuser(firm, f"update gatehouse.journal set {column} = %s where seq = %s", moment, MINE)
    assert MINE in found(firm)


def rehash(firm: Firm, from_seq: int) -> None:
    """What a patient superuser does: every later digest made anew, and the head's row too."""
    superuser(
        firm,
        f"""
        do $$ declare d bytea; r record; begin
        select digest into d from gatehouse.journal where seq = {from_seq} - 1;
        for r in select * from gatehouse.journal where seq >= {from_seq} order by seq loop
            d := sha256(d || gatehouse.leaf(r.seq, r.recorded_at, r.role, r.actor, r.text));
            update gatehouse.journal set digest = d where seq = r.seq;
        end loop;
        update gatehouse.head set digest = d;
        end $$""",
    )


def signed_heads(firm: Firm, folder: Path, *sequences: int) -> HeadsFile:
    """What the witness wrote down before."""
    heads, signer = HeadsFile(folder), Signer(SEED)
    heads.keep_key(signer.public)
    for seq in sequences:
        digest = firm.value("superuser", "select digest from gatehouse.journal where seq = %s", seq)
        heads.append(version_1(SEED, seq=seq, digest=digest, signed_at="2022-12-29T15:00:00.000000Z"))
    return heads


def test_a_wholly_rehashed_chain_is_found_from_the_first_head_that_left_the_machine(
    firm: Firm, tmp_path: Path
) -> None:
    heads = signed_heads(firm, tmp_path / "heads", 1000, 2000, 3632)
    assert found(firm, heads) == set()
    superuser(firm, "update gatehouse.journal set actor = 'adv-2' where seq between 1500 and 1600")
    rehash(firm, 1500)
    assert firm.verified().ok  # without a head from outside nobody could tell
    assert found(firm, heads) == {2000, 3632}


def test_a_journal_that_ends_before_a_signed_head_is_found(firm: Firm, tmp_path: Path) -> None:
    heads = signed_heads(firm, tmp_path / "heads", 3000, 3632)
    superuser(firm, "delete from gatehouse.journal where seq > 3100")
    superuser(
        firm,
        "update gatehouse.head h set seq = j.seq, digest = j.digest"
        " from gatehouse.journal j where j.seq = 3100",
    )
    assert found(firm, heads) == {3100}


Damage = Callable[[str], str]
DAMAGE: Final[dict[str, Damage]] = {
    "another digest": lambda line: line.replace('"digest": "', '"digest": "0'),
    "another sequence": lambda line: line.replace('"seq": 2000', '"seq": 2001'),
    "another time": lambda line: line.replace("T15:", "T16:"),
    "another version": lambda line: line.replace('"version": 1', '"version": 2'),
    "another key": lambda line: line.replace('"key": "', '"key": "0'),
    "no signature": lambda line: line.replace('"signature": "', '"signature": "", "was": "'),
    "a signature that is a number": lambda line: json.dumps({**json.loads(line), "signature": 5}) + "\n",
    "a key that is a list": lambda line: json.dumps({**json.loads(line), "key": ["x"]}) + "\n",
    "a key that is a path": lambda line: json.dumps({**json.loads(line), "key": "../../x"}) + "\n",
    "no JSON": lambda _: "rubbish\n",
    "no object": lambda _: "[]\n",
    "not ASCII": lambda line: line.replace("T15", "T1é"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_altered_line_of_the_heads_file_is_found(firm: Firm, tmp_path: Path, damage: str) -> None:
    heads = signed_heads(firm, tmp_path / "heads", 1000, 2000, 3000)
    file = tmp_path / "heads" / "heads.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    lines[1] = DAMAGE[damage](lines[1])
    file.write_text("".join(lines), encoding="utf-8")
    read_back = {"another sequence": 2001, "another time": 2000}  # a line that is no head names no entry
    assert found(firm, heads) == {read_back.get(damage, 0)}


def test_a_torn_last_line_is_no_head_and_no_fault(firm: Firm, tmp_path: Path) -> None:
    heads = signed_heads(firm, tmp_path / "heads", 1000, 2000)
    file = tmp_path / "heads" / "heads.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    seen = firm.verified(heads)
    assert seen.ok
    assert (seen.heads, seen.anchor) == (1, "local only, to entry 1000")
