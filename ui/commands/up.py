"""`gatehouse up`: from a fresh checkout to a firm at work, and back down with Ctrl-C.

Rule 1: one `up` a home, by a lock that the kernel drops with the process.
Rule 2: whatever can be refused is refused before anything starts: a second `up`, a taken port, a full disk.
Rule 3: every step looks first what is there: a start that was killed anywhere is gone on with.
Rule 4: passwords are printed once, to the terminal, and stand in no file and no log.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Annotated, Final

import typer

from core import settings
from core.clock import WallClock
from core.database.logins import OWNER, Logins
from core.database.pools import connect
from core.database.ready import Ready, make_ready
from core.errors import BadInput, Conflict, WorldFailed
from core.firm.demo import SEED
from core.firm.found import found
from core.firm.models import CUSTODIANS
from core.firm.people import PEOPLE
from core.people.keystore import KeyStore
from core.settings import Environment
from core.venues.simulated.characters import CHARACTERS
from ui.processes.bytecode import compile_once, is_compiled
from ui.processes.first_start import Newcomers, done_file
from ui.processes.isolation import hand_over, isolation
from ui.processes.plan import Wanted, names, plan, reachable, system
from ui.processes.ports import free, refuse_taken
from ui.processes.secrets_kept import kept_in
from ui.processes.supervise import Supervisor
from ui.processes.tether import tie

ROOT: Final = Path(__file__).resolve().parents[2]
VENUES: Final = tuple(sorted(CHARACTERS))
KEEPERS: Final = tuple(sorted(one.custodian for one in CUSTODIANS))
ENTRIES_SAID_EVERY: Final = 500


def up(
    bare: Annotated[
        bool, typer.Option("--bare", help="The firm and the processes alone: no passwords, notes, proposals.")
    ] = False,
    pace_ms: Annotated[
        int, typer.Option("--pace-ms", min=0, help="How often simulated quotes move; 0: they stand still.")
    ] = 5000,
    spans: Annotated[
        bool,
        typer.Option(
            "--spans", help="Write the copilot's steps as spans, without content: run/copilot/spans.jsonl."
        ),
    ] = False,
    with_parent: Annotated[
        int | None, typer.Option("--with-parent", help="Its process id: stop when it ends. For worlds.")
    ] = None,
) -> None:
    """Start everything and print the address. The first start makes the demo firm; Ctrl-C stops it all."""
    env = settings.environment()
    with _one_line_for_a_full_disk(), _ended_by_signals(), ExitStack() as stack:
        if with_parent is not None and not tie(with_parent, signal.SIGTERM):
            raise WorldFailed("the process that started this one has ended", fix="start it again")
        chosen = settings.model(env)  # refused now, if it is, and not after the firm stands
        home, host, port = settings.home(env), env.get("GATEHOUSE_HOST") or "127.0.0.1", settings.port(env)
        stack.enter_context(_only_one(home))
        refuse_taken(host, port)
        say = Steps()
        say("starting the database (the first start makes it: a few seconds)")
        ready = make_ready(env, root=ROOT)
        stack.callback(ready.close)
        if ready.landed:
            say(f"{len(ready.landed)} migrations landed")
        _found_once(ready.logins, settings.keystore(env), say)
        pace = timedelta(milliseconds=pace_ms)
        supervisor = _supervisor(env, ready, (host, port), pace, say, spans=spans)
        stack.callback(supervisor.stop)
        say("starting the processes")
        supervisor.watch(lambda: supervisor.settled)
        url = f"http://{reachable(host)}:{port}"
        if not bare and not done_file(home).exists():
            newcomers = Newcomers(url, ready.logins, vectors=chosen.embeddings != "none")
            _welcome(supervisor, newcomers, home, say)
        say(f"Gatehouse is at {url}   (Ctrl-C stops everything and loses nothing)")
        supervisor.watch(lambda: False)


class Steps:
    """Progress on stdout, each line with the seconds since the start."""

    def __init__(self) -> None:
        self._begun_ns = WallClock().monotonic_ns()

    def __call__(self, line: str) -> None:
        tenths = (WallClock().monotonic_ns() - self._begun_ns) // 100_000_000
        typer.echo(f"{tenths // 10:>4}.{tenths % 10} s  {line}")


def _found_once(logins: Logins, keystore: Path, say: Steps) -> None:
    """The demo firm's entries, where its first business day has not opened yet: that entry is the last."""
    with connect(logins.dsn(OWNER), name="up") as owner:
        if owner.execute("select from gatehouse.market_day").fetchone() is not None:
            return
    say("founding the demo firm: synthetic people, real closes")

    def told(done: int) -> None:
        if done % ENTRIES_SAID_EVERY == 0:
            say(f"{done} entries")

    count = asyncio.run(found(logins.dsn(OWNER), KeyStore(keystore), WallClock(), seed=SEED, told=told))
    say(f"the demo firm stands: {count} entries")


def _supervisor(
    env: Environment, ready: Ready, address: tuple[str, int], pace: timedelta, say: Steps, *, spans: bool
) -> Supervisor:
    home = settings.home(env)
    walls = isolation(names(VENUES), home)
    wanted = Wanted(
        home=home,
        host=address[0],
        ports=(address[1], *free(2 + 2 * len(VENUES))),
        venues=VENUES,
        custodians=KEEPERS,
        pace=pace,
        seed=SEED,
        spans=spans,
    )
    processes = plan(env, wanted, logins=ready.logins, kept=kept_in(home, VENUES, KEEPERS))
    folders = {process.name: process.folders for process in processes}
    hand_over(settings.keystore(env), settings.halts(env), walls, folders)
    say(walls.says)
    if walls.separate and not is_compiled():
        say("compiling the packages for them, once")
        compile_once(system())
    cluster = ready.cluster
    return Supervisor(
        processes,
        home=home,
        walls=walls,
        told=say,
        keep_server=cluster.ensure_running if cluster is not None else (lambda: None),
    )


def _welcome(supervisor: Supervisor, newcomers: Newcomers, home: Path, say: Steps) -> None:
    """The first start's own work, beside the processes that it needs."""
    work: Future[Mapping[str, str]] = Future()

    def welcome() -> None:
        try:
            work.set_result(newcomers.welcome(say))
        except BaseException as bad:  # noqa: BLE001 - handed over to who waits, whatever it is
            work.set_exception(bad)

    # A daemon: Ctrl-C does not wait for it. What it was doing is gone on with at the next start.
    Thread(target=welcome, name="first start", daemon=True).start()
    supervisor.watch(work.done)
    passwords = work.result()
    say("the demo people; `gatehouse people reset LOGIN` makes a new password:")
    for person in PEOPLE:
        typer.echo(
            f"          {person.role:<11} {person.login:<18} {passwords[person.login]}   {person.name}"
        )
    done_file(home).write_text("the demo people's passwords were printed once\n")


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    lock = home / "run" / "up.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a")
    except OSError as bad:
        raise BadInput(
            f"the state folder {str(home)!r} cannot be made: {bad.strerror}",
            fix="set GATEHOUSE_HOME to a folder of yours, on a disk with room",
            field="GATEHOUSE_HOME",
        ) from bad
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as bad:
            raise Conflict(
                f"gatehouse is already up in {str(home)!r}",
                fix="use that one; or set another GATEHOUSE_HOME and GATEHOUSE_PORT",
            ) from bad
        yield


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end us by stopping everything first.

    Ctrl-C also where a shell had us ignore it, as it does with what it starts in the background.
    """

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("\nstopped; everything is kept")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _one_line_for_a_full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as bad:
        if bad.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WorldFailed(
                f"the disk is full: {bad.filename or 'a file of the state folder'}",
                fix="free some space (about 200 MB at the first start) and start again; nothing is lost",
            ) from bad
        raise
