"""The halt file: what is stopped, on this machine's disk, whether or not a database answers.

Rule 1: it is read before each send. Missing, unreadable, altered or older than what was read before:
    everything is halted, and who writes next writes that down: a person looks before anything leaves again.
Rule 2: it is replaced whole, under one lock of the folder: written beside, synced, renamed, the folder
    synced. Who has been told that it is written finds it after a power cut.
Rule 3: it is sealed with a key (HMAC-SHA256) that the copilot does not hold, in a folder that its user cannot
    enter: it can neither write a halt nor take one away.
Rule 4: the file is the spool too. A halt whose id the record does not know is appended when the database is
    back.
Rule 5: it is added to by whoever halts; only the worker takes out of it, and only what the record says is
    lifted.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any, Final

from core.clock import Clock
from core.errors import BadInput, WorldFailed
from core.halts.events import Cause
from core.halts.scope import EVERYTHING, Scope, in_words, scope
from core.ids import PersonId, random_bytes

NAME: Final = "halts"
MODE: Final = 0o660  # its owner's and the group's of `front` and `worker`: either may replace it
LARGEST: Final = 1 << 20  # bytes; a file beyond that is none of ours
LOCKED_WITHIN: Final = timedelta(seconds=2)
BETWEEN_TRIES: Final = timedelta(milliseconds=5)
SEALED_AS: Final = b"gatehouse halt file\n"


@dataclass(frozen=True, slots=True)
class Halt:
    """One halt as the file has it. `named` is who was signed in at the machine, by its own word.

    `reason` is in clear only where the machine's command wrote it and the record has not taken it in yet.
    """

    id: str
    scope: Scope
    at: datetime
    cause: Cause
    named: PersonId | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Halts:
    """What one reading found. `fault` is why nothing can be believed; then everything is halted."""

    revision: int
    halts: tuple[Halt, ...]
    fault: str | None = None

    def stops(self, scopes: Collection[str]) -> str | None:
        """Why nothing of these scopes may leave; None: nothing here stops it. `all` need not be among
        them."""
        if self.fault is not None:
            return f"trading is stopped for everything: {self.fault}"
        for halt in self.halts:
            if halt.scope == EVERYTHING or halt.scope in scopes:
                return f"trading is stopped for {in_words(halt.scope)}"
        return None


def fresh_halt_id() -> str:
    return f"hlt-{random_bytes.get()(16).hex()}"


class HaltFile:
    """One folder's file. Reading takes a few microseconds and no lock."""

    def __init__(self, folder: Path, key: bytes, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._path = folder / NAME
        self._key = key
        self._seen: tuple[bytes, Halts] = (b"", Halts(0, (), "the halt file was not read yet"))

    def read(self) -> Halts:
        """What is halted now. Never raises, never answers what it read before of a file that is another
        now."""
        try:
            file = os.open(
                self._path, os.O_RDONLY | os.O_CLOEXEC
            )  # asked before each send: no buffer around it
            try:
                raw = os.read(file, min(os.fstat(file).st_size, LARGEST) + 1)
            finally:
                os.close(file)
        except FileNotFoundError:
            return self._unread("the halt file is missing")
        except OSError as bad:
            return self._unread(f"the halt file cannot be read ({bad.strerror})")
        if raw == self._seen[0]:
            return self._seen[1]
        before = self._seen[1].revision
        found = self._opened(raw)
        if found.fault is None and found.revision < before:
            return self._unread("the halt file is older than what was read before")
        if found.fault is None:
            self._seen = (raw, found)
        return replace(found, revision=max(found.revision, before))

    @property
    def missing(self) -> bool:
        """Whether there is none. A folder that cannot be entered is not the same."""
        try:
            self._path.lstat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def add(self, *halts: Halt) -> Halts:
        """Write them down, beside what is there. On disk when this returns. Where what is there cannot be
        believed, it is set aside, and that everything is halted is written down with them.

        Raises:
            WorldFailed: it could not be written. What was there holds.
        """
        with self._alone():
            now = self.read()
            if now.fault is not None:
                everything = Halt(fresh_halt_id(), EVERYTHING, self._clock.now(), "file")
                return self._anew(now.revision, (everything, *halts))
            known = {halt.id for halt in now.halts}
            more = tuple(halt for halt in halts if halt.id not in known)
            return self._write(Halts(now.revision + 1, (*now.halts, *more))) if more else now

    def settle(self, standing: Iterable[Halt], *, lifted: Collection[str]) -> Halts:
        """Bring it in line with the record: what stands there is in it, what was lifted is not. What the
        record does not know stays.

        Raises:
            WorldFailed: it could not be written.
        """
        with self._alone():
            now = self.read()
            if now.fault is not None:
                return now
            record = {halt.id: halt for halt in standing}
            kept = [record.pop(halt.id, halt) for halt in now.halts if halt.id not in lifted]
            wanted = (*kept, *record.values())
            return now if wanted == now.halts else self._write(Halts(now.revision + 1, wanted))

    def make(self, standing: Iterable[Halt]) -> Halts:
        """The first one, with these. Where there is one, nothing is made: `read` says what it is.

        Raises:
            WorldFailed: it could not be written.
        """
        with self._alone():
            return self._anew(0, tuple(standing)) if self.missing else self.read()

    def _anew(self, revision: int, halts: tuple[Halt, ...]) -> Halts:
        if not self.missing:
            aside = self._path.with_name(f"{NAME}.unreadable-{secrets.token_hex(4)}")
            with _written(self.folder):
                self._path.replace(aside)
        return self._write(Halts(revision + 1, halts))

    def _unread(self, why: str) -> Halts:
        return Halts(self._seen[1].revision, (), why)

    def _opened(self, raw: bytes) -> Halts:
        body, _, mac = raw.rpartition(b"\n")
        if not hmac.compare_digest(self._mac(body), mac):
            return Halts(0, (), "the halt file is damaged, or nobody's of ours")
        try:
            held = json.loads(body)
            return Halts(int(held["revision"]), tuple(_halt(one) for one in held["halts"]))
        except (ValueError, KeyError, TypeError, BadInput):
            return Halts(0, (), "the halt file is of another version")

    def _write(self, halts: Halts) -> Halts:
        body = json.dumps(
            {"revision": halts.revision, "halts": [_told(halt) for halt in halts.halts]}
        ).encode()
        raw = body + b"\n" + self._mac(body)
        fresh = self._path.with_name(f".{NAME}.new")
        with _written(self.folder):
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as file:
                os.fchmod(file.fileno(), MODE)
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
            _sync(self.folder)
        self._seen = (raw, halts)
        return halts

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, SEALED_AS + body, "sha256").hex().encode()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else writes it meanwhile; the kernel gives the lock back when a process dies."""
        with _written(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            ends_ns = self._clock.monotonic_ns() + LOCKED_WITHIN // timedelta(microseconds=1) * 1000
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if self._clock.monotonic_ns() > ends_ns:
                        raise WorldFailed(
                            f"another process holds the halt file in {str(self.folder)!r}",
                            fix="try again; or stop the worker: nothing leaves without it",
                        ) from None
                    sleep(BETWEEN_TRIES.total_seconds())
            yield
        finally:
            os.close(lock)


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as bad:
        raise WorldFailed(
            f"the halt file in {str(folder)!r} cannot be written: {bad.strerror}",
            fix="stop the worker: nothing leaves without it; then mend the folder",
        ) from bad


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _told(halt: Halt) -> Mapping[str, Any]:
    return {
        "id": halt.id,
        "scope": halt.scope,
        "at": halt.at.astimezone(UTC).isoformat(),
        "cause": halt.cause,
        "named": halt.named,
        "reason": halt.reason,
    }


def _halt(held: Mapping[str, Any]) -> Halt:
    return Halt(
        id=str(held["id"]),
        scope=scope(held["scope"]),
        at=datetime.fromisoformat(held["at"]),
        cause=held["cause"],
        named=held["named"],
        reason=held["reason"],
    )
