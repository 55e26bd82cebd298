"""Batches at the approver's door: many proposals assembled, submitted and decided as one.

Rule 1: the batch's entry and every row's own go in one group: all of them are taken, or none.
Rule 2: what was seen is passed back as the batch's digest; it binds each row's digest, and each row's entry
    carries that one. Whether all still fits is the append's answer.
Rule 3: a reason for a policy is written once and sealed for each row that has such a finding.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

from core.book.views import ProposalView
from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.database.statements import statements
from core.errors import BadInput, NotFound
from core.fact import Entry, Fact
from core.ids import Digest, PersonId, ProposalId, SubjectId, TraceId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.orders.batch import (
    BatchApproved,
    BatchAssembled,
    BatchDeclined,
    BatchReturned,
    BatchRow,
    BatchSubmitted,
    batch_digest,
)
from core.orders.events import (
    ProposalApproved,
    ProposalDeclined,
    ProposalReturned,
    ProposalSubmitted,
    Reason,
)
from core.people.asker import asking
from core.people.keystore import KeyStore
from core.people.stepping_up import Proof, SteppingUp
from core.projections.proposals import read_proposals

SQL: Final = statements(Path(__file__).with_name("batches.sql"))
MOST_ROWS: Final = 100
WORDS_AT_MOST: Final = 4_000  # characters of a reason or comment
HIGHEST: Final = 3  # the tier that takes compliance, too

Checked = Callable[[str, ProposalId, str], Awaitable[ProposalView]]


@dataclass(frozen=True, slots=True)
class Batch:
    """`whole`: every row still is what the batch holds, and waits as it does."""

    batch: str
    advisor: PersonId
    session: date
    digest: Digest
    tier: int
    dollars: Decimal
    status: str
    proposals: tuple[ProposalId, ...]
    approved_by: tuple[PersonId, ...]
    whole: bool


class Batches:
    """One for each process that serves people. `checked` reads a proposal with every policy asked again."""

    def __init__(
        self,
        pool: AsyncPool,
        journal: Journal,
        keys: KeyStore,
        clock: Clock,
        checked: Checked,
        stepping_up: SteppingUp,
    ) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock
        self._checked = checked
        self._stepping_up = stepping_up

    async def all(self, ticket: str) -> tuple[Batch, ...]:
        """The newest that the asker may see."""
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["batches"], {"batch": None})
        return tuple(_batch(row) for row in found)

    async def one(self, ticket: str, batch: str) -> tuple[Batch, tuple[ProposalView, ...]]:
        """That one with its rows, in their order.

        Raises:
            NotFound: there is none that the asker may see.
        """
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["batches"], {"batch": batch})
            if not found:
                raise NotFound(f"there is no batch {batch!r}", fix="see `batches list`", field="batch")
            known = _batch(found[0])
            views = {view.proposal: view for view in await read_proposals(connection, known.proposals)}
        return known, tuple(views[proposal] for proposal in known.proposals)

    async def assemble(
        self, ticket: str, proposals: Sequence[ProposalId], *, key: str
    ) -> tuple[Batch, Recorded]:
        """The advisor puts assessed proposals of hers together. The same key is the same batch.

        Raises:
            BadInput: fewer than two, more than a hundred, or one twice.
            NotFound: one of them is not in her book, or has no figures yet.
            Refused: one is not hers, not assessed, or of another day.
        """
        named = sorted(set(proposals))
        if not 1 < len(named) <= MOST_ROWS or len(named) != len(proposals):
            raise BadInput(
                f"a batch has 2 to {MOST_ROWS} different proposals", fix="name others", field="proposals"
            )
        async with asking(self._pool, ticket) as connection:
            views = {view.proposal: view for view in await read_proposals(connection, named)}
            person = (await one(connection, "select gatehouse.asker_person() as person"))["person"]
            together = await one(connection, SQL["measure"], {"proposals": named})
        parts = []
        for proposal in named:
            view = views.get(proposal)
            if view is None or view.digest is None:
                raise NotFound(
                    f"there is no assessed proposal {proposal!r} in your book",
                    fix="see `proposals list`",
                    field="proposals",
                )
            parts.append(BatchRow(proposal=proposal, digest=view.digest))
        batch = f"bat-{sha256(f'{person}/{key}'.encode()).hexdigest()[:32]}"
        digest = batch_digest(parts)
        fact = BatchAssembled(
            batch=batch,
            rows=tuple(parts),
            digest=digest,
            tier=together["tier"],
            dollars=together["dollars"],
        )
        recorded = (await self._record(ticket, batch, [], fact, f"assemble/{batch}", first=True))[0]
        return (await self.one(ticket, batch))[0], recorded

    async def submit(self, ticket: str, batch: str, digest: Digest, reasons: Mapping[str, str]) -> Recorded:
        """She makes every row hers, or none.

        Raises:
            RuleBroken: a policy speaks against a row now.
            Refused: as for each row; or a row is no more what the batch holds.
        """
        known, views = await self._seen(ticket, batch, digest, "ASSESSED")
        entries = [
            self._row(
                ticket,
                view,
                ProposalSubmitted(
                    proposal=view.proposal, digest=_digest(view), reasons=self._reasons(view, reasons)
                ),
                "submit",
            )
            for view in views
        ]
        fact = BatchSubmitted(batch=batch, digest=digest)
        return (await self._record(ticket, known.batch, entries, fact, f"submit/{batch}/{digest}"))[-1]

    async def approve(
        self,
        ticket: str,
        batch: str,
        digest: Digest,
        reasons: Mapping[str, str],
        proof: Proof | None = None,
    ) -> Recorded:
        """One who may decides on every row. In a batch of tier 3 compliance signs first, and lets no row of a
        lower tier out by it; each of the two with a proof of that moment, for the batch's own fingerprint.

        Raises:
            RuleBroken: a policy speaks against a row now.
            Refused: not independent of a row, not registered, a row has changed or ended, or tier 3 and
                compliance has not signed; no proof, or a wrong one.
        """
        known, views = await self._seen(ticket, batch, digest, "SUBMITTED")
        async with asking(self._pool, ticket) as connection:
            sees = await one(
                connection,
                "select p.person, p.role from gatehouse.person p where p.person = gatehouse.asker_person()",
            )
        both = known.tier == HIGHEST
        first = sees["role"] == "compliance" and both
        method = proof.method if proof is not None and both else None
        if proof is not None and both and sees["person"] not in known.approved_by and known.whole:
            await self._stepping_up.prove(ticket, f"batch/{batch}", digest, proof)
        entries = [
            self._row(
                ticket,
                view,
                ProposalApproved(
                    proposal=view.proposal,
                    digest=_digest(view),
                    reasons=self._reasons(view, reasons),
                    capacity="compliance" if first else "principal",
                    step_up=method if view.tier == HIGHEST else None,
                ),
                "approve",
            )
            for view in views
            if not first or view.tier == HIGHEST
        ]
        fact = BatchApproved(batch=batch, digest=digest, step_up=method)
        key = f"approve/{batch}/{digest}"
        return (await self._record(ticket, known.batch, entries, fact, key, first=True))[0]

    async def turn_down(
        self, ticket: str, batch: str, digest: Digest, step: Literal["return", "decline"], words: str
    ) -> Recorded:
        """Every row goes back with the comments, or is declined with the reason."""
        known, views = await self.one(ticket, batch)
        text = _words(words, "comment" if step == "return" else "reason")
        entries = []
        for view in views:
            subject = SubjectId(view.household)
            fact: Fact
            if step == "return":
                sealed = self._keys.seal(subject, "comment", text)
                fact = ProposalReturned(proposal=view.proposal, digest=_digest(view), comment=sealed)
            else:
                sealed = self._keys.seal(subject, "reason", text)
                fact = ProposalDeclined(proposal=view.proposal, digest=_digest(view), reason=sealed)
            entries.append(self._row(ticket, view, fact, step))
        whole = BatchReturned if step == "return" else BatchDeclined
        key = f"{step}/{batch}/{digest}"
        done = await self._record(ticket, known.batch, entries, whole(batch=batch, digest=digest), key)
        return done[-1]

    async def _seen(
        self, ticket: str, batch: str, digest: Digest, waiting: str
    ) -> tuple[Batch, tuple[ProposalView, ...]]:
        """The batch and its rows, each with every policy asked again while it waits for this decision."""
        known, views = await self.one(ticket, batch)
        if known.digest != digest or not known.whole:
            return known, views  # the append says why not, or answers a repeated decision
        return known, tuple([await self._checked(ticket, view.proposal, waiting) for view in views])

    def _row(self, ticket: str, view: ProposalView, fact: Fact, step: str) -> Entry:
        key = f"{step}/{view.proposal}/{view.digest}"
        return Entry(f"proposal/{view.proposal}", fact, view.trace, ticket=ticket, key=key)

    async def _record(
        self,
        ticket: str,
        batch: str,
        entries: Sequence[Entry],
        fact: Fact,
        key: str,
        *,
        first: bool = False,
    ) -> tuple[Recorded, ...]:
        """The batch's own entry with its rows', in front of them or behind them: one group."""
        trace: TraceId = fresh_trace_id(self._clock)
        own = Entry(f"batch/{batch}", fact, trace, ticket=ticket, key=key)
        return await self._journal.record(*([own, *entries] if first else [*entries, own]))

    def _reasons(self, view: ProposalView, reasons: Mapping[str, str]) -> tuple[Reason, ...]:
        subject = SubjectId(view.household)
        return tuple(
            Reason(
                policy=policy,
                text=self._keys.seal(subject, "reason", _words(reasons[policy], f"reasons.{policy}")),
            )
            for policy in _found(view)
            if policy in reasons
        )


def _found(view: ProposalView) -> Iterator[str]:
    """The policies whose finding needs a reason, once each, sorted."""
    yield from sorted({finding.policy for finding in view.findings if finding.result == "finding"})


def _digest(view: ProposalView) -> Digest:
    return view.digest or Digest("")


def _batch(row: Mapping[str, Any]) -> Batch:
    return Batch(**{**row, "proposals": tuple(row["proposals"]), "approved_by": tuple(row["approved_by"])})


def _words(text: str, field: str) -> str:
    if not text.strip() or len(text) > WORDS_AT_MOST:
        raise BadInput(f"{field} must have 1 to {WORDS_AT_MOST:,} characters", fix="write why", field=field)
    return text
