"""Folding the record into order tickets. Pure; the form of a ticket is in `core/orders/ticket.py`.

Rule 1: an entry changes the tickets that it is of, and is named on each of them.
Rule 2: an execution that appears twice counts once.
Rule 3: what ends a proposal ends what is held of it; what is out goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from core.fact import Fact
from core.ids import Digest, OrderId, ProposalId, order_id_for
from core.orders.blocks import BlockAllocated, BlockFormed, OrderJoined, OrderParted
from core.orders.content import Content, Leg
from core.orders.corrections import TradeBusted, TradeCorrected
from core.orders.events import (
    ConsentRecorded,
    OrderAccepted,
    OrderCancelled,
    OrderDenied,
    OrderDoubted,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReleased,
    OrderRouted,
    OrderSent,
    OrderWithheld,
    ProposalApproved,
    ProposalAssessed,
    ProposalDeclined,
    ProposalDenied,
    ProposalDrafted,
    ProposalLapsed,
    ProposalReturned,
    ProposalSubmitted,
    ProposalWithdrawn,
)
from core.orders.exceptions import CorrectionDrafted
from core.orders.remainders import RemainderDrafted
from core.orders.replacements import OrderReplaced, ReplacementSized
from core.orders.schedule import Schedule
from core.orders.ticket import (
    Around,
    Authority,
    Executed,
    Held,
    InBlock,
    Line,
    OrderTerms,
    Rationale,
    Solicited,
    Step,
    Ticket,
)

PRICE_STEP: Final = Decimal("0.000001")
ZERO: Final = Decimal(0)

Tickets = Mapping[OrderId, Ticket]

DECISIONS: Final[Mapping[type[Fact], str]] = {
    ProposalSubmitted: "submitted",
    ConsentRecorded: "consent recorded",
    ProposalApproved: "approved",
    ProposalReturned: "returned",
    ProposalDeclined: "declined",
    ProposalWithdrawn: "withdrawn",
    ProposalLapsed: "lapsed",
    ProposalDenied: "denied by risk",
}
ENDS: Final[Mapping[type[Fact], str]] = {
    OrderDenied: "DENIED",
    OrderRejected: "REJECTED",
    OrderCancelled: "CANCELLED",
    OrderExpired: "EXPIRED",
    OrderReplaced: "REPLACED",
}
ENDS_BEFORE: Final[Mapping[type[Fact], str]] = {
    ProposalReturned: "RETURNED",
    ProposalDeclined: "DECLINED",
    ProposalWithdrawn: "WITHDRAWN",
    ProposalLapsed: "LAPSED",
    ProposalDenied: "DENIED",
}
HELD: Final = "HELD"


def fold(lines: Iterable[Line], around: Around) -> Tickets:
    """The ticket of every order in these entries, which come in the order of their sequences."""
    tickets: dict[OrderId, Ticket] = {}
    of_proposal: dict[ProposalId, tuple[Line, list[OrderId]]] = {}
    blocks: dict[OrderId, BlockFormed] = {}
    for line in lines:
        fact = line.fact
        if isinstance(fact, ProposalDrafted):
            of_proposal[fact.proposal] = (line, [])
            _keep(tickets, of_proposal[fact.proposal][1], _requested(line, fact, around))
        elif isinstance(fact, ProposalAssessed):
            drafted, orders = of_proposal.get(fact.proposal, (line, []))
            content = Content.model_validate_json(fact.content)
            for leg in content.legs:
                made = _assessed(tickets.get(leg.order), drafted, line, leg, fact, around)
                _keep(tickets, orders, (_part(made, line, fact, content.schedule),))
            of_proposal[fact.proposal] = (drafted, orders)
        elif type(fact) in DECISIONS:
            for order in of_proposal.get(fact.proposal, (line, []))[1]:  # type: ignore[attr-defined]
                tickets[order] = _decided(tickets[order], line)
        elif isinstance(fact, BlockFormed):
            blocks[fact.order] = fact
        else:
            of = OrderId(getattr(fact, "order", ""))
            named = [part.order for part in blocks[of].parts] if of in blocks else [of]
            for known in [tickets[one] for one in named if one in tickets]:
                tickets[known.order] = _happened(known, line, blocks)
    return tickets


def _keep(tickets: dict[OrderId, Ticket], orders: list[OrderId], made: Iterable[Ticket]) -> None:
    for ticket in made:
        tickets[ticket.order] = ticket
        if ticket.order not in orders:
            orders.append(ticket.order)


def _requested(line: Line, fact: ProposalDrafted, around: Around) -> tuple[Ticket, ...]:
    """The ticket of a single order from its request: it is one even where it comes to nothing."""
    asked = fact.request
    if asked.kind != "order" or len(asked.accounts) != 1:
        return ()
    if asked.symbol is None or asked.side is None or asked.quantity is None:
        return ()
    terms = OrderTerms(
        account=asked.accounts[0],
        symbol=asked.symbol,
        side=asked.side,
        quantity=asked.quantity,
        order_type=asked.order_type,
        limit_price=asked.limit_price,
        time_in_force=None,
    )
    return (_fresh(line, fact, order_id_for(fact.proposal, 0), 0, terms, around),)


def _assessed(
    known: Ticket | None, drafted: Line, line: Line, leg: Leg, fact: ProposalAssessed, around: Around
) -> Ticket:
    terms = OrderTerms(**{name: getattr(leg, name) for name in OrderTerms.model_fields})
    draft = drafted.fact
    if known is None:
        if not isinstance(draft, ProposalDrafted):
            raise ValueError(f"proposal {fact.proposal!r} was assessed before it was drafted")
        known = _fresh(drafted, draft, leg.order, leg.leg, terms, around)
    changes = known.changes
    if known.terms != terms:
        changes = (*changes, _step(line, "assessed", digest=fact.digest, says=_differing(known.terms, terms)))
    return _with(known, line, status=HELD, terms=terms, changes=changes)


def _part(ticket: Ticket, line: Line, fact: ProposalAssessed, schedule: Schedule | None) -> Ticket:
    """Of an order over time: which part of which whole it is."""
    if schedule is None:
        return ticket
    says = f"part {ticket.leg + 1} of {schedule.parts} of one order: {schedule.says()}"
    step = _step(line, "assessed", digest=fact.digest, says=says)
    return ticket.model_copy(update={"changes": (*ticket.changes, step)})


def _fresh(
    line: Line, fact: ProposalDrafted, order: OrderId, leg: int, terms: OrderTerms, around: Around
) -> Ticket:
    held = around.accounts.get(terms.account)
    planned = fact.agent is not None or fact.request.kind == "rebalance"
    return Ticket(
        order=order,
        proposal=fact.proposal,
        leg=leg,
        trace=line.trace,
        household=fact.request.household,
        advisor=held.advisor if held else None,
        account_kind=held.kind if held else None,
        capacity=held.capacity if held else None,
        authority=_authority(held),
        custodian=held.custodian if held else None,
        solicited=Solicited.SOLICITED if planned else Solicited.NOT_RECORDED,
        rationale=Rationale.NOT_RECORDED,
        exception=fact.exception if isinstance(fact, CorrectionDrafted) else None,
        corrects=fact.corrects if isinstance(fact, CorrectionDrafted) else None,
        requested_by=line.actor,
        recommended_by=line.actor if planned and not isinstance(fact, RemainderDrafted) else None,
        agent=fact.agent,
        agent_version=around.models.get(line.trace) if fact.agent else None,
        supersedes=fact.supersedes,
        received_at=line.at,
        entered_at=None,
        sent_at=None,
        accepted_at=None,
        ended_at=None,
        status="DRAFTED",
        terms=terms,
        changes=(),
        decisions=(),
        venues=(),
        venue_order=None,
        executions=(),
        filled=ZERO,
        average_price=None,
        seqs=(line.seq,),
    )


def _authority(held: Held | None) -> Authority:
    if held is None:
        return Authority.NOT_RECORDED
    return Authority.DISCRETIONARY if held.discretionary else Authority.NOT_DISCRETIONARY


def _decided(ticket: Ticket, line: Line) -> Ticket:
    """A decision on the proposal. One that ends it ends what is still held, and nothing that is out."""
    kind, fact = type(line.fact), line.fact
    says = f"{fact.client}, {fact.channel}" if isinstance(fact, ConsentRecorded) else ""
    step = _step(line, DECISIONS[kind], digest=getattr(fact, "digest", None), says=says)
    ended = kind in ENDS_BEFORE and ticket.status in (HELD, "DRAFTED")
    more: dict[str, object] = {"status": ENDS_BEFORE[kind], "ended_at": line.at} if ended else {}
    if isinstance(fact, ProposalSubmitted):
        more |= _said_of(fact)
    return _with(ticket, line, decisions=(*ticket.decisions, step), **more)


def _said_of(fact: ProposalSubmitted) -> dict[str, object]:
    said: dict[str, object] = {}
    if fact.solicited is not None:
        said["solicited"] = Solicited(fact.solicited)
    if fact.rationale is not None:
        adopted = fact.rationale.drafted_in is not None
        said["rationale"] = Rationale.ADOPTED if adopted else Rationale.OWN_WORDS
    return said


def _happened(ticket: Ticket, line: Line, blocks: Mapping[OrderId, BlockFormed]) -> Ticket:
    """What became of the order itself, or of the block that it goes with."""
    fact = line.fact
    if getattr(fact, "order", None) in blocks:
        return _of_block(ticket, line)
    match fact:
        case OrderJoined():
            return _joined(ticket, line, blocks[fact.block])
        case OrderParted():
            parted = _step(
                line, "parted from its block", digest=None, says=f"block {fact.block} did not leave"
            )
            return _with(ticket, line, status="RELEASED", block=None, changes=(*ticket.changes, parted))
        case TradeCorrected() | TradeBusted() if ticket.block is not None:
            return _shared_anew(ticket, line, fact)
        case OrderReleased():
            changes = ticket.changes
            if fact.quantity != ticket.terms.quantity:
                says = f"quantity {ticket.terms.quantity:f} to {fact.quantity:f}"
                changes = (*changes, _step(line, "released with fewer shares", digest=fact.digest, says=says))
            terms = ticket.terms.model_copy(update={"quantity": fact.quantity})
            return _with(ticket, line, status="RELEASED", entered_at=line.at, terms=terms, changes=changes)
        case OrderRouted():
            return _with(ticket, line, status="ROUTED", venues=(*ticket.venues, fact.venue))
        case OrderSent():
            return _with(ticket, line, status="SENT", sent_at=ticket.sent_at or line.at)
        case OrderWithheld():
            step = _step(line, "not sent", digest=None, says=fact.says)
            return _with(ticket, line, changes=(*ticket.changes, step))
        case OrderAccepted():
            status = "ACCEPTED" if ticket.status in ("SENT", "UNKNOWN") else ticket.status
            at = ticket.accepted_at or line.at
            return _with(ticket, line, status=status, accepted_at=at, venue_order=fact.venue_order)
        case OrderDoubted():
            status = "UNKNOWN" if ticket.status == "SENT" else ticket.status
            return _with(ticket, line, status=status)
        case OrderFilled():
            return _filled(ticket, line, fact)
        case OrderDenied() | OrderRejected() | OrderCancelled() | OrderExpired() | OrderReplaced():
            says = getattr(fact, "reason", "") or "; ".join(getattr(fact, "differences", ()))
            step = _step(line, ENDS[type(fact)].lower(), digest=None, says=says)
            changes = (*ticket.changes, step)
            return _with(ticket, line, status=ENDS[type(fact)], ended_at=line.at, changes=changes)
        case ReplacementSized():
            return _sized(ticket, line, fact)
    return _with(ticket, line)


def _joined(ticket: Ticket, line: Line, formed: BlockFormed) -> Ticket:
    block = InBlock(
        order=formed.order,
        block=formed.block,
        method=formed.method,
        orders=len(formed.parts),
        quantity=sum((part.quantity for part in formed.parts), ZERO),
        part=ticket.terms.quantity,
    )
    return _with(ticket, line, status="IN_BLOCK", block=block)


def _of_block(ticket: Ticket, line: Line) -> Ticket:
    """What happened to the block as a whole. What the order has of it is told in its own stream."""
    fact, block = line.fact, ticket.block
    if block is None or block.order != getattr(fact, "order", None):
        return ticket
    match fact:
        case OrderRouted():
            return _with(ticket, line, venues=(*ticket.venues, fact.venue))
        case OrderSent():
            return _with(ticket, line, sent_at=ticket.sent_at or line.at)
        case OrderAccepted():
            at = ticket.accepted_at or line.at
            return _with(ticket, line, accepted_at=at, venue_order=fact.venue_order)
        case BlockAllocated():
            filled, average = fact.quantity, fact.average_price
            shared = {"filled": filled, "average_price": average if filled else None}
            return _with(ticket, line, block=block.model_copy(update=shared))
    return _with(ticket, line)


def _shared_anew(ticket: Ticket, line: Line, fact: TradeCorrected | TradeBusted) -> Ticket:
    """The order's share of its block is another now."""
    now = fact.now if isinstance(fact, TradeCorrected) else None
    known = {"quantity": now.quantity, "price": now.price, "fee": now.fee} if now is not None else None
    done = tuple(
        one.model_copy(update=known) if known and one.execution == fact.execution else one
        for one in ticket.executions
        if known or one.execution != fact.execution
    )
    says = f"{fact.was.quantity:f} to {now.quantity if now is not None else ZERO:f} shares"
    step = _step(line, "share of its block changed", digest=None, says=says)
    return _with(ticket, line, **_added_up(done), executions=done, changes=(*ticket.changes, step))


def _added_up(done: Sequence[Executed]) -> dict[str, Decimal | None]:
    filled = sum((each.quantity for each in done), ZERO)
    paid = sum((each.quantity * each.price for each in done), ZERO)
    average = (paid / filled).quantize(PRICE_STEP, rounding=ROUND_HALF_EVEN) if filled else None
    return {"filled": filled, "average_price": average}


def _sized(ticket: Ticket, line: Line, fact: ReplacementSized) -> Ticket:
    """What is left for an order that took another's place, as a change of its terms."""
    says = f"order {fact.replaces} ended with {fact.executed:f} shares; {fact.quantity:f} are left"
    whole = ticket.filled >= fact.quantity
    return _with(
        ticket,
        line,
        terms=ticket.terms.model_copy(update={"quantity": fact.quantity}),
        changes=(*ticket.changes, _step(line, "took another's place", digest=None, says=says)),
        status="FILLED" if whole and ticket.ended_at is None else ticket.status,
        ended_at=line.at if whole and ticket.ended_at is None else ticket.ended_at,
    )


def _filled(ticket: Ticket, line: Line, fact: OrderFilled) -> Ticket:
    if any(one.execution == fact.execution for one in ticket.executions):
        return ticket
    one = Executed(
        execution=fact.execution,
        venue=fact.venue,
        quantity=fact.quantity,
        price=fact.price,
        fee=fact.fee,
        at=fact.executed_at,
        recorded_at=line.at,
        trade_date=fact.trade_date,
        settles_on=fact.settles_on,
        seq=line.seq,
    )
    done = (*ticket.executions, one)
    whole = sum((each.quantity for each in done), ZERO) >= ticket.terms.quantity
    return _with(
        ticket,
        line,
        **_added_up(done),
        executions=done,
        status=ticket.status if ticket.ended_at else "FILLED" if whole else "PARTIALLY_FILLED",
        ended_at=line.at if whole and ticket.ended_at is None else ticket.ended_at,
    )


def _step(line: Line, what: str, *, digest: Digest | None, says: str = "") -> Step:
    return Step(what=what, by=line.actor, at=line.at, seq=line.seq, digest=digest, says=says)


def _with(ticket: Ticket, line: Line, **changed: object) -> Ticket:
    return ticket.model_copy(update={**changed, "seqs": (*ticket.seqs, line.seq)})


def _differing(before: OrderTerms, after: OrderTerms) -> str:
    """`limit_price none to 104.50`, one after the other."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in OrderTerms.model_fields)
    return "; ".join(f"{name} {_said(old)} to {_said(new)}" for name, old, new in pairs if old != new)


def _said(value: object) -> str:
    return "none" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
