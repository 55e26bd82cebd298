"""The order ticket: what a firm has to keep of every order, executed or not, folded from the record. Pure.

Rule 1: a ticket begins with the request and is never closed for good: a late fill goes on it.
Rule 2: a time is the record's own (when it was written down); an execution has the venue's besides.
Rule 3: each entry that a ticket rests on is named by its sequence, so that every field can be proven.
Rule 4: what no fact says is not said: `not_recorded` is an answer.
Source: 17 CFR 240.17a-3(a)(6)(i) (memorandum of each brokerage order); 17 CFR 275.204-2(a)(3) (adviser's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime

from core.fact import Amount, Fact
from core.ids import (
    AccountId,
    CustodianId,
    Digest,
    HouseholdId,
    OrderId,
    PersonId,
    ProposalId,
    Symbol,
    TraceId,
    VenueName,
)
from core.orders.events import OrderType, Part, Side, TimeInForce


class Authority(StrEnum):
    DISCRETIONARY = "discretionary"
    NOT_DISCRETIONARY = "not discretionary"
    NOT_RECORDED = "not recorded"


class Solicited(StrEnum):
    """As whoever submitted it said. Where she said nothing: what the firm's own plan or agent put forward is
    solicited, and of anything else nobody knows."""

    SOLICITED = "solicited"
    UNSOLICITED = "unsolicited"
    NOT_RECORDED = "not recorded"


class Rationale(StrEnum):
    """Whose words say why it is done. A model's draft that nobody adopted is no rationale."""

    OWN_WORDS = "in the submitter's own words"
    ADOPTED = "drafted by a model, adopted by the submitter"
    NOT_RECORDED = "not recorded"


class Step(Part):
    """One thing that somebody did to it. `by` is a person, or the process that did it."""

    what: str
    by: str
    at: AwareDatetime
    seq: int
    digest: Digest | None = None
    says: str = ""


class Executed(Part):
    """One execution. Price is dollars per share, fee dollars. `at` is the venue's own time."""

    execution: str
    venue: VenueName
    quantity: Amount
    price: Amount
    fee: Amount
    at: AwareDatetime
    recorded_at: AwareDatetime
    trade_date: str
    settles_on: str
    seq: int


class OrderTerms(Part):
    """What is asked for. A field is empty where the request left it to the firm."""

    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Amount
    order_type: OrderType | None
    limit_price: Amount | None
    time_in_force: TimeInForce | None


class InBlock(Part):
    """The block that an order went with: its rule of sharing, and what it came to.

    `part` is the order's own of `quantity`. What was executed of the whole, and its average price, are empty
    before it is shared.
    """

    order: OrderId  # the client order id that its venue has
    block: str
    method: str
    orders: int
    quantity: Amount
    part: Amount
    filled: Amount | None = None
    average_price: Amount | None = None


class Ticket(Part):
    """One order. Empty times have not come. `seqs` are the entries that it rests on, in order."""

    order: OrderId
    proposal: ProposalId
    leg: int
    trace: TraceId
    household: HouseholdId
    advisor: PersonId | None  # responsible for the account
    account_kind: str | None
    capacity: str | None
    authority: Authority
    custodian: CustodianId | None
    solicited: Solicited
    rationale: Rationale
    exception: str | None  # a correction of an error, or an exception of allocation
    corrects: OrderId | None  # the order that it is about
    requested_by: str
    recommended_by: str | None  # the person whose agent or plan put it forward
    agent: str | None
    agent_version: str | None  # the model that the agent thought with
    supersedes: ProposalId | None
    received_at: AwareDatetime
    entered_at: AwareDatetime | None  # let out
    sent_at: AwareDatetime | None
    accepted_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    status: str
    terms: OrderTerms
    changes: tuple[Step, ...]  # of the terms
    decisions: tuple[Step, ...]
    venues: tuple[VenueName, ...]  # in the order in which they were chosen
    venue_order: str | None
    executions: tuple[Executed, ...]
    filled: Amount
    average_price: Amount | None
    block: InBlock | None = None
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, as whoever read the record has it."""

    seq: int
    at: datetime
    role: str
    actor: str
    trace: TraceId
    fact: Fact


@dataclass(frozen=True, slots=True)
class Held:
    """What the record says of an account, at the ticket's time."""

    household: HouseholdId
    advisor: PersonId
    kind: str
    capacity: str
    discretionary: bool
    custodian: CustodianId


@dataclass(frozen=True, slots=True)
class Around:
    """What no order's own stream says. `models` are by trace: what its agent thought with."""

    accounts: Mapping[AccountId, Held]
    models: Mapping[TraceId, str]
