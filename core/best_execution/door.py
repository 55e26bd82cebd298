"""How venues are chosen, at the approver's door: propose, confirm, withdraw, and try on the past.

Rule 1: versions, and who may set them, are as `core.rule_sets` has them; the digest is of the reasons too.
Rule 2: what waits for a second person decides beside the live rules, and no order goes by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from core.best_execution.events import (
    RoutingConfirmed,
    RoutingProposed,
    RoutingSet,
    RoutingWithdrawn,
    WeightReason,
    digest_of,
)
from core.best_execution.reading import SQL, evidence_of
from core.best_execution.versions import rules_in
from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import BadInput, NotFound
from core.fact import Entry, Fact, Sealed
from core.ids import Digest, SubjectId, fresh_trace_id
from core.ledger.envelope import Recorded, opened
from core.ledger.journal import Journal
from core.people.asker import asking
from core.people.keystore import KeyStore
from core.routing.rules import Rules
from core.routing.trying import Tried, tried
from core.rule_sets import Standing, ask_whole_record, business_day, read_standing

LAST: Final = 1_000
"""Orders that a dry run makes again, where nobody says how many."""
WORDS_AT_MOST: Final = 4_000
FIELD: Final = "weight_reason"
FORGOTTEN: Final = "(the words were forgotten)"


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A set with the reasons for its weights, in clear where they can be read."""

    routing: RoutingSet
    reasons: Mapping[str, str]


class Routes:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock

    async def show(self, ticket: str) -> Standing[Reasoned]:
        """What holds, what held, and what is proposed: to everybody who works here."""
        async with asking(self._pool, ticket) as connection:
            return await read_standing(connection, SQL, self._reasoned)

    async def try_out(self, ticket: str, routing: RoutingSet, orders: int = LAST) -> Tried:
        """What would have gone elsewhere, of the last orders that were let out. Records nothing.

        Raises:
            NotPermitted: she is not shown the whole record: half an answer would mislead.
        """
        async with asking(self._pool, ticket) as connection:
            await ask_whole_record(connection, SQL)
            found = await rows(connection, SQL["newest_routed"], {"orders": orders})
        rules = rules_in(routing, version=0, digest=digest_of(routing, (), ""))
        return await asyncio.to_thread(_tried, sorted((row["seq"], row["text"]) for row in found), rules)

    async def propose(
        self, ticket: str, routing: RoutingSet, reasons: Mapping[str, str], effective_on: date | None
    ) -> tuple[Digest, Recorded]:
        """Another set, whole, from that business day on (None: the one that runs). Its digest.

        Raises:
            Refused: not a principal nor of compliance, the day is over, a weight moves without a written
                reason, a venue is in a table twice, or another set waits.
        """
        async with asking(self._pool, ticket) as connection:
            session = await business_day(connection, SQL)
            person = (await one(connection, "select gatehouse.asker_person() as person"))["person"]
        day = (effective_on or session).isoformat()
        told = tuple(self._sealed(person, weight, words) for weight, words in sorted(reasons.items()))
        digest = digest_of(routing, told, day)
        fact = RoutingProposed(routing=routing, reasons=told, effective_on=day, digest=digest)
        return digest, await self._record(ticket, fact)

    async def decide(self, ticket: str, digest: Digest, step: Literal["confirm", "withdraw"]) -> Recorded:
        """Another person confirms exactly this, which promotes it; or whoever may takes it back.

        Raises:
            Refused: the same person, not one who may, another digest, the day is over, or nothing waits.
        """
        fact = RoutingConfirmed(digest=digest) if step == "confirm" else RoutingWithdrawn(digest=digest)
        return await self._record(ticket, fact)

    def _sealed(self, person: str, weight: str, words: str) -> WeightReason:
        words = words.strip()
        if not words or len(words) > WORDS_AT_MOST:
            raise BadInput(
                f"the reason for {weight!r} is empty or too long",
                fix=f"write 1 to {WORDS_AT_MOST} characters",
                field="reasons",
            )
        return WeightReason.model_validate(
            {"weight": weight, "text": self._keys.seal(SubjectId(person), FIELD, words)}
        )

    def _reasoned(self, row: Mapping[str, Any]) -> Reasoned:
        told = {one["weight"]: self._words(Sealed.model_validate(one["text"])) for one in row["reasons"]}
        return Reasoned(RoutingSet.model_validate_json(row["routing"]), told)

    def _words(self, sealed: Sealed) -> str:
        try:
            return self._keys.clear(FIELD, sealed)
        except NotFound:
            return FORGOTTEN

    async def _record(self, ticket: str, fact: Fact) -> Recorded:
        entry = Entry("routing", fact, fresh_trace_id(self._clock), ticket=ticket)
        return (await self._journal.record(entry))[0]


def _tried(past: list[tuple[int, str]], rules: Rules) -> Tried:
    return tried([(seq, evidence_of(opened(text).fact)) for seq, text in past], rules)
