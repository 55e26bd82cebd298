"""A block at a real venue: doubt, a no, a cancel, a halt, two workers, one that dies after every entry."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from core.clock import WallClock
from core.halts.file import HaltFile
from tests.core.execution.at_work import QUICK, killed, life
from tests.core.execution.blocked import Blocked
from tests.core.gate.deal import APPROVER, ROBERT, SUSAN
from tests.core.halts.test_law_of_halts_db import halt, resume
from tests.fixtures.firm import Firm
from tests.fixtures.halts import KEY
from tests.fixtures.halts import halt as beside
from tests.fixtures.venues import VenueProcess, one_venue

PRICED: Final[dict[str, Any]] = {"price": "126", "limit": "130"}
KINDS: Final = ("BlockFormed", "OrderJoined", "OrderRouted", "OrderSent", "BlockFilled", "BlockAllocated")


@pytest.fixture(scope="module")
def arcadia(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    yield from one_venue("ARCADIA", tmp_path_factory.mktemp("venue"))


@pytest.fixture
def block(shared_firm: Firm) -> Blocked:
    """Four orders that are out, and nobody at work."""
    return Blocked(shared_firm).out("5", "4", "3", "2", **PRICED)


def over(block: Blocked) -> bool:
    return block.ended() == {True} and not block.rows("select from gatehouse.block where not done")


def blocks_of(block: Blocked) -> list[dict[str, Any]]:
    """Those that its orders were put in, oldest first."""
    return list(
        block.rows(
            "select b.order_id, b.quantity, b.filled, b.ended_by from gatehouse.block b where exists (select"
            " from gatehouse.block_part p where p.block_order = b.order_id and p.order_id = any (%s))"
            " order by b.formed_seq",
            [deal.order(0) for deal in block.deals],
        )
    )


def told(block: Blocked, order: str) -> list[tuple[str, dict[str, Any]]]:
    """The facts of that order's stream."""
    rows = block.rows(
        "select event_type, text from gatehouse.journal where stream = %s order by seq", f"order/{order}"
    )
    return [(row["event_type"], json.loads(row["text"])["payload"]) for row in rows]


def counted(block: Blocked, order: str) -> Counter[str]:
    return Counter(kind for kind, _ in told(block, order))


def accepted(block: Blocked) -> bool:
    return any("OrderAccepted" in counted(block, one["order_id"]) for one in blocks_of(block))


def sends(venue: VenueProcess, order: str) -> int:
    """Messages with that order that the venue took in."""
    return sum(line.get("verb") == "send" and line["order"] == order for line in venue.ledger())


@pytest.mark.anyio
async def test_a_block_in_doubt_is_settled_by_its_venues_word_and_shared_once(
    block: Blocked, arcadia: VenueProcess, tmp_path: Path
) -> None:
    arcadia.tell(faults={"time_out_next": 1, "paused": True})
    doubts_soon = replace(QUICK, send=timedelta(milliseconds=400))
    async with life(block.firm, arcadia, tmp_path, patience=doubts_soon) as one:
        await one.until(lambda: accepted(block))
        arcadia.tell(faults={"paused": False})
        await one.until(lambda: over(block))
    (only,) = blocks_of(block)
    block.order = only["order_id"]
    happened = counted(block, block.order)
    assert (happened["OrderSent"], happened["OrderAccepted"], sends(arcadia, block.order)) == (1, 1, 1)
    assert happened["OrderDoubted"] >= 1
    assert block.booked() == [5, 4, 3, 2]
    assert block.adds_up()


@pytest.mark.anyio
async def test_where_its_venue_rejects_a_block_every_part_ends_with_the_venues_reason(
    block: Blocked, arcadia: VenueProcess, tmp_path: Path
) -> None:
    arcadia.tell(faults={"reject_next": 1})
    async with life(block.firm, arcadia, tmp_path) as one:
        await one.until(lambda: over(block))
    (only,) = blocks_of(block)
    (said,) = [fact["reason"] for kind, fact in told(block, only["order_id"]) if kind == "OrderRejected"]
    for deal in block.deals:
        kind, fact = told(block, deal.order(0))[-1]
        assert (kind, fact["reason"]) == (
            "OrderRejected",
            f"the venue rejected block {only['order_id']}: {said}",
        )
    assert block.booked() == [0, 0, 0, 0]
    assert sends(arcadia, only["order_id"]) == 1  # nothing of it goes anew


@pytest.mark.anyio
async def test_a_cancel_of_one_part_after_the_send_ends_all_of_it_at_its_venue(
    block: Blocked, arcadia: VenueProcess, tmp_path: Path
) -> None:
    arcadia.tell(faults={"paused": True})
    firm, wants = block.firm, block.deals[2].order(0)
    async with life(firm, arcadia, tmp_path) as one:
        await one.until(lambda: accepted(block))
        asked = firm.item("CancelRequested", f"order/{wants}", {"order": wants}, login=ROBERT)
        assert (await asyncio.to_thread(firm.append, APPROVER, asked))[0].ok
        await one.until(lambda: over(block))
    arcadia.tell(faults={"paused": False})
    (only,) = blocks_of(block)
    assert (only["ended_by"], only["filled"]) == ("OrderCancelled", 0)
    assert {told(block, deal.order(0))[-1][0] for deal in block.deals} == {"OrderCancelled"}


@pytest.mark.anyio
async def test_what_is_stopped_before_the_send_is_taken_out_and_the_rest_goes_anew(
    block: Blocked, arcadia: VenueProcess, tmp_path: Path
) -> None:
    firm, stopped = block.firm, block.deals[1]
    async with life(firm, arcadia, tmp_path, executes=False) as one:
        await one.until(lambda: all("OrderJoined" in counted(block, deal.order(0)) for deal in block.deals))
    scope = f"account:{stopped.account}"
    assert halt(firm, scope).ok
    named = beside(scope)
    HaltFile(tmp_path, KEY, WallClock()).add(named)
    async with life(firm, arcadia, tmp_path) as one:
        await one.until(lambda: len(blocks_of(block)) == 2 and sum(block.booked()) == 10)
        assert block.booked() == [5, 0, 3, 2]
        assert "OrderSent" not in counted(block, stopped.order(0))
        first, second = blocks_of(block)
        assert (first["ended_by"], first["quantity"], sends(arcadia, first["order_id"])) == (
            "OrderCancelled",
            14,
            0,
        )
        assert (second["quantity"], sends(arcadia, second["order_id"])) == (10, 1)
        assert (await asyncio.to_thread(resume, firm, scope, SUSAN)).ok
        HaltFile(tmp_path, KEY, WallClock()).settle((), lifted={named.id})
        await one.until(lambda: over(block))
    assert block.booked() == [5, 4, 3, 2]
    assert sends(arcadia, stopped.order(0)) == 1  # by itself: the others are gone


@pytest.mark.anyio
async def test_a_block_that_is_stopped_between_intent_and_bytes_waits_whole_and_leaves_once(
    block: Blocked, arcadia: VenueProcess, tmp_path: Path
) -> None:
    await killed(block.firm, arcadia, tmp_path, after="OrderSent")
    named = beside(f"account:{block.deals[3].account}")
    HaltFile(tmp_path, KEY, WallClock()).add(named)
    (only,) = blocks_of(block)
    async with life(block.firm, arcadia, tmp_path) as one:
        await one.until(lambda: only["order_id"] in one.executor.waits)
        says = one.executor.waits[only["order_id"]].says
        assert f"which covers {block.deals[3].order(0)}. 3 more of block" in says
        assert sends(arcadia, only["order_id"]) == 0
        HaltFile(tmp_path, KEY, WallClock()).settle((), lifted={named.id})
        await one.until(lambda: over(block))
    assert len(blocks_of(block)) == sends(arcadia, only["order_id"]) == 1
    assert counted(block, only["order_id"])["OrderSent"] == 1
    assert block.booked() == [5, 4, 3, 2]


@pytest.mark.anyio
async def test_a_block_that_is_held_ends_for_all_where_one_of_its_orders_is_cancelled(
    block: Blocked, arcadia: VenueProcess, tmp_path: Path
) -> None:
    firm, stopped = block.firm, block.deals[3].order(0)
    await killed(firm, arcadia, tmp_path, after="OrderSent")
    HaltFile(tmp_path, KEY, WallClock()).add(beside(f"account:{block.deals[3].account}"))
    (only,) = blocks_of(block)
    async with life(firm, arcadia, tmp_path) as one:
        await one.until(lambda: only["order_id"] in one.executor.waits)
        asked = firm.item("CancelRequested", f"order/{stopped}", {"order": stopped}, login=ROBERT)
        assert (await asyncio.to_thread(firm.append, APPROVER, asked))[0].ok
        await one.until(lambda: over(block))
    assert sends(arcadia, only["order_id"]) == 0
    assert {told(block, deal.order(0))[-1][0] for deal in block.deals} == {"OrderCancelled"}


@pytest.mark.anyio
async def test_two_workers_form_send_and_share_a_block_once(
    block: Blocked, arcadia: VenueProcess, tmp_path: Path
) -> None:
    """Both form, join and share; one has it at its venue, dies there, and the other goes on."""
    arcadia.tell(faults={"paused": True})
    async with life(block.firm, arcadia, tmp_path) as second:
        async with life(block.firm, arcadia, tmp_path) as first:
            await second.until(lambda: accepted(block))
            (only,) = blocks_of(block)
            has_it = [
                only["order_id"] in {o["order"] for o in one.executor.open_orders()}
                for one in (first, second)
            ]
            assert sorted(has_it) == [False, True]
        arcadia.tell(faults={"paused": False})
        await second.until(lambda: over(block))
    happened = counted(block, only["order_id"])
    assert (happened["BlockFormed"], happened["OrderSent"], happened["BlockAllocated"]) == (1, 1, 1)
    assert sends(arcadia, only["order_id"]) == 1
    for deal in block.deals:
        own = counted(block, deal.order(0))
        assert (own["OrderJoined"], own["OrderFilled"]) == (1, 1)
    assert block.booked() == [5, 4, 3, 2]


@pytest.mark.anyio
async def test_killed_after_every_kind_of_entry_a_block_is_sent_and_shared_once(
    block: Blocked, arcadia: VenueProcess, tmp_path: Path
) -> None:
    for kind in KINDS:
        await killed(block.firm, arcadia, tmp_path, after=kind)
    async with life(block.firm, arcadia, tmp_path) as one:
        await one.until(lambda: over(block))
    (only,) = blocks_of(block)
    block.order = only["order_id"]
    happened = counted(block, block.order)
    assert {happened[kind] for kind in ("BlockFormed", "OrderRouted", "OrderSent", "BlockAllocated")} == {1}
    assert sends(arcadia, block.order) == 1
    assert block.booked() == [5, 4, 3, 2]
    assert block.adds_up()
    assert (await asyncio.to_thread(block.firm.verified)).ok
