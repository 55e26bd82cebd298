"""How a proposal is spoken of: every figure is the worker's assessment or the record of fills.

Rule 1: this text is made here and not by a model; each figure is copied from the desk's answer.
Rule 2: what is not known yet is said to be not known yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from agents.offline.figures import table
from core.errors import IntegrityLost
from tools.contract import Call
from tools.proposals import LegLine, OrderLine, Proposal, WeightLine
from tools.record import asked

MOST_LEGS: Final = 24
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
    """What the advisor is told once a draft has its figures: what it does, then in tables what there is
    beside it and its orders, each with the weight that it is for."""
    if proposal.status.upper() == "DENIED":
        return "\n".join(_denied(proposal, cite))
    lines = [_first_line(proposal, cite), *_accounts(proposal, cite), *_notes(proposal, cite)]
    for text in (_beside(proposal, cite), _legs(proposal, cite)):
        lines += ["", text] if text else []
    return "\n".join([*lines, "", *_findings(proposal, cite), *_next(proposal)])


def why(proposal: Proposal, cite: str) -> str:
    """What each order is for: the weight of what it trades before and after, beside its model's target."""
    if not proposal.rows:
        return assessed(proposal, cite)
    legs = _legs(proposal, cite)
    lines = [
        f"Each order of the proposal to {_whose(proposal)} brings a weight nearer to its target, or pays for "
        f"one that does [{cite}]."
        if proposal.kind == "rebalance"
        else f"What the orders of the proposal to {_whose(proposal)} do to the weights of what they trade "
        f"[{cite}].",
        *_accounts(proposal, cite),
        *_notes(proposal, cite),
        *(["", legs] if legs else []),
        *_findings(proposal, cite),
    ]
    return "\n".join(lines)


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
    if any(order.venue or order.filled for order in proposal.orders):
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
            f"largest drift {points(account.drift_before)} before and {points(account.drift_after)} after",
            f"short-term gain {dollars(account.short_term_gain)}",
            f"long-term gain {dollars(account.long_term_gain)}",
            f"estimated tax {dollars(account.estimated_tax)}",
            f"estimated cost {dollars(account.estimated_cost)}",
            f"cash after {dollars(account.cash_after)}",
        )
        yield f"- {account.account}: {', '.join(figures)} [{cite}]"


def _beside(proposal: Proposal, cite: str) -> str:
    """The plan, doing nothing, and what costs less, in the same figures."""
    if len(proposal.alternatives) < 2:
        return ""
    rows = [
        (
            *(one.name, one.orders, points(one.drift), dollars(one.short_term_gain)),
            *(dollars(one.long_term_gain), dollars(one.estimated_tax), dollars(one.estimated_cost)),
        )
        for one in proposal.alternatives
    ]
    head = ("Way", "Orders", "Largest drift", "Short-term gain", "Long-term gain", "Tax", "Cost")
    return f"The plan beside doing nothing and what costs less [{cite}].\n\n{table(head, rows)}"


def _notes(proposal: Proposal, cite: str) -> Iterator[str]:
    for note in proposal.notes[:MOST_NOTES]:
        yield f"- {note} [{cite}]"


def _legs(proposal: Proposal, cite: str) -> str:
    """Its orders; of each the weight before and after, and the target, where they are known."""
    if not proposal.legs:
        return ""
    weights = {(row.account, row.symbol): row for row in proposal.rows}
    rows = [_leg(leg, weights.get((leg.account, str(leg.symbol)))) for leg in proposal.legs[:MOST_LEGS]]
    head = ("Order", "Shares", "Symbol", "Account", "At", "Weight", "After", "Target")
    some = f", the first {MOST_LEGS} of {len(proposal.legs)}" if len(proposal.legs) > MOST_LEGS else ""
    places = "".join(
        f"\n- {leg.side} {shares(leg.quantity)} {leg.symbol} takes the place of {leg.replaces}, which is at "
        f"work until then [{cite}]"
        for leg in proposal.legs
        if leg.replaces
    )
    return f"Its orders{some}, with the weight of what each trades [{cite}].\n\n{table(head, rows)}{places}"


def _leg(leg: LegLine, row: WeightLine | None) -> tuple[str, ...]:
    at = f"limit {dollars(leg.limit_price)}" if leg.limit_price is not None else "market"
    weights = (
        (
            f"{row.weight_before} %",
            f"{row.weight_after} %",
            "none" if row.target is None else f"{row.target} %",
        )
        if row
        else ("", "", "")
    )
    return (leg.side, shares(leg.quantity), leg.symbol, leg.account, at, *weights)


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
        return f"{leg.side} {shares(leg.quantity)} {leg.symbol} in {leg.account}"
    if proposal.kind == "exit" and proposal.legs:
        return f"leave {proposal.legs[0].symbol}"
    return KINDS.get(proposal.kind, "trade")


def dollars(amount: Decimal) -> str:
    """Two decimals; four where a price has them."""
    exact = amount.normalize()
    places = 2 if -int(exact.as_tuple().exponent) <= 2 else 4
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{places}f}"


def points(fraction: Decimal) -> str:
    return f"{fraction * 100:.2f} points"


def shares(quantity: Decimal) -> str:
    return f"{quantity.normalize():,f}"
