"""How much memory everything of one home takes together: the sum of proportional set sizes.

Source: proc(5), smaps_rollup: Pss counts a page that n processes share as 1/n in each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.database.binaries import server_user
from core.database.embedded import place_for
from core.errors import NotFound
from ui.processes.supervise import status_file

PROC = Path("/proc")


def used(home: Path) -> Mapping[str, int]:
    """KiB by process, with the supervisor and the embedded server (all its processes together).

    Raises:
        NotFound: nothing is up in that home.
    """
    try:
        told = json.loads(status_file(home).read_text())
    except FileNotFoundError as bad:
        raise NotFound(f"nothing is up in {str(home)!r}", fix="start it with `gatehouse up`") from bad
    pids = {name: one["pid"] for name, one in told["processes"].items() if one["pid"]}
    found = {name: _pss(pid) for name, pid in {"supervisor": told["supervisor"], **pids}.items()}
    return {**found, "database": sum(_pss(pid) for pid in _server(home))}


def _server(home: Path) -> Iterator[int]:
    """The guardian, the postmaster and its backends: they all stand in the cluster's folder."""
    folder = place_for(home, user=server_user())
    for process in PROC.iterdir():
        if not process.name.isdigit():
            continue
        try:
            stands_in = (process / "cwd").readlink()
        except OSError:
            continue  # it ended, or it is somebody else's
        if stands_in.is_relative_to(folder):
            yield int(process.name)


def _pss(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
