"""A supervisor of simulated venues alone, as a process of its own: what the tests kill.

python -m tests.ui.processes.supervising <home> [<venue without a key>]
"""

from __future__ import annotations

import signal
import sys
from datetime import timedelta
from pathlib import Path

from core.database.logins import LIMITS, Logins
from core.errors import GatehouseError
from ui.processes.isolation import Isolation
from ui.processes.plan import Process, Wanted, plan
from ui.processes.ports import free
from ui.processes.secrets_kept import kept_in
from ui.processes.supervise import Supervisor

VENUES = ("ARCADIA", "BOREAL", "CORTLAND")
TOGETHER = Isolation(False, "one user for all", {})


def venues_of(home: Path) -> tuple[Process, ...]:
    wanted = Wanted(
        home=home,
        host="127.0.0.1",
        ports=free(3 + 2 * len(VENUES)),
        venues=VENUES,
        custodians=(),
        pace=timedelta(0),
        seed=7,
    )
    logins = Logins("nowhere", "1", "none", dict.fromkeys(LIMITS, "a password"))
    every = plan({}, wanted, logins=logins, kept=kept_in(home, VENUES, ()))
    return tuple(process for process in every if process.name.startswith("venue-"))


def main() -> None:
    home = Path(sys.argv[1])
    processes = venues_of(home)
    for process in processes:
        for folder in process.folders:
            folder.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 2:
        (home / "venues" / sys.argv[2] / "ledger.jsonl").write_text("not a line\n")

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)

    def told(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    supervisor = Supervisor(processes, home=home, walls=TOGETHER, told=told, keep_server=lambda: None)
    try:
        supervisor.watch(lambda: supervisor.settled)
        told("settled")
        supervisor.watch(lambda: False)
    except GatehouseError as no:
        told(str(no))
        raise SystemExit(3) from no
    except KeyboardInterrupt:
        pass
    finally:
        supervisor.stop()


if __name__ == "__main__":
    main()
