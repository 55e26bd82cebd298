"""Blocks by the worker as a process, with venues as processes: one order there, everybody's share here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from core.money import to_cents
from tests.core.gate.deal import MARIA, Deal
from tests.core.gate.test_batches_db import Batch
from tests.core.worker.test_worker_db import Floor, closes, opened
from tests.fixtures.firm import FirmTemplate

DAY: Final = "2022-12-29"
LIFE: Final = ("BlockFormed", "OrderJoined", "OrderRouted", "OrderSent", "BlockFilled", "BlockAllocated")


@pytest.fixture
def floor(firm_template: FirmTemplate, tmp_path: Path) -> Iterator[Floor]:
    with opened(firm_template, tmp_path) as one:
        yield one


def batched(floor: Floor, **shares: int) -> Batch:
    """Buys of one security for accounts on one custodian's books, decided on as a batch."""
    deals = []
    for account, quantity in shares.items():
        home = floor.firm.value(
            "superuser",
            "select household from gatehouse.account where account = %s",
            account.replace("_", "-"),
        )
        deal = Deal(floor.firm, household=str(home), advisor=MARIA)
        request = {
            "kind": "order",
            "household": deal.household,
            "accounts": [account.replace("_", "-")],
            "symbol": "AAPL",
            "side": "buy",
            "quantity": str(quantity),
            "order_type": "market",
        }
        said = deal.draft(request=request)
        assert said.ok, said
        deals.append(deal)
    for deal in deals:
        floor.until(partial(assessed, deal), "assessed")
        row = floor.firm.ask(
            "superuser",
            "select digest, content, status from gatehouse.proposal where proposal = %s",
            deal.proposal,
        )[0]
        assert row["status"] == "ASSESSED", floor.facts("ProposalDenied")
        deal.digest, deal.legs = row["digest"], json.loads(row["content"])["legs"]
    batch = Batch(floor.firm, deals)
    batch.submitted()
    said = batch.approve()
    assert said.ok, said
    return batch


def test_orders_of_one_batch_go_as_one_block_and_each_gets_its_share(floor: Floor) -> None:
    floor.worker("worker")
    batch = batched(floor, acc_1001=20, acc_1005=15, acc_1007=7)
    floor.until(lambda: all(floor.over(deal) for deal in batch.deals), "over")
    (formed,) = floor.facts("BlockFormed")
    assert {one["order"] for one in floor.facts("OrderSent")} == {formed["order"]}
    assert [line["order"] for line in sends(floor)] == [formed["order"]]
    theirs = [line for line in floor.lines() if line["kind"] == "execution"]
    ours = floor.facts("OrderFilled")
    assert sum(Decimal(one["quantity"]) for one in theirs) == 42
    assert [Decimal(one["quantity"]) for one in sorted(ours, key=lambda one: one["account"])] == [20, 15, 7]
    assert sum(Decimal(one["fee"]) for one in ours) == sum(Decimal(one["fee"]) for one in theirs)
    worth = sum(to_cents(Decimal(one["quantity"]) * Decimal(one["price"])) for one in theirs)
    assert sum(Decimal(one["dollars"]) for one in ours) == worth
    assert len({one["price"] for one in ours}) == 1
    floor.move_day("BusinessDayCloseRequested", DAY, "closed")
    floor.until(lambda: bool(closes(floor)), "compared at the close")
    assert floor.facts("DifferenceFound") == []
    floor.until(lambda: len(floor.facts("TradeConfirmed")) == 3, "confirmed")
    assert floor.firm.verified().ok


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_at_every_step_it_knows_a_block_is_sent_and_shared_once(floor: Floor) -> None:
    """A worker is killed after each kind of entry that a block's life has, as soon as it is on record."""
    worker = floor.worker("worker-0")
    batch = batched(floor, acc_1001=20, acc_1005=15, acc_1007=7)
    for n, kind in enumerate(LIFE, start=1):
        floor.until(partial(on_record, floor, kind), kind)
        worker.kill()
        worker.wait()
        worker = floor.worker(f"worker-{n}")
    floor.until(lambda: all(floor.over(deal) for deal in batch.deals), "over")
    assert len(floor.facts("BlockFormed")) == len(floor.facts("BlockAllocated")) == len(sends(floor)) == 1
    assert sorted(Decimal(one["quantity"]) for one in floor.facts("OrderFilled")) == [7, 15, 20]
    assert floor.firm.verified().ok


def assessed(deal: Deal) -> bool:
    return deal.status != "DRAFTED"


def on_record(floor: Floor, kind: str) -> bool:
    return bool(floor.facts(kind))


def sends(floor: Floor) -> list[dict[str, Any]]:
    return [line for line in floor.lines() if line.get("verb") == "send"]
