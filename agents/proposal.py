"""How a proposal is spoken of: every figure is the worker's assessment or the record of fills.

Rule 1: this text is made here and not by a model; each figure is copied from the desk's answer.
Rule 2: what is not known yet is said to be not known yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from core.errors import IntegrityLost
from tools.contract import Call
from tools.proposals import OrderLine, Proposal
from tools.record import asked

MOST_LEGS: Final = 12
MOST_NOTES: Final = 8
KINDS: Final = {
    "order": "place an order",
    "rebalance": "rebalance",
    "raise_cash": "raise cash",
    "invest_cash": "invest cash",
    "harvest": "harvest losses",
    "exit": "leave a position",
    "locate": "place assets better",
}
NEXT: Final = {
    "assessment": "It is still being assessed.",
    "advisor": "Nothing has been sent: look at it under Proposals and submit it if you agree.",
    "consent": "It is submitted and waits for the client's consent.",
    "principal": "It is submitted and waits for a principal.",
    "compliance": "A principal has approved it; it waits for compliance.",
    "release": "It is approved and waits for release.",
    "fills": "It is released; its orders are working.",
    "nobody": "",
}


async def looked_up(call: Call, proposal: str) -> tuple[Proposal, str]:
    """The desk's word on a proposal, on record as a tool's answer, and its source."""
    answer = await asked("proposal_status", {"proposal": proposal}, call)
    if not isinstance(answer, Proposal):
        raise IntegrityLost(f"proposal_status gave a {type(answer).__name__}", fix="restart the copilot")
    return answer, f"tool/{call.id}"


def assessed(proposal: Proposal, cite: str) -> str:
    """What the advisor is told once a draft has its figures."""
    if proposal.status.upper() == "DENIED":
        return "\n".join(_denied(proposal, cite))
    lines = [
        *_accounts(proposal, cite),
        *_beside(proposal, cite),
        *_legs(proposal, cite),
        *_findings(proposal, cite),
        *_next(proposal),
    ]
    return "\n".join([_first_line(proposal, cite), *lines])


def outcome(proposal: Proposal, cite: str) -> str:
    """What the advisor is told when nobody has anything left to do on it."""
    status = proposal.status.upper()
    if status == "DENIED":
        return "\n".join(_denied(proposal, cite))
    if not any(order.venue for order in proposal.orders):
        lead = f"The proposal to {_whose(proposal)} was {status.lower()} [{cite}]."
        return f"{lead} Nothing was sent."
    filled = [order for order in proposal.orders if order.filled]
    lead = (
        f"The proposal to {_whose(proposal)} is done: "
        f"{len(filled)} of {len(proposal.orders)} orders have fills [{cite}]."
    )
    return "\n".join([lead, *(f"- {_order(order)} [{cite}]" for order in proposal.orders)])


def status(proposal: Proposal, cite: str) -> str:
    """Where a proposal stands, whoever has to act."""
    if proposal.waits_for == "nobody":
        return outcome(proposal, cite)
    if proposal.orders:
        lines = (f"- {_order(order)} [{cite}]" for order in proposal.orders)
        return "\n".join([_first_line(proposal, cite), *lines, *_next(proposal)])
    return assessed(proposal, cite)


def _first_line(proposal: Proposal, cite: str) -> str:
    lead = f"The proposal to {_whose(proposal)} is {proposal.status.lower()}"
    if not proposal.legs:
        return f"{lead} [{cite}]."
    legs = f"{len(proposal.legs)} order{'s' if len(proposal.legs) > 1 else ''}"
    tier = f", tier {proposal.tier}" if proposal.tier else ""
    consent = ", needs the client's consent" if proposal.needs_consent and not proposal.consented else ""
    return f"{lead}: {legs}{tier}{consent} [{cite}]."


def _accounts(proposal: Proposal, cite: str) -> Iterator[str]:
    for account in proposal.accounts:
        if account.set_aside:
            yield f"- {account.account}: set aside, {account.set_aside} [{cite}]"
            continue
        figures = (
            f"value {dollars(account.value)}",
            f"largest drift {percent(account.drift_before)} before and {percent(account.drift_after)} after",
            f"short-term gain {dollars(account.short_term_gain)}",
            f"long-term gain {dollars(account.long_term_gain)}",
            f"estimated tax {dollars(account.estimated_tax)}",
            f"estimated cost {dollars(account.estimated_cost)}",
            f"cash after {dollars(account.cash_after)}",
        )
        yield f"- {account.account}: {', '.join(figures)} [{cite}]"


def _beside(proposal: Proposal, cite: str) -> Iterator[str]:
    """Doing nothing, and what costs less."""
    for one in proposal.alternatives[1:]:
        yield (
            f"- beside it, {one.name}: {one.orders} order{'' if one.orders == 1 else 's'}, "
            f"largest drift {percent(one.drift)}, "
            f"short-term gain {dollars(one.short_term_gain)}, long-term gain {dollars(one.long_term_gain)}, "
            f"estimated tax {dollars(one.estimated_tax)}, cost {dollars(one.estimated_cost)} [{cite}]"
        )
    for note in proposal.notes[:MOST_NOTES]:
        yield f"- {note} [{cite}]"


def _legs(proposal: Proposal, cite: str) -> Iterator[str]:
    for leg in proposal.legs[:MOST_LEGS]:
        at = f"limit {dollars(leg.limit_price)}" if leg.limit_price is not None else "market"
        place = f", in the place of {leg.replaces}, which is at work until then" if leg.replaces else ""
        yield f"- {leg.side} {shares(leg.quantity)} {leg.symbol} in {leg.account}, {at}{place} [{cite}]"
    if len(proposal.legs) > MOST_LEGS:
        yield f"- and {len(proposal.legs) - MOST_LEGS} more orders, all shown under Proposals [{cite}]"


def _findings(proposal: Proposal, cite: str) -> Iterator[str]:
    told = (f"{one.policy.replace('_', ' ')}: {one.says}" for one in proposal.findings)
    for says in dict.fromkeys(told):  # parts of one order are told alike
        yield f"- needs a written reason, {says} [{cite}]"


def _denied(proposal: Proposal, cite: str) -> Iterator[str]:
    at = f" at {proposal.denied_at}" if proposal.denied_at else ""
    yield f"The proposal to {_whose(proposal)} was denied{at} [{cite}]. Nothing was sent."
    breaches = (f"{f.policy.replace('_', ' ')}: {f.says}" for f in proposal.findings if f.result == "breach")
    for says in dict.fromkeys(breaches):
        yield f"- {says} [{cite}]"
    for difference in proposal.differences:
        yield f"- changed since approval: {difference} [{cite}]"


def _next(proposal: Proposal) -> Iterator[str]:
    says = NEXT.get(proposal.waits_for, "")
    if says:
        yield says


def _order(order: OrderLine) -> str:
    done = f"{order.side} {shares(order.quantity)} {order.symbol} in {order.account}: {order.status.lower()}"
    if not order.filled or order.average_price is None:
        return done
    venue = f" at {order.venue}" if order.venue else ""
    return (
        f"{done.replace('_', ' ')}, {shares(order.filled)} at an average of {dollars(order.average_price)}"
        f"{venue}, fees {dollars(order.fees)}"
    )


def _whose(proposal: Proposal) -> str:
    joined = " " if proposal.kind == "rebalance" else " for "
    return f"{_what(proposal)}{joined}the {proposal.name}"


def _what(proposal: Proposal) -> str:
    if proposal.kind == "order" and len(proposal.legs) == 1:
        leg = proposal.legs[0]
        return f"{leg.side} {shares(leg.quantity)} {leg.symbol}"
    if proposal.kind == "exit" and proposal.legs:
        return f"leave {proposal.legs[0].symbol}"
    return KINDS.get(proposal.kind, "trade")


def dollars(amount: Decimal) -> str:
    """Two decimals; four where a price has them."""
    exact = amount.normalize()
    places = 2 if -int(exact.as_tuple().exponent) <= 2 else 4
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{places}f}"


def percent(fraction: Decimal) -> str:
    return f"{fraction * 100:.2f} %"


def shares(quantity: Decimal) -> str:
    return f"{quantity.normalize():,f}"
