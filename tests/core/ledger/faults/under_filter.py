"""Holds a cluster whose system calls its parent answers: `python -m ... SOCKET HOME CALL...`.

The guardian and the server are its children, so the filter is theirs too. Says one line when the server is
up, or what this machine lacks, and stays until its input ends.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from core.database.embedded import open_cluster
from tests.core.ledger.faults.own import SETTINGS
from tests.core.ledger.faults.syscalls import NotHere, install


def main(to_parent: int, home: Path, *calls: str) -> None:
    try:
        listener = install(calls)
    except NotHere as lacking:
        sys.stdout.write(f"not here: {lacking}\n")
        return
    with socket.socket(fileno=to_parent) as line:
        socket.send_fds(line, [b"."], [listener])
    with open_cluster(home, overrides=SETTINGS):
        sys.stdout.write("up\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
