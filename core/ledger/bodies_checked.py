"""Checking the bodies from the outside: each is what its digest says, and what entries name is there.

Rule 1: it reads with a login that can change nothing and works every digest out itself.
Rule 2: memory is bounded: a page of bodies or of entries at a time, and the names of damaged ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from pydantic import ValidationError

from core.database.rows import rows
from core.fact import Kept
from core.ledger.bodies import SQL
from core.ledger.events import KINDS
from core.ledger.succession import Fault

BODIES: Final = 32  # in a page; each may be a megabyte
ENTRIES: Final = 500  # in a page
NAMING: Final = tuple(
    name for name, kind in sorted(KINDS.items()) if Kept.__name__ in kind.model_json_schema().get("$defs", {})
)

Name = tuple[str, str]  # subject, digest


@dataclass(slots=True)
class BodiesChecked:
    """`named` counts the names in entries; `forgotten` those whose body went with its subject."""

    bodies: int = 0
    octets: int = 0
    named: int = 0
    forgotten: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults


async def check_bodies(connection: AsyncConnection[DictRow]) -> BodiesChecked:
    """Every body and every name of one. A fault is at the entry that names it; at 0 where none does."""
    found = BodiesChecked()
    damaged = await _damaged(connection, found)
    gone = {row["subject"] for row in await rows(connection, SQL["forgotten"], {})}
    after = 0
    while page := await rows(
        connection, SQL["naming_after"], {"after": after, "kinds": list(NAMING), "page": ENTRIES}
    ):
        after = page[-1]["seq"]
        named = [(row["seq"], kept) for row in page for kept in names(row["text"])]
        there = await _there(connection, [kept for _, kept in named])
        found.named += len(named)
        for seq, kept in named:
            name = (kept.subject, kept.digest)
            if name not in there and kept.subject in gone:
                found.forgotten += 1
            elif says := _wrong(kept, there.get(name), name in damaged):
                found.faults.append(Fault(seq, says))
                damaged.discard(name)
    found.faults += [
        Fault(0, f"body {digest} of {subject} was changed") for subject, digest in sorted(damaged)
    ]
    return found


def names(text: str) -> Iterator[Kept]:
    """The bodies that an entry's text names, wherever in its payload. What is no name is passed over."""
    yield from _names(json.loads(text)["payload"])


def _names(value: Any) -> Iterator[Kept]:
    if isinstance(value, dict):
        if {*value} == {*Kept.model_fields}:
            try:
                yield Kept.model_validate(value)
            except ValidationError:
                return  # of another kind that has the same fields
        for part in value.values():
            yield from _names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)


async def _damaged(connection: AsyncConnection[DictRow], found: BodiesChecked) -> set[Name]:
    """The bodies whose bytes are not those of their digest."""
    damaged: set[Name] = set()
    at: dict[str, Any] = {"subject": "", "digest": b""}
    while page := await rows(connection, SQL["bodies_after"], {**at, "page": BODIES}):
        for row in page:
            found.bodies += 1
            found.octets += len(row["sealed"])
            if sha256(row["sealed"]).digest() != bytes(row["digest"]):
                damaged.add((row["subject"], bytes(row["digest"]).hex()))
        at = {"subject": page[-1]["subject"], "digest": page[-1]["digest"]}
    return damaged


async def _there(connection: AsyncConnection[DictRow], named: list[Kept]) -> dict[Name, tuple[int, int]]:
    """Key version and length of those that there are."""
    asked = {"subjects": [k.subject for k in named], "digests": [k.digest for k in named]}
    return {
        (row["subject"], row["digest"]): (row["key"], row["length"])
        for row in await rows(connection, SQL["found"], asked)
    }


def _wrong(kept: Kept, there: tuple[int, int] | None, damaged: bool) -> str | None:
    what = f"body {kept.digest} of {kept.subject}"
    if there is None:
        return f"{what} is not there"
    if damaged:
        return f"{what} was changed"
    return (
        None if there == (kept.key, kept.length) else f"{what} has another key or length than its entry says"
    )
