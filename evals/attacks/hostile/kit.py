"""What the hostile program holds, and how each of its tries ends.

Rule 1: it holds what the copilot's process holds: login, tickets, checkpoint key, loopback secret, addresses.
    Ids of others are told to it besides, so that it need not guess: an id is no secret of ours.
Rule 2: a try ends in one word. `taken` means that what was asked for happened; whether it may is the try's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import psycopg
import rfc8785
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from core.clock import WallClock
from core.ledger.envelope import written
from core.ledger.events import KINDS

ANSWERS_WITHIN: Final = "8s"
REFUSED: Final = "refused"
TAKEN: Final = "taken"
ABSENT: Final = "absent"


@dataclass(frozen=True, slots=True)
class Ended:
    """`how` is refused, taken or absent (nothing there to try); `says` is who said so, in a few words."""

    how: str
    says: str


@dataclass(frozen=True, slots=True)
class Try:
    """`may`: it may be taken, because it moves nothing. `walled`: the operating system stands against it,
    where each process has a user of its own."""

    name: str
    run: Callable[[], Ended]
    may: bool = False
    walled: bool = False


@dataclass
class Held:
    """What the program was given, on its standard input."""

    dsn: str
    ticket: str
    ended_ticket: str
    thread: str
    loopback: str
    checkpoint_key: str
    front: str
    copilot: str
    venues: Mapping[str, str]
    home: str
    pids: Mapping[str, int]
    kinds: Mapping[str, str]  # every kind of event and where it stands
    may_write: Sequence[str]
    values: Mapping[str, Any]  # a value for each field of a payload, by its name
    others: Mapping[str, str]  # household, account, thread and proposal of another's book
    foreign: Sequence[str]  # ids that no answer may show
    sealed: Mapping[str, Any]  # words of another's client
    paths: Sequence[Sequence[str]]  # method and path of everything that the front offers
    _line: Connection[DictRow] | None = field(default=None, repr=False)

    # the database

    def line(self) -> Connection[DictRow]:
        """The copilot's login, autocommit; opened again where the server ended it."""
        if self._line is None or self._line.closed:
            self._line = self.opened()
            self._line.execute(f"set statement_timeout = '{ANSWERS_WITHIN}'".encode())
        return self._line

    def opened(self, dsn: str | None = None, **words: Any) -> Connection[DictRow]:
        return psycopg.connect(
            dsn or self.dsn, autocommit=True, row_factory=dict_row, connect_timeout=5, **words
        )

    @contextmanager
    def asking(self, ticket: str | None = None) -> Iterator[Connection[DictRow]]:
        """A transaction that shows what the ticket's person may see."""
        line = self.line()
        with line.transaction():
            line.execute("select gatehouse.present(%s)", [self.ticket if ticket is None else ticket])
            yield line

    def sql(self, *statements: str, words: Sequence[Any] = ()) -> Ended:
        """These statements one after the other on one connection; the words go to the last."""
        line = self.line()
        try:
            for statement in statements[:-1]:
                line.execute(statement.encode())
            done = line.execute(statements[-1].encode(), words or None)
            return Ended(TAKEN, f"{done.rowcount} rows")
        except psycopg.Error as no:
            return Ended(REFUSED, f"server: {type(no).__name__}")
        finally:
            if not line.closed and line.info.transaction_status.value:
                line.execute("rollback")

    # the append

    def item(self, kind: str, stream: str, payload: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """One entry, well formed unless `changed` says otherwise."""
        beside: dict[str, Any] = {n: changed.pop(n) for n in ("ticket", "key", "group") if n in changed}
        envelope = {
            "event_id": str(uuid4()),
            "event_type": kind,
            "event_version": KINDS[kind].VERSION if kind in KINDS else 1,
            "stream": stream,
            "stream_version": self.version(stream) + 1,
            "trace_id": uuid4().hex,
            "occurred_at": written(WallClock().now()),
            "mono_ns": "1",
            "policy_decisions": [],
            "payload": dict(payload),
            **changed,
        }
        return {"text": rfc8785.dumps(envelope).decode(), "ticket": self.ticket, **beside}

    def version(self, stream: str) -> int:
        found = (
            self.line().execute("select version from gatehouse.stream_versions(%s)", [[stream]]).fetchone()
        )
        return int(found["version"]) if found and found["version"] is not None else 0

    def append(self, *items: Mapping[str, Any]) -> Ended:
        """One call; `taken` where any of them was."""
        try:
            rows = self.line().execute(
                "select answer, code from gatehouse.append(%s::jsonb) order by n", [json.dumps(list(items))]
            )
            told = rows.fetchall()
        except psycopg.Error as no:
            return Ended(REFUSED, f"server: {type(no).__name__}")
        codes = ", ".join(sorted({row["code"] or row["answer"] for row in told}))
        return Ended(TAKEN if any(row["answer"] == "ok" for row in told) else REFUSED, f"append: {codes}")

    def payload(self, kind: str) -> dict[str, Any]:
        """A payload of that kind that would move the proposals we know of, were it let in."""
        fields = KINDS[kind].model_fields if kind in KINDS else ()
        return {name: self.values.get(name, "x") for name in fields}

    def stream(self, kind: str) -> str:
        """Where such an entry would do harm."""
        prefix = self.kinds[kind]
        if not prefix.endswith("/"):
            return prefix
        return prefix + str(self.values.get(prefix.rstrip("/"), "x"))
