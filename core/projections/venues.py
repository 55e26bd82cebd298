"""Reading how the workers see the venues now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import rows
from core.database.statements import statements

SQL: Final = statements(Path(__file__).with_name("statements.sql"))


@dataclass(frozen=True, slots=True)
class Seen:
    """One venue as one worker told of it, that long ago."""

    venue: str
    worker: str
    told: Mapping[str, Any]
    age_ms: int


async def read_venues(connection: AsyncConnection[DictRow]) -> tuple[Seen, ...]:
    """What every worker at work told last of every venue, by name."""
    return tuple(Seen(**row) for row in await rows(connection, SQL["venue_states"]))
