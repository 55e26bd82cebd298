"""Blocks as people see them, and what they may change of how one was shared.

Rule 1: she sees the blocks of her book: of an advisor's own batches, or all for whoever supervises.
Rule 2: who may draft, who may confirm and what adds up is the append's answer. Nothing here decides.
Rule 3: reasons are sealed under whoever wrote them, and shown in clear where they can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

import rfc8785
from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.database.statements import statements
from core.errors import BadInput, NotFound
from core.fact import Entry, Fact, Sealed
from core.ids import AccountId, OrderId, PersonId, SubjectId, TraceId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.orders.allocations import (
    AllocationChanged,
    AllocationChangeDrafted,
    AllocationPart,
    AllocationRuleConfirmed,
    AllocationRuleProposed,
    OvertakenChangeReviewed,
    TradeGivenUp,
    TradeSteppedOut,
)
from core.people.asker import asking
from core.people.keystore import KeyStore

SQL: Final = statements(Path(__file__).with_name("blocks.sql"))
MOST: Final = 200
WORDS_AT_MOST: Final = 4_000
FIELD: Final = "allocation_reason"
FORGOTTEN: Final = "(the words were forgotten)"
Rule = Literal["pro_rata", "rotational"]
Way = Literal["step-out", "give-up"]


@dataclass(frozen=True, slots=True)
class PartLine:
    """One order of a block. `parted`: it was taken out before any venue had the block."""

    order: OrderId
    account: AccountId
    quantity: Decimal
    filled: Decimal
    parted: bool


@dataclass(frozen=True, slots=True)
class ShareLine:
    """What one order has of one trade date."""

    order: OrderId
    quantity: Decimal
    dollars: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class AllocationLine:
    """One trade date, as it is shared now."""

    trade_date: str
    revision: int
    quantity: Decimal
    average_price: Decimal
    dollars: Decimal
    fees: Decimal
    shares: tuple[ShareLine, ...]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change of one day's shares. `state` is WAITS (for compliance), IN_FORCE, REPLACED (by another),
    OVERTAKEN (what was executed is another since: the rule shares, and compliance has to look) or REVIEWED.
    """

    change: str
    trade_date: str
    revision: int
    parts: Mapping[OrderId, Decimal]
    reason: str
    drafted_by: PersonId
    confirmed_by: PersonId | None
    state: str
    review: str | None
    reviewed_by: PersonId | None


@dataclass(frozen=True, slots=True)
class BlockLine:
    """`status` is OPEN, ENDED (over, and not all of it shared yet) or SHARED."""

    order: OrderId
    block: str
    batch: str
    method: str
    custodian: str
    symbol: str
    side: str
    limit_price: Decimal | None
    quantity: Decimal
    filled: Decimal
    status: str
    parts: tuple[PartLine, ...]
    allocations: tuple[AllocationLine, ...]
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True)
class TradeLine:
    """One trade as it settles. `passed_to`: the broker that settles it in our stead."""

    order: OrderId
    trade_date: str
    account: AccountId
    symbol: str
    side: str
    quantity: Decimal
    settles_on: str
    status: str
    custodian: str
    passed_to: str | None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A version of the firm's rule of sharing. Not confirmed: it waits."""

    version: int
    method: str
    reason: str
    proposed_by: PersonId
    confirmed_by: PersonId | None


class Blocks:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock

    async def newest(self, ticket: str, proposal: str | None = None) -> tuple[BlockLine, ...]:
        """Newest first. `proposal`: those that an order of it was put in."""
        return await self._read(ticket, proposal=proposal)

    async def one(self, ticket: str, order: OrderId) -> BlockLine:
        """Raises NotFound: no such block in the asker's book."""
        found = await self._read(ticket, order=order)
        if not found:
            raise NotFound(
                f"there is no block {order!r} in your book", fix="see `orders blocks`", field="order_id"
            )
        return found[0]

    async def trades(self, ticket: str, order: OrderId) -> tuple[TradeLine, ...]:
        """An order's trades by trade date; a block's are those of its orders.

        Raises:
            NotFound: no such order in the asker's book.
        """
        async with asking(self._pool, ticket) as connection:
            _trace(await rows(connection, SQL["trace"], {"order": order}), order)
            parts = await rows(connection, SQL["parts"], {"orders": [order]})
            named = {"orders": [order, *(row["order_id"] for row in parts)]}
            found = await rows(connection, SQL["trades"], named)
        return tuple(
            TradeLine(order=row["order_id"], **{n: v for n, v in row.items() if n != "order_id"})
            for row in found
        )

    async def rules(self, ticket: str) -> tuple[RuleLine, ...]:
        """Newest first; where there is none, what is executed is shared pro rata."""
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["rules"])
        return tuple(
            RuleLine(
                row["version"],
                row["method"],
                self._clear(row["reason"]),
                row["proposed_by"],
                row["confirmed_by"],
            )
            for row in found
        )

    async def propose_rule(self, ticket: str, method: Rule, reason: str) -> tuple[int, Recorded]:
        """How blocks are to be shared. Its version.

        Raises:
            Refused: she may not, or another waits.
        """
        async with asking(self._pool, ticket) as connection:
            version = 1 + max((row["version"] for row in await rows(connection, SQL["rules"])), default=0)
            sealed = self._sealed((await one(connection, SQL["person"]))["person"], reason)
        fact = AllocationRuleProposed(version=version, method=method, reason=sealed)
        return version, await self._record(ticket, "allocation", fact, fresh_trace_id(self._clock))

    async def confirm_rule(self, ticket: str, version: int, method: Rule) -> Recorded:
        """Raises Refused: she proposed it, she may not, or it is not what waits."""
        fact = AllocationRuleConfirmed(version=version, method=method)
        return await self._record(ticket, "allocation", fact, fresh_trace_id(self._clock))

    async def draft_change(
        self,
        ticket: str,
        order: OrderId,
        trade_date: str,
        revision: int,
        shares: Mapping[OrderId, Decimal],
        reason: str,
    ) -> tuple[str, Recorded]:
        """Operations wants one day's shares to be these. The change's name.

        Raises:
            NotFound: no such block in the asker's book.
            Refused: not of operations, not on the trade date, or they do not add up.
        """
        parts = tuple(AllocationPart(order=named, quantity=shares[named]) for named in sorted(shares))
        async with asking(self._pool, ticket) as connection:
            trace = _trace(await rows(connection, SQL["trace"], {"order": order}), order)
            sealed = self._sealed((await one(connection, SQL["person"]))["person"], reason)
        told = [part.model_dump(mode="json") for part in parts]
        whole: dict[str, Any] = {
            "order": order,
            "date": trade_date,
            "revision": str(revision),
            "parts": told,
            "at": sealed.sealed,
        }
        change = f"alc-{sha256(rfc8785.dumps(whole)).hexdigest()[:32]}"
        fact = AllocationChangeDrafted(
            order=order, change=change, trade_date=trade_date, revision=revision, parts=parts, reason=sealed
        )
        return change, await self._record(ticket, f"order/{order}", fact, trace)

    async def confirm_change(self, ticket: str, order: OrderId, change: str) -> Recorded:
        """Compliance lets exactly this change stand.

        Raises:
            NotFound: no such block or change in the asker's book.
            Refused: not of compliance, the same person, or the shares are others by now.
        """
        drafted = await self._one_change(ticket, order, change)
        async with asking(self._pool, ticket) as connection:
            trace = _trace(await rows(connection, SQL["trace"], {"order": order}), order)
        fact = AllocationChanged(
            order=order, change=change, trade_date=drafted.trade_date, revision=drafted.revision + 1
        )
        return await self._record(ticket, f"order/{order}", fact, trace)

    async def review_change(self, ticket: str, order: OrderId, change: str, words: str) -> Recorded:
        """Compliance has looked at a change that no longer added up, and says what it makes of the day.

        Raises:
            NotFound: no such block or change in the asker's book.
            Refused: not of compliance, or it was not overtaken.
        """
        looked_at = await self._one_change(ticket, order, change)
        async with asking(self._pool, ticket) as connection:
            trace = _trace(await rows(connection, SQL["trace"], {"order": order}), order)
            sealed = self._sealed((await one(connection, SQL["person"]))["person"], words)
        fact = OvertakenChangeReviewed(
            order=order, change=change, trade_date=looked_at.trade_date, reason=sealed
        )
        return await self._record(ticket, f"order/{order}", fact, trace)

    async def pass_on(
        self, ticket: str, order: OrderId, trade_date: str, way: Way, broker: str, custodian: str
    ) -> Recorded:
        """Another broker settles that trade.

        Raises:
            NotFound: no such order in the asker's book.
            Refused: not of operations, another custodian than the account's, or the trade is not confirmed.
        """
        async with asking(self._pool, ticket) as connection:
            trace = _trace(await rows(connection, SQL["trace"], {"order": order}), order)
            found = await rows(connection, SQL["account"], {"order": order})
        if not found:
            raise NotFound(
                f"{order!r} is a block: its parts' trades settle", fix="name one", field="order_id"
            )
        kind = TradeSteppedOut if way == "step-out" else TradeGivenUp
        named = {"order": order, "account": found[0]["account"], "trade_date": trade_date}
        fact = kind.model_validate({**named, "broker": broker, "custodian": custodian})
        return await self._record(ticket, f"trade/{order}/{trade_date}", fact, trace)

    async def _one_change(self, ticket: str, order: OrderId, change: str) -> ChangeLine:
        for line in (await self.one(ticket, order)).changes:
            if line.change == change:
                return line
        raise NotFound(f"there is no change {change!r} of block {order!r}", fix="read it", field="change_id")

    async def _read(
        self, ticket: str, *, order: OrderId | None = None, proposal: str | None = None
    ) -> tuple[BlockLine, ...]:
        asked = {"order": order, "proposal": proposal, "most": MOST}
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["blocks"], asked)
            named = {"orders": [row["order_id"] for row in found]}
            more = {
                what: await rows(connection, SQL[what], named)
                for what in ("parts", "shares", "allocations", "changes")
            }
        return tuple(self._line(row, {what: _of(row, told) for what, told in more.items()}) for row in found)

    def _line(self, row: DictRow, more: Mapping[str, Sequence[DictRow]]) -> BlockLine:
        status = "SHARED" if row["done"] else "ENDED" if row["ended"] else "OPEN"
        whole = {name: row[name] for name in BlockLine.__slots__ if name in row}
        return BlockLine(
            **whole,
            order=row["order_id"],
            status=status,
            parts=tuple(
                PartLine(p["order_id"], p["account"], p["quantity"], p["filled"], p["parted"])
                for p in more["parts"]
            ),
            allocations=tuple(_allocation(a, more["shares"]) for a in more["allocations"]),
            changes=tuple(self._change(c) for c in more["changes"]),
        )

    def _change(self, row: DictRow) -> ChangeLine:
        return ChangeLine(
            change=row["change"],
            trade_date=row["trade_date"],
            revision=row["revision"],
            parts={part["order"]: Decimal(part["quantity"]) for part in row["parts"]},
            reason=self._clear(row["reason"]),
            drafted_by=row["drafted_by"],
            confirmed_by=row["confirmed_by"],
            state=row["state"],
            review=None if row["review"] is None else self._clear(row["review"]),
            reviewed_by=row["reviewed_by"],
        )

    def _sealed(self, person: str, words: str) -> Sealed:
        words = words.strip()
        if not words or len(words) > WORDS_AT_MOST:
            fix = f"write 1 to {WORDS_AT_MOST} characters"
            raise BadInput("the reason is empty or too long", fix=fix, field="reason")
        return self._keys.seal(SubjectId(person), FIELD, words)

    def _clear(self, reason: Mapping[str, Any]) -> str:
        try:
            return self._keys.clear(FIELD, Sealed.model_validate(reason))
        except NotFound:
            return FORGOTTEN

    async def _record(self, ticket: str, stream: str, fact: Fact, trace: TraceId) -> Recorded:
        return (await self._journal.record(Entry(stream, fact, trace, ticket=ticket)))[0]


def _of(block: DictRow, told: Sequence[DictRow]) -> list[DictRow]:
    return [one for one in told if one["block_order"] == block["order_id"]]


def _allocation(row: DictRow, shares: Sequence[DictRow]) -> AllocationLine:
    figures = {name: row[name] for name in AllocationLine.__slots__ if name in row}
    mine = [share for share in shares if share["trade_date"] == row["trade_date"]]
    return AllocationLine(
        **figures, shares=tuple(ShareLine(s["order_id"], s["quantity"], s["dollars"], s["fee"]) for s in mine)
    )


def _trace(found: Sequence[DictRow], order: OrderId) -> TraceId:
    if not found:
        raise NotFound(f"there is no order {order!r} in your book", fix="see `orders list`", field="order_id")
    return TraceId(found[0]["trace"])
