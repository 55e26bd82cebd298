"""Sets of rules in versions, as limits and routing have them: who proposed, who confirmed, and what waits.

Rule 1: who acts is the session's person; whether she may, and whether she is another, is the append's answer.
Rule 2: what is confirmed is a digest: the whole set with its business day, as the other person read it.
Rule 3: a dry run reads the whole record, or none: half an answer would mislead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import one, rows
from core.errors import NotPermitted
from core.ids import Digest, PersonId

Rules = TypeVar("Rules")
Connection = AsyncConnection[DictRow]


@dataclass(frozen=True, slots=True)
class Version(Generic[Rules]):
    """One that holds, held or will hold. Version 0 is what the product brings: nobody set it."""

    version: int
    digest: Digest
    effective_on: date
    rules: Rules
    proposed_by: PersonId | None
    confirmed_by: PersonId | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proposed(Generic[Rules]):
    """A set that waits for another person."""

    digest: Digest
    effective_on: date
    rules: Rules
    proposed_by: PersonId
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class Standing(Generic[Rules]):
    """Every version, newest first; which of them is in force; and what waits."""

    in_force: int
    session: date
    versions: tuple[Version[Rules], ...]
    proposed: Proposed[Rules] | None


async def read_standing(
    connection: Connection, sql: Mapping[str, str], rules_in: Callable[[DictRow], Rules]
) -> Standing[Rules]:
    """What holds, what held, and what is proposed. `sql` has in_force, session, versions and proposed."""
    in_force = (await one(connection, sql["in_force"]))["version"]
    session = await business_day(connection, sql)
    versions = tuple(
        Version(
            version=row["version"],
            digest=Digest(row["digest"]),
            effective_on=row["effective_on"],
            rules=rules_in(row),
            proposed_by=row["proposed_by"],
            confirmed_by=row["confirmed_by"],
            confirmed_at=row["confirmed_at"],
        )
        for row in await rows(connection, sql["versions"])
    )
    waiting = [
        Proposed(
            digest=Digest(row["digest"]),
            effective_on=row["effective_on"],
            rules=rules_in(row),
            proposed_by=row["proposed_by"],
            proposed_at=row["proposed_at"],
        )
        for row in await rows(connection, sql["proposed"])
    ]
    return Standing(in_force, session, versions, waiting[0] if waiting else None)


async def business_day(connection: Connection, sql: Mapping[str, str]) -> date:
    """The firm's business day that runs."""
    session: date = (await one(connection, sql["session"]))["session"]
    return session


async def ask_whole_record(connection: Connection, sql: Mapping[str, str]) -> None:
    """Go on only for somebody who is shown all of it.

    Raises:
        NotPermitted: she is not.
    """
    if not (await one(connection, sql["supervises"]))["everything"]:
        raise NotPermitted("a dry run reads the whole record", fix="ask a principal or compliance")
