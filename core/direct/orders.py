"""Direct orders: drafted and assessed in this process, in one append, and answered when it is durable.

Rule 1: the same client order id with the same order gets the first answer for ever; with another, a conflict.
Rule 2: the book in memory is optimistic: it may deny too late or too early, and releases nothing.
Rule 3: nothing is recorded of an order that cannot be drafted; no draft is recorded without its assessment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import rows
from core.direct.askers import SQL, Asker, Askers, reading
from core.direct.books import Books
from core.direct.permitted import Permitted
from core.direct.standing import OrderLine, order_of, orders_of
from core.errors import BadInput, Conflict, NotFound, NotPermitted
from core.fact import Entry
from core.ids import (
    AccountId,
    Digest,
    OrderId,
    PersonId,
    ProposalId,
    Symbol,
    TraceId,
    begun_at,
    fresh_trace_id,
    order_id_for,
)
from core.ledger.journal import Journal
from core.market.calendar import next_session
from core.money import tidy
from core.orders.events import (
    Finding,
    OrderType,
    ProposalAssessed,
    ProposalDenied,
    ProposalDrafted,
    Request,
    Side,
    apart,
)
from core.people.permits import Permits
from core.people.permitting import Permitting
from core.plan.alternatives import considered
from core.plan.assumptions import Assumptions, assumptions_on
from core.plan.direct import all_passed, together, work_out_direct
from core.plan.plainly import answered, drafted_text, written
from core.projections.reader import read_picture
from core.risk.best_interest import BestInterest
from core.risk.findings import findings_of, policy_decisions
from core.risk.limits import Limits
from core.risk.policies import POLICIES
from core.risk.policy import Policy
from core.risk.signal_direction import SignalDirection
from core.risk.standing import Ground
from core.shapes import worked_out
from core.signals.events import Purpose, SignalReceived

_REQUEST, _DRAFTED = worked_out(Request), worked_out(ProposalDrafted)
HELD: Final = "HELD"
BLOCKED: Final = "BLOCKED"


@dataclass(frozen=True, slots=True)
class Asked:
    """An order as it is asked for. `quantity` is shares, `limit_price` dollars a share.

    `replaces` is a live order whose place it takes, with `quantity` shares beyond what that one has executed.
    `next_session`: it is for the next session, and not for this one.
    """

    client_order: str
    account: AccountId
    advisor: PersonId
    symbol: Symbol
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    replaces: OrderId | None = None
    next_session: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer. `status` is HELD, for people decide next, or BLOCKED: a policy denies it.

    `digest` is what the advisor submits; None where there is nothing to submit. `told` are the findings as
    they are recorded: the passes in one line, at the end. `submitted`: it is the advisor's already.
    """

    order: OrderId
    proposal: ProposalId
    digest: Digest | None
    status: str
    accepted_at: datetime
    trace: TraceId
    told: tuple[Finding, ...]
    submitted: bool
    repeated: bool

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One for each policy."""
        return apart(self.told)

    @property
    def needs_reasons(self) -> tuple[str, ...]:
        """Policies with a finding: the advisor submits it with a written reason for each."""
        return tuple(dict.fromkeys(f.policy for f in self.told if f.result == "finding"))


class DirectOrders:
    """One for each process that takes orders."""

    def __init__(
        self, pool: AsyncPool, journal: Journal, clock: Clock, policies: Permits | None = None
    ) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock
        self.askers = Askers(pool, clock)
        self.books = Books(pool, clock)
        self._permitting = Permitting(pool, journal, clock, policies)
        self._permitted = Permitted(self._permitting, clock)

    async def place(self, ticket: str, asked: Asked, *, purpose: Purpose | None = None) -> Placed:
        """Draft it, ask every policy, and answer when both are durable. `purpose`: a signal wants it.

        Raises:
            SignInRequired: the ticket or key is not good any more.
            NotFound: the account is not in the book, or the book is not that advisor's.
            BadInput: a field cannot be used.
            Conflict: the client order id came with another order before.
            Refused: the day is closed, the law says no, or no policy allows it. Nothing was recorded but the
                refusal.
        """
        asker = await self.askers.of(ticket)
        if asked.advisor != asker.advisor:
            raise NotPermitted(
                f"this is not the book of {asked.advisor!r}", fix="name the book's own advisor"
            )
        ground = await self.books.ground(asker, asked.account)
        home = ground.household
        permitted = await self._permitted.draft(asker, home.id, home.advisor)
        if asked.replaces is not None:
            ground = await self._without(ticket, ground, asked.replaces)
        request = request_of(asked, ground)
        proposal = proposal_of(asker.who, asked.client_order)
        assumptions = assumed_on(ground.market.session, self.books.limits)
        said = said_of(proposal, request, ground, assumptions, policies=_asked_of(purpose))
        fact = said.fact
        trace = fresh_trace_id(self._clock)
        stream = f"proposal/{proposal}"
        draft = _DRAFTED(proposal=proposal, request=request)
        signal = () if purpose is None else (_signal(asker, asked, proposal, purpose, trace),)
        self._journal.begins(stream)
        try:
            recorded = await self._journal.record(
                *signal,
                Entry(
                    stream,
                    draft,
                    trace,
                    ticket=ticket,
                    key=f"draft/{proposal}",
                    policy_decisions=permitted,
                    written=drafted_text(proposal, request),
                ),
                _entry(stream, said, trace, ticket),
            )
        except Conflict:
            return await self._again(asker, proposal, request, purpose)
        if recorded[0].duplicate:
            return await self._again(asker, proposal, request, purpose)
        digest = fact.digest if isinstance(fact, ProposalAssessed) else None
        return Placed(
            order=order_id_for(proposal, 0),
            proposal=proposal,
            digest=digest,
            status=HELD if digest else BLOCKED,
            accepted_at=begun_at(trace),
            trace=trace,
            told=fact.findings,
            submitted=False,
            repeated=False,
        )

    async def _without(self, ticket: str, ground: Ground, replaced: OrderId) -> Ground:
        """Where the household stands as if that order were gone: read now, for one is rarely replaced."""
        async with reading(self._pool, ticket) as (connection, _):
            picture = await read_picture(connection, ground.household.id, replacing=replaced)
        return Ground(picture)

    async def order(self, ticket: str, order: OrderId) -> OrderLine:
        """As `core.direct.standing.order_of`."""
        return await order_of(self._pool, ticket, order)

    async def orders(self, ticket: str) -> tuple[OrderLine, ...]:
        """As `core.direct.standing.orders_of`."""
        return await orders_of(self._pool, ticket)

    async def draft(
        self, ticket: str, request: Request, *, key: str, supersedes: ProposalId | None = None
    ) -> ProposalId:
        """A person's own request, which the worker assesses like any other. The same key is the same draft.

        Raises:
            SignInRequired: her session has ended.
            Refused: outside the book, or the day is closed; or what it replaces is not hers.
            Conflict: the key came with another request.
        """
        person = (await self.askers.of(ticket)).who
        proposal = ProposalId("prp-" + sha256(f"{person}/{key}".encode()).hexdigest()[:32])
        fact = ProposalDrafted(proposal=proposal, request=request, supersedes=supersedes)
        asked = await self._permitting.draft(ticket, request.household)
        trace, key = fresh_trace_id(self._clock), f"draft/{proposal}"
        await self._journal.record(
            Entry(f"proposal/{proposal}", fact, trace, ticket=ticket, key=key, policy_decisions=asked)
        )
        return proposal

    async def known(self, ticket: str, client_order: str) -> bool:
        """Whether this asker placed an order under that id before."""
        asker = await self.askers.of(ticket)
        async with reading(self._pool, ticket) as (connection, _):
            proposal = proposal_of(asker.who, client_order)
            return bool(await rows(connection, SQL["placed"], {"proposal": proposal}))

    async def _again(
        self, asker: Asker, proposal: ProposalId, request: Request, purpose: Purpose | None
    ) -> Placed:
        """The first answer to the same order.

        Raises:
            Conflict: that client order id is another order's.
        """
        async with reading(self._pool, asker.ticket) as (connection, _):
            found = await rows(connection, SQL["placed"], {"proposal": proposal})
        if not found or (Request.model_validate(found[0]["request"]), found[0]["purpose"]) != (
            request,
            purpose,
        ):
            raise Conflict(
                "that client_order_id came with another order before",
                fix="use a fresh one",
                field="client_order_id",
            )
        row = found[0]
        trace = TraceId(row["trace"])
        return Placed(
            order=order_id_for(proposal, 0),
            proposal=proposal,
            digest=row["digest"],
            status=HELD if row["digest"] else BLOCKED,
            accepted_at=begun_at(trace),
            trace=trace,
            told=tuple(Finding.model_validate(f) for f in row["findings"]),
            submitted=row["submitted"],
            repeated=True,
        )


def proposal_of(who: PersonId, client_order: str) -> ProposalId:
    """The same asker's same client order id is the same proposal."""
    return ProposalId("prp-" + sha256(f"order/{who}/{client_order}".encode()).hexdigest()[:32])


class SaidOf(NamedTuple):
    """What an order comes to, and its text where that is at hand."""

    fact: ProposalAssessed | ProposalDenied
    written: str | None = None


def said_of(
    proposal: ProposalId,
    request: Request,
    ground: Ground,
    assumptions: Assumptions,
    *,
    policies: tuple[Policy, ...] = POLICIES,
) -> SaidOf:
    """As `assessed`, by the short way where the order is a plain one."""
    asked = answered(proposal, request, ground, assumptions, policies)
    if asked is None:
        return SaidOf(assessed(proposal, request, ground, assumptions, policies=policies))
    if asked.verdict.breaches:
        findings = together(findings_of(asked.verdict, (asked.leg,)))
        return SaidOf(ProposalDenied(proposal=proposal, at="draft", findings=findings))
    return SaidOf(*written(proposal, asked, assumptions))


def assessed(
    proposal: ProposalId,
    request: Request,
    ground: Ground,
    assumptions: Assumptions,
    *,
    policies: tuple[Policy, ...] = POLICIES,
) -> ProposalAssessed | ProposalDenied:
    """What the order comes to on that ground."""
    try:
        worked = work_out_direct(proposal, request, ground, assumptions, policies)
    except (BadInput, NotFound) as bad:
        finding = Finding(policy="request", result="breach", says=str(bad))
        return ProposalDenied(proposal=proposal, at="draft", findings=(finding,))
    if worked.content is None or worked.verdict is None or worked.verdict.breaches:
        return ProposalDenied(proposal=proposal, at="draft", findings=together(worked.findings))
    content = worked.content
    if not worked.verdict.answers:
        findings = all_passed(worked.verdict.asked)
    elif BestInterest.code in content.findings:
        findings = together(considered(worked, ground.picture))
    else:
        findings = together(worked.findings)
    text = content.text()
    return ProposalAssessed(
        proposal=proposal,
        content=text,
        digest=Digest(sha256(text.encode()).hexdigest()),
        tier=content.tier,
        needs_consent=content.needs_consent,
        findings=findings,
        preview=worked.plan.preview.text(),
    )


@lru_cache(maxsize=4)
def assumed_on(session: date, limits: Limits) -> Assumptions:
    return assumptions_on(session, limits)


ADDS: Final[tuple[Policy, ...]] = (*POLICIES, SignalDirection(adds=True))
REDUCES: Final[tuple[Policy, ...]] = (*POLICIES, SignalDirection(adds=False))


def _asked_of(purpose: Purpose | None) -> tuple[Policy, ...]:
    if purpose is None:
        return POLICIES
    return ADDS if purpose is Purpose.ENTRY else REDUCES


def _signal(asker: Asker, asked: Asked, proposal: ProposalId, purpose: Purpose, trace: TraceId) -> Entry:
    fact = SignalReceived(
        machine=asker.who,
        proposal=proposal,
        purpose=purpose,
        account=asked.account,
        symbol=asked.symbol,
        side=asked.side,
        quantity=tidy(asked.quantity),
        limit_price=None if asked.limit_price is None else tidy(asked.limit_price),
    )
    return Entry(f"signal/{proposal}", fact, trace, ticket=asker.ticket, key=f"signal/{proposal}")


def request_of(asked: Asked, ground: Ground) -> Request:
    """The order as a proposal has it."""
    return _REQUEST(
        kind="order",
        household=ground.household.id,
        accounts=(asked.account,),
        symbol=asked.symbol,
        side=asked.side,
        quantity=tidy(asked.quantity),
        order_type=asked.order_type,
        limit_price=None if asked.limit_price is None else tidy(asked.limit_price),
        replaces=asked.replaces,
        for_session=next_session(ground.market.session).isoformat() if asked.next_session else None,
    )


def _entry(stream: str, said: SaidOf, trace: TraceId, ticket: str) -> Entry:
    fact = said.fact
    return Entry(
        stream,
        fact,
        trace,
        ticket=ticket,
        key=f"assess/{fact.proposal}",
        policy_decisions=policy_decisions(fact.findings),
        written=said.written,
    )
