"""A confirmed change of shares, and a venue that corrects afterwards: it holds, or compliance looks."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from core.clock import WallClock
from core.database.pools import async_pool
from core.direct.blocks import FIELD, Blocks
from core.ids import OrderId, SubjectId
from core.ledger.journal import Journal
from tests.core.execution.blocked import DAY, Blocked
from tests.core.execution.test_blocks_law_db import people, person, rebuilt
from tests.core.gate.deal import APPROVER, ELENA, NGOZI
from tests.fixtures.firm import Answer, Firm


def words(firm: Firm, login: str) -> dict[str, Any]:
    """A reason of hers, sealed."""
    return firm.keys.seal(SubjectId(person(firm, login)), FIELD, "Wrong way round.").model_dump(mode="json")


class Changed:
    """A block of two parts, ten shares executed as six and four, changed by two people to nine and one."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.block = block = Blocked(firm).sent("10", "10")
        assert block.fill("6", "9.80", execution="big").ok
        assert block.fill("4", "9.90", execution="small").ok
        assert block.cancelled().ok
        block.duties()
        self.orders = sorted(deal.order(0) for deal in block.deals)
        self.change = f"alc-{uuid4().hex}"
        self.stream = f"order/{block.order}"
        parts = [{"order": order, "quantity": n} for order, n in zip(self.orders, ("9", "1"), strict=True)]
        more = {"revision": 1, "parts": parts, "reason": words(firm, ELENA)}
        assert people(firm, "AllocationChangeDrafted", self.stream, {**self.named, **more}, ELENA).ok
        assert people(firm, "AllocationChanged", self.stream, {**self.named, "revision": 2}, NGOZI).ok
        block.duties()
        assert self.held() == [9, 1]

    @property
    def named(self) -> dict[str, Any]:
        return {"order": self.block.order, "change": self.change, "trade_date": DAY}

    def held(self) -> list[int]:
        """The shares of both, as they stand and as they are booked."""
        rows = self.block.rows(
            "select order_id, quantity from gatehouse.block_share where block_order = %s order by order_id",
            self.block.order,
        )
        shares = [int(row["quantity"]) for row in rows]
        assert sorted(self.block.booked()) == sorted(map(Decimal, shares))
        assert self.block.adds_up()
        return shares

    def was(self, execution: str) -> dict[str, Any]:
        (row,) = self.block.rows(
            "select quantity, price, fee from gatehouse.block_execution"
            " where block_order = %s and execution = %s",
            self.block.order,
            execution,
        )
        figures = {name: f"{row[name]:f}" for name in ("quantity", "price", "fee")}
        return {"execution": execution, "trade_date": DAY, "reason": "x", "was": {**figures, "dollars": None}}

    def busted(self, execution: str) -> None:
        assert self.block.of("BlockBusted", revision=1, **self.was(execution)).ok

    def corrected(self, execution: str, quantity: str, price: str) -> None:
        now = {"quantity": quantity, "price": price, "fee": "0.07", "dollars": None}
        assert self.block.of("BlockCorrected", revision=1, now=now, **self.was(execution)).ok

    def looked_at(self, *, upheld: bool, revision: int = 3, change: str | None = None) -> Answer:
        said = {**self.named, "revision": revision, "upheld": upheld, "change": change or self.change}
        return self.firm.append("gh_gate", self.firm.item("AllocationChangeReexamined", self.stream, said))[0]

    def reviewed(self, login: str = NGOZI) -> Answer:
        said = {**self.named, "reason": words(self.firm, login)}
        return people(self.firm, "OvertakenChangeReviewed", self.stream, said, login)

    def told(self) -> list[bool]:
        """What the record says of the change after its confirmation."""
        rows = self.block.rows(
            "select (text::jsonb->'payload'->>'upheld')::boolean as upheld from gatehouse.journal"
            " where event_type = 'AllocationChangeReexamined' and stream = %s order by seq",
            self.stream,
        )
        return [row["upheld"] for row in rows]

    def state(self) -> str:
        async def read() -> str:
            async with (
                async_pool(self.firm.database.approver, name="test", most=2) as pool,
                Journal(pool, WallClock()) as journal,
            ):
                door = Blocks(pool, journal, self.firm.keys, WallClock())
                line = await door.one(self.firm.ticket(NGOZI), OrderId(self.block.order))
            return next(one.state for one in line.changes if one.change == self.change)

        return asyncio.run(read())


@pytest.fixture
def changed(shared_firm: Firm) -> Changed:
    return Changed(shared_firm)


def test_a_change_that_still_adds_up_holds_and_the_record_says_so(changed: Changed) -> None:
    changed.corrected("small", "4", "9.87")
    changed.block.duties()
    assert changed.held() == [9, 1]
    assert changed.told() == [True]
    changed.corrected("big", "6", "9.79")
    changed.block.duties()
    assert changed.held() == [9, 1]
    assert changed.told() == [True, True]
    assert changed.state() == "IN_FORCE"
    assert rebuilt(changed.firm) == []


def test_a_change_that_no_longer_adds_up_gives_way_to_the_rule_and_waits_for_compliance(
    changed: Changed,
) -> None:
    changed.busted("small")
    changed.block.duties()
    assert changed.held() == [3, 3]
    assert changed.told() == [False]
    assert changed.state() == "OVERTAKEN"
    assert changed.reviewed(ELENA).code == "not_compliance"
    assert changed.reviewed().ok
    assert changed.reviewed().code == "change_not_overtaken"
    assert changed.state() == "REVIEWED"
    assert changed.block.fill("4", "9.9").ok  # late: it adds up again, and does not come back by itself
    changed.block.duties()
    assert changed.held() == [5, 5]
    assert rebuilt(changed.firm) == []


def test_nothing_is_shared_anew_over_a_confirmed_change_in_silence_and_nobody_misstates_it(
    changed: Changed,
) -> None:
    assert changed.looked_at(upheld=True).code == "not_due"
    assert changed.reviewed().code == "change_not_overtaken"
    changed.corrected("small", "4", "9.87")
    (row,) = changed.block.rows("select * from gatehouse.block_unshared(%s)", changed.block.order)
    totals = {name: f"{row[name]:f}" for name in ("quantity", "dollars", "fees")}
    day = {"trade_date": DAY, "settles_on": row["settles_on"], "executed_at": "2022-12-29T15:01:00Z"}
    average = f"{row['paid'] / row['quantity']:.6f}"

    def shared() -> Answer:
        return changed.block.of("BlockAllocated", revision=3, average_price=average, **day, **totals)

    assert shared().code == "change_unexamined"
    assert changed.looked_at(upheld=False).code == "allocation_misstated"
    assert changed.looked_at(upheld=True, revision=4).code == "allocation_misstated"
    assert changed.looked_at(upheld=True, change=f"alc-{uuid4().hex}").code == "allocation_changed"
    said = {**changed.named, "revision": 3, "upheld": True}
    item = changed.firm.item("AllocationChangeReexamined", changed.stream, said, login=NGOZI)
    assert changed.firm.append(APPROVER, item)[0].code == "no_right"
    assert changed.looked_at(upheld=True).ok
    assert changed.looked_at(upheld=True).code == "allocation_misstated"  # once
    changed.busted("big")  # between what was said and the sharing
    assert shared().code == "allocation_misstated"
    changed.block.duties()
    assert changed.told() == [True, False]
    assert changed.held() == [2, 2]
