"""What is offered to the append of one approved proposal: releases, or denials with the differences. Pure.

Rule 1: a breach, or a soft finding that nobody has given reasons for, denies: the whole proposal before its
    first order, single orders after it. It comes back with the differences.
Rule 2: limits that came into force since are the ones that are asked, and an entry says so first.
Rule 3: of an order over time what its time is over for is denied, part by part.
Rule 4: a halt ends nothing: the proposal waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.book.picture import Picture
from core.book.replaced import Replaced
from core.book.views import ProposalView
from core.fact import Entry
from core.gate.recheck import recheck
from core.ids import ProposalId
from core.limits.events import ProposalReassessed
from core.limits.versions import InForce
from core.orders.content import Content, Leg, first_shares
from core.orders.events import Finding, OrderDenied, OrderReleased, ProposalDenied
from core.risk.findings import policy_decisions
from core.risk.halted import Halted


@dataclass(frozen=True, slots=True)
class Waiting:
    """Approved legs of one proposal that are not out yet. `most` is None while a leg's funding or its time is
    open; `over`: they are parts of an order whose time is over."""

    proposal: ProposalId
    status: str
    last_seq: int
    most: Mapping[int, Decimal | None]
    over: bool = False


def too_late(view: ProposalView, content: Content, wanted: Waiting) -> tuple[Entry, ...]:
    """Each part that is not out is denied: its order's time is over."""
    return tuple(_leg_denied(view, leg, (_too_late(leg),)) for leg in content.legs if leg.leg in wanted.most)


def offered(
    view: ProposalView,
    content: Content,
    wanted: Waiting,
    picture: Picture,
    in_force: InForce,
    under: int | None,
) -> tuple[Entry, ...]:
    """What to append now, every policy asked again. May be empty.

    `under`: the version of newer limits that the record already says it was asked under.
    """
    legs = tuple(_at_most(leg, wanted.most[leg.leg]) for leg in content.legs if leg.leg in wanted.most)
    now = recheck(content, legs, picture, in_force)
    if any(finding.policy == Halted.code for finding in now.against):
        return ()  # it came between: it waits
    if now.against and wanted.status == "APPROVED":
        return (_denied(view, now.findings, now.against),)
    entries = _asked_again(view, content, in_force, under, now.findings)
    for leg in legs:
        most = wanted.most[leg.leg]
        if most is None:
            continue
        mine = tuple(f for f in now.against if f.leg in (leg.leg, None))
        if mine or most <= 0:
            entries.append(_leg_denied(view, leg, mine or (_not_funded(leg),)))
        else:
            entries.append(_released(view, content, leg, now.findings, picture.replaced))
    return tuple(entries)


def _asked_again(
    view: ProposalView, content: Content, in_force: InForce, under: int | None, findings: Sequence[Finding]
) -> list[Entry]:
    """The entry that says so, where limits came into force after the proposal was computed: once a version.

    The append takes no release of it before, and no such entry under any other version.
    """
    if in_force.seq <= content.portfolio_seq or under == in_force.version:
        return []
    fact = ProposalReassessed(proposal=view.proposal, digest=content.digest(), limits=in_force.digest)
    return [Entry(f"proposal/{view.proposal}", fact, view.trace, policy_decisions=policy_decisions(findings))]


def _at_most(leg: Leg, most: Decimal | None) -> Leg:
    """The leg with the shares that it may carry now. Only a leg whose digest says so may carry fewer."""
    if most is None or most <= 0 or most >= leg.quantity or not leg.may_be_fewer:
        return leg
    return leg.model_copy(update={"quantity": most, "lots": first_shares(leg.lots, most)})


def _denied(view: ProposalView, findings: Sequence[Finding], against: Sequence[Finding]) -> Entry:
    fact = ProposalDenied(
        proposal=view.proposal,
        at="release",
        findings=tuple(findings),
        differences=tuple(f.says for f in against),
    )
    return Entry(
        f"proposal/{view.proposal}",
        fact,
        view.trace,
        key=f"denied/{view.proposal}",
        policy_decisions=policy_decisions(findings),
    )


def _leg_denied(view: ProposalView, leg: Leg, against: Sequence[Finding]) -> Entry:
    fact = OrderDenied(
        order=leg.order,
        proposal=view.proposal,
        leg=leg.leg,
        findings=tuple(against),
        differences=tuple(f.says for f in against),
    )
    return Entry(
        f"order/{leg.order}",
        fact,
        view.trace,
        key=f"denied/{leg.order}",
        policy_decisions=policy_decisions(against),
    )


def _too_late(leg: Leg) -> Finding:
    says = "the order's time was over, or it was stopped, before this part left"
    return Finding(policy="schedule", result="breach", says=says, account=leg.account, leg=leg.leg)


def _not_funded(leg: Leg) -> Finding:
    funding = "the sells that fund this buy brought too little for one share"
    return Finding(
        policy="funding" if leg.replaces is None else "replaced_order",
        result="breach",
        says=funding if leg.replaces is None else f"what was left of order {leg.replaces} has been executed",
        account=leg.account,
        leg=leg.leg,
    )


def _released(
    view: ProposalView, content: Content, leg: Leg, findings: Sequence[Finding], replaced: Replaced | None
) -> Entry:
    fact = OrderReleased(
        order=leg.order,
        proposal=view.proposal,
        leg=leg.leg,
        digest=content.digest(),
        account=leg.account,
        symbol=leg.symbol,
        side=leg.side,
        quantity=leg.quantity,
        order_type=leg.order_type,
        limit_price=leg.limit_price,
        time_in_force=leg.time_in_force,
        replaces=leg.replaces,
        executed_before=None if replaced is None else replaced.executed,
    )
    return Entry(
        f"order/{leg.order}",
        fact,
        view.trace,
        key=f"release/{leg.order}",
        policy_decisions=policy_decisions([f for f in findings if f.leg in (leg.leg, None)]),
    )
