"""Whether the tests notice a changed rule: each line of the rules is changed, one change at a time.

Rule 1: what is changed and which tests are asked stands in `pyproject.toml` under `tool.mutmut`.
Rule 2: a change that no test reaches is not counted as noticed; it is named.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PLACE: Final = ROOT / "mutants"
AT_LEAST_PERCENT: Final = 90
SURVIVED: Final = 0
UNTESTED: Final = 33  # as the tool has it: no test reaches it


@dataclass(frozen=True, slots=True)
class Noticed:
    """`survivors` and `untested` by the name of the change."""

    killed: int
    survivors: tuple[str, ...]
    untested: tuple[str, ...]
    rooms: Mapping[str, tuple[int, int]]  # killed, and reached, by room

    @property
    def enough(self) -> bool:
        reached = self.killed + len(self.survivors)
        return reached > 0 and 100 * self.killed >= AT_LEAST_PERCENT * reached

    def lines(self) -> Iterator[str]:
        for room, (killed, reached) in sorted(self.rooms.items()):
            yield f"mutants  {room:<16} {killed} of {reached} noticed ({100 * killed / (reached or 1):.1f} %)"
        yield from (f"survived  {name}" for name in self.survivors)
        yield f"{len(self.untested)} more are reached by no test without a database"


def run_mutants(env: Mapping[str, str], *, workers: int) -> Noticed:
    """Change and try everything, from the start. It takes an hour or more."""
    shutil.rmtree(PLACE, ignore_errors=True)
    program = str(Path(sys.executable).with_name("mutmut"))
    words = [program, "run", "--max-children", str(workers)]
    subprocess.run(words, cwd=ROOT, env=dict(env), stdout=subprocess.DEVNULL, check=False)
    return noticed(PLACE)


def noticed(place: Path) -> Noticed:
    """What the tool wrote down of each change."""
    ended: dict[str, int | None] = {}
    for file in sorted(place.rglob("*.meta")):
        ended |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    survivors = tuple(name for name, code in ended.items() if code == SURVIVED)
    untested = tuple(name for name, code in ended.items() if code in (UNTESTED, None))
    rooms: dict[str, Counter[str]] = {}
    for name, code in ended.items():
        if code not in (UNTESTED, None):
            room = ".".join(name.split(".")[:2])
            rooms.setdefault(room, Counter())["survived" if code == SURVIVED else "killed"] += 1
    by_room = {room: (found["killed"], sum(found.values())) for room, found in rooms.items()}
    killed = sum(found["killed"] for found in rooms.values())
    return Noticed(killed, survivors, untested, by_room)
