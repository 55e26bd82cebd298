"""What screens, tools and agents are shown of proposals, orders and the library. Values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.fact import Sealed
from core.ids import (
    AccountId,
    Digest,
    HouseholdId,
    MessageId,
    OrderId,
    PersonId,
    ProposalId,
    SubjectId,
    Symbol,
    ThreadId,
    TraceId,
)
from core.orders.content import Content, Preview
from core.orders.events import Finding, Request, RouteScore, Side
from core.orders.rationale import Solicitation


@dataclass(frozen=True, slots=True)
class HouseholdLine:
    """A household of the asker's book. Names are sealed; `front` opens them."""

    household: HouseholdId
    advisor: PersonId
    name: Sealed
    clients: tuple[tuple[SubjectId, Sealed], ...]
    accounts: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order and what became of it. Prices are dollars per share, fees dollars."""

    order: OrderId
    proposal: ProposalId
    leg: int
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Decimal
    limit_price: Decimal | None
    status: str
    venue: str | None
    filled: Decimal
    average_price: Decimal | None
    fees: Decimal
    scores: tuple[RouteScore, ...]
    says: str
    block: OrderId | None = None  # that it goes to its venue with


@dataclass(frozen=True, slots=True)
class WrittenReason:
    """Why somebody goes on in spite of a finding."""

    person: PersonId
    policy: str
    text: Sealed


@dataclass(frozen=True, slots=True)
class WrittenRationale:
    """Why it is done. `by` None: a model's draft, which nobody has adopted. `drafted_in` names the message
    whose answer held a draft of it."""

    text: Sealed
    by: PersonId | None
    drafted_in: MessageId | None


@dataclass(frozen=True, slots=True)
class ConsentOf:
    """An account that needs a client's consent to this, and who of its owners gave it; None: nobody yet."""

    account: AccountId
    owners: tuple[SubjectId, ...]
    client: SubjectId | None
    recorded_by: PersonId | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ApprovalOf:
    """One approval of exactly this. `counts`: whoever gave it still may. `step_up`: how it was proven, or
    not."""

    person: PersonId
    role: str
    step_up: str | None
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A trade proposal as far as it has come. `waits_for` says whose move it is."""

    proposal: ProposalId
    household: HouseholdId
    advisor: PersonId
    kind: str
    status: str
    request: Request
    digest: Digest | None
    content: Content | None
    preview: Preview | None
    findings: tuple[Finding, ...]
    tier: int | None
    needs_consent: bool
    consented: bool
    consents: tuple[ConsentOf, ...]
    drafted_by: PersonId
    agent: str | None
    thread: ThreadId | None
    trace: TraceId
    session: date
    submitted_by: PersonId | None
    approved_by: tuple[PersonId, ...]
    denied_at: str | None
    differences: tuple[str, ...]
    reasons: tuple[WrittenReason, ...]
    closing: Sealed | None
    waits_for: str
    orders: tuple[OrderView, ...]
    drafted_at: datetime
    seq: int
    approvals: tuple[ApprovalOf, ...] = ()  # of tier 3, which takes two
    needs: tuple[str, ...] = ()  # the roles whose approval it still waits for
    leg_comments: tuple[tuple[int, Sealed], ...] = ()  # of whoever returned it, by order ticket
    drawn_on: str | None = None  # the standing approval that stands in for a principal
    waits_since: datetime | None = None  # of what waits for a principal
    escalated_to: tuple[PersonId, ...] = ()  # all who were told by now, beside the supervising principal
    corrects: OrderId | None = None  # of a correction: the order that it is about
    cause: Sealed | None = None  # and why, as operations wrote it
    remainder_of: ProposalId | None = None  # the plan whose sales did not fund this
    solicited: Solicitation | None = None  # as whoever submitted it said
    rationale: WrittenRationale | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stored piece of a document of the firm's library. `issuer`: whom it is about, as a ticker, or "".
    `later_than_market_day`: it is dated after the day that the firm stands at."""

    id: int
    document: str
    ordinal: int
    text: str
    title: str
    source: str
    dated: date
    issuer: str = ""
    later_than_market_day: bool = False
    superseded: bool = False  # a newer version of its document is stored


@dataclass(frozen=True, slots=True)
class MarketDay:
    session: date
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the record is, how far what is shown has followed it, and the open proposals by status."""

    head_seq: int
    as_of_seq: int
    undecided: Mapping[str, int]

    @property
    def behind(self) -> int:
        """Entries that are recorded and not yet shown."""
        return max(0, self.head_seq - self.as_of_seq)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry, as an asker may read it."""

    seq: int
    recorded_at: datetime
    role: str
    actor: str
    event_id: UUID
    event_type: str
    event_version: int
    stream: str
    stream_version: int
    trace: TraceId
    occurred_at: datetime
    policy_decisions: tuple[Any, ...]  # as they came: what an agent wrote there may be anything
    payload: Mapping[str, Any]
