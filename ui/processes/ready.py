"""Whether a process does its work now: asked of the process, or of the database that it works in.

Rule 1: a look is short and never raises: no answer is "not yet".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx
import psycopg

from core.database.logins import OWNER, Logins
from core.database.pools import connect
from core.errors import WorldFailed
from core.plain_http import trusted_for

LOOKS_WITHIN: Final = timedelta(seconds=2)

# A worker holds a connection of that name while it works or stands by; the book follows the record's head.
AT_WORK: Final = """
select exists (select from pg_stat_activity where application_name = 'gatehouse-worker-place'
               and datname = current_database())
   and coalesce((select as_of_seq from gatehouse.follower where name = 'book'), 0)
       >= (select seq from gatehouse.head) as so
"""
WATCHES: Final = """
select exists (select from pg_stat_activity where application_name = 'gatehouse-witness'
               and datname = current_database()) as so
"""


def answers(url: str, *, secret: str = "") -> Callable[[], bool]:
    """Whether `url` answers with success. `secret` is what the copilot is asked with."""
    headers = {"X-Gatehouse-Loopback": secret} if secret else {}
    trust = trusted_for(url)

    def look() -> bool:
        try:
            with httpx.Client(verify=trust, trust_env=False, timeout=LOOKS_WITHIN.total_seconds()) as client:
                return client.get(url, headers=headers).is_success
        except httpx.HTTPError:
            return False

    return look


@dataclass(frozen=True, slots=True)
class Owner:
    """Looks with the owner's login, which no process has."""

    logins: Logins

    def worker_is_at_work(self) -> bool:
        return self._so(AT_WORK)

    def witness_watches(self) -> bool:
        return self._so(WATCHES)

    def _so(self, question: str) -> bool:
        try:
            with connect(self.logins.dsn(OWNER), name="up", statement_within=LOOKS_WITHIN) as connection:
                row = connection.execute(question).fetchone()
        except (WorldFailed, psycopg.Error):
            return False
        return row is not None and bool(row["so"])
