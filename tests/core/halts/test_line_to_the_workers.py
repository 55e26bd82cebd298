"""The line from whoever halts to each worker: its answer means that no further send begins."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from core.clock import WallClock
from core.halts.beside import Beside, Stopped
from core.halts.channel import ASKED, _near, _sealed, listening, tell
from core.halts.watch import Watch
from tests.fixtures.halts import KEY, halt, opened, watching

OURS: Final = {"account:acc-1", "symbol:AAPL"}


@asynccontextmanager
async def worker(folder: Path, watch: Watch | None = None) -> AsyncIterator[Watch]:
    found = watch or watching(folder)
    with listening(folder, KEY, WallClock(), found, lambda: ({"order": "o-1", "status": "ACCEPTED"},)):
        yield found


async def stop(folder: Path, named: str = "all", key: bytes = KEY) -> Stopped:
    return await Beside(folder, key, WallClock()).stop(halt(named))


@pytest.mark.anyio
async def test_after_the_answer_nothing_of_the_scope_begins(tmp_path: Path) -> None:
    async with worker(tmp_path) as watch:
        with watch.beginning(OURS) as why:
            assert why is None
        said = await stop(tmp_path, "symbol:AAPL")
        assert (said.workers, said.silent, said.on_the_way) == (1, (), 0)
        assert said.orders == ({"order": "o-1", "status": "ACCEPTED"},)
        with watch.beginning(OURS) as why:
            assert why == "trading is stopped for symbol AAPL"
        with watch.beginning({"symbol:KO"}) as why:
            assert why is None


@pytest.mark.anyio
async def test_the_answer_waits_for_a_send_that_has_begun(tmp_path: Path) -> None:
    async with worker(tmp_path) as watch:
        with watch.beginning(OURS) as why:
            assert why is None
            asked = asyncio.create_task(stop(tmp_path))
            while watch.why(OURS) is None:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            assert not asked.done()
        assert (await asked).on_the_way == 0


@pytest.mark.anyio
async def test_a_send_that_does_not_come_back_is_counted_and_no_other_begins(tmp_path: Path) -> None:
    async with worker(tmp_path) as watch:
        with watch.beginning(OURS):
            assert (await stop(tmp_path)).on_the_way == 1
            with watch.beginning(OURS) as why:
                assert why is not None


@pytest.mark.anyio
async def test_every_worker_is_asked_and_a_dead_ones_socket_is_no_worker(tmp_path: Path) -> None:
    async with worker(tmp_path), worker(tmp_path):
        left = tmp_path / "worker-1-dead.sock"
        with _near(tmp_path) as near:
            dead = socket.socket(socket.AF_UNIX)
            dead.bind(f"{near}/{left.name}")
            dead.close()
        said = await stop(tmp_path)
        assert (said.workers, said.silent) == (2, ())
        assert not left.exists()
    assert (await stop(tmp_path)).workers == 0


STOPPED: Final = """
import asyncio, sys
from pathlib import Path
from core.clock import WallClock
from core.halts.channel import listening
from tests.fixtures.halts import KEY, watching
async def main(folder):
    with listening(folder, KEY, WallClock(), watching(folder), lambda: ()):
        print("here", flush=True)
        await asyncio.sleep(60)
asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.anyio
async def test_a_worker_that_cannot_answer_is_named_and_the_file_holds_for_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", STOPPED, str(tmp_path)], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            other.stdout.readline()
            os.kill(other.pid, signal.SIGSTOP)
            said = await stop(tmp_path)
            assert said.workers == 0
            assert [name.split("-")[1] for name in said.silent] == [str(other.pid)]
            assert watching(tmp_path).why(OURS)
        finally:
            other.kill()


async def say(folder: Path, line: bytes) -> bytes:
    (path,) = folder.glob("worker-*.sock")
    with _near(folder) as near:
        reader, writer = await asyncio.open_unix_connection(f"{near}/{path.name}")
    writer.write(line)
    await writer.drain()
    said = await reader.readline()
    writer.close()
    return said


FORGED: Final = {
    "nothing": b"\n",
    "no seal": json.dumps({"revision": 1, "nonce": "n"}).encode() + b"\n",
    "another's seal": _sealed(b"x" * 32, ASKED, {"revision": 1, "nonce": "n"}),
    "an answer's seal": _sealed(KEY, b"gatehouse halt answered\n", {"revision": 1, "nonce": "n"}),
    "a list": _sealed(KEY, ASKED, []),  # type: ignore[arg-type]
    "noise": os.urandom(300) + b"\n",
}


@pytest.mark.anyio
@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_question_gets_no_answer_and_changes_nothing(tmp_path: Path, how: str) -> None:
    async with worker(tmp_path) as watch:
        assert await say(tmp_path, FORGED[how]) == b""
        assert watch.why(OURS) is None
        assert (await stop(tmp_path)).workers == 1


@pytest.mark.anyio
@pytest.mark.parametrize("lies", ["without the key", "a replay", "not read"])
async def test_nobody_else_answers_for_a_worker(tmp_path: Path, lies: str) -> None:
    """Whoever takes its place says that all is well; it counts as silent."""
    opened(tmp_path)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked: dict[str, Any] = json.loads((await reader.readline()).partition(b" ")[2])
        nonce = "0" * 32 if lies == "a replay" else asked["nonce"]
        said: dict[str, Any] = {
            "nonce": nonce,
            "read": lies != "not read",
            "fault": None,
            "on_the_way": 0,
            "orders": [],
        }
        key = b"x" * 32 if lies == "without the key" else KEY
        writer.write(_sealed(key, b"gatehouse halt answered\n", said))
        await writer.drain()
        writer.close()

    with _near(tmp_path) as near:
        server = await asyncio.start_unix_server(answer, f"{near}/worker-1-liar.sock")
    async with server:
        said = await stop(tmp_path)
    assert (said.workers, said.silent) == (0, ("worker-1-liar",))


@pytest.mark.anyio
async def test_a_worker_acknowledges_only_what_it_has_read(tmp_path: Path) -> None:
    async with worker(tmp_path) as watch:
        assert watch.why(OURS) is None
        told = await tell(tmp_path, KEY, 5)
        assert (told.acknowledged, len(told.silent)) == ((), 1)


@pytest.mark.anyio
async def test_the_folder_and_its_sockets_are_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "halts"
    async with worker(folder):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o007 == 0
        for path in folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0, path


@pytest.mark.anyio
async def test_a_home_with_a_long_name_has_a_line_too(tmp_path: Path) -> None:
    """A socket's own name may have 107 bytes."""
    folder = tmp_path / ("deep-" * 20) / ("er-" * 30)
    async with worker(folder):
        assert (await stop(folder)).workers == 1


@pytest.mark.anyio
async def test_what_the_record_says_is_halted_counts_beside_the_file(tmp_path: Path) -> None:
    watch = watching(tmp_path)
    watch.recorded((halt("account:acc-1"),))
    assert watch.why(OURS) == "trading is stopped for account acc-1"
    watch.recorded(())
    assert watch.why(OURS) is None


@pytest.mark.anyio
async def test_quiet_waits_for_those_that_had_begun_and_not_for_ever(tmp_path: Path) -> None:
    watch = watching(tmp_path)
    assert await watch.quiet(timedelta(seconds=5)) == 0
    with watch.beginning(OURS), watch.beginning(OURS):
        assert await watch.quiet(timedelta(milliseconds=10)) == 2
