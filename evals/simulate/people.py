"""Who asks during a run: cancels, the close of the day, and that trading is resumed.

Rule 1: everything that people ask comes in through the approver's login, and its law.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from core.database.pools import connect
from core.fact import Entry, Fact
from core.halts.events import TradingResumed
from core.ids import OrderId, TraceId
from core.ledger.envelope import payload_of, text_of, written
from core.market.events import BusinessDayCloseRequested
from core.orders.events import CancelRequested
from evals.simulate.loop import VirtualLoop, true_time
from evals.simulate.server import Server

OPERATIONS: Final = "operations"  # the role, and her ticket
TRACE: Final = TraceId("0" * 31 + "7")


@dataclass(slots=True)
class People:
    """Who asks during a run, through the approver's login. Each call is one append, done when it returns."""

    server: Server
    loop: VirtualLoop
    approver: str
    _connection: Connection[DictRow] = field(init=False)
    _asked: int = 0

    def __post_init__(self) -> None:
        self._connection = connect(self.approver, name="people")
        asked = {"role": OPERATIONS, "hash": sha256(OPERATIONS.encode()).digest(), "session": UUID(int=1)}
        self.server.superuser.execute(_SESSION, asked)

    def close(self) -> None:
        self._connection.close()

    def cancel(self, order: OrderId) -> str:
        """What the append answered."""
        return self._append(f"order/{order}", CancelRequested(order=order))

    def close_day(self) -> str:
        row = self.server.superuser.execute("select session from gatehouse.market_day").fetchone()
        session = "" if row is None else row["session"].isoformat()
        return self._append("market", BusinessDayCloseRequested(session=session))

    def resume(self, scope: str) -> str:
        rows = self.server.superuser.execute(_STANDING, {"scope": scope}).fetchall()
        halts = tuple(row["halt"] for row in rows)
        return self._append(f"halt/{scope}", TradingResumed(scope=scope, halts=halts)) if halts else "none"

    def _append(self, stream: str, fact: Fact) -> str:
        self._asked += 1
        entry = Entry(stream, fact, TRACE)
        head = "select coalesce(max(version), 0) + 1 as next from gatehouse.stream_head where stream = %s"
        row = self.server.superuser.execute(head, [stream]).fetchone()
        text = text_of(
            entry,
            payload_of(entry),
            event_id=UUID(int=(0xA << 120) + self._asked),
            stream_version=1 if row is None else row["next"],
            occurred_at=written(true_time(self.loop)),
            mono_ns=self._asked,
        )
        self.server.show_time()
        items = json.dumps([{"text": text, "ticket": OPERATIONS}])
        answered = self._connection.execute("select * from gatehouse.append(%s::jsonb)", [items]).fetchone()
        return "" if answered is None else str(answered["code"] or answered["answer"])


_SESSION: Final = """
insert into gatehouse.session (session, ticket_hash, person, opened_at, expires_at)
select %(session)s, %(hash)s, p.person, gatehouse.now(), gatehouse.now() + interval '1 day'
from gatehouse.person p where p.role = %(role)s order by p.person limit 1
"""
_STANDING: Final = (
    "select halt from gatehouse.halt where scope = %(scope)s and lifted_seq is null order by halt"
)
