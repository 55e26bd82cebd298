"""The agents' door: read within the ticket's book, draft, record a step. Nothing else.

Rule 1: there is no method here that submits, approves, releases, sends or changes a limit; nor does the login
    behind it (`gh_agent`) have a right to.
Rule 2: every read is by the ticket, in the database: a household outside the book is not found.
Rule 3: a draft with the same key is the same draft, however often a step of the graph runs again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import cache
from hashlib import sha256
from typing import Final

import msgspec
from psycopg.rows import DictRow

from core.book.picture import Picture
from core.book.views import HouseholdLine, Passage, ProposalView
from core.budget import spending
from core.budget.spending import Reserved, Spent
from core.clock import Clock
from core.correspondence.events import EmailDrafted
from core.database.pools import AsyncPool
from core.database.rows import rows
from core.errors import NotFound, NotPermitted
from core.fact import Entry, PolicyDecision, Sealed, Words
from core.halts.scope import agent_stopped
from core.ids import HouseholdId, MessageId, OrderId, ProposalId, ThreadId, TraceId
from core.ledger import bodies
from core.ledger.journal import Journal
from core.library.reader import SQL, as_passage
from core.orders.events import CancelDrafted, ProposalDrafted, Request, Span
from core.people.asker import SQL as PEOPLE
from core.people.asker import asking, at_once, found_by, read_ahead, read_at_once
from core.people.events import PreferenceErased, PreferenceKept, StepEvent
from core.people.permits import Ask, Denied, entity, permits, reference, uid
from core.plan.day_ends import Moved
from core.projections.activity import lately_in
from core.projections.households import lines_of, read_households
from core.projections.moves import read_moves
from core.projections.proposals import read_proposal, read_proposals
from core.projections.reader import pictures_asks, pictures_of, read_picture, read_pictures

# Halts of agents and of tools are shown to everybody.
HALTED: Final = """
select gatehouse.present(%(ticket)s) as person,
       array(select h.scope from gatehouse.halt h
             where h.lifted_seq is null and (h.scope like 'agent:%%' or h.scope like 'tool:%%')) as scopes
"""
KNOWN_NS: Final = 50_000_000  # halts, and a household, that were asked for since are not asked for again
WHOSE: Final = PEOPLE["whose"]


@dataclass(frozen=True, slots=True)
class Found:
    """A passage and how far it is from the question: cosine distance, 0 the same, 2 the opposite."""

    passage: Passage
    distance: str


class Desk:
    """One turn's door, bound to one ticket."""

    def __init__(self, pool: AsyncPool, journal: Journal, ticket: str, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._ticket = ticket
        self._clock = clock
        self._halts: tuple[int, frozenset[str]] | None = None  # when they were asked for, and what they are
        self._ahead: tuple[HouseholdId, int, dict[str, list[DictRow]]] | None = None  # asked for then

    async def households(self) -> tuple[HouseholdLine, ...]:
        """The ticket's book, by id."""
        async with asking(self._pool, self._ticket) as connection:
            return await read_households(connection)

    @asynccontextmanager
    async def ahead(self, household: HouseholdId) -> AsyncIterator[None]:
        """That household is read while something else is done, for a `household` that follows at once."""
        since = self._clock.monotonic_ns()
        async with read_ahead(self._pool, self._ticket, pictures_asks([household])) as found:
            yield
        self._ahead = household, since, found

    async def household(self, household: HouseholdId) -> tuple[HouseholdLine, Picture]:
        """That household alone, with what it holds: now, or a moment ago where it was read `ahead`.

        Raises:
            NotFound: it is not in the book.
        """
        read, self._ahead = self._ahead, None
        if read is None or read[0] != household or self._clock.monotonic_ns() - read[1] >= KNOWN_NS:
            found = await read_at_once(self._pool, self._ticket, pictures_asks([household]))
        else:
            found = read[2]
        lines = lines_of(found)
        if not lines:
            raise NotFound("there is no such household in your book", fix="choose one of your own")
        return lines[0], pictures_of(found, lately_in(found))[0]

    async def picture(self, household: HouseholdId) -> Picture:
        """What that household holds, with its prices.

        Raises:
            NotFound: it is not in the book.
        """
        async with asking(self._pool, self._ticket) as connection:
            return await read_picture(connection, household)

    async def pictures(self) -> tuple[Picture, ...]:
        """Every household of the book."""
        async with asking(self._pool, self._ticket) as connection:
            return await read_pictures(connection, None)

    async def moves(self, household: HouseholdId) -> tuple[Moved, ...]:
        """What that household's accounts are made of, in the order of the record. Empty: it is not in the
        book."""
        async with asking(self._pool, self._ticket) as connection:
            return await read_moves(connection, household)

    async def draft(
        self,
        request: Request,
        *,
        provenance: tuple[Span, ...],
        thread: ThreadId,
        agent: str,
        trace: TraceId,
        key: str,
        dollars: Decimal | None = None,
    ) -> ProposalId:
        """Put a request before the worker, to be assessed. It reserves nothing and reaches no principal.

        `dollars`: what it is about, where that is said; the policies ask.

        Raises:
            NotPermitted: no policy lets this agent draft that, in that book, of that amount.
            Refused: outside the book, without provenance, too many open drafts, or the day is closed.
        """
        proposal = derived_proposal_id(thread, key)
        fact = ProposalDrafted(
            proposal=proposal, request=request, provenance=provenance, thread=thread, agent=agent
        )
        allowed = await self._may_draft(agent, request.household, dollars)
        await self._journal.record(
            Entry(
                f"proposal/{proposal}",
                fact,
                trace,
                ticket=self._ticket,
                key=f"draft/{proposal}",
                policy_decisions=allowed,
            )
        )
        return proposal

    async def draft_cancel(
        self, order: OrderId, *, asked: Span, thread: ThreadId, agent: str, trace: TraceId, key: str
    ) -> str:
        """Put a request for a cancel before the advisor: she asks, or not. It stops nothing. Answers its id.

        Raises:
            Refused: outside the book, not out or ended, asked for or drafted before.
        """
        draft = "cnd-" + sha256(f"{thread}/{key}".encode()).hexdigest()[:32]
        fact = CancelDrafted(draft=draft, order=order, thread=thread, agent=agent, asked=asked)
        await self._journal.record(
            Entry(f"cancel/{draft}", fact, trace, ticket=self._ticket, key=f"cancel-draft/{draft}")
        )
        return draft

    async def keep_preference(
        self, said: Span, *, thread: ThreadId, agent: str, trace: TraceId, key: str
    ) -> str:
        """Keep what the advisor stated at that place of her message. It changes nothing else. Answers its id.

        Raises:
            Refused: the message is not hers or not of this thread, it is kept already, or there are too many.
        """
        kept = "prf-" + sha256(f"{thread}/{key}".encode()).hexdigest()[:32]
        fact = PreferenceKept(preference=kept, thread=thread, agent=agent, said=said)
        await self._journal.record(
            Entry(f"preference/{kept}", fact, trace, ticket=self._ticket, key=f"preference/{kept}")
        )
        return kept

    async def erase_preference(self, preference: str, *, asked: Span, agent: str, trace: TraceId) -> None:
        """Show it to nobody any more, as her message asks at that place.

        Raises:
            Refused: it is not hers, was erased before, or the message is not of this thread.
        """
        fact = PreferenceErased(preference=preference, agent=agent, asked=asked)
        key = f"erased/{preference}"
        await self._journal.record(
            Entry(f"preference/{preference}", fact, trace, ticket=self._ticket, key=key)
        )

    async def draft_email(
        self,
        household: HouseholdId,
        *,
        subject: Sealed,
        text: Sealed,
        thread: ThreadId,
        agent: str,
        trace: TraceId,
        key: str,
    ) -> str:
        """Hold a draft of an e-mail for its advisor and a principal. It is sent to nobody. Answers its id.

        Raises:
            Refused: outside the book, sealed for another, or too many wait already.
        """
        email = "eml-" + sha256(f"{thread}/{key}".encode()).hexdigest()[:32]
        fact = EmailDrafted(
            email=email, household=household, thread=thread, agent=agent, subject=subject, text=text
        )
        await self._journal.record(
            Entry(f"email/{email}", fact, trace, ticket=self._ticket, key=f"email-draft/{email}")
        )
        return email

    async def proposal(self, proposal: ProposalId) -> ProposalView:
        """A proposal of the book, as it stands now.

        Raises:
            NotFound: it is not in the book.
        """
        async with asking(self._pool, self._ticket) as connection:
            return await read_proposal(connection, proposal)

    async def proposals(self) -> tuple[ProposalView, ...]:
        """The book's proposals, newest first."""
        async with asking(self._pool, self._ticket) as connection:
            return await read_proposals(connection)

    async def keep(self, sealed: Sequence[Sealed]) -> tuple[Words, ...]:
        """What steps carry of these words, in order. Large ones are kept beside the journal, each once.

        Raises:
            Refused: a subject is outside the book or forgotten, or it is too much for a day.
        """
        return await bodies.keep(self._pool, self._ticket, sealed)

    def may_call(self, agent: str, tool: str, effect: str) -> tuple[PolicyDecision, ...]:
        """What the entry of that call carries.

        Raises:
            NotPermitted: no policy lets this agent call that tool.
        """
        return _may_call(agent, tool, effect)

    async def _may_draft(
        self, agent: str, household: HouseholdId, dollars: Decimal | None
    ) -> tuple[PolicyDecision, ...]:
        """What the entry of that draft carries: the policies on agent, book and amount."""
        async with asking(self._pool, self._ticket) as connection:
            found = await rows(connection, WHOSE, {"household": household})
        if not found:
            raise NotFound("there is no such household in your book", fix="name one of your own")
        whose, asker = found[0]["advisor"], found[0]["person"]
        known = (
            entity("Agent", agent, book=reference("Person", asker)),
            entity(
                "Book",
                household,
                household=reference("Household", household),
                advisor=reference("Person", whose),
            ),
        )
        said = {} if dollars is None else {"dollars": int(dollars.to_integral_value(ROUND_CEILING))}
        asked = Ask(uid("Agent", agent), "draft", uid("Book", household), known, said)
        return _allowed(asked, f"the {agent} agent may not draft this")

    async def record(
        self,
        trace: TraceId,
        *facts: StepEvent,
        asked: tuple[PolicyDecision, ...] = (),
        held: Sequence[tuple[str, StepEvent]] = (),
    ) -> None:
        """Journal what an agent did, all of it or nothing. `asked` is what policies said to it. `held` goes
        first: what was to be journaled earlier, each with its key. What was is not journaled again."""
        await self._journal.record(
            *(
                Entry(f"thread/{one.thread}", one, trace, ticket=self._ticket, key=f"held/{key}")
                for key, one in held
            ),
            *(
                Entry(f"thread/{fact.thread}", fact, trace, ticket=self._ticket, policy_decisions=asked)
                for fact in facts
            ),
        )

    async def stopped(self, *, agent: str, tool: str) -> str | None:
        """Why that agent may not ask that tool now, or a moment ago; None: nobody stopped the one or the
        other."""
        halted = await self._halted()
        if f"agent:{agent}" in halted:
            return agent_stopped(agent)
        if f"tool:{tool}" in halted:
            return f"a person has stopped {tool}; go on without it, or wait until another person resumes it"
        return None

    async def _halted(self) -> frozenset[str]:
        now = self._clock.monotonic_ns()
        if self._halts is None or now - self._halts[0] >= KNOWN_NS:
            found = await at_once(self._pool, self._ticket, HALTED, {})
            self._halts = now, frozenset(found["scopes"])
        return self._halts[1]

    async def reserve(
        self, message: MessageId, *, model: str, tokens: tuple[int, int], within: timedelta
    ) -> Reserved | Spent:
        """Take one call of a model, of that many tokens read and written, out of the budgets, before it is
        made."""
        return await spending.reserve(
            self._pool,
            self._ticket,
            message,
            model=model,
            tokens_read=tokens[0],
            tokens_written=tokens[1],
            within=within,
        )

    async def settle(self, reserved: Reserved, tokens: tuple[int, int] | None) -> None:
        """Say what that call came to; None: nobody counted, and the reservation stands."""
        await spending.settle(self._pool, self._ticket, reserved, tokens)

    async def passages_to_embed(self, *, limit: int) -> tuple[Passage, ...]:
        """Stored passages without a vector that the asker may read, oldest first."""
        async with asking(self._pool, self._ticket) as connection:
            found = await rows(connection, SQL["unindexed"], {"limit": limit})
        return tuple(as_passage(row) for row in found)

    async def store_vectors(self, vectors: Sequence[tuple[int, Sequence[object]]], *, model: str) -> None:
        """Keep vectors of passages that the asker may read in the copilot's own index; no others."""
        async with asking(self._pool, self._ticket) as connection:
            for passage, vector in vectors:
                asked = {"passage": passage, "vector": _literal(vector), "model": model}
                await connection.execute(SQL["index"], asked)

    async def search(
        self, vector: Sequence[object], *, limit: int, as_of: date | None = None
    ) -> tuple[Found, ...]:
        """The stored passages nearest to `vector` that the asker may read, nearest first. With a day: as the
        library stood then, nothing later."""
        asked = {"vector": _literal(vector), "limit": limit, "as_of": as_of}
        found = await found_by(self._pool, self._ticket, SQL["nearest"], asked)
        return tuple(Found(as_passage(row), str(row["distance"])) for row in found)

    async def quoting(self, words: str, *, limit: int, as_of: date | None = None) -> tuple[Passage, ...]:
        """Stored passages that contain these very words, newest first, by the same rules as `search`. For
        tickers and quotations."""
        asked = {"words": words, "limit": limit, "as_of": as_of}
        async with asking(self._pool, self._ticket) as connection:
            found = await rows(connection, SQL["quoting"], asked)
        return tuple(as_passage(row) for row in found)

    async def passages_of(self, documents: Sequence[str], *, limit: int) -> tuple[Passage, ...]:
        """What the asker may read of these documents, each in its order."""
        async with asking(self._pool, self._ticket) as connection:
            asked = {"documents": list(documents), "limit": limit}
            found = await rows(connection, SQL["passages_of"], asked)
        return tuple(as_passage(row) for row in found)


def derived_proposal_id(thread: ThreadId, key: str) -> ProposalId:
    """The proposal that this step of this thread drafts. The same step again is the same proposal."""
    return ProposalId("prp-" + sha256(f"{thread}/{key}".encode()).hexdigest()[:32])


@cache
def _may_call(agent: str, tool: str, effect: str) -> tuple[PolicyDecision, ...]:
    """The policies are read once a process, so a question to them has one answer."""
    known = (entity("Agent", agent), entity("Tool", tool, effect=effect))
    asked = Ask(uid("Agent", agent), "call", uid("Tool", tool), known)
    return _allowed(asked, f"the {agent} agent may not call {tool[:60]!r}")


def _allowed(asked: Ask, no: str) -> tuple[PolicyDecision, ...]:
    said = permits().ask(asked)
    if isinstance(said, Denied):
        named = ", ".join(said.policies) or "none allows it"
        raise NotPermitted(f"{no} (policy: {named})", fix="answer without it")
    return said.decisions


def _literal(vector: Sequence[object]) -> str:
    """As pgvector reads it."""
    return msgspec.json.encode(vector).decode()  # 384 numbers in a tenth of the time that `str` takes
