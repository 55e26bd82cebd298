"""The door of named people: submit, record consent, approve, return, decline, withdraw, move the day.

Rule 1: who acts is the session's person; nobody passes an actor.
Rule 2: what was seen is passed back as its digest; the append compares it, and decides. Nothing here does.
    A submission and an approval are told early where a policy speaks against them now, and each act where
    the policies of who may ask do; they only narrow.
Rule 3: a double click is one decision: the same person's same act on the same digest has one key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal

from core.best_execution.door import Routes
from core.book.views import ProposalView
from core.clock import Clock
from core.correspondence.door import HeldEmails
from core.database.pools import AsyncPool
from core.database.rows import one
from core.direct.blocks import Blocks
from core.direct.cancels import Cancels
from core.direct.machines import Machines
from core.direct.redrives import Redrives
from core.errors import BadInput, RuleBroken
from core.escalation.door import Deputies
from core.fact import Entry, Fact
from core.forgetting.door import RecordKeeping
from core.gate.batching import Batches
from core.gate.recheck import recheck
from core.gate.staff import Staff
from core.ids import Digest, ProposalId, SubjectId, TraceId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.limits.door import Limiting
from core.limits.reading import read_limits
from core.limits.watch import Watching
from core.market.calendar import next_session
from core.market.events import BusinessDayCloseRequested, BusinessDayOpenRequested
from core.orders.events import (
    ConsentRecorded,
    LegComment,
    ProposalApproved,
    ProposalDeclined,
    ProposalReturned,
    ProposalSubmitted,
    ProposalWithdrawn,
    Reason,
)
from core.orders.rationale import NOTHING_SAID, Rationale, Said
from core.people.asker import SQL as PEOPLE
from core.people.asker import asking
from core.people.keystore import KeyStore
from core.people.permitting import Permitting
from core.people.repeated import record_once
from core.people.stepping_up import Proof, SteppingUp
from core.projections.proposals import SQL as BOOK
from core.projections.proposals import read_proposal
from core.projections.reader import read_picture
from core.reconcile.door import Reconciliation
from core.risk.halted import Halted
from core.standing.door import StandingApprovals

Capacity = Literal["principal", "compliance"]
WORDS_AT_MOST = 4_000  # characters of a reason or comment


class Approval:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock
        self.records = RecordKeeping(pool, journal, keys, clock)
        self.stepping_up = SteppingUp(pool, journal, clock)
        self.staff = Staff(pool, journal, clock)
        self.limits = Limiting(pool, journal, clock)
        self.routes = Routes(pool, journal, keys, clock)
        self.watch = Watching(pool, journal, keys, clock)
        self._permitting = Permitting(pool, journal, clock)
        self.machines = Machines(journal, keys, clock)
        self.cancels = Cancels(pool, journal)
        self.redrives = Redrives(pool, journal)
        self.blocks = Blocks(pool, journal, keys, clock)
        self.standing = StandingApprovals(pool, journal, clock)
        self.deputies = Deputies(pool, journal, clock)
        self.emails = HeldEmails(pool, journal, keys, clock)
        self.reconciliation = Reconciliation(pool, journal, clock)
        self.batches = Batches(pool, journal, keys, clock, self._checked, self.stepping_up)

    async def submit(
        self,
        ticket: str,
        proposal: ProposalId,
        digest: Digest,
        reasons: Mapping[str, str],
        said: Said = NOTHING_SAID,
    ) -> Recorded:
        """The account's advisor, or who stands in for her, makes exactly this hers, with a written reason
        for each finding, and says whose idea it was and why it is done.

        Raises:
            Refused: not the advisor, not assessed, another digest, lapsed, a reason missing, or the shares or
                the cash are promised elsewhere; or it cannot be as she says.
        """
        view = await self._checked(ticket, proposal, "ASSESSED")
        return await self._decide_in_words(
            ticket,
            view,
            lambda back: ProposalSubmitted(
                proposal=proposal,
                digest=digest,
                reasons=self._reasons(view, reasons, back),
                solicited=said.solicited,
                rationale=self._rationale(view, said, back),
            ),
            f"submit/{proposal}/{digest}",
        )

    async def consent(
        self,
        ticket: str,
        proposal: ProposalId,
        digest: Digest,
        client: SubjectId,
        channel: Literal["phone", "meeting", "letter"],
    ) -> Recorded:
        """A person records that this client agreed to exactly this, today. Each account needs an owner's.

        Raises:
            Refused: not hers to record, not an owner, not needed, another digest, lapsed.
        """
        view = await self._view(ticket, proposal)
        fact = ConsentRecorded(proposal=proposal, digest=digest, client=client, channel=channel)
        return await self._decide(ticket, view, fact, f"consent/{proposal}/{view.session}/{digest}/{client}")

    async def approve(
        self,
        ticket: str,
        proposal: ProposalId,
        digest: Digest,
        reasons: Mapping[str, str],
        proof: Proof | None = None,
    ) -> Recorded:
        """Somebody independent approves exactly this. Of tier 3 it takes a principal and compliance, each
        with a proof of that moment; of any other tier nobody looks at it.

        Raises:
            Refused: self-approval, not independent, not registered, not submitted, another digest, lapsed,
                decided before, no proof or a wrong one, or the other role is missing.
        """
        view = await self._checked(ticket, proposal, "SUBMITTED")
        person, role = await self._who(ticket)
        method = proof.method if proof is not None and view.tier == 3 else None
        again = view.status != "SUBMITTED" or any(one.person == person for one in view.approvals)
        if proof is not None and method is not None and not again:
            await self.stepping_up.prove(ticket, f"proposal/{proposal}", digest, proof)
        capacity: Capacity = "compliance" if role == "compliance" else "principal"
        return await self._decide_in_words(
            ticket,
            view,
            lambda back: ProposalApproved(
                proposal=proposal,
                digest=digest,
                reasons=self._reasons(view, reasons, back),
                capacity=capacity,
                step_up=method,
            ),
            f"approve/{proposal}/{digest}",
        )

    async def send_back(
        self,
        ticket: str,
        proposal: ProposalId,
        digest: Digest,
        comment: str,
        lines: Mapping[int, str] = MappingProxyType({}),
    ) -> Recorded:
        """A principal or compliance returns it with comments, also on single order tickets by their number.
        It ends; a successor is assessed anew."""
        view = await self._view(ticket, proposal)
        subject, text = SubjectId(view.household), _words(comment, "comment")
        return await self._decide_in_words(
            ticket,
            view,
            lambda back: ProposalReturned(
                proposal=proposal,
                digest=digest,
                comment=self._keys.seal(subject, "comment", text, back=back),
                comments=tuple(
                    LegComment(
                        leg=leg,
                        text=self._keys.seal(subject, "comment", _words(said, f"comments.{leg}"), back=back),
                    )
                    for leg, said in sorted(lines.items())
                ),
            ),
            f"return/{proposal}/{digest}",
        )

    async def decline(self, ticket: str, proposal: ProposalId, digest: Digest, reason: str) -> Recorded:
        """A principal or compliance says no, with the reason."""
        view = await self._view(ticket, proposal)
        subject, text = SubjectId(view.household), _words(reason, "reason")
        return await self._decide_in_words(
            ticket,
            view,
            lambda back: ProposalDeclined(
                proposal=proposal, digest=digest, reason=self._keys.seal(subject, "reason", text, back=back)
            ),
            f"decline/{proposal}/{digest}",
        )

    async def withdraw(self, ticket: str, proposal: ProposalId) -> Recorded:
        """The account's advisor, or who stands in for her, takes it back before anything of it is
        released."""
        view = await self._view(ticket, proposal)
        return await self._decide(ticket, view, ProposalWithdrawn(proposal=proposal), f"withdraw/{proposal}")

    async def close_day(self, ticket: str) -> Recorded:
        """Operations asks for the close of the business day.

        Raises:
            Refused: not operations, the day is closed, or it was asked for before.
        """
        day = await self._session(ticket)
        return await self._ask(ticket, BusinessDayCloseRequested(session=day.isoformat()))

    async def open_day(self, ticket: str) -> Recorded:
        """Operations asks for the next trading session."""
        day = await self._session(ticket)
        return await self._ask(ticket, BusinessDayOpenRequested(session=next_session(day).isoformat()))

    async def _view(self, ticket: str, proposal: ProposalId) -> ProposalView:
        async with asking(self._pool, ticket) as connection:
            return await read_proposal(connection, proposal)

    async def _checked(self, ticket: str, proposal: ProposalId, waiting: str) -> ProposalView:
        """The proposal, with every policy asked again while it waits for this decision.

        Raises:
            RuleBroken: a policy speaks against it now. Nothing is recorded; draft it anew.
        """
        async with asking(self._pool, ticket) as connection:
            view = await read_proposal(connection, proposal)
            if view.content is None or view.status != waiting:
                return view  # the append says why not, or answers a repeated decision
            picture = await read_picture(connection, view.household, without=proposal)
            in_force = await read_limits(connection)
        against = recheck(view.content, view.content.legs, picture, in_force).against
        if against:
            says = "; ".join(f.says for f in against)
            halted = all(f.policy == Halted.code for f in against)
            fix = (
                "it waits until another person resumes trading" if halted else "withdraw it and draft it anew"
            )
            raise RuleBroken(f"it is not allowed now: {says}", fix=fix)
        return view

    async def _who(self, ticket: str) -> tuple[str, str]:
        """Whose ticket it is, and in which role."""
        async with asking(self._pool, ticket) as connection:
            row = await one(connection, PEOPLE["whoami"])
        return row["person"], row["role"]

    async def _session(self, ticket: str) -> date:
        async with asking(self._pool, ticket) as connection:
            session: date = (await one(connection, BOOK["market_day"]))["session"]
        return session

    async def _decide(self, ticket: str, view: ProposalView, fact: Fact, key: str) -> Recorded:
        asked = await self._permitting.decide(ticket, view.proposal, fact.event_type())
        entry = Entry(
            f"proposal/{view.proposal}", fact, view.trace, ticket=ticket, key=key, policy_decisions=asked
        )
        return (await self._journal.record(entry))[0]

    async def _decide_in_words(
        self, ticket: str, view: ProposalView, fact: Callable[[int], Fact], key: str
    ) -> Recorded:
        """A decision with sealed words: `fact(n)` has them under the version of the key n rotations ago."""

        asked = await self._permitting.decide(ticket, view.proposal, fact(0).event_type())

        def entry(back: int) -> Entry:
            stream = f"proposal/{view.proposal}"
            return Entry(stream, fact(back), view.trace, ticket=ticket, key=key, policy_decisions=asked)

        return await record_once(self._journal, self._keys, SubjectId(view.household), entry)

    async def _ask(self, ticket: str, fact: Fact) -> Recorded:
        trace: TraceId = fresh_trace_id(self._clock)
        asked = await self._permitting.move_day(ticket, fact.event_type())
        entry = Entry("market", fact, trace, ticket=ticket, policy_decisions=asked)
        return (await self._journal.record(entry))[0]

    def _reasons(self, view: ProposalView, reasons: Mapping[str, str], back: int) -> tuple[Reason, ...]:
        subject = SubjectId(view.household)
        return tuple(
            Reason(
                policy=policy,
                text=self._keys.seal(subject, "reason", _words(text, f"reasons.{policy}"), back=back),
            )
            for policy, text in sorted(reasons.items())
        )

    def _rationale(self, view: ProposalView, said: Said, back: int) -> Rationale | None:
        if said.rationale is None:
            return None
        words = _words(said.rationale, "rationale")
        text = self._keys.seal(SubjectId(view.household), "rationale", words, back=back)
        return Rationale(text=text, drafted_in=said.drafted_in)


def _words(text: str, field: str) -> str:
    if not text.strip() or len(text) > WORDS_AT_MOST:
        raise BadInput(f"{field} must have 1 to {WORDS_AT_MOST:,} characters", fix="write why", field=field)
    return text
