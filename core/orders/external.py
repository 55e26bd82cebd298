"""The external form of an order's events: what other systems read, whatever becomes of our own form.

Rule 1: one entry of an order's stream is one event, under the same id. Outside, an order begins with its
    release or its denial: a leg that is held was let out by nobody and is no order yet.
Rule 2: `quantity` is the order's own: the leg's, or what was let out where the release carried fewer shares.
    What one execution did stands in `execution`, and only there.
Rule 3: a field is never taken out and never changes its meaning; a new one may come.
`docs/events.asyncapi.json` is drawn from these models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from core.fact import Amount, PolicyDecision
from core.ids import AccountId, OrderId, Symbol, TraceId, VenueName
from core.orders.corrections import Correction, TradeCorrected
from core.orders.events import Finding, OrderDenied, OrderFilled, OrderReleased, OrderType, Side
from core.orders.order import OrderOwn

Moment = Annotated[
    AwareDatetime,
    PlainSerializer(lambda m: m.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), return_type=str),
]
"""UTC with six decimals: equal times are equal texts."""

PROCESSES: Final[Mapping[str, str]] = {"gh_gate": "worker", "gh_witness": "witness", "gh_owner": "set-up"}
PEOPLE: Final = frozenset({"gh_intake", "gh_approver"})
AGENTS: Final = frozenset({"gh_agent"})


class ActorType(StrEnum):
    PERSON = "person"
    AGENT = "agent"
    PROCESS = "process"


class Told(BaseModel):
    """A part of what others read. Open: its schema lets a reader pass over a field that came later."""

    model_config = ConfigDict(frozen=True)


class ExternalActor(Told):
    """Who did it. The id of a person is a pseudonym; that of an agent is the person it acted for."""

    type: ActorType
    id: str


class ExternalDecision(Told):
    """What one policy said to the order."""

    policy: str
    result: Literal["pass", "finding", "breach"]


class ExternalExecution(Told):
    """One execution. `price` is per share, `fee` dollars for all of it."""

    id: str = Field(description="the venue's own id")
    venue: VenueName
    quantity: Amount
    price: Amount
    fee: Amount
    executed_at: Moment
    trade_date: str = Field(description="ISO date")
    settles_on: str = Field(description="ISO date")


class ExternalOrderEvent(Told):
    """One thing that happened to an order. `policy_decisions` stand with a release and a denial alone."""

    event_type: str = Field(description="past tense, as in OrderReleased")
    event_version: int = Field(ge=1)
    event_id: UUID = Field(description="of this event, for ever; the one to ask a proof of the record for")
    trace_id: TraceId = Field(description="the same from the prompt to the settlement")
    timestamp_utc: Moment
    order_id: OrderId
    account_id: AccountId
    symbol: Symbol
    side: Side
    quantity: Amount = Field(description="shares of the order, never those of one execution")
    order_type: OrderType
    limit_price: Amount | None = Field(description="dollars per share; null for a market order")
    policy_decisions: tuple[ExternalDecision, ...]
    actor: ExternalActor


class ExternalOrderFill(ExternalOrderEvent):
    """An order's execution."""

    event_type: Literal["OrderFilled"]
    execution: ExternalExecution


class ExternalFigures(Told):
    """What one execution stands at."""

    quantity: Amount
    price: Amount
    fee: Amount


class ExternalCorrection(Told):
    """What the venue changed of one execution. `now` is null where it took it back."""

    id: str = Field(description="the venue's own id of the execution")
    venue: VenueName
    revision: int = Field(ge=1)
    was: ExternalFigures
    now: ExternalFigures | None
    trade_date: str = Field(description="ISO date")


class ExternalOrderCorrection(ExternalOrderEvent):
    """An execution was corrected, or taken back."""

    event_type: Literal["TradeCorrected", "TradeBusted"]
    correction: ExternalCorrection


External = ExternalOrderFill | ExternalOrderCorrection | ExternalOrderEvent


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order is for, as its leg was decided on. `quantity` is what was let out, where it was.

    `findings` are those of the proposal's assessment.
    """

    order: OrderId
    leg: int
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry of an order's stream, as the journal holds it."""

    event_id: UUID
    event_version: int
    trace: TraceId
    occurred_at: datetime
    role: str
    actor: str
    policy_decisions: tuple[PolicyDecision, ...]
    fact: OrderOwn


def external(stored: Stored, terms: Terms) -> External:
    """That entry as other systems read it."""
    fact = stored.fact
    said = {
        "event_type": fact.event_type(),
        "event_version": stored.event_version,
        "event_id": stored.event_id,
        "trace_id": stored.trace,
        "timestamp_utc": stored.occurred_at,
        "order_id": terms.order,
        "account_id": terms.account,
        "symbol": terms.symbol,
        "side": terms.side,
        "quantity": fact.quantity if isinstance(fact, OrderReleased) else terms.quantity,
        "order_type": terms.order_type,
        "limit_price": terms.limit_price,
        "policy_decisions": _decisions(stored, terms),
        "actor": actor(stored.role, stored.actor),
    }
    if isinstance(fact, OrderFilled):
        return ExternalOrderFill.model_validate({**said, "execution": _execution(fact)})
    if isinstance(fact, Correction):
        return ExternalOrderCorrection.model_validate({**said, "correction": _correction(fact)})
    return ExternalOrderEvent.model_validate(said)


def actor(role: str, who: str) -> ExternalActor:
    """Who stands behind a login: a person, an agent on a person's behalf, or a process."""
    if role in PEOPLE:
        return ExternalActor(type=ActorType.PERSON, id=who)
    if role in AGENTS:
        return ExternalActor(type=ActorType.AGENT, id=who)
    return ExternalActor(type=ActorType.PROCESS, id=PROCESSES.get(role, role))


def _decisions(stored: Stored, terms: Terms) -> tuple[ExternalDecision, ...]:
    """The envelope's. An entry without any rests on what it says itself, or on the proposal's assessment."""
    found: tuple[PolicyDecision | Finding, ...] = stored.policy_decisions
    if not found and isinstance(stored.fact, OrderDenied):
        found = stored.fact.findings
    if not found and isinstance(stored.fact, OrderReleased):
        found = tuple(f for f in terms.findings if f.leg in (terms.leg, None))
    return tuple(ExternalDecision.model_validate({"policy": d.policy, "result": d.result}) for d in found)


def _correction(fact: Correction) -> ExternalCorrection:
    now = fact.now.model_dump() if isinstance(fact, TradeCorrected) else None
    told = {"id": fact.execution, "venue": fact.venue, "revision": fact.revision, "now": now}
    return ExternalCorrection.model_validate(
        {**told, "was": fact.was.model_dump(), "trade_date": fact.trade_date}
    )


def _execution(fact: OrderFilled) -> ExternalExecution:
    return ExternalExecution(
        id=fact.execution,
        venue=fact.venue,
        quantity=fact.quantity,
        price=fact.price,
        fee=fact.fee,
        executed_at=fact.executed_at,
        trade_date=fact.trade_date,
        settles_on=fact.settles_on,
    )
