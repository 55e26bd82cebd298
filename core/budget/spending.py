"""Calls of models, reserved before they are made and settled after.

Rule 1: the database counts. What is claimed here can give back what was reserved, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID

from core.database.pools import AsyncPool, lend
from core.database.rows import one
from core.database.statements import statements
from core.errors import IntegrityLost, SignInRequired
from core.ids import MessageId

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
MILLISECOND: Final = timedelta(milliseconds=1)
SCOPES: Final = {"run": "this request", "advisor": "your day", "day": "the firm's day"}


@dataclass(frozen=True, slots=True)
class Reserved:
    """One call that may be made."""

    call: UUID


@dataclass(frozen=True, slots=True)
class Spent:
    """Nothing is left: of whose budget, and of what."""

    scope: str
    of: str  # calls, tokens, seconds or dollars

    @property
    def says(self) -> str:
        return f"the {self.of} for {SCOPES[self.scope]}"


@dataclass(frozen=True, slots=True)
class UsedToday:
    """What everybody's models used today (UTC), beside the caps."""

    calls: int
    tokens: int
    ms: int
    dollars: Decimal
    calls_cap: int
    tokens_cap: int
    seconds_cap: int
    dollars_cap: Decimal

    @property
    def says(self) -> str:
        return (
            f"models used today: {self.calls} of {self.calls_cap} calls, {self.tokens} of {self.tokens_cap} "
            f"tokens, {self.ms // 1000} of {self.seconds_cap} s, "
            f"${self.dollars:.2f} of ${self.dollars_cap:.2f}"
        )

    @property
    def spent(self) -> bool:
        """Whether one of the caps is reached."""
        return (
            self.calls >= self.calls_cap
            or self.tokens >= self.tokens_cap
            or self.ms >= self.seconds_cap * 1000
            or self.dollars >= self.dollars_cap
        )


async def reserve(
    pool: AsyncPool,
    ticket: str,
    message: MessageId,
    *,
    model: str,
    tokens_read: int,
    tokens_written: int,
    within: timedelta,
) -> Reserved | Spent:
    """Take one call of that size out of the three budgets, or say which one has ended.

    Raises:
        SignInRequired: the session has ended.
        IntegrityLost: the database refuses the question itself: it is ours that is wrong.
        WorldFailed: the database did not answer.
    """
    asked = {
        "ticket": ticket,
        "message": message,
        "model": model,
        "read": tokens_read,
        "written": tokens_written,
        "ms": within // MILLISECOND,
    }
    async with lend(pool) as connection:
        row = await one(connection, SQL["reserve"], asked)
    if row["ended"] is None:
        return Reserved(row["call"])
    if row["ended"] in ("session_ended", "wrong_ticket"):
        raise SignInRequired("your session has ended", fix="sign in again")
    scope, _, of = row["ended"].partition("_")
    if scope not in SCOPES:
        raise IntegrityLost(f"no budget could be asked: {row['code']}", fix="restart the copilot")
    return Spent(scope, of)


async def settle(pool: AsyncPool, ticket: str, reserved: Reserved, tokens: tuple[int, int] | None) -> bool:
    """Say what the call came to: read and written; None where nobody counted. False: it was settled before.

    Raises:
        WorldFailed: the database did not answer. The reservation stands.
    """
    read, written = tokens or (None, None)
    asked = {"ticket": ticket, "call": reserved.call, "read": read, "written": written}
    async with lend(pool) as connection:
        return bool((await one(connection, SQL["settle"], asked))["settled"])


async def used_today(pool: AsyncPool) -> UsedToday:
    """Everybody's use of this day.

    Raises:
        WorldFailed: the database did not answer.
    """
    async with lend(pool) as connection:
        return UsedToday(**await one(connection, SQL["today"]))
