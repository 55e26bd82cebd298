"""A venue's own record: one JSON line per message about an order and per thing that happened.

Reads of reports and quotes leave no line: they change nothing and name no order.

Rule 1: nothing is answered or reported before its line is on the disk (written, then fsynced; many lines
    that wait together share one fsync).
Rule 2: lines are only ever added. `seq` counts them from one without a gap.
Rule 3: a last line without its end was never answered for: it is cut off at the next start. A bad line
    before that is lost integrity and stops the start.
Rule 4: one process per file. When a write fails the ledger stays broken and the process must end.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Any, Final

import msgspec

from core.errors import IntegrityLost, WorldFailed

Line = Mapping[str, Any]
_END: Final = b"\n"
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


class Ledger:
    """Open it with `open_ledger`. `durable` is the last sequence that is on the disk."""

    def __init__(self, file: FileIO, *, path: Path, seq: int) -> None:
        self._file = file
        self._path = path
        self._waiting: list[bytes] = []
        self._flushing: asyncio.Task[None] | None = None
        self.seq = seq
        self.durable = seq
        self.broken: WorldFailed | None = None

    def add(self, kind: str, **fields: Any) -> Line:
        """Give the next line its place. It counts once `settle` has returned."""
        self.seq += 1
        line = {"seq": self.seq, "kind": kind, **fields}
        self._waiting.append(_text(line))
        return line

    async def settle(self) -> None:
        """Return when every line added so far is on the disk.

        Raises:
            WorldFailed: the disk refused. The ledger is broken and the process must end.
        """
        target = self.seq
        while self.durable < target:
            if self.broken is not None:
                raise self.broken
            if self._flushing is None:
                self._flushing = asyncio.create_task(self._flush())
            await asyncio.shield(self._flushing)

    async def _flush(self) -> None:
        batch, self._waiting = b"".join(self._waiting), []
        last = self.seq
        try:
            await asyncio.to_thread(self._write, batch)
            self.durable = last
        except OSError as bad:
            self.broken = WorldFailed(
                f"the ledger {str(self._path)!r} cannot be written: {bad.strerror}",
                fix="free some space, then start the venue again",
            )
        finally:
            self._flushing = None

    def _write(self, batch: bytes) -> None:
        view = memoryview(batch)
        while view:
            view = view[self._file.write(view) :]
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def open_ledger(path: Path) -> tuple[Ledger, tuple[Line, ...]]:
    """The ledger ready to add to, and every line that it holds.

    Raises:
        WorldFailed: another process has it, or the file cannot be opened.
        IntegrityLost: a line before the last cannot be read, or a sequence is missing.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "r+")
    except OSError as bad:
        raise WorldFailed(
            f"the ledger {str(path)!r} cannot be opened: {bad.strerror}",
            fix="give another path",
        ) from bad
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as bad:
        file.close()
        raise WorldFailed(
            f"the ledger {str(path)!r} belongs to a running venue", fix="stop that one or give another path"
        ) from bad
    lines = _whole_lines(file, path)
    return Ledger(file, path=path, seq=len(lines)), lines


def read_ledger(path: Path) -> tuple[Line, ...]:
    """Every whole line, for those who only compare. A running venue may be adding to it."""
    try:
        held = path.read_bytes()
    except FileNotFoundError:
        return ()
    whole = held[: held.rfind(_END) + 1]
    return _parsed(whole, path)


def _whole_lines(file: FileIO, path: Path) -> tuple[Line, ...]:
    held = file.readall()
    whole = held[: held.rfind(_END) + 1]
    if len(whole) != len(held):
        file.truncate(len(whole))
        os.fsync(file.fileno())
    return _parsed(whole, path)


def _parsed(whole: bytes, path: Path) -> tuple[Line, ...]:
    lines: list[Line] = []
    for number, text in enumerate(whole.splitlines(), start=1):
        try:
            line = json.loads(text)
            sound = line["seq"] == number and isinstance(line["kind"], str)
        except (ValueError, TypeError, KeyError):
            sound = False
        if not sound:
            raise IntegrityLost(
                f"line {number} of the ledger {str(path)!r} cannot be read",
                fix="keep the file, look at that line, and start the venue with another path",
            )
        lines.append(line)
    return tuple(lines)


def _text(line: Line) -> bytes:
    return _ENCODER.encode(line) + _END
