"""Trade proposals as people see them: every figure is one that the worker computed and the journal holds.

Rule 1: what is shown is the assessed content and its fingerprint; the two are read together.
Rule 2: a draft by a person takes the same way as an agent's: assessed first, then submitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from core.book.views import OrderView, ProposalView
from core.errors import BadInput
from core.ids import AccountId, HouseholdId, LotId, PersonId, ProposalId, Symbol
from core.money import to_cents
from core.orders.content import Leg, Preview
from core.orders.events import Finding, OrderType, Request, RouteScore, Side
from core.orders.planning import MOST_MINUTES, MOST_PARTS, LotMethod, Planning
from core.orders.rationale import Solicitation
from ui.api.consents import ConsentOf, consents_of
from ui.api.deciders import (
    ApprovedBy,
    Bar,
    Change,
    LegComment,
    approvals_of,
    bar_of,
    changes_of,
    comments_of,
)
from ui.api.doors import At, Doors, Key, Ticket
from ui.api.exceptional import Corrects, corrects_of
from ui.api.fields import Amount, Ask, AskedAmount, Id, PathId, Told
from ui.api.names import household_names
from ui.api.rationale import Rationale, rationale_of

router = APIRouter(tags=["trade proposals"])


class How(Ask):
    """How a plan is meant. Dollars; lots by name, or by method, are for a single sale."""

    weigh_tax: bool = False
    gains_budget: AskedAmount | None = None
    dollars: AskedAmount | None = None
    lot_method: LotMethod | None = None
    lots: tuple[Id, ...] = Field(default=(), max_length=100)
    replacement: Id | None = None
    minutes: int | None = Field(default=None, ge=1, le=MOST_MINUTES)  # over which an order goes out,
    parts: int | None = Field(default=None, ge=2, le=MOST_PARTS)  # and in how many parts

    def planning(self) -> Planning:
        return Planning(
            weigh_tax=self.weigh_tax,
            gains_budget=self.gains_budget,
            dollars=self.dollars,
            lot_method=self.lot_method,
            lots=tuple(LotId(lot) for lot in self.lots),
            replacement=Symbol(self.replacement) if self.replacement else None,
            minutes=self.minutes,
            parts=self.parts,
        )


class Draft(Ask):
    """`order` takes one account and the ticket; every other kind a household, perhaps some of its accounts,
    and `planning`. `raise_cash` and `exit` are for one account."""

    kind: Literal["rebalance", "order", "raise_cash", "invest_cash", "harvest", "exit", "locate"]
    household: Id
    accounts: tuple[Id, ...] = ()
    symbol: Id | None = None
    side: Literal["buy", "sell"] | None = None
    quantity: AskedAmount | None = None
    order_type: Literal["market", "limit"] | None = None
    limit_price: AskedAmount | None = None
    planning: How | None = None
    supersedes: Id | None = None  # the proposal that this one replaces


class Drafted(Told):
    proposal: str


class Written(Told):
    """A reason that a person wrote for one finding."""

    person: str
    policy: str
    text: str


class Order(Told):
    """An order ticket and what became of it. Prices are dollars per share, fees dollars."""

    order: str
    proposal: str
    leg: int
    account: str
    symbol: str
    side: str
    quantity: Amount
    limit_price: Amount | None
    status: str
    venue: str | None
    filled: Amount
    average_price: Amount | None
    fees: Amount
    scores: tuple[RouteScore, ...]
    says: str


class ProposalLine(Told):
    """A proposal in a list. `dollars` is the sum of quantity times reference price over the order tickets,
    rounded to cents; `found` counts the checks that need a written reason, `sent_count`
    the orders that have a venue, or a block that goes to one."""

    proposal: str
    household: str
    household_name: str
    advisor: str
    kind: str
    status: str
    waits_for: str
    digest: str | None
    tier: int | None
    needs_consent: bool
    consented: bool
    order_count: int
    sent_count: int
    dollars: Amount
    found: int
    drafted_by: str
    drafted_at: datetime
    agent: str | None
    thread: str | None
    trace: str
    submitted_by: str | None
    approved_by: tuple[str, ...]
    needs: tuple[str, ...]  # the roles whose approval it waits for
    drawn_on: str | None  # the standing approval that stands in for a principal
    waits_since: datetime | None  # of what waits for a principal
    escalated_to: tuple[str, ...]  # who was told, because it has waited so long
    remainder_of: str | None  # the plan whose sales did not fund this: it is asked once more
    denied_at: str | None
    request: Request
    people: dict[str, str]  # names of those that it mentions
    seq: int


class Proposal(ProposalLine):
    """A proposal in full. `closing` is the comment or reason that ended it, `comments` those on single
    order tickets. `bar`: why whoever asks cannot approve it. `changes`: against the proposal that it
    `supersedes`."""

    differences: tuple[str, ...]
    solicited: Solicitation | None  # whose idea it was, as whoever submitted it said
    rationale: Rationale | None
    corrects: Corrects | None  # of a correction: which order, and why
    closing: str | None
    comments: tuple[LegComment, ...]
    approvals: tuple[ApprovedBy, ...]
    bar: Bar | None
    supersedes: str | None
    successor: str | None
    changes: tuple[Change, ...]
    consents: tuple[ConsentOf, ...]
    reasons: tuple[Written, ...]
    findings: tuple[Finding, ...]
    legs: tuple[Leg, ...]
    preview: Preview | None
    orders: tuple[Order, ...]


Status = Annotated[str | None, Query(pattern=r"^[A-Za-z_]{1,20}$", description="a state, as in `status`")]


@router.get(
    "/v1/proposals", response_model=tuple[ProposalLine, ...], summary="Trade proposals that one may see"
)
async def proposals(
    at: At,
    ticket: Ticket,
    status: Status = None,
    waits_for: Status = None,
    household: Annotated[str | None, Query(max_length=80)] = None,
    thread: Annotated[str | None, Query(max_length=80)] = None,
) -> tuple[ProposalLine, ...]:
    """Newest first."""
    found = [
        view
        for view in await at.intake.proposals(ticket)
        if (status is None or view.status.lower() == status.lower())
        and (waits_for is None or view.waits_for == waits_for or waits_for in view.needs)
        and (household is None or view.household == household)
        and (thread is None or view.thread == thread)
    ]
    names = await _names(at, ticket)
    newest = sorted(found, key=lambda view: view.drafted_at, reverse=True)
    return tuple(ProposalLine(**line(view, names)) for view in newest)


@router.get("/v1/proposals/{proposal}", response_model=Proposal, summary="One trade proposal in full")
async def proposal(proposal: PathId, at: At, ticket: Ticket) -> Proposal:
    view = await at.intake.proposal(ticket, ProposalId(proposal))
    return await told(at, ticket, view)


@router.post("/v1/proposals", status_code=201, response_model=Drafted, summary="Draft one directly")
async def draft(ask: Draft, at: At, ticket: Ticket, key: Key) -> Drafted:
    """It is assessed in a moment; read it again before submitting. The same key is the same proposal."""
    supersedes = ProposalId(ask.supersedes) if ask.supersedes else None
    drafted = at.intake.direct.draft(ticket, request_of(ask), key=key, supersedes=supersedes)
    return Drafted(proposal=await drafted)


def request_of(ask: Draft) -> Request:
    """The request in core's words.

    Raises:
        BadInput: an order without account, symbol, side, quantity or type, or a limit without its price.
    """
    _order_is_whole(ask)
    return Request(
        kind=ask.kind,
        household=HouseholdId(ask.household),
        accounts=tuple(AccountId(account) for account in ask.accounts),
        symbol=Symbol(ask.symbol) if ask.symbol else None,
        side=Side(ask.side) if ask.side else None,
        quantity=ask.quantity,
        order_type=OrderType(ask.order_type) if ask.order_type else None,
        limit_price=ask.limit_price,
        planning=ask.planning.planning() if ask.planning else None,
    )


def _order_is_whole(ask: Draft) -> None:
    ticket = {"symbol": ask.symbol, "side": ask.side, "quantity": ask.quantity, "order_type": ask.order_type}
    if ask.kind != "order":
        planned = ask.kind in ("exit", "harvest")
        ticket = {**ticket, "limit_price": ask.limit_price, "symbol": None if planned else ask.symbol}
        extra = next((name for name, given in ticket.items() if given is not None), None)
        if extra:
            said = "a rebalance" if ask.kind == "rebalance" else "a plan"
            raise BadInput(f"{said} takes no {extra}", fix=f"leave {extra} out", field=extra)
        return
    if len(ask.accounts) != 1:
        raise BadInput("an order is for one account", fix="name exactly one in accounts", field="accounts")
    for name, given in ticket.items():
        if given is None:
            raise BadInput(f"an order needs {name}", fix=f"add {name}", field=name)
    if ask.quantity == 0:
        raise BadInput("quantity is zero", fix="ask for at least one share", field="quantity")
    if (ask.order_type == "limit") != (ask.limit_price is not None):
        raise BadInput(
            "a limit order, and no other, has a limit price",
            fix="add or remove limit_price",
            field="limit_price",
        )


@dataclass(frozen=True, slots=True)
class Names:
    """Clear names of the asker's households and of everybody who works here."""

    households: Mapping[HouseholdId, str]
    people: Mapping[PersonId, str]


async def _names(at: Doors, ticket: str) -> Names:
    lines = await at.intake.households(ticket)
    return Names(await household_names(at, ticket, lines), await at.intake.colleagues(ticket))


async def told(at: Doors, ticket: str, view: ProposalView) -> Proposal:
    """The view with names and written words in clear."""
    lineage = await at.intake.lineages.of(ticket, view.proposal)
    said = await comments_of(at, ticket, view)
    return Proposal(
        **line(view, await _names(at, ticket)),
        differences=tuple(view.differences),
        solicited=view.solicited,
        rationale=await rationale_of(at, ticket, view),
        corrects=await corrects_of(at, ticket, view),
        closing=await _closing(at, ticket, view),
        comments=tuple(LegComment(leg=leg, text=text) for leg, text in sorted(said.items())),
        approvals=approvals_of(view),
        bar=bar_of(lineage, lineage.role),
        supersedes=lineage.supersedes,
        successor=lineage.successor,
        changes=await changes_of(at, ticket, view, lineage.supersedes),
        consents=await consents_of(at, ticket, view),
        reasons=await _reasons(at, ticket, view),
        findings=tuple(view.findings),
        legs=view.content.legs if view.content else (),
        preview=view.preview,
        orders=tuple(_order(o) for o in view.orders),
    )


def line(view: ProposalView, names: Names) -> dict[str, Any]:
    """The fields of a line of a list."""
    legs = view.content.legs if view.content else ()
    soft = {finding.policy for finding in view.findings if finding.result == "finding"}
    return {
        "proposal": view.proposal,
        "household": view.household,
        "household_name": names.households.get(view.household, view.household),
        "advisor": view.advisor,
        "kind": view.kind,
        "status": view.status,
        "waits_for": view.waits_for,
        "digest": view.digest,
        "tier": view.tier,
        "needs_consent": view.needs_consent,
        "consented": view.consented,
        "order_count": len(legs),
        "sent_count": sum(1 for order in view.orders if order.venue or order.block),
        "dollars": dollars(legs),
        "found": len(soft),
        "drafted_by": view.drafted_by,
        "drafted_at": view.drafted_at,
        "agent": view.agent,
        "thread": view.thread,
        "trace": view.trace,
        "submitted_by": view.submitted_by,
        "approved_by": tuple(view.approved_by),
        "needs": tuple(view.needs),
        "drawn_on": view.drawn_on,
        "waits_since": view.waits_since,
        "escalated_to": tuple(view.escalated_to),
        "remainder_of": view.remainder_of,
        "denied_at": view.denied_at,
        "request": view.request,
        "people": {person: names.people[person] for person in _people(view) if person in names.people},
        "seq": view.seq,
    }


def _people(view: ProposalView) -> set[PersonId]:
    mentioned = {
        view.advisor,
        view.drafted_by,
        *view.approved_by,
        *view.escalated_to,
        *(reason.person for reason in view.reasons),
    }
    return mentioned | ({view.submitted_by} if view.submitted_by else set())


def dollars(legs: Sequence[Leg]) -> Decimal:
    """What the order tickets are about, at their reference prices."""
    return to_cents(sum((leg.quantity * leg.reference_price for leg in legs), Decimal(0)))


async def _closing(at: Doors, ticket: str, view: ProposalView) -> str | None:
    if view.closing is None:
        return None
    field = "comment" if view.status.lower() == "returned" else "reason"
    return (await at.intake.clear(ticket, field, [view.closing]))[0]


async def _reasons(at: Doors, ticket: str, view: ProposalView) -> tuple[Written, ...]:
    if not view.reasons:
        return ()
    clear = await at.intake.clear(ticket, "reason", [reason.text for reason in view.reasons])
    return tuple(
        Written(person=reason.person, policy=reason.policy, text=text)
        for reason, text in zip(view.reasons, clear, strict=True)
    )


def _order(order: OrderView) -> Order:
    return Order(
        order=order.order,
        proposal=order.proposal,
        leg=order.leg,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        limit_price=order.limit_price,
        status=order.status,
        venue=order.venue,
        filled=order.filled,
        average_price=order.average_price,
        fees=order.fees,
        scores=tuple(order.scores),
        says=order.says,
    )
