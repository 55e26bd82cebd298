"""The last check of a block: of rows that a superuser changed with every trigger off, nothing else leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from pydantic import ValidationError

from core.errors import GatehouseError
from core.execution.last_check import asked, records_of
from core.ids import OrderId, ProposalId, VenueName
from core.venues.venue import encode
from core.worker.blocks import released_blocks
from tests.core.execution.blocked import Blocked
from tests.core.execution.test_last_check_db import worker
from tests.fixtures.firm import FirmTemplate

V: Final = VenueName("ARCADIA")
TEXT: Final = (
    "update gatehouse.journal set text = replace(text, %s, %s) where stream = %s and event_type = %s"
)


@pytest.fixture(scope="module")
def block(firm_template: FirmTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blocked]:
    """Three orders in a block that is routed; beside it, one that is out and in none."""
    with firm_template.cloned(tmp_path_factory.mktemp("firm") / "keys") as firm:
        other = Blocked(firm).released("4", "4")
        other.duties()
        one = Blocked(firm).formed("5", "4", "3")
        assert one.routed().ok
        yield one


async def leaving(
    connection: AsyncConnection[DictRow], block: Blocked, *, checked: bool = True
) -> set[bytes]:
    """What a worker that starts now would send of the block, from its own reading of the rows."""

    async def its_record(order: OrderId, proposal: ProposalId) -> Any:
        return (await records_of(connection, [(order, proposal)]))[order, proposal]

    would = set()
    for order in await released_blocks(connection, [OrderId(block.order)]):
        body = encode(order)
        if not checked or await asked(order, V, body, its_record) is None:
            would.add(body)
    return would


def changes(block: Blocked) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """What a superuser might do to get other shares out, by what it is."""
    mine, part = f"order/{block.order}", block.deals[0].order(0)
    stranger = block.rows(
        "select p.order_id, p.account, p.quantity from gatehouse.block_part p where p.block_order <> %s"
        " order by p.order_id limit 1",
        block.order,
    )[0]
    more = f'{{"account":"{stranger["account"]}","order":"{stranger["order_id"]}","quantity":"4"}}'
    return {
        "the block's quantity": (
            "update gatehouse.block set quantity = 90 where order_id = %s",
            (block.order,),
        ),
        "a part's quantity": ("update gatehouse.block_part set quantity = 90 where order_id = %s", (part,)),
        "a part's leg": (
            "update gatehouse.leg set quantity = 90, released_quantity = 90 where order_id = %s",
            (part,),
        ),
        "a part's quantity in the text": (TEXT, ('"quantity":"5"', '"quantity":"90"', mine, "BlockFormed")),
        "a part's release": (
            TEXT,
            ('"quantity":"5"', '"quantity":"90"', f"order/{part}", "OrderReleased"),
        ),
        "a part more in the text": (TEXT, ('"parts":[', f'"parts":[{more},', mine, "BlockFormed")),
        "a part more in the rows": (
            "update gatehouse.block_part set block_order = %s where order_id = %s",
            (block.order, stranger["order_id"]),
        ),
        "the limit": (TEXT, ('"limit_price":"10"', '"limit_price":"99"', f"order/{part}", "OrderReleased")),
        "the venue": (TEXT, (V, "BOREAL", mine, "OrderRouted")),
        "a part that left it": (
            "delete from gatehouse.journal where stream = %s and event_type = 'OrderJoined'",
            (f"order/{part}",),
        ),
        "an approval": (
            "delete from gatehouse.journal where stream = %s and event_type = 'ProposalApproved'",
            (block.deals[0].stream,),
        ),
    }


@pytest.mark.anyio
async def test_no_changed_record_of_a_block_or_its_parts_gets_other_shares_out(block: Blocked) -> None:
    known = changes(block)
    async with worker(block.firm) as connection:
        honest = await leaving(connection, block)
        assert [b'"quantity":"12"' in body for body in honest] == [True]
        came, unchecked = {}, set()
        for what, (statement, words) in known.items():
            cursor = await connection.execute(statement.encode(), words)
            assert cursor.rowcount == 1, what
            try:
                would = await leaving(connection, block)
                unchecked |= await leaving(connection, block, checked=False)
            except (GatehouseError, ValidationError, ValueError):
                would = set()  # the worker stops
            came[what] = "as decided" if would == honest else "other shares" if would - honest else "nothing"
            await connection.rollback()
        assert await leaving(connection, block) == honest
    rows_alone = {"the block's quantity", "a part's quantity", "a part's leg", "a part more in the rows"}
    assert {what for what, said in came.items() if said == "nothing"} == known.keys() - rows_alone, came
    assert {came[what] for what in rows_alone} == {"as decided"}  # no such row is read for the bytes
    assert unchecked - honest  # without the check, other bytes would leave
