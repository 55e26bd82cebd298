"""What models used today of everybody's budget, as `doctor` says it."""

from __future__ import annotations

from typing import Final

import psycopg

from core.budget.spending import UsedToday
from core.database import logins
from core.database.embedded import open_cluster
from core.database.logins import INTAKE
from core.database.pools import connect
from core.settings import Environment, database_url, home

TODAY: Final = "select * from gatehouse.model_use_today()"


def used(env: Environment) -> UsedToday | None:
    """None: there is no firm here yet, or one that has no budgets.

    Raises:
        WorldFailed: its server does not answer.
    """
    kept = logins.load(home(env))
    if kept is None:
        return None
    if database_url(env) is not None:
        return _asked(kept.dsn(INTAKE))
    with open_cluster(home(env)):
        return _asked(kept.dsn(INTAKE))


def _asked(dsn: str) -> UsedToday | None:
    with connect(dsn, name="doctor") as connection:
        try:
            row = connection.execute(TODAY).fetchone()
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
            return None  # it has not been migrated to this version yet
    return UsedToday(**row) if row else None
