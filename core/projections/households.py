"""Reading the households of a book, with sealed names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.views import HouseholdLine
from core.database.rows import together
from core.database.statements import statements
from core.fact import Sealed
from core.ids import HouseholdId

SQL: Final = statements(Path(__file__).with_name("statements.sql"))


async def read_households(
    connection: AsyncConnection[DictRow], households: Sequence[HouseholdId] | None = None
) -> tuple[HouseholdLine, ...]:
    """Those households, or all that this connection is shown, as far as the worker has folded them, by id."""
    asked = {"households": None if households is None else list(households)}
    return lines_of(
        await together(connection, {name: (SQL[name], asked) for name in ("accounts", "households")})
    )


def lines_of(found: Mapping[str, Sequence[DictRow]]) -> tuple[HouseholdLine, ...]:
    """The same, of what the statements of those names found."""
    accounts = defaultdict(list)
    for row in found["accounts"]:
        accounts[row["household"]].append(row["account"])
    return tuple(
        HouseholdLine(
            household=row["household"],
            advisor=row["advisor"],
            name=Sealed.model_validate(row["state"]["name"]),
            clients=tuple((c["client"], Sealed.model_validate(c["name"])) for c in row["state"]["clients"]),
            accounts=tuple(accounts[row["household"]]),
        )
        for row in found["households"]
        if row["state"] is not None
    )
