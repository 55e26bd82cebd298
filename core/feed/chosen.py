"""Which entries somebody wants to follow, and whether there can be any such entries.

Rule 1: what cannot be is said before anything is read, by the field that it stands in.
Rule 2: an account outside one's book and one that does not exist are not told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import rows
from core.database.statements import statements
from core.errors import BadInput, NotFound
from core.ids import AccountId, TraceId
from core.ledger.events import KINDS
from core.orders.external import PROCESSES as WORDS

SQL: Final = statements(Path(__file__).with_name("statements.sql"))

PROCESSES: Final[Mapping[str, str]] = {word: role for role, word in WORDS.items()}
"""Who acts without a person, by the word that screens show."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """None, or no types, leaves all in. `actor` is a person's id or the login of a process."""

    trace: TraceId | None = None
    actor: str | None = None
    account: AccountId | None = None
    types: tuple[str, ...] = ()

    def asked(self) -> dict[str, Any]:
        """As the statements take it."""
        types = list(self.types) or None
        return {"trace": self.trace, "actor": self.actor, "account": self.account, "types": types}


async def choose(
    connection: AsyncConnection[DictRow],
    *,
    trace: str | None,
    actor: str | None,
    account: str | None,
    types: Iterable[str],
    among: Iterable[str] = KINDS,
) -> Chosen:
    """The choice in the record's own words: an actor may be named by id, login, or as a process.

    Raises:
        BadInput: no event of that type is in this record.
        NotFound: no such person, or no such account in the asker's book.
    """
    return Chosen(
        trace=TraceId(trace) if trace else None,
        actor=await _actor(connection, actor) if actor else None,
        account=await _account(connection, account) if account else None,
        types=_types(types, frozenset(among)),
    )


def _types(named: Iterable[str], known: frozenset[str]) -> tuple[str, ...]:
    types = tuple(dict.fromkeys(named))
    for one in types:
        if one not in known:
            near = get_close_matches(one, known, n=3) or sorted(known)[:3]
            raise BadInput(
                f"no event here is called {one[:80]!r}", fix=f"write it like {', '.join(near)}", field="type"
            )
    return types


async def _actor(connection: AsyncConnection[DictRow], named: str) -> str:
    if named in PROCESSES or named in PROCESSES.values():
        return PROCESSES.get(named, named)
    found = await rows(connection, SQL["actor"], {"named": named})
    if not found:
        raise NotFound(
            f"nobody here is called {named!r}",
            fix=f"use somebody's login or id, or one of {', '.join(PROCESSES)}",
            field="actor",
        )
    return str(found[0]["person"])


async def _account(connection: AsyncConnection[DictRow], named: str) -> AccountId:
    if not await rows(connection, SQL["account"], {"account": named}):
        raise NotFound(
            f"there is no account {named!r} in your book", fix="use one of your own accounts", field="account"
        )
    return AccountId(named)
