"""A venue's ledger: what is answered is on the disk, and what cannot be read stops the start."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from core.errors import IntegrityLost, WorldFailed
from core.venues.simulated.ledger import open_ledger, read_ledger


@pytest.mark.anyio
async def test_settled_lines_are_on_the_disk_in_order(tmp_path: Path) -> None:
    ledger, before = open_ledger(tmp_path / "a")
    for number in range(50):
        ledger.add("message", number=number)
    await ledger.settle()
    assert before == ()
    assert [line["number"] for line in read_ledger(tmp_path / "a")] == list(range(50))
    assert ledger.durable == 50
    ledger.close()


@pytest.mark.anyio
async def test_many_that_wait_together_are_all_settled(tmp_path: Path) -> None:
    ledger, _ = open_ledger(tmp_path / "a")

    async def one(number: int) -> None:
        line = ledger.add("message", number=number)
        await ledger.settle()
        assert ledger.durable >= line["seq"]

    async with anyio.create_task_group() as tasks:
        for number in range(200):
            tasks.start_soon(one, number)
    assert len(read_ledger(tmp_path / "a")) == 200
    ledger.close()


def test_a_second_process_on_the_same_file_is_refused(tmp_path: Path) -> None:
    ledger, _ = open_ledger(tmp_path / "a")
    with pytest.raises(WorldFailed, match="belongs to a running venue"):
        open_ledger(tmp_path / "a")
    ledger.close()


@pytest.mark.parametrize(
    "held",
    [
        b'{"seq":1,"kind":"opened"}\nrubbish\n{"seq":3,"kind":"message"}\n',
        b'{"seq":1,"kind":"opened"}\n{"seq":3,"kind":"message"}\n',
        b'{"seq":1}\n',
        b"[]\n",
    ],
)
def test_a_bad_line_before_the_end_is_lost_integrity(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "a").write_bytes(held)
    with pytest.raises(IntegrityLost):
        open_ledger(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == held


def test_a_torn_end_is_cut_off_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'{"seq":1,"kind":"opened"}\n{"seq":2,"ki')
    ledger, lines = open_ledger(tmp_path / "a")
    ledger.close()
    assert [line["seq"] for line in lines] == [1]
    assert (tmp_path / "a").read_bytes() == b'{"seq":1,"kind":"opened"}\n'
