"""Reading the households of a book, with sealed names."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.views import HouseholdLine
from core.database.rows import rows
from core.database.statements import statements
from core.fact import Sealed

SQL: Final = statements(Path(__file__).with_name("statements.sql"))


async def read_households(connection: AsyncConnection[DictRow]) -> tuple[HouseholdLine, ...]:
    """The households that this connection is shown and the worker has folded, by id."""
    accounts = defaultdict(list)
    for row in await rows(connection, SQL["accounts"], {"households": None}):
        accounts[row["household"]].append(row["account"])
    return tuple(
        HouseholdLine(
            household=row["household"],
            advisor=row["advisor"],
            name=Sealed.model_validate(row["state"]["name"]),
            clients=tuple((c["client"], Sealed.model_validate(c["name"])) for c in row["state"]["clients"]),
            accounts=tuple(accounts[row["household"]]),
        )
        for row in await rows(connection, SQL["households"], {"households": None})
        if row["state"] is not None
    )
