"""Every byte of a small record, and random damage to a large one: found, and named by its sequence.

Rows are fetched once as the verification fetches them, damaged in memory, and given to the same `Chain`; the
database itself is damaged in `test_tamper_db.py`, a sample of each kind.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg.rows import dict_row

from core.database.pools import conninfo
from core.ledger.following import Chain
from core.ledger.heads import HeadsFile, Signer
from core.ledger.reading import Page, Row, pages
from tests.core.ledger.test_tamper_db import SEED, found, rehash, superuser
from tests.fixtures.firm import Firm
from tests.fixtures.servers import Database

SMALL: Final = 4
LARGE: Final = 3632
OTHER_SEED: Final = "43" * 32
SIGNED_AT: Final = "2022-12-29T15:00:00.000000Z"
LONG: Final = (pytest.mark.long, pytest.mark.timeout(1800))


def fetched(firm: Firm) -> Page:
    """The whole journal, as the witness's login reads it."""

    async def read() -> Page:
        async with await psycopg.AsyncConnection.connect(
            conninfo(firm.database.witness, name="test"), autocommit=True, row_factory=dict_row
        ) as connection:
            return [row async for page in pages(connection, 0) for row in page]

    return asyncio.run(read())


@pytest.fixture
def small(database: Database, tmp_path: Path) -> Iterator[Firm]:
    """A journal of a few entries of different streams, lengths and alphabets."""
    firm = Firm(database, tmp_path)
    for number in range(SMALL):
        payload = {"firm": f"é{number}" * number, "seed": 1, "synthetic": True, "last_close": "2022-12-28"}
        (said,) = firm.append("gh_owner", firm.item("FirmFounded", f"firm/{number % 2}", payload))
        assert said.ok, said
    yield firm
    firm.close()


@pytest.fixture(scope="module")
def large(shared_firm: Firm) -> Page:
    return fetched(shared_firm)


def faults_of(page: Page) -> list[int]:
    chain = Chain()
    chain.take(page)
    return [fault.seq for fault in chain.faults]


def test_what_was_not_touched_has_no_fault(large: Page) -> None:
    assert len(large) == LARGE
    assert faults_of(large) == []


def bits(value: Any) -> Iterator[Any]:
    """The value with each bit of its bytes turned over, wherever that is still a value."""
    if isinstance(value, int):
        yield from (value ^ 1 << bit for bit in range(63))
    elif isinstance(value, bytes):
        for at in range(8 * len(value)):
            changed = bytearray(value)
            changed[at // 8] ^= 1 << at % 8
            yield bytes(changed)
    else:
        for raw in bits(str(value).encode()):
            text = _decoded(raw)
            if text is not None and "\x00" not in text:
                yield text


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def storable(column: str, value: Any) -> bool:
    """A text is UTF-8 without NUL in the database."""
    return column != "text" or (_decoded(value) is not None and b"\x00" not in value)


def test_every_bit_of_every_column_of_a_small_journal_matters(small: Firm) -> None:
    page = fetched(small)
    assert len(page) == SMALL
    assert faults_of(page) == []
    tried = 0
    for number, row in enumerate(page):
        for place, column in enumerate(Row._fields):
            for value in bits(row[place]):
                if not storable(column, value):
                    continue
                damaged = (*row[:place], value, *row[place + 1 :])
                seqs = faults_of([*page[:number], damaged, *page[number + 1 :]])
                named = {row[0], value} if column == "seq" else {row[0]}
                assert named & set(seqs), (row[0], column, value)
                tried += 1
    assert tried > SMALL * 8 * 300


Damage = Callable[[random.Random, list[tuple[Any, ...]]], set[int]]


def altered(draw: random.Random, page: list[tuple[Any, ...]]) -> set[int]:
    number, place = draw.randrange(len(page)), draw.randrange(1, len(Row._fields))
    row = page[number]
    options = [v for v in bits(row[place]) if storable(Row._fields[place], v)]
    page[number] = (*row[:place], draw.choice(options), *row[place + 1 :])
    return {row[0]}


def deleted(draw: random.Random, page: list[tuple[Any, ...]]) -> set[int]:
    """Somewhere before the last: the end is the head row's to say."""
    first = draw.randrange(len(page) - 10)
    behind = page[first + draw.randint(1, 9)][0]
    del page[first : behind - 1]
    return {behind}


def swapped(draw: random.Random, page: list[tuple[Any, ...]]) -> set[int]:
    """Two entries change places and take each other's sequence."""
    one, other = draw.sample(range(len(page)), 2)
    a, b = page[one], page[other]
    page[one], page[other] = (a[0], *b[1:]), (b[0], *a[1:])
    return {a[0], b[0]}


def inserted(draw: random.Random, page: list[tuple[Any, ...]]) -> set[int]:
    """A copy of an entry somewhere else, everything behind it moved by one."""
    at = draw.randrange(1, len(page))
    copy = draw.choice(page)
    page[at:] = [(at + 1, *copy[1:])] + [(row[0] + 1, *row[1:]) for row in page[at:]]
    return {at + 1}


def turned(draw: random.Random, page: list[tuple[Any, ...]]) -> set[int]:
    """A stretch in reverse order, numbered anew."""
    at = draw.randrange(len(page) - 5)
    page[at : at + 5] = [(at + 1 + n, *row[1:]) for n, row in enumerate(reversed(page[at : at + 5]))]
    return {at + 1}


DAMAGES: Final[tuple[Damage, ...]] = (altered, deleted, swapped, inserted, turned)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: str(damage.__name__))
@pytest.mark.parametrize("times", [12, pytest.param(400, marks=LONG)])
def test_random_damage_to_a_large_journal_is_named(large: Page, damage: Damage, times: int) -> None:
    draw = random.Random(times)
    for _ in range(times):
        page = list(large)
        where = damage(draw, page)
        seqs = faults_of(page)
        assert where <= set(seqs), (where, seqs)
        assert min(seqs) == min(where)


def signed(page: Page, folder: Path, *sequences: int, seed: str = SEED) -> HeadsFile:
    """What the witness signed when the record was that."""
    heads, signer = HeadsFile(folder), Signer(seed)
    heads.keep_key(signer.public)
    chain = Chain()
    for seq in sequences:
        chain.take(page[chain.seq : seq])
        heads.append(
            signer.sign(
                seq=seq, digest=chain.digest, root=chain.tree.root(), signed_at=SIGNED_AT, next_key=""
            )
        )
    return heads


@pytest.mark.parametrize("stride", [97, pytest.param(1, marks=LONG)])
def test_every_bit_of_the_heads_file_matters(small: Firm, tmp_path: Path, stride: int) -> None:
    heads = signed(fetched(small), tmp_path / "heads", 2, 3, 4)
    assert found(small, heads) == set()
    file = tmp_path / "heads" / "heads.jsonl"
    whole = file.read_bytes()
    for at in range(0, 8 * (len(whole) - 1), stride):
        changed = bytearray(whole)
        changed[at // 8] ^= 1 << at % 8
        file.write_bytes(bytes(changed))
        assert found(small, heads), (at, bytes(changed[at // 8 - 20 : at // 8 + 20]))


def test_the_bits_of_a_signature_that_no_byte_of_it_needs_are_not_free(small: Firm, tmp_path: Path) -> None:
    """86 letters hold four bits more than 64 bytes: other last letters would decode to the same signature."""
    heads = signed(fetched(small), tmp_path / "heads", 4)
    file = tmp_path / "heads" / "heads.jsonl"
    whole = file.read_bytes()
    at = whole.index(b'=="') - 1
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for letter in alphabet:
        if letter != whole[at]:
            file.write_bytes(whole[:at] + bytes([letter]) + whole[at + 1 :])
            assert found(small, heads), chr(letter)


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=LONG)])
def test_every_bit_of_a_kept_public_key_matters_or_reads_the_same(
    small: Firm, tmp_path: Path, stride: int
) -> None:
    heads = signed(fetched(small), tmp_path / "heads", 2, 4)
    (file,) = (tmp_path / "heads").glob("*.pub")
    whole = file.read_bytes()
    for at in range(0, 8 * len(whole), stride):
        changed = bytearray(whole)
        changed[at // 8] ^= 1 << at % 8
        file.write_bytes(bytes(changed))
        same = bytes(changed).strip().lower() == whole.strip().lower()
        assert same or found(small, heads), at


def test_a_removed_head_in_the_middle_is_no_lie_and_all_heads_removed_is_said(
    small: Firm, tmp_path: Path
) -> None:
    """Each head stands for everything before it: fewer heads say less, and `anchor` says how much."""
    heads = signed(fetched(small), tmp_path / "heads", 2, 3, 4)
    file = tmp_path / "heads" / "heads.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[2])
    assert found(small, heads) == set()
    file.unlink()
    seen = small.verified(heads)
    assert (seen.ok, seen.heads, seen.newest_head, seen.anchor) == (True, 0, None, "none")


def test_heads_in_another_order_or_twice_with_another_word_are_named(small: Firm, tmp_path: Path) -> None:
    page = fetched(small)
    heads = signed(page, tmp_path / "heads", 2, 3, 4)
    file = tmp_path / "heads" / "heads.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[1] + lines[0] + lines[2])
    assert 2 in found(small, heads)
    forked = [*page[:2], (*page[2][:2], "gh_gate", *page[2][3:]), page[3]]
    chain = Chain()
    chain.take(forked)
    fork = Signer(SEED).sign(
        seq=4, digest=bytes(32), root=chain.tree.root(), signed_at=SIGNED_AT, next_key=""
    )
    file.write_bytes(b"".join(lines))
    heads.append(fork)
    assert found(small, heads) == {4}


def test_a_head_of_another_key_is_named_even_where_that_key_is_kept_beside_it(
    small: Firm, tmp_path: Path
) -> None:
    """A superuser of the machine can make a key and keep it there; nobody announced it."""
    page = fetched(small)
    heads = signed(page, tmp_path / "heads", 2)
    signed(page, tmp_path / "heads", 4, seed=OTHER_SEED)
    assert found(small, heads) == {4}


def rewritten(firm: Firm, seq: int) -> None:
    """What a patient superuser does to hide one change: every copy, digest, stream and head made to agree."""
    superuser(
        firm,
        "update gatehouse.journal set text = replace(text, trace_id, repeat('e', 32)),"
        " trace_id = repeat('e', 32) where seq = %s",
        seq,
    )
    rehash(firm, seq)


@pytest.mark.parametrize("times", [2, pytest.param(25, marks=LONG)])
def test_a_consistently_rewritten_record_is_found_at_the_first_head_behind_the_change(
    firm: Firm, tmp_path: Path, times: int
) -> None:
    draw = random.Random(times)
    sequences = [*sorted(draw.sample(range(2, LARGE), 20)), LARGE]
    heads = signed(fetched(firm), tmp_path / "heads", *sequences)
    for seq in sorted(draw.sample(range(2, LARGE), times), reverse=True):  # each in front of the one before
        rewritten(firm, seq)
        assert firm.verified().ok  # without a head from outside nobody could tell
        assert found(firm, heads) == _behind(sequences, seq)


def _behind(sequences: Sequence[int], seq: int) -> set[int]:
    return {signed_at for signed_at in sequences if signed_at >= seq}


def test_a_record_cut_off_with_every_head_row_put_back_is_found(firm: Firm, tmp_path: Path) -> None:
    heads = signed(fetched(firm), tmp_path / "heads", 3000, LARGE)
    cut = 3100
    superuser(firm, "delete from gatehouse.journal where seq > %s", cut)
    superuser(firm, "delete from gatehouse.idempotency where seq > %s", cut)
    superuser(firm, "delete from gatehouse.stream_head")
    superuser(
        firm,
        "insert into gatehouse.stream_head"
        " select stream, max(stream_version) from gatehouse.journal group by stream",
    )
    superuser(
        firm,
        "update gatehouse.head h set seq = j.seq, digest = j.digest, recorded_at = j.recorded_at"
        " from gatehouse.journal j where j.seq = %s",
        cut,
    )
    assert firm.verified().ok
    assert found(firm, heads) == {cut}


def test_an_altered_head_row_of_a_stream_is_named(firm: Firm) -> None:
    """The append would take a version twice, or none any more."""
    stream = "select stream from gatehouse.journal where seq = 1000"
    for change in ("version = version + 1", "version = version - 1"):
        superuser(firm, f"update gatehouse.stream_head set {change} where stream = ({stream})")
        assert found(firm)
        superuser(
            firm,
            "update gatehouse.stream_head s set version ="
            " (select max(stream_version) from gatehouse.journal j where j.stream = s.stream)"
            f" where stream = ({stream})",
        )
    superuser(firm, f"delete from gatehouse.stream_head where stream = ({stream})")
    assert found(firm)
