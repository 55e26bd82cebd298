"""Corrections at the intake: drafted by operations, decided on by others."""

from __future__ import annotations

from hashlib import sha256

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one
from core.errors import BadInput
from core.fact import Entry
from core.ids import OrderId, ProposalId, SubjectId, fresh_trace_id
from core.ledger.journal import Journal
from core.orders.events import Request
from core.orders.exceptions import CorrectionDrafted, Exceptional
from core.people.asker import SQL as PEOPLE
from core.people.asker import asking
from core.people.keystore import KeyStore
from core.people.permitting import Permitting
from core.people.repeated import record_once

WORDS_AT_MOST = 4_000  # characters of a cause


class Corrections:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock
        self._permitting = Permitting(pool, journal, clock)

    async def draft(
        self,
        ticket: str,
        request: Request,
        exception: Exceptional,
        corrects: OrderId,
        cause: str,
        *,
        key: str,
    ) -> ProposalId:
        """Draft it. The same key is the same proposal.

        Raises:
            Refused: not operations; no such order was let out; the day is closed.
            Conflict: the key came with another one.
        """
        if not cause.strip() or len(cause) > WORDS_AT_MOST:
            raise BadInput("a correction says why", fix="write what went wrong", field="cause")
        async with asking(self._pool, ticket) as connection:
            person = (await one(connection, PEOPLE["whoami"]))["person"]
        proposal = ProposalId("prp-" + sha256(f"correct/{person}/{key}".encode()).hexdigest()[:32])
        asked = await self._permitting.correct(ticket, request.household)
        subject, trace = SubjectId(request.household), fresh_trace_id(self._clock)

        def entry(back: int) -> Entry:
            fact = CorrectionDrafted(
                proposal=proposal,
                request=request,
                exception=exception,
                corrects=corrects,
                cause=self._keys.seal(subject, "cause", cause, back=back),
            )
            stream = f"proposal/{proposal}"
            return Entry(stream, fact, trace, ticket=ticket, key=f"draft/{proposal}", policy_decisions=asked)

        await record_once(self._journal, self._keys, subject, entry)
        return proposal
