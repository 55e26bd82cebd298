"""The embedded server's guardian: a process of its own that keeps one server running while anyone holds it.

It is started by `core.database.embedded` as a script, with nothing but the standard library, and reads its
orders as JSON from its first argument.

Rule 1: a holder is a process with a shared lock on `holders.lock`. The kernel drops the lock with the
    process, however it dies, so no pid is ever believed. Without holders the server is stopped.
Rule 2: a server that dies is started again at once; one that cannot start ends the guardian.
Rule 3: the server dies with the guardian (`PR_SET_PDEATHSIG`), so nothing is ever left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

PR_SET_PDEATHSIG: Final = 1
LOOK_EVERY_MS: Final = 200
STOPS_WITHIN_S: Final = 20
# A server that lived this long had started: its death is an accident, not a broken folder.
HAD_STARTED_NS: Final = 5_000_000_000
# A postmaster killed a moment ago can stay a zombie, or its backends alive, for a few seconds.
TRIES: Final = 40

ALREADY_GUARDED: Final = 3
CANNOT_START: Final = 4


def guard(orders: Mapping[str, Any]) -> int:
    folder = Path(orders["folder"])
    with (folder / "guardian.lock").open("a") as mine:
        if not taken(mine):
            return ALREADY_GUARDED
        return keep_running(orders, folder)


def keep_running(orders: Mapping[str, Any], folder: Path) -> int:
    tries, log = TRIES, Path(orders["log"])
    said_before = size(log)
    server, since_ns = start(orders), time.monotonic_ns()
    while True:
        pause()
        if nobody_holds(folder, server):
            return 0
        if server.poll() is None:
            continue
        tries = TRIES if time.monotonic_ns() - since_ns > HAD_STARTED_NS else tries - 1
        if not tries or not worth_another_try(log, said_before):
            return CANNOT_START
        said_before = size(log)
        server, since_ns = start(orders), time.monotonic_ns()


def start(orders: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)

    def die_with_the_guardian() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)

    as_user = {"user": orders["uid"], "group": orders["gid"], "extra_groups": []} if orders["uid"] else {}
    with Path(orders["log"]).open("ab") as log:
        return subprocess.Popen(
            orders["command"],
            cwd=orders["folder"],
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # Set after the change of user, which would clear it; safe, because this process has one thread.
            preexec_fn=die_with_the_guardian,
            **as_user,
        )


def nobody_holds(folder: Path, server: subprocess.Popen[bytes]) -> bool:
    """True after the server was stopped, because no process held it any more.

    Someone who is just coming in holds `start.lock`: then it is not the time.
    """
    with (folder / "holders.lock").open("a") as holders, (folder / "start.lock").open("a") as starting:
        if not (taken(holders) and taken(starting)):
            return False
        stop(server)
        return True


def stop(server: subprocess.Popen[bytes]) -> None:
    for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, none left to ask
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(request)
        try:
            server.wait(timeout=STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            continue
        return


def taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def worth_another_try(log: Path, said_before: int) -> bool:
    """A leftover of the last server passes by itself; a broken folder or a full disk does not."""
    with log.open("rb") as lines:
        lines.seek(said_before)
        said = lines.read().decode(errors="replace")
    reasons = [line for line in said.splitlines() if "] @ FATAL:" in line or line.startswith("postgres:")]
    return all(passes_by_itself(line) for line in reasons)


def passes_by_itself(line: str) -> bool:
    return any(words in line for words in ("lock file", "shared memory block", "terminating"))


def size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def pause() -> None:
    time.sleep(LOOK_EVERY_MS / 1000)


if __name__ == "__main__":
    sys.exit(guard(json.loads(sys.argv[1])))
