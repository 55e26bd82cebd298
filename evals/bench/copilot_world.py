"""A world for `bench copilot`: turns over HTTP as an advisor has them, and the graph alone in this process.

Rule 1: a turn over HTTP is the product's own, with every process up; what the model took is on record and is
    taken off.
Rule 2: the graph alone thinks, asks, records and keeps its checkpoints as in the copilot's process, with that
    login; words are sealed here and not by the front: no second process is in its time.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from time import sleep
from typing import Any, Final
from uuid import uuid4

from agents.checkpoints import CheckpointStore
from agents.model import offline
from agents.run import Copilot, start
from core.clock import WallClock
from core.database.logins import AGENT, INTAKE, OWNER
from core.database.pools import async_pool
from core.desk import Desk
from core.errors import WorldFailed
from core.fact import Entry, Sealed
from core.firm.demo import opening
from core.firm.draw import Draw
from core.firm.households import Account, households
from core.ids import AccountId, HouseholdId, MessageId, SubjectId, ThreadId, TraceId
from core.ledger.journal import Journal
from core.people.keystore import KeyStore
from evals.person import Person
from evals.world import World, opened
from tools.catalog import held
from tools.clients import About
from tools.contract import Agent, Call, Said, Turn
from tools.record import told

ACCOUNTS: Final = 5  # of the household that is rebalanced
BIGGEST: Final = """
select h.household, p.login, count(*) as accounts from gatehouse.household h
join gatehouse.account a using (household) join gatehouse.person p on p.person = h.advisor
where not h.related group by h.household, p.login order by count(*) desc, h.household limit 1
"""
FOLDED: Final = """
select count(*) as accounts from gatehouse.account a join gatehouse.cash c using (account)
where a.household = %s
"""
FOLDED_WITHIN: Final = 60  # seconds
THOUGHT_MS: Final = """
select coalesce(sum((text::jsonb->'payload'->>'took_ms')::bigint), 0) as ms from gatehouse.journal
where stream = %s and event_type = 'StepTaken'
"""
SEED: Final = """
select (text::jsonb->'payload'->>'seed')::bigint as seed from gatehouse.journal
where event_type = 'FirmFounded'
"""
OPEN: Final = "select gatehouse.open_thread_session(%s, %s, %s, %s) as until"


@dataclass(frozen=True, slots=True)
class KeysHere:
    """Seals in this process, with the world's own keys."""

    keys: KeyStore

    async def clear(self, field: str, sealed: Sequence[Sealed]) -> tuple[str, ...]:
        return tuple(self.keys.clear(field, one) for one in sealed)

    async def seal(self, subject: SubjectId, words: Sequence[tuple[str, str]]) -> tuple[Sealed, ...]:
        return tuple(self.keys.seal(subject, field, text) for field, text in words)


@dataclass(frozen=True, slots=True)
class Asked:
    """A thread of hers that nothing was asked in yet, and the copilot's ticket for it."""

    thread: ThreadId
    ticket: str


class CopilotWorld:
    """Opened when made; `close` ends every process of it."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.world: World = self._stack.enter_context(opened())
        try:
            self.clock = WallClock()
            self._reader = self._stack.enter_context(self.world.superuser())
            found = self._reader.execute(BIGGEST.encode()).fetchone()
            if found is None:
                raise WorldFailed("the firm has no household", fix="see the demo firm")
            self.advisor: Person = self.world.person(found["login"])
            self.household = HouseholdId(found["household"])
            self.accounts = self._widened()
            self._key = secrets.token_bytes(32)
        except BaseException:  # an interrupt, too: no process may be left behind; told on as it is
            self.close()
            raise

    def close(self) -> None:
        self._stack.close()

    def _widened(self) -> int:
        """How many accounts the household has, once it has as many as are asked for: those that are missing
        are opened as the founding opened the others, each like one of them."""
        row = self._reader.execute(SEED.encode()).fetchone()
        seed = int(row["seed"]) if row else 0
        [there] = [one.accounts for one in households(seed) if one.id == self.household]
        more = [
            replace(there[number % len(there)], id=AccountId(f"acc-9{number:03}"))
            for number in range(len(there), ACCOUNTS)
        ]
        asyncio.run(self._open(more, Draw(seed)))
        until = self.clock.monotonic_ns() + FOLDED_WITHIN * 1_000_000_000
        while self.clock.monotonic_ns() < until:
            row = self._reader.execute(FOLDED.encode(), [self.household]).fetchone()
            if row and row["accounts"] >= ACCOUNTS:
                return int(row["accounts"])
            sleep(0.1)
        raise WorldFailed("the worker did not take the new accounts in", fix="see the worker's log")

    async def _open(self, accounts: Sequence[Account], draw: Draw) -> None:
        dsn, trace = self.world.logins.dsn(OWNER), TraceId(secrets.token_hex(16))
        async with async_pool(dsn, name="bench", most=1) as pool, Journal(pool, self.clock) as journal:
            for account in accounts:
                facts = opening(account, draw.under(account.id))
                await journal.record(*[Entry(f"account/{account.id}", fact, trace) for fact in facts])

    @property
    def superuser_dsn(self) -> str:
        return self.world.cluster.superuser_dsn(self.world.logins.database)

    def setting(self, name: str) -> str:
        """What the server says of it."""
        row = self._reader.execute("select current_setting(%s) as value", [name]).fetchone()
        return str(row["value"]) if row else ""

    def turn_ms(self, text: str) -> tuple[float, float]:
        """One turn over HTTP in a thread of its own: what it took in all, and of that the product's share."""
        thread = self.advisor.thread(self.household)
        begun_ns = self.clock.monotonic_ns()
        turn = self.advisor.asks(thread, text)
        took = (self.clock.monotonic_ns() - begun_ns) / 1e6
        if turn.error is not None or turn.model != "offline":
            raise WorldFailed(f"the copilot did not answer: {turn.error}", fix="see the copilot's log")
        row = self._reader.execute(THOUGHT_MS.encode(), [f"thread/{thread}"]).fetchone()
        thought = float(row["ms"]) if row else 0.0
        return took, max(took - thought, 0.0)

    def asked(self, count: int) -> list[Asked]:
        """Fresh threads of hers about that household, each with a ticket."""
        with self.world.connection(INTAKE) as intake:
            return [self._asked(intake) for _ in range(count)]

    def _asked(self, intake: Any) -> Asked:
        thread, ticket = self.advisor.thread(self.household), secrets.token_urlsafe(32)
        words = [self.advisor.ticket, thread, uuid4(), sha256(ticket.encode()).digest()]
        intake.execute(OPEN.encode(), words)
        return Asked(ThreadId(thread), ticket)

    @asynccontextmanager
    async def graph(self) -> AsyncIterator[Graph]:
        """The copilot as in its own process, on its own login."""
        dsn = self.world.logins.dsn(AGENT)
        async with (
            async_pool(dsn, name="bench", most=6, asks_first=False) as pool,
            Journal(pool, self.clock) as journal,
        ):
            keys = KeysHere(KeyStore(self.world.home / "keys"))
            copilot = start(CheckpointStore(pool, self._key), offline())
            yield Graph(copilot, pool, journal, keys, self.clock, self.household)


@dataclass(frozen=True, slots=True)
class Graph:
    """Our graph, with what a turn needs."""

    copilot: Copilot
    pool: Any
    journal: Journal
    keys: KeysHere
    clock: WallClock
    household: HouseholdId

    async def answers(self, asked: Asked, text: str) -> None:
        """One turn."""
        async for _ in self.copilot.asked(self._turn(asked), MessageId(f"msg-{uuid4().hex}"), text):
            pass

    async def holdings(self, asked: Asked) -> str:
        """What the tool tells in that thread, asked by nobody: no policy, no halt, no record."""
        call = Call(self._turn(asked), Agent.PORTFOLIO, (Said(MessageId("msg"), ""),), 0)
        return told(call, await held(Agent.PORTFOLIO, "holdings").run(About(), call))

    def _turn(self, asked: Asked) -> Turn:
        return Turn(
            desk=Desk(self.pool, self.journal, asked.ticket, self.clock),
            people=self.keys,
            embedder=None,
            clock=self.clock,
            thread=asked.thread,
            household=self.household,
            trace=TraceId(secrets.token_hex(16)),
        )

    async def told(self, asked: Asked) -> str:
        """What the tool told in that thread, as the model read it."""
        state = await self.copilot.graph.aget_state({"configurable": {"thread_id": asked.thread}})
        return next(str(m.content) for m in reversed(state.values["messages"]) if m.type == "tool")
