"""The last question before an order may leave: is it still what people decided on, and still allowed?

Rule 1: every policy is asked again, in the market as it is now, about every leg that is not out yet.
Rule 2: a breach, or a soft finding that nobody has given reasons for, denies: the whole proposal before its
    first order, single orders after it. It comes back with the differences.
Rule 3: what lets an order out is the append: this file offers it, and believes its answer.
Rule 4: limits that came into force since are the ones that are asked, and an entry says so first.
Rule 5: of an order over time a part is offered at its time; what its time is over for is denied, one by one.
Rule 6: a missing consent ends nothing, nor does a halt: the proposal waits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.replaced import Replaced
from core.book.views import ProposalView
from core.database.rows import rows
from core.database.statements import statements
from core.errors import IntegrityLost
from core.fact import Entry
from core.gate.recheck import recheck
from core.ids import CustodianId, OrderId, ProposalId, TraceId
from core.ledger.envelope import Stored, stored
from core.ledger.journal import SQL as JOURNAL
from core.limits.events import ProposalReassessed
from core.limits.reading import read_limits, read_reassessed
from core.limits.versions import InForce
from core.orders.content import Content, Leg, first_shares
from core.orders.events import Finding, OrderDenied, OrderReleased, ProposalDenied
from core.orders.released import ReleasedOrder
from core.projections.approvals import read_approvals
from core.projections.proposals import read_proposal
from core.projections.reader import read_picture
from core.risk.findings import policy_decisions
from core.risk.halted import Halted

SQL: Final = statements(Path(__file__).with_name("statements.sql"))

Connection = AsyncConnection[DictRow]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Approved legs of one proposal that are not out yet. `most` is None while a leg's funding or its time is
    open; `over`: they are parts of an order whose time is over."""

    proposal: ProposalId
    status: str
    last_seq: int
    most: Mapping[int, Decimal | None]
    over: bool = False


async def waiting(connection: Connection) -> tuple[Waiting, ...]:
    """Every proposal with something to release, oldest first."""
    found: dict[ProposalId, Waiting] = {}
    for row in await rows(connection, SQL["releasable"]):
        known = found.get(row["proposal"])
        most = {**(known.most if known else {}), row["leg"]: row["most"]}
        over = bool(row["over"])
        found[row["proposal"]] = Waiting(row["proposal"], row["status"], row["last_seq"], most, over)
    return tuple(found.values())


async def offer(connection: Connection, wanted: Waiting) -> tuple[Entry, ...]:
    """What to append for this proposal now: releases, or denials with the differences. May be empty.

    Raises:
        IntegrityLost: an assessed proposal has no content.
        WorldFailed: something of the account has no price. Nothing leaves.
    """
    view = await read_proposal(connection, wanted.proposal)
    if view.content is None:
        raise IntegrityLost(
            f"proposal {view.proposal!r} was approved without content", fix="run `audit verify`"
        )
    content = view.content
    if wanted.over:  # no price is asked for what does not leave
        return tuple(
            _leg_denied(view, leg, (_too_late(leg),)) for leg in content.legs if leg.leg in wanted.most
        )
    legs = tuple(_at_most(leg, wanted.most[leg.leg]) for leg in content.legs if leg.leg in wanted.most)
    approvals = await read_approvals(connection, view.proposal, view.kind)
    picture = await read_picture(connection, view.household, without=view.proposal)
    in_force = await read_limits(connection)  # after the picture: never older than its sequence
    now = recheck(content, legs, replace(picture, approvals=approvals), in_force)
    if any(finding.policy == Halted.code for finding in now.against):
        return ()  # it came between: it waits
    if now.against and wanted.status == "APPROVED":
        return (_denied(view, now.findings, now.against),)
    entries = await _asked_again(connection, view, content, in_force, now.findings)
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


async def released(
    connection: Connection, *, ended: bool = False, only: Sequence[OrderId] | None = None
) -> tuple[ReleasedOrder, ...]:
    """Every order that the journal has let out and that has not ended (`ended`: or has), oldest first.

    `only`: of these.
    """
    asked = {"ended": ended, "only": None if only is None else list(only)}
    return tuple(
        _proof(
            row["order_id"],
            row["text"],
            TraceId(row["trace_id"]),
            CustodianId(row["custodian"]),
            frozenset(row["scopes"]),
        )
        for row in await rows(connection, SQL["released"], asked)
    )


async def life_of(connection: Connection, order: OrderId) -> tuple[Stored, ...]:
    """The entries of one order's stream."""
    found = await rows(connection, JOURNAL["stream_entries"], {"stream": f"order/{order}"})
    return tuple(stored(row) for row in found)


async def _asked_again(
    connection: Connection,
    view: ProposalView,
    content: Content,
    in_force: InForce,
    findings: Sequence[Finding],
) -> list[Entry]:
    """The entry that says so, where limits came into force after the proposal was computed: once a version.

    The append takes no release of it before, and no such entry under any other version.
    """
    if in_force.seq <= content.portfolio_seq:
        return []
    if await read_reassessed(connection, view.proposal) == in_force.version:
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


def _proof(
    order: OrderId, text: str, trace: TraceId, custodian: CustodianId, scopes: frozenset[str]
) -> ReleasedOrder:
    fact = OrderReleased.model_validate(json.loads(text)["payload"])
    return ReleasedOrder(
        id=order,
        proposal=fact.proposal,
        leg=fact.leg,
        digest=fact.digest,
        trace=trace,
        account=fact.account,
        custodian=custodian,
        symbol=fact.symbol,
        side=fact.side,
        quantity=fact.quantity,
        order_type=fact.order_type,
        limit_price=fact.limit_price,
        time_in_force=fact.time_in_force,
        scopes=scopes,
        replaces=fact.replaces,
        executed_before=fact.executed_before,
    )
