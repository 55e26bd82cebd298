"""The halt file: what it says is what holds, and whatever cannot be believed halts everything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import WallClock
from core.errors import BadInput, WorldFailed
from core.halts.file import NAME, Halt, HaltFile, fresh_halt_id
from core.halts.scope import FORM, Scope, in_words, scope
from tests.fixtures.halts import AT, KEY, halt, opened

OURS: Final = {"account:acc-1", "symbol:AAPL", "venue:ARCADIA"}


def anew(folder: Path, key: bytes = KEY) -> HaltFile:
    """As another process sees it."""
    return HaltFile(folder, key, WallClock())


def test_before_it_was_made_everything_is_halted(tmp_path: Path) -> None:
    assert "everything" in str(anew(tmp_path).read().stops(OURS))


def test_a_first_one_halts_nothing_and_what_is_added_stays(tmp_path: Path) -> None:
    file = opened(tmp_path)
    assert file.read().stops(OURS) is None
    one = halt("symbol:AAPL")
    file.add(one)
    assert anew(tmp_path).read().halts == (one,)
    assert anew(tmp_path).read().stops(OURS) == "trading is stopped for symbol AAPL"
    assert anew(tmp_path).read().stops({"symbol:KO"}) is None


def test_everything_covers_every_order(tmp_path: Path) -> None:
    opened(tmp_path).add(halt("all"))
    assert anew(tmp_path).read().stops(set()) == "trading is stopped for everything"


def test_the_same_halt_twice_is_one(tmp_path: Path) -> None:
    file, one = opened(tmp_path), halt("all")
    first = file.add(one)
    assert file.add(one) == first
    assert anew(tmp_path).read().halts == (one,)


def test_only_what_the_record_lifted_goes_and_what_it_does_not_know_stays(tmp_path: Path) -> None:
    file = opened(tmp_path)
    known, beside, lifted = halt("symbol:KO"), halt("symbol:AAPL"), halt("all")
    file.add(beside, lifted)
    file.settle([known], lifted={lifted.id})
    assert {one.id for one in anew(tmp_path).read().halts} == {known.id, beside.id}


def test_making_it_anew_takes_nothing_out_of_one_that_is_there(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.add(halt("all"))
    assert anew(tmp_path).make(()).stops(OURS)


@pytest.mark.parametrize("damage", ["empty", "one bit", "cut", "no json", "other key", "a folder", "gone"])
def test_what_cannot_be_believed_halts_everything(tmp_path: Path, damage: str) -> None:
    file = opened(tmp_path)
    path = tmp_path / NAME
    raw = path.read_bytes()
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "one bit":
            path.write_bytes(bytes([raw[0] ^ 1]) + raw[1:])
        case "cut":
            path.write_bytes(raw[:-1])
        case "no json":
            path.write_bytes(b"everything is fine\n")
        case "other key":
            path.unlink()
            anew(tmp_path, b"x" * 32).make(())
        case "a folder":
            path.unlink()
            path.mkdir()
        case "gone":
            path.unlink()
    for reader in (file, anew(tmp_path)):
        assert "trading is stopped for everything" in str(reader.read().stops(OURS)), damage


def test_every_bit_of_it_counts(tmp_path: Path) -> None:
    opened(tmp_path).add(halt("symbol:KO"))
    path = tmp_path / NAME
    raw = path.read_bytes()
    for bit in Random(1).sample(range(len(raw) * 8), 200):
        broken = bytearray(raw)
        broken[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(broken))
        assert anew(tmp_path).read().fault, bit


def test_an_older_file_put_back_is_not_believed(tmp_path: Path) -> None:
    reader = anew(tmp_path)
    file = opened(tmp_path)
    before = (tmp_path / NAME).read_bytes()
    file.add(halt("all"))
    assert reader.read().fault is None
    (tmp_path / NAME).write_bytes(before)
    assert "older" in str(reader.read().fault)


def test_a_halt_beside_a_damaged_file_keeps_everything_halted_and_is_kept_itself(tmp_path: Path) -> None:
    file = opened(tmp_path)
    (tmp_path / NAME).write_bytes(b"nonsense")
    one = halt("symbol:AAPL")
    file.add(one)
    now = anew(tmp_path).read()
    assert now.fault is None
    assert [(found.scope, found.cause) for found in now.halts] == [
        ("all", "file"),
        ("symbol:AAPL", "machine"),
    ]
    assert list(tmp_path.glob(f"{NAME}.unreadable-*")), "what it was is kept for whoever looks"


def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    writer, reader = opened(tmp_path), anew(tmp_path)
    done = threading.Event()

    def write() -> None:
        for n in range(150):
            writer.add(halt(f"symbol:S{n}"))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = 0
    while not done.is_set():
        now = reader.read()
        assert now.fault is None, now.fault
        assert len(now.halts) >= seen
        seen = len(now.halts)
    thread.join()
    assert len(reader.read().halts) == 150


WRITES: Final = """
import sys
from pathlib import Path
from tests.fixtures.halts import halt, opened
file = opened(Path(sys.argv[1]))
for n in range(10_000):
    file.add(halt(f"symbol:{sys.argv[2]}{n}"))
    print(n, flush=True)
"""


def test_of_many_writers_that_are_killed_none_loses_what_was_acknowledged(tmp_path: Path) -> None:
    opened(tmp_path)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITES, str(tmp_path), name], stdout=subprocess.PIPE, text=True
        )
        for name in ("A", "B", "C")
    ]
    acknowledged: dict[str, int] = {}
    for name, writer in zip("ABC", writers, strict=True):
        assert writer.stdout is not None
        for _ in range(8):
            acknowledged[name] = int(writer.stdout.readline())
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
    now = anew(tmp_path).read()
    assert now.fault is None
    scopes = {one.scope for one in now.halts}
    for name, last in acknowledged.items():
        assert scopes >= {f"symbol:{name}{n}" for n in range(last + 1)}


def test_a_folder_that_cannot_be_written_says_so_and_what_was_there_holds(tmp_path: Path) -> None:
    folder = tmp_path / "a-file"
    folder.write_text("in the way")
    with pytest.raises(WorldFailed, match="cannot be written"):
        anew(folder).add(halt("all"))


def test_reading_it_costs_no_more_than_a_send_may(tmp_path: Path) -> None:
    """By work, not by the clock: what has not changed is read, and not taken apart again."""
    file = opened(tmp_path)
    file.add(halt("all"))
    assert file.read() is not None
    assert file.read().halts is file.read().halts


@pytest.mark.parametrize(
    "text",
    ["", "ALL", "all ", "venue", "venue:", "venue:A B", "account:../x", "planet:mars", "all\n", "x" * 200],
)
def test_what_is_no_scope_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(BadInput) as no:
        scope(text)
    assert no.value.field == "scope"


@given(st.from_regex(FORM, fullmatch=True))
def test_a_scope_comes_back_from_the_file_as_it_went_in(named: str) -> None:
    one = Halt(fresh_halt_id(), Scope(named), AT, "machine", reason="a “reason”\n")
    assert in_words(named)
    assert replace(one).scope == scope(named)
