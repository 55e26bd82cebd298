"""The last question before an order may leave: is it still what people decided on, and still allowed?

Rule 1: it reads the market as it is now, the limits in force after it, and what is not out yet; what follows
    from that is `core.gate.offering`.
Rule 2: what lets an order out is the append: this file offers it, and believes its answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import rows
from core.database.statements import statements
from core.errors import IntegrityLost
from core.fact import Entry
from core.gate.offering import Waiting, offered, too_late
from core.ids import CustodianId, OrderId, ProposalId, TraceId
from core.ledger.envelope import Stored, stored
from core.ledger.journal import SQL as JOURNAL
from core.limits.reading import read_limits, read_reassessed
from core.orders.events import OrderReleased
from core.orders.released import ReleasedOrder
from core.projections.approvals import read_approvals
from core.projections.proposals import read_proposal
from core.projections.reader import read_picture

SQL: Final = statements(Path(__file__).with_name("statements.sql"))

Connection = AsyncConnection[DictRow]


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
    if wanted.over:  # no price is asked for what does not leave
        return too_late(view, view.content, wanted)
    approvals = await read_approvals(connection, view.proposal, view.kind)
    picture = await read_picture(connection, view.household, without=view.proposal)
    in_force = await read_limits(connection)  # after the picture: never older than its sequence
    newer = in_force.seq > view.content.portfolio_seq
    under = await read_reassessed(connection, view.proposal) if newer else None
    return offered(view, view.content, wanted, replace(picture, approvals=approvals), in_force, under)


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
