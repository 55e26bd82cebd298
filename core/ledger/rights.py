"""Who may do what to the journal, held against what the migrations give.

Rule 1: it is read from the server's catalogue with the witness's login, and compared line by line with
    `rights.json`, which is drawn from a fresh database. Anything more, less or other is a fault.
Rule 2: a drawing of other migrations compares with nothing, and that is said: it is neither right nor wrong.
Draw it again after a migration: `python -m core.ledger.draw_rights`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.migrate import Migration, found
from core.database.rows import rows
from core.database.statements import statements

ROOT: Final = Path(__file__).resolve().parents[2]
SQL: Final = statements(Path(__file__).with_name("rights.sql"))
DRAWING: Final = Path(__file__).with_name("rights.json")

Lines = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rights:
    """`faults`: what is not as the migrations give it. `says` is for people."""

    says: str
    faults: tuple[str, ...]


async def compare(connection: AsyncConnection[DictRow]) -> Rights:
    """The rights in that database, against the drawing of this version."""
    drawn = json.loads(DRAWING.read_text(encoding="utf-8"))
    if drawn["migrations"] != digest_of(found(ROOT)):
        return Rights("not compared: their drawing is of other migrations", ())
    faults = differences(drawn["rights"], await read(connection))
    return Rights(f"{len(faults)} differences" if faults else "as the migrations give them", faults)


async def read(connection: AsyncConnection[DictRow]) -> Lines:
    """Every fact about rights, by what it is about."""
    found_lines: dict[str, str] = {}
    for statement in SQL.values():
        found_lines.update({row["what"]: row["is"] for row in await rows(connection, statement)})
    return found_lines


def differences(expected: Lines, there: Lines) -> tuple[str, ...]:
    """One line for each that is missing, too much, or other."""
    said = []
    for what in sorted({*expected, *there}):
        before, now = expected.get(what), there.get(what)
        if now is None:
            said.append(f"{what} is gone")
        elif before is None:
            said.append(f"{what} is none of the migrations': {now}")
        elif before != now:
            said.append(f"{what} was changed: {_first_difference(before, now)}")
    return tuple(said)


def digest_of(migrations: Sequence[Migration]) -> str:
    return sha256("".join(f"{each.name} {each.checksum}\n" for each in migrations).encode()).hexdigest()


def _first_difference(before: str, now: str) -> str:
    """The part that differs; both are lists of the same parts, or a whole definition."""
    for was, now_is in zip(before.split("; "), now.split("; "), strict=False):
        if was != now_is:
            return f"{now_is!r} instead of {was!r}"
    return f"{now!r} instead of {before!r}"
