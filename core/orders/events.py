"""The events of proposals, orders and trades.

Streams: `proposal/<proposal>`, `order/<order>`, `trade/<order>/<trade date>`.
Rule 1: `ProposalAssessed.content` is the exact text that people decide on; its sha256 is the digest.
Rule 2: a digest in a decision is what that person saw; the append compares it, nobody else does.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from core.fact import Amount, Fact, Sealed
from core.ids import AccountId, Digest, OrderId, PersonId, ProposalId, Symbol, ThreadId, VenueName
from core.orders.rationale import Rationale, Solicitation
from core.orders.request import OrderType as OrderType
from core.orders.request import Part as Part
from core.orders.request import Request as Request
from core.orders.request import Side as Side
from core.orders.request import Span as Span
from core.orders.request import TimeInForce as TimeInForce


class ProposalDrafted(Fact):
    """A request, by an agent for an advisor or by a person directly. Reserves nothing."""

    VERSION: ClassVar[int] = 3
    proposal: ProposalId
    request: Request
    provenance: tuple[Span, ...] = ()  # an agent's draft must have one for each chosen field
    thread: ThreadId | None = None
    agent: str | None = None  # the agent that drafted it, where one did
    supersedes: ProposalId | None = None


class Finding(Part):
    """One policy's answer in numbers. `breach` denies; `finding` needs two written reasons."""

    policy: str
    result: Literal["pass", "finding", "breach"]
    says: str = ""
    account: AccountId | None = None
    leg: int | None = None
    observed: Amount | None = None
    limit: Amount | None = None
    headroom: Amount | None = None
    unit: str = ""


def apart(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One line for each policy: passes may stand together in one, their names with a space between."""
    found: list[Finding] = []
    for finding in findings:
        if " " in finding.policy:
            found += passes(finding.policy)
        else:
            found.append(finding)
    return tuple(found)


@lru_cache(maxsize=256)
def passes(policies: str) -> tuple[Finding, ...]:
    """One for each of these names, which have a space between. The same names, the very same answers."""
    return tuple(Finding(policy=policy, result="pass") for policy in policies.split(" "))


class ProposalAssessed(Fact):
    """What was computed from the request and the journal: the figures that a person sees.

    `content` is RFC 8785 text of `core.orders.content.Content`; `digest` is its sha256.
    `preview` is what screens show beside it (before, after, tax, costs): strings, computed by the core.
    """

    proposal: ProposalId
    content: str
    digest: Digest
    tier: Literal[1, 2, 3]
    needs_consent: bool
    findings: tuple[Finding, ...]
    preview: str  # RFC 8785 text of `core.orders.content.Preview`


class ProposalDenied(Fact):
    """Risk said no: at draft there are no orders, at release nothing is sent."""

    proposal: ProposalId
    at: Literal["draft", "release"]
    findings: tuple[Finding, ...]
    differences: tuple[str, ...] = ()


class Reason(Part):
    """A written reason for one soft finding."""

    policy: str
    text: Sealed


class ProposalSubmitted(Fact):
    """The account's advisor, or who stands in for her, made it hers, and said whose idea it was."""

    VERSION: ClassVar[int] = 2
    proposal: ProposalId
    digest: Digest
    reasons: tuple[Reason, ...] = ()
    solicited: Solicitation | None = None
    rationale: Rationale | None = None


class ConsentRecorded(Fact):
    """A client consented to exactly this; recorded by a person. Good for the business day."""

    proposal: ProposalId
    digest: Digest
    client: str
    channel: Literal["phone", "meeting", "letter"]


class ProposalApproved(Fact):
    """Somebody independent approved exactly this. Of tier 3 it takes two, each of whom stepped up for it."""

    VERSION: ClassVar[int] = 2
    proposal: ProposalId
    digest: Digest
    reasons: tuple[Reason, ...] = ()
    capacity: Literal["principal", "compliance"] = "principal"
    step_up: Literal["totp", "password"] | None = None


class LegComment(Part):
    """What whoever returned it says of one order ticket."""

    leg: int
    text: Sealed


class StandingApprovalDrawn(Fact):
    """A standing approval stands in for the principal's act on exactly this. Its counts are the append's."""

    standing: str
    terms_digest: Digest
    proposal: ProposalId
    digest: Digest
    session: str  # ISO date of the business day that it counts on
    dollars: Amount = Field(gt=0, description="all orders together, each at its worst price or its reference")


class StandingDrawVoided(Fact):
    """What was drawn on holds no more, and nothing is out: the proposal comes back for a principal."""

    standing: str
    proposal: ProposalId


class ProposalEscalated(Fact):
    """It has waited for a principal for so long that these people are told, too. Nothing is decided by it."""

    proposal: ProposalId
    digest: Digest
    rung: int = Field(ge=1)
    addressed: Literal["deputies", "compliance", "operations"]
    people: tuple[PersonId, ...]
    waited_minutes: int = Field(ge=0, description="of business hours")
    ladder: Digest


class ProposalReturned(Fact):
    """A principal, or compliance, gave it back with comments, also on single lines. It ends."""

    VERSION: ClassVar[int] = 2
    proposal: ProposalId
    digest: Digest
    comment: Sealed
    comments: tuple[LegComment, ...] = ()


class ProposalDeclined(Fact):
    """A principal said no, with the reason."""

    proposal: ProposalId
    digest: Digest
    reason: Sealed


class ProposalWithdrawn(Fact):
    """The account's advisor, or who stands in for her, took it back before it was released."""

    proposal: ProposalId


class ProposalLapsed(Fact):
    """The close came first."""

    proposal: ProposalId
    session: str  # ISO date of the business day that closed


class OrderReleased(Fact):
    """Let out by the gate. The append accepts it only with every decision, of this digest, in place.

    `replaces` is a live order whose place it takes, and `executed_before` what that one had executed: with
    `quantity` that is the whole, as OrderQty (38) of a FIX 4.4 Cancel/Replace Request.
    """

    VERSION: ClassVar[int] = 2
    order: OrderId
    proposal: ProposalId
    leg: int
    digest: Digest
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Amount
    order_type: OrderType
    limit_price: Amount | None
    time_in_force: TimeInForce
    replaces: OrderId | None = None
    executed_before: Amount | None = None


class RouteScore(Part):
    """How one venue fared for one order, and why it lost, where it did."""

    venue: VenueName
    score: Amount | None  # None: filtered out before scoring
    expected_cost: Amount | None  # dollars for the whole order
    says: str


class OrderRouted(Fact):
    """Which venue was chosen, and why each other was not."""

    order: OrderId
    venue: VenueName
    scores: tuple[RouteScore, ...]


class OrderSent(Fact):
    """Written before the first byte leaves: from here on the order may be live."""

    order: OrderId
    venue: VenueName
    body_digest: Digest  # of the exact bytes that are sent


class OrderWithheld(Fact):
    """Not sent: the bytes are not what people decided on, or the record does not show that they are."""

    order: OrderId
    venue: VenueName
    body_digest: Digest  # of the bytes that did not leave
    says: str  # what differs, in ids and figures


class OrderAccepted(Fact):
    """The venue has it, under its own number."""

    order: OrderId
    venue: VenueName
    venue_order: str


class OrderRejected(Fact):
    """The venue will not have it, and says why."""

    order: OrderId
    venue: VenueName
    reason: str


class OrderDoubted(Fact):
    """Sent, and no answer in time. Look it up; never resend."""

    order: OrderId
    venue: VenueName
    waited_ms: int


class OrderFilled(Fact):
    """One execution, or an order's share of what its block executed. FIX 4.4 ExecType (150) = F, Trade.

    Of a share, `execution` is our own name, `price` the block's average, and `dollars` its part of the value
    in cents: all of them add up to the block's. Else the value is quantity times price, rounded.
    """

    VERSION: ClassVar[int] = 2
    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    execution: str = Field(description="the venue's own id; a second copy is ignored")
    quantity: Amount = Field(gt=0)
    price: Amount = Field(gt=0, description="per share")
    fee: Amount = Field(ge=0, description="dollars")
    venue: VenueName
    executed_at: AwareDatetime
    trade_date: str  # ISO date, market clock
    settles_on: str  # ISO date
    block: OrderId | None = None
    dollars: Amount | None = None


class CancelRequested(Fact):
    """It is to be executed no further: a person asked, or its time is over. Its venue has the last word."""

    order: OrderId


class CancelDrafted(Fact):
    """An agent drafted the request for a cancel, in its advisor's words. It stops nothing: a person asks."""

    draft: str
    order: OrderId
    thread: ThreadId
    agent: str
    asked: Span  # where her message asks for it


class OrderCancelled(Fact):
    """No more fills. What was executed stays executed."""

    order: OrderId
    venue: VenueName | None
    reason: str


class OrderExpired(Fact):
    """Its time in force ended before it was filled."""

    order: OrderId
    session: str


class TradeAllocated(Fact):
    """An order's executions of one account and trade date, at one average price."""

    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Amount
    average_price: Amount
    fees: Amount
    trade_date: str
    settles_on: str


class TradeConfirmed(Fact):
    """The account's owner was told what was executed."""

    order: OrderId
    account: AccountId
    trade_date: str


class TradeSettled(Fact):
    """Shares and money changed hands at the custodian. `net_amount` is dollars into the account."""

    order: OrderId
    account: AccountId
    trade_date: str
    net_amount: Amount


class OrderDenied(Fact):
    """Held, and not let out: the last assessment said no, or the sells that fund it brought too little."""

    order: OrderId
    proposal: ProposalId
    leg: int
    findings: tuple[Finding, ...]
    differences: tuple[str, ...] = ()
