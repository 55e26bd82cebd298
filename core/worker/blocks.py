"""Blocks, as the one worker that has the duties keeps them: formed before anything of them is routed, and
shared when they are over.

Rule 1: every step is read from the record's own tables, and written under a key: killed anywhere, it goes on
    there.
Rule 2: only orders that are out together now form a block. Nobody waits for one that cannot go: a halted one
    stays behind until it is resumed, and whoever is alone goes alone.
Rule 3: first everybody's shares are fixed, in one fact; then each is booked. What a share is, the
    append works out; this file offers it, and believes its answer.
Rule 4: what was refused is offered again a while later: the record has moved on by then, or a person is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.database.statements import statements
from core.errors import Conflict, IntegrityLost, Refused
from core.fact import Entry, Fact
from core.gate.release import released
from core.ids import CustodianId, OrderId, TraceId
from core.ledger.envelope import opened
from core.ledger.journal import Journal
from core.orders.allocations import AllocationChangeReexamined
from core.orders.block import Block, Candidate, Terms, blocks, shortest
from core.orders.blocks import (
    BlockAllocated,
    BlockFormed,
    BlockPart,
    OrderJoined,
    OrderParted,
    block_account,
)
from core.orders.corrections import Booked, TradeBusted, TradeCorrected
from core.orders.events import (
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderType,
    Side,
    TimeInForce,
)
from core.orders.order import PRICE_STEP
from core.orders.released import Member, ReleasedOrder

SQL: Final = statements(Path(__file__).with_name("blocks.sql"))
AT_ONCE: Final = 64  # entries that wait for the journal together
AGAIN: Final = 250  # turns until what was refused is offered again

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Forming:
    """What becomes of the released orders of one turn."""

    blocks: tuple[Entry, ...]
    alone: tuple[OrderId, ...]


class Blocking:
    """One for each worker that has the duties."""

    def __init__(self, pool: AsyncPool, journal: Journal) -> None:
        self._pool = pool
        self._journal = journal
        self._turn = 0
        self._refused: dict[str, int] = {}  # by key, the turn in which it may be offered again

    async def turn(self) -> bool:
        """Whether anything was recorded."""
        self._turn += 1
        async with lend(self._pool) as connection:
            busy = await one(connection, SQL["busy"])
            moved = busy["waiting"] and await self._form(connection)
            if not moved and not busy["open"]:
                return False
        for read in (joining, sharing, booking, leaving):
            async with lend(self._pool) as connection:
                entries = [entry async for entry in read(connection)]
            if await self._record(entries):
                return True  # what follows is read anew
        return bool(moved)

    async def _form(self, connection: AsyncConnection[DictRow]) -> bool:
        found = await rows(connection, SQL["candidates"])
        method = (await one(connection, SQL["method"]))["method"]
        forming = formed_of(found, method)
        moved = False
        for order in forming.alone:
            moved = (await one(connection, SQL["let_alone"], {"order": order}))["alone"] or moved
        return await self._record(forming.blocks) or moved

    async def _record(self, entries: Iterable[Entry]) -> bool:
        due = [entry for entry in entries if self._refused.get(entry.key or "", 0) <= self._turn]
        done = [await self._together(due[at : at + AT_ONCE]) for at in range(0, len(due), AT_ONCE)]
        return any(done)

    async def _together(self, entries: Sequence[Entry]) -> bool:
        return any(await asyncio.gather(*(self._one(entry) for entry in entries)))

    async def _one(self, entry: Entry) -> bool:
        try:
            await self._journal.record(entry)
        except (Refused, Conflict) as no:
            log.warning("block_step_not_recorded", stream=entry.stream, says=no.says)
            self._refused[entry.key or ""] = self._turn + AGAIN
            return False
        return True


def formed_of(candidates: Sequence[Mapping[str, Any]], method: str) -> Forming:
    """Blocks of those that may go now, batch by batch; whoever is in none and does not wait goes alone."""
    traces = {row["order_id"]: TraceId(row["trace_id"]) for row in candidates}
    entries, together = list[Entry](), set[OrderId]()
    by_batch = sorted(candidates, key=lambda row: row["batch"])
    for batch, of_batch in groupby(by_batch, key=lambda row: str(row["batch"])):
        mine = list(of_batch)
        may = [_candidate(row) for row in mine if row["may_go"] and not row["stays"]]
        for block in blocks(mine[0]["digest"], may):
            fact = _formed(block, batch, mine[0]["digest"], method)
            entries.append(_entry(fact.order, fact, traces[block.parts[0].order], f"block/{block.order}"))
            together |= {part.order for part in block.parts}
    alone = [row["order_id"] for row in candidates if row["order_id"] not in together and not row["stays"]]
    return Forming(tuple(entries), tuple(alone))


def _candidate(row: Mapping[str, Any]) -> Candidate:
    terms = Terms(
        custodian=CustodianId(row["custodian"]),
        symbol=row["symbol"],
        side=Side(row["side"]),
        order_type=OrderType(row["order_type"]),
        limit_price=row["limit_price"],
        time_in_force=TimeInForce(row["time_in_force"]),
    )
    return Candidate(OrderId(row["order_id"]), row["account"], row["quantity"], terms, row["formed"])


def _formed(block: Block, batch: str, digest: str, method: str) -> BlockFormed:
    terms = {name: getattr(block.terms, name) for name in Terms.__struct_fields__}
    parts = tuple(
        BlockPart(order=part.order, account=part.account, quantity=Decimal(shortest(part.quantity)))
        for part in block.parts
    )
    named = {"order": block.order, "block": block.id, "batch": batch, "digest": digest, "method": method}
    return BlockFormed.model_validate({**named, **terms, "formation": block.formation, "parts": parts})


async def joining(connection: AsyncConnection[DictRow]) -> AsyncIterator[Entry]:
    """Parts whose own stream does not say yet that they go with their block."""
    for row in await rows(connection, SQL["joining"]):
        fact = OrderJoined(order=row["order_id"], block=row["block_order"])
        yield _entry(fact.order, fact, row["trace_id"], f"joined/{fact.block}/{fact.order}")


async def sharing(connection: AsyncConnection[DictRow]) -> AsyncIterator[Entry]:
    """What was executed of blocks that are over, and was not shared. A change that compliance confirmed is
    looked at first: the sharing comes a turn behind what the record says of it."""
    for row in await rows(connection, SQL["unshared"]):
        if row["change"] is not None and not row["examined"]:
            yield _entry(row["order_id"], _looked_at(row), row["trace_id"], _key_of(row))
            continue
        quantity, paid = row["quantity"], row["paid"]
        average = (paid / quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN) if quantity else Decimal(0)
        same = ("trade_date", "revision", "quantity", "dollars", "fees", "settles_on", "venue", "executed_at")
        fact = BlockAllocated(
            order=row["order_id"], average_price=average, **{name: row[name] for name in same}
        )
        key = f"allocated/{fact.order}/{fact.trade_date}/{fact.revision}"
        yield _entry(fact.order, fact, row["trace_id"], key)


def _looked_at(row: Mapping[str, Any]) -> AllocationChangeReexamined:
    same = ("change", "trade_date", "revision", "upheld")
    return AllocationChangeReexamined(order=row["order_id"], **{name: row[name] for name in same})


def _key_of(row: Mapping[str, Any]) -> str:
    return f"reexamined/{row['change']}/{row['revision']}/{'upheld' if row['upheld'] else 'overtaken'}"


async def booking(connection: AsyncConnection[DictRow]) -> AsyncIterator[Entry]:
    """Each part's own share, where it has not booked just that."""
    for row in await rows(connection, SQL["unbooked"]):
        fact = _share(row)
        key = f"share/{fact.order}/{fact.execution}/{row['allocation']}"
        yield _entry(fact.order, fact, row["trace_id"], key)


def _share(row: Mapping[str, Any]) -> OrderFilled | TradeCorrected | TradeBusted:
    whose = {name: row[name] for name in ("account", "symbol", "venue", "trade_date")}
    own = {**whose, "order": row["order_id"], "side": Side(row["side"])}
    now = {name: row[name] for name in ("quantity", "price", "fee", "dollars")}
    if row["execution"] is None:
        again = f".{row['earlier']}" if row["earlier"] else ""  # never the name of a correction
        return OrderFilled(
            **own,
            **now,
            execution=f"{row['block_order']}/{row['trade_date']}{again}",
            executed_at=datetime.fromisoformat(row["executed_at"]),
            settles_on=row["settles_on"],
            block=row["block_order"],
        )
    booked = {name: row[f"booked_{name}"] for name in ("quantity", "price", "fee", "dollars")}
    corrected = {
        **own,
        "execution": row["execution"],
        "revision": row["revision"] + 1,
        "was": Booked(**booked),
        "reason": f"what block {row['block_order']} executed was shared anew",
    }
    if not row["quantity"]:
        return TradeBusted(**corrected)
    return TradeCorrected(**corrected, now=Booked(**now))


async def leaving(connection: AsyncConnection[DictRow]) -> AsyncIterator[Entry]:
    """The end of each part of a block that is over. Where no venue could know of it, its parts go on."""
    for row in await rows(connection, SQL["leaving"]):
        order = OrderId(row["order_id"])
        if row["ended_by"] == OrderCancelled.event_type() and not row["sent"] and not row["cancelled"]:
            parted = OrderParted(order=order, block=row["block_order"])
            yield _entry(order, parted, row["trace_id"], f"parted/{row['block_order']}/{order}")
        else:
            yield _entry(order, await _end(connection, order, row), row["trace_id"], f"ended/{order}")


async def _end(connection: AsyncConnection[DictRow], order: OrderId, row: Mapping[str, Any]) -> Fact:
    if row["ended_by"] == OrderExpired.event_type():
        day = await one(connection, SQL["day"])
        return OrderExpired(order=order, session=day["session"].isoformat())
    if row["ended_by"] == OrderRejected.event_type():
        reason = f"the venue rejected block {row['block_order']}: {row['reason']}"
        return OrderRejected(order=order, venue=row["venue"], reason=reason)
    reason = f"block {row['block_order']} was cancelled" if row["sent"] else "cancelled before a venue had it"
    return OrderCancelled(order=order, venue=row["venue"], reason=reason)


def _entry(order: OrderId, fact: Fact, trace: str, key: str) -> Entry:
    return Entry(stream=f"order/{order}", fact=fact, trace=TraceId(trace), key=key)


async def released_blocks(
    connection: AsyncConnection[DictRow], only: Sequence[OrderId], *, ended: bool = False
) -> tuple[ReleasedOrder, ...]:
    """Those of these that are blocks, each as one order: its parts' proofs are the proof of it."""
    found = []
    for row in await rows(connection, SQL["blocks"], {"only": list(only), "ended": ended}):
        fact = opened(row["text"]).fact
        if not isinstance(fact, BlockFormed):
            raise IntegrityLost(f"{row['order_id']!r} is no block", fix="run `gatehouse audit verify`")
        parts = await released(connection, ended=True, only=[part.order for part in fact.parts])
        if len(parts) != len(fact.parts):
            raise IntegrityLost(f"a part of block {fact.order!r} was never let out", fix="run `audit verify`")
        found.append(
            replace(
                parts[0],
                id=fact.order,
                trace=TraceId(row["trace_id"]),
                account=block_account(fact.block),
                quantity=sum((part.quantity for part in parts), Decimal(0)),
                scopes=frozenset().union(*(part.scopes for part in parts)),
                members=tuple(Member(part.id, part.proposal, part.scopes) for part in parts),
            )
        )
    return tuple(found)
