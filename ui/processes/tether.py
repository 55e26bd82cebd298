"""Ties a process to its supervisor and becomes it: run as a script, with the standard library alone.

    tether.py <pid of the supervisor> <program> <words>...

Rule 1: the kernel kills the process when the supervisor dies, however it dies. The tie is made here, after
    the change of user (which would undo it) and before the program begins, and it outlives the exec.
Rule 2: a supervisor that died before the tie was made is noticed by its pid.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final, NoReturn

PR_SET_PDEATHSIG: Final = 1
ORPHANED: Final = 75  # nobody is there to work for


def tie(pid: int, death: signal.Signals) -> bool:
    """Have `death` sent to this process when its parent ends. False: the parent is not `pid` any more."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death)
    return os.getppid() == pid


def main() -> NoReturn:
    supervisor, *command = sys.argv[1:]
    if not tie(int(supervisor), signal.SIGKILL):
        raise SystemExit(ORPHANED)
    os.execv(command[0], command)  # noqa: S606 - becoming that program is the point


if __name__ == "__main__":
    main()
