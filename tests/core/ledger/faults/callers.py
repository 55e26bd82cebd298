"""Callers of the journal who write down every answer, and the comparison of those answers with the record.

A caller's word is in its entry, so that the record can be searched for it. What it was last told of it:
    recorded  the entry is there, once, at that sequence
    nothing   the entry is not there
    unknown   it may be there, and never twice
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from core.clock import WallClock
from core.database.pools import AsyncPool, async_pool
from core.errors import GatehouseError, OutcomeUnknown
from core.fact import Entry
from core.firm.events import FirmFounded
from core.ids import AccountId, OrderId, PersonId, TraceId
from core.ledger.journal import Journal
from core.orders.events import TradeConfirmed
from core.people.events import SessionOpened
from tests.core.ledger.recording import TRACE, step
from tests.fixtures.firm import Firm

LOGIN: Final = "maria.alvarez"
FIELDS: Final = {
    "StepTaken": "model",
    "SessionOpened": "person",
    "TradeConfirmed": "order",
    "FirmFounded": "firm",
}
ALL: Final = 3  # entries of one call that are all or nothing
PATIENCE: Final = 100.0  # seconds; a slow machine under load, where each write of the server may ask us


@dataclass
class Told:
    """What each word's caller was last told. `raised` counts what stood behind `nothing` and `unknown`."""

    recorded: dict[str, int] = field(default_factory=dict)
    nothing: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    raised: Counter[str] = field(default_factory=Counter)

    def take(self, word: str, said: int | GatehouseError | str) -> None:
        """A sequence, or what was raised instead of one. A doubt stays until the word is recorded."""
        doubt = isinstance(said, OutcomeUnknown) or str(said).startswith("OutcomeUnknown")
        if isinstance(said, int):
            self.nothing.discard(word)
            self.unknown.discard(word)
            self.recorded[word] = said
            return
        self.raised[said if isinstance(said, str) else f"{type(said).__name__}: {said.says}"] += 1
        (self.unknown if doubt or word in self.unknown else self.nothing).add(word)

    def keyed_without_entry(self) -> list[str]:
        return sorted(word for word in self.nothing | self.unknown if word.startswith("keyed"))


@dataclass
class Voice:
    """One login's way to say a word. `said` hears each answer at once."""

    dsn: str
    entry: Callable[[str, str | None], Entry]
    told: Told = field(default_factory=Told)
    heard: Callable[[str, int | str], None] = lambda *_: None

    @asynccontextmanager
    async def journal(self, *, most: int = 2) -> AsyncIterator[Journal]:
        """The product's own. It waits a second for a server that is away, and no longer."""
        pool: AsyncPool = async_pool(self.dsn, name="test", most=most)
        pool.timeout = 1.0
        async with pool, Journal(pool, WallClock()) as journal:
            yield journal

    async def say(self, journal: Journal, *words: str) -> None:
        """One call. Words that begin with "keyed" have a key."""
        entries = [self.entry(word, word if word.startswith("keyed") else None) for word in words]
        try:
            done = await journal.record(*entries)
        except GatehouseError as bad:
            for word in words:
                self.told.take(word, bad)
                self.heard(word, f"{type(bad).__name__}: {bad.says}")
        else:
            for word, one in zip(words, done, strict=True):
                self.told.take(word, one.seq)
                self.heard(word, one.seq)

    async def talk(self, journal: Journal, caller: str, turns: Iterator[int] | range | None = None) -> None:
        """Call after call until it is cancelled, or those many."""
        for turn in itertools.count() if turns is None else turns:
            parts = range(ALL) if "all" in caller else range(1)
            await self.say(journal, *(f"{caller}/{turn}/{part}" for part in parts))
            await asyncio.sleep(0)

    async def repeat_the_keyed(self, journal: Journal) -> None:
        """Every caller with a key that has no entry yet asks again, with the whole of its call."""
        calls: dict[str, set[str]] = {}
        for word in self.told.keyed_without_entry():
            calls.setdefault(word.rpartition("/")[0], set()).add(word)
        for call, words in calls.items():
            whole = range(ALL) if "all" in call else range(1)
            assert words == {f"{call}/{part}" for part in whole}, words  # one answer for all of them
            await self.say(journal, *(f"{call}/{part}" for part in whole))


def agent(dsn: str, thread: str, ticket: str) -> Voice:
    """The copilot's, in one thread: every caller on one stream, so that versions clash."""
    return Voice(dsn, lambda word, key: step(thread, ticket, model=word, key=key))


def talk_of(firm: Firm) -> Voice:
    """The copilot's, in a new thread."""
    thread = firm.thread(LOGIN)
    return agent(firm.database.agent, thread, firm.thread_ticket(LOGIN, thread))


def intake(dsn: str, ticket: str) -> Voice:
    def entry(word: str, key: str | None) -> Entry:
        return Entry("person/crowd", SessionOpened(person=PersonId(word)), TRACE, ticket=ticket, key=key)

    return Voice(dsn, entry)


def gate(dsn: str) -> Voice:
    def entry(word: str, key: str | None) -> Entry:
        fact = TradeConfirmed(order=OrderId(word), account=AccountId("a"), trade_date="2022-12-29")
        return Entry("trade/crowd", fact, TraceId("0" * 32), key=key)

    return Voice(dsn, entry)


def owner(dsn: str) -> Voice:
    def entry(word: str, key: str | None) -> Entry:
        fact = FirmFounded(firm=word, seed=1, synthetic=True, last_close="2022-12-28")
        return Entry("firm/crowd", fact, TraceId("0" * 32), key=key)

    return Voice(dsn, entry)


@asynccontextmanager
async def crowd(voice: Voice, journal: Journal, *callers: str) -> AsyncIterator[None]:
    """These callers, talking until the end of the block. Whoever is in a call then has no answer."""
    tasks = [asyncio.create_task(voice.talk(journal, name)) for name in callers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended


def names(*, keyed: int, bare: int) -> tuple[str, ...]:
    """So many callers with a key and without; a quarter of them with calls that are all or nothing."""
    kinds = [("keyed", keyed), ("bare", bare)]
    return tuple(f"{kind}-{n}{'-all' if n % 4 == 0 else ''}" for kind, many in kinds for n in range(many))


async def until_told(voice: Voice, *, recorded: int = 0, raised: int = 0) -> None:
    """Until so many more answers of each sort have come."""
    told = voice.told
    wanted = len(told.recorded) + recorded, told.raised.total() + raised
    async with asyncio.timeout(PATIENCE):
        while len(told.recorded) < wanted[0] or told.raised.total() < wanted[1]:
            await asyncio.sleep(0.005)


def words_in(firm: Firm) -> Mapping[str, list[int]]:
    """The sequences of each caller's word in the record."""
    rows = firm.ask(
        "superuser",
        "select seq, text from gatehouse.journal where event_type = any(%s) order by seq",
        list(FIELDS),
    )
    there: dict[str, list[int]] = {}
    for row in rows:
        envelope = json.loads(row["text"])
        word = envelope["payload"][FIELDS[envelope["event_type"]]]
        there.setdefault(word, []).append(row["seq"])
    return there


async def every_answer_was_true(firm: Firm, *tolds: Told) -> None:
    """The record and what its callers were told agree, and the record is a legal sequence."""
    there = words_in(firm)
    ours = {word: seqs for word, seqs in there.items() if word.startswith(("keyed", "bare"))}
    assert {word: seqs for word, seqs in ours.items() if len(seqs) > 1} == {}
    for told in tolds:
        assert {w: there.get(w) for w, seq in told.recorded.items() if there.get(w) != [seq]} == {}
        assert sorted(told.nothing & set(there)) == [], dict(told.raised)
    groups: dict[str, list[int]] = {}
    for word, seqs in ours.items():
        if "all" in word:
            groups.setdefault(word.rpartition("/")[0], []).extend(seqs)
    for call, seqs in groups.items():
        assert seqs == list(range(seqs[0], seqs[0] + ALL)), call  # whole, and neighbours
    assert contradictions(firm) == []
    seen = await asyncio.to_thread(firm.verified)
    assert seen.ok, seen.faults


def contradictions(firm: Firm) -> list[Any]:
    """Where the tables of the append do not say what the journal says."""
    return firm.ask(
        "superuser",
        """
        select 'head' as what, h.seq::text as of from gatehouse.head h
            where h.seq <> (select max(seq) from gatehouse.journal)
               or h.digest <> (select digest from gatehouse.journal order by seq desc limit 1)
        union all
        select 'stream', coalesce(s.stream, j.stream) from gatehouse.stream_head s
            full join (select stream, max(stream_version) as version, count(*) as n
                       from gatehouse.journal group by stream) j using (stream)
            where s.version is distinct from j.version or j.n <> j.version
        union all
        select 'key', i.key from gatehouse.idempotency i left join gatehouse.journal j using (seq)
            where j.seq is null or j.role <> i.role or j.actor <> i.actor
        """,
    )
