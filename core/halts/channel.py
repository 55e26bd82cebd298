"""The line beside the record, from whoever halts to each worker: a socket in the halts' own folder.

Rule 1: who halts has written the file before it asks. The worker answers when it has read that file, or a
    newer one, and its sends have come to rest: from then on no send begins that the file stops.
Rule 2: both sides prove that they hold the halts' key, over a number that is asked for once: nobody else's
    question is answered, and nobody else can answer for a worker.
Rule 3: a socket that nobody listens on is a dead worker's, and sends nothing. One that does not answer in
    time is named: the file holds for it too, whenever it goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any, Final

import structlog

from core.clock import Clock
from core.errors import WorldFailed
from core.halts.file import HaltFile
from core.halts.watch import Watch

SUFFIX: Final = ".sock"
LONGEST: Final = 1 << 22  # bytes of a question or an answer
RESTS_WITHIN: Final = timedelta(seconds=1)  # for sends that have begun: then they are counted
ANSWERS_WITHIN: Final = timedelta(seconds=3)
STOPS_WITHIN: Final = timedelta(seconds=1)
ASKED: Final = b"gatehouse halt asked\n"
ANSWERED: Final = b"gatehouse halt answered\n"
MODE: Final = 0o660

log = structlog.get_logger(__name__)

Order = Mapping[str, str | None]
Orders = Callable[[], Sequence[Order]]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A worker's word. `on_the_way` are sends that began before and have no answer yet; `orders` are those
    that it has not seen the end of. `fault`: why it halts everything, where its file cannot be believed."""

    worker: str
    on_the_way: int
    orders: tuple[Order, ...]
    fault: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """Every live worker's word, and those that gave none in time."""

    acknowledged: tuple[Acknowledged, ...]
    silent: tuple[str, ...]


@contextmanager
def listening(folder: Path, key: bytes, clock: Clock, watch: Watch, orders: Orders) -> Iterator[None]:
    """Answer whoever halts, for as long as this is open. Begin before the first send.

    Raises:
        WorldFailed: no socket can be made in that folder.
    """
    path = folder / f"worker-{os.getpid()}-{secrets.token_hex(3)}{SUFFIX}"
    server = socket.socket(socket.AF_UNIX)
    try:
        with _near(folder) as near:
            server.bind(f"{near}/{path.name}")
        path.chmod(MODE)
        server.listen()
    except OSError as bad:
        server.close()
        raise WorldFailed(
            f"no line for halts can be opened in {str(folder)!r}: {bad.strerror}",
            fix="set GATEHOUSE_HALTS to a folder of this machine's own disk",
        ) from bad
    listener = _Listener(server, key, HaltFile(folder, key, clock), watch, orders)
    listener.start()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        listener.stop()


class _Listener(Thread):
    """A thread with a loop of its own: an answer does not wait behind a thousand orders."""

    def __init__(
        self, server: socket.socket, key: bytes, file: HaltFile, watch: Watch, orders: Orders
    ) -> None:
        super().__init__(name="halts", daemon=True)
        self._server = server
        self._key = key
        self._file = file
        self._watch = watch
        self._orders = orders
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()

    def run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(STOPS_WITHIN.total_seconds())

    async def _serve(self) -> None:
        async with await asyncio.start_unix_server(self._answer, sock=self._server, limit=LONGEST):
            await self._over.wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN.total_seconds()):
                asked = _opened(self._key, ASKED, await reader.readline())
                if asked is None:
                    log.warning("halt_line_refused")
                else:
                    writer.write(_sealed(self._key, ANSWERED, await self._said(asked)))
                    await writer.drain()
        except (OSError, TimeoutError, ValueError, KeyError) as bad:
            log.warning("halt_line_broke", says=str(bad) or type(bad).__name__)
        finally:
            writer.close()

    async def _said(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        now = self._file.read()
        return {
            "nonce": asked["nonce"],
            "read": now.fault is not None or now.revision >= int(asked["revision"]),
            "fault": now.fault,
            "on_the_way": await self._watch.quiet(RESTS_WITHIN),
            "orders": list(self._orders()),
        }


async def tell(folder: Path, key: bytes, revision: int) -> Told:
    """Ask every live worker to have read that revision, and wait for their words."""
    sockets = sorted(folder.glob(f"worker-*{SUFFIX}")) if folder.is_dir() else []
    words = await asyncio.gather(*(_ask(folder, key, path.name, revision) for path in sockets))
    answered = tuple(word for word in words if isinstance(word, Acknowledged))
    return Told(answered, tuple(word for word in words if isinstance(word, str)))


async def _ask(folder: Path, key: bytes, name: str, revision: int) -> Acknowledged | str | None:
    """Its word; its name where it gave none; None where nobody is there."""
    worker = name.removesuffix(SUFFIX)
    try:
        async with asyncio.timeout(ANSWERS_WITHIN.total_seconds()):
            return await _asked(folder, key, name, revision) or worker
    except (ConnectionRefusedError, FileNotFoundError):
        with contextlib.suppress(OSError):
            (folder / name).unlink()
        return None
    except (OSError, TimeoutError, ValueError, KeyError):
        return worker


async def _asked(folder: Path, key: bytes, name: str, revision: int) -> Acknowledged | None:
    nonce = secrets.token_hex(16)
    with _near(folder) as near:
        reader, writer = await asyncio.open_unix_connection(f"{near}/{name}", limit=LONGEST)
    try:
        writer.write(_sealed(key, ASKED, {"revision": revision, "nonce": nonce}))
        await writer.drain()
        said = _opened(key, ANSWERED, await reader.readline())
    finally:
        writer.close()
    if said is None or said["nonce"] != nonce or said["read"] is not True:
        return None
    return Acknowledged(
        name.removesuffix(SUFFIX), int(said["on_the_way"]), tuple(said["orders"]), said["fault"]
    )


def _sealed(key: bytes, purpose: bytes, said: Mapping[str, Any]) -> bytes:
    body = json.dumps(said).encode()
    return hmac.digest(key, purpose + body, "sha256").hex().encode() + b" " + body + b"\n"


def _opened(key: bytes, purpose: bytes, line: bytes) -> Mapping[str, Any] | None:
    """What was said by who holds the key; None: somebody else, or nothing that can be read."""
    mac, _, body = line.rstrip(b"\n").partition(b" ")
    if not hmac.compare_digest(hmac.digest(key, purpose + body, "sha256").hex().encode(), mac):
        return None
    said = json.loads(body)
    return said if isinstance(said, dict) else None


@contextmanager
def _near(folder: Path) -> Iterator[str]:
    """A short name for the folder: a socket's own may have 107 bytes and no more (unix(7))."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
