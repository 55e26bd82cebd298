"""The law of blocks, by trying: a block is what people decided on, and a share is what the rule gives."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from core.book.views import ProposalView
from core.clock import WallClock
from core.database.pools import async_pool, conninfo
from core.direct.blocks import BlockLine, Blocks
from core.ids import OrderId, ProposalId
from core.ledger.journal import Journal
from core.money import to_cents
from core.orders.block import BlockId, Method, portions
from core.projections.proposals import read_proposal
from core.projections.rebuild import compare
from core.worker.blocks import SQL, formed_of
from tests.core.execution.blocked import DAY, Blocked
from tests.core.gate.deal import APPROVER, ELENA, GATE, MARIA, NGOZI, ROBERT, SUSAN, close_day
from tests.fixtures.firm import WORKER, Answer, Firm

CENT: Final = Decimal("0.01")


@pytest.fixture(scope="module")
def filled(shared_firm: Firm) -> Blocked:
    """A block that expired with 29 of 37 shares executed, shared and booked."""
    block = Blocked(shared_firm).sent("10", "20", "7")
    assert block.fill("20", "9.8133").ok
    assert block.fill("9", "9.82").ok
    block.duties()
    assert block.booked() == [0, 0, 0]  # while it is open nothing is shared
    assert block.of("OrderExpired", session=DAY).ok
    block.duties()
    return block


def test_what_was_executed_is_shared_once_and_adds_up(filled: Blocked) -> None:
    assert sum(filled.booked()) == 29
    assert filled.adds_up()
    assert filled.ended() == {True}
    assert {one["price"] for one in filled.standing()} == {Decimal("9.815379")}
    assert filled.firm.verified().ok
    assert rebuilt(filled.firm) == []


def test_shares_are_those_of_the_pure_rule(shared_firm: Firm) -> None:
    random = Random(23)
    for n in range(40):
        asked = {OrderId(f"gh-{i:02}"): Decimal(random.randint(1, 60)) for i in range(random.randint(1, 9))}
        done = Decimal(random.randint(0, int(sum(asked.values()))))
        worth, fees = [CENT * random.randint(0, 99_999) if done else Decimal(0) for _ in range(2)]
        method = random.choice(list(Method))
        ours = portions(BlockId(f"blk-{n}"), asked, done, worth, fees, method)
        shares = shared_in_sql(shared_firm, n, asked, done, method)
        assert shares == {order: one.quantity for order, one in ours.items()}
        for units, name in ((worth, "dollars"), (fees, "fee")):
            cents = shared_in_sql(shared_firm, n, shares, units / CENT, Method.PRO_RATA)
            assert {order: CENT * part for order, part in cents.items()} == {
                order: getattr(one, name) for order, one in ours.items()
            }


def shared_in_sql(
    firm: Firm, n: int, weights: Mapping[Any, Decimal], units: Decimal, method: Method
) -> dict[str, Decimal]:
    rule = "select * from gatehouse.shared_out(%s, %s, %s, %s, %s)"
    rows = firm.ask("superuser", rule, f"blk-{n}", [*weights], [*weights.values()], units, method.value)
    return {row["name"]: row["share"] for row in rows}


def test_only_what_was_decided_on_together_is_a_block_and_nobody_chooses_its_name(shared_firm: Firm) -> None:
    block = Blocked(shared_firm).released("1", "2", "3")
    other = Blocked(shared_firm).released("4", "5")
    good = forming(block)
    theirs = forming(other)
    assert said(block, good, method="rotational").code == "allocation_not_in_force"
    for changed in (
        {"parts": good["parts"][:2]},  # another name would be due
        {"parts": [*good["parts"][:2], theirs["parts"][0]]},
        {"parts": [{**good["parts"][0], "quantity": "9"}, *good["parts"][1:]]},
        {"formation": 2},
        {"block": "blk-" + "0" * 32},
        {"batch": theirs["batch"]},
        {"digest": "b" * 64},
        {"side": "sell"},
        {"limit_price": "10.01"},
        {"custodian": "cus-harbor"},
    ):
        assert said(block, good, **changed).code == "block_mismatch", changed
    shared_firm.claim(block.deals[0].order(0))
    assert said(block, good).code == "block_mismatch"  # one is at work by itself
    shared_firm.ask("superuser", "delete from gatehouse.claim where order_id = %s", block.deals[0].order(0))
    assert said(block, good).ok
    assert said(block, good).code == "block_mismatch"  # they are in one
    other.duties()


def forming(block: Blocked) -> dict[str, Any]:
    """The payload that the product would write."""
    rows = [
        row for row in block.firm.ask("superuser", SQL["candidates"]) if row["batch"] == block.batch.batch
    ]
    (entry,) = formed_of(rows, "pro_rata").blocks
    return entry.fact.model_dump(mode="json")


def said(of: Blocked, payload: Mapping[str, Any], **changed: Any) -> Answer:
    told = {**payload, **changed}
    return of.firm.append(GATE, of.firm.item("BlockFormed", f"order/{told['order']}", told))[0]


def test_a_part_goes_nowhere_by_itself_and_is_booked_nothing_but_its_share(shared_firm: Firm) -> None:
    block = Blocked(shared_firm).sent("6", "3")
    one = block.deals[0]
    assert one.of_order("OrderSent", body_digest="a" * 64).code == "in_block"
    assert one.route()[0].code == "in_block"
    assert one.of_order("OrderCancelled", reason="x").code == "in_block"
    assert block.fill("10", "9.9").code == "overfilled"
    assert block.fill("4", "9.9", fee="0.001").code == "execution_malformed"
    assert block.fill("4", "9.9", venue="BOREAL").code == "not_routed"
    assert block.fill("4", "9.9", side="sell").code == "leg_mismatch"
    assert block.fill("4", "9.91", execution="e1").ok
    assert block.fill("4", "9.91", execution="e1").code == "execution_known"
    totals: dict[str, Any] = {
        "revision": 1,
        "quantity": "4",
        "dollars": "39.64",
        "fees": "0.07",
        "average_price": "9.910000",
    }
    day: dict[str, Any] = {
        "trade_date": DAY,
        "settles_on": "2023-01-03",
        "executed_at": "2022-12-29T15:01:00Z",
    }
    assert block.of("BlockAllocated", **day, **totals).code == "not_due"  # it is open
    assert block.cancelled().ok
    assert block.cancelled().code == "order_ended"
    for wrong in ({"quantity": "5"}, {"dollars": "39.65"}, {"average_price": "9.92"}, {"revision": 2}):
        assert block.of("BlockAllocated", **day, **totals | wrong).code == "allocation_misstated", wrong
    assert block.of("BlockAllocated", **day, **totals).ok
    share = {
        "execution": f"{block.order}/{DAY}",
        "block": block.order,
        "executed_at": day["executed_at"],
        "settles_on": day["settles_on"],
    }
    assert one.fill(0, "2", "9.910000", fee="0.05", **share, dollars="19.82").code == "share_misstated"
    shared = "select quantity, dollars, fee from gatehouse.block_share where order_id = %s"
    (mine,) = block.rows(shared, one.order(0))
    shares, worth, cost = (f"{mine[name]:f}" for name in ("quantity", "dollars", "fee"))
    assert (
        one.fill(0, shares, "9.910000", fee=cost, **share | {"block": None}, dollars=None).code
        == "share_misstated"
    )
    assert one.fill(0, shares, "9.910000", fee=cost, **share, dollars=f"{mine['dollars'] + CENT:f}").code == (
        "share_misstated"
    )
    assert one.of_order("OrderCancelled", reason="x").code == "in_block"  # its share is not booked yet
    assert one.fill(0, shares, "9.910000", fee=cost, **share, dollars=worth).ok
    assert one.fill(0, shares, "9.910000", fee=cost, **share, dollars=worth).code == "share_misstated"
    block.duties()
    assert block.adds_up()
    assert block.ended() == {True}


def test_what_was_executed_before_a_cancel_is_shared_to_the_cent_as_the_pure_rule_says(
    shared_firm: Firm,
) -> None:
    block = Blocked(shared_firm).sent("7", "5", "3", "2")
    done = (("3", "9.8133", "0.07"), ("5", "9.8167", "0.11"), ("2", "9.79", "0.04"))
    for quantity, price, fee in done:
        assert block.fill(quantity, price, fee=fee).ok
    assert block.cancelled().ok
    block.duties()
    (name,) = (
        row["block"]
        for row in block.rows("select block from gatehouse.block where order_id = %s", block.order)
    )
    asked = {deal.order(0): Decimal(deal.legs[0]["quantity"]) for deal in block.deals}
    worth = sum((to_cents(Decimal(quantity) * Decimal(price)) for quantity, price, _ in done), Decimal(0))
    rule = portions(BlockId(name), asked, Decimal(10), worth, Decimal("0.22"))
    booked = {one["order_id"]: (one["quantity"], one["dollars"], one["fee"]) for one in block.standing()}
    assert booked == {
        order: (one.quantity, one.dollars, one.fee) for order, one in rule.items() if one.quantity
    }
    assert block.ended() == {True}


def test_nothing_is_routed_before_every_part_has_joined(shared_firm: Firm) -> None:
    block = Blocked(shared_firm).released("1", "2")
    payload = forming(block)
    assert said(block, payload).ok
    block.order = payload["order"]
    assert block.routed().code == "block_not_whole"
    block.duties()
    assert block.routed().ok


def test_what_a_venue_takes_back_is_shared_anew_as_corrections(filled: Blocked) -> None:
    """Bust, correction, then a late execution: each time the parts add up, and none is booked twice."""
    firm, block = filled.firm, filled
    first, second = block.rows(
        "select execution, quantity, price, fee from gatehouse.block_execution where block_order = %s"
        " order by quantity desc",
        block.order,
    )
    was = {name: f"{second[name]:f}" for name in ("quantity", "price", "fee")}
    told = {"execution": second["execution"], "trade_date": DAY, "reason": "x"}
    busted = block.of("BlockBusted", revision=1, was={**was, "dollars": None}, **told)
    assert busted.ok, busted
    assert (
        block.of("BlockBusted", revision=2, was={**was, "dollars": None}, **told).code == "execution_busted"
    )
    block.duties()
    assert (sum(block.booked()), block.adds_up()) == (20, True)
    was = {name: f"{first[name]:f}" for name in ("quantity", "price", "fee")}
    now = {"quantity": "1", "price": "9.81", "fee": "0.01", "dollars": None}
    told = {"execution": first["execution"], "trade_date": DAY, "reason": "x"}
    assert block.of("BlockCorrected", revision=1, was={**was, "dollars": None}, now=now, **told).ok
    block.duties()
    assert sorted(block.booked()) == [0, 0, 1]
    assert block.adds_up()
    assert block.fill("11", "9.8").ok  # late
    block.duties()
    assert (sum(block.booked()), block.adds_up()) == (12, True)
    kinds = {row["event_type"] for row in block.rows("select event_type from gatehouse.journal")}
    assert {"TradeBusted", "TradeCorrected"} <= kinds
    assert rebuilt(firm) == []


def test_a_part_that_is_asked_to_cancel_before_the_send_leaves_and_the_rest_goes_anew(
    shared_firm: Firm,
) -> None:
    block = Blocked(shared_firm).formed("2", "3", "4")
    leaves = block.deals[1]
    before = block.order
    asked = shared_firm.item(
        "CancelRequested", f"order/{leaves.order(0)}", {"order": leaves.order(0)}, login=ROBERT
    )
    assert shared_firm.append(APPROVER, asked)[0].ok
    shared_firm.claim(before)
    assert block.of("OrderCancelled", reason="cancelled before a venue had it", venue=None).ok
    block.duties()
    assert shared_firm.value(
        "superuser", "select ended from gatehouse.leg where order_id = %s", leaves.order(0)
    )
    (anew,) = block.rows(
        "select b.order_id, b.quantity from gatehouse.block b join gatehouse.block_part p"
        " on p.block_order = b.order_id where p.order_id = %s and p.parted_seq is null",
        block.deals[0].order(0),
    )
    assert (anew["order_id"] != before, anew["quantity"]) == (True, 6)
    parting = {"order": leaves.order(0), "block": before}
    again = shared_firm.item("OrderParted", f"order/{leaves.order(0)}", parting)
    assert shared_firm.append(GATE, again)[0].code == "no_such_step"


def test_duties_that_die_after_every_entry_form_and_share_a_block_once(shared_firm: Firm) -> None:
    block = Blocked(shared_firm).released("3", "4", "5")
    assert block.duties_that_die() >= 4  # formed, and each part joined
    block.order = block.rows(
        "select block_order from gatehouse.block_part where order_id = %s", block.deals[0].order(0)
    )[0]["block_order"]
    assert block.routed().ok
    assert block.of("OrderSent", body_digest="a" * 64).ok
    assert block.fill("7", "9.8133").ok
    assert block.cancelled().ok
    assert block.duties_that_die() >= 7  # shared, each share booked, each part over
    assert sum(block.booked()) == 7
    assert block.adds_up()
    assert block.ended() == {True}


def test_another_worker_writes_nothing_of_a_block(shared_firm: Firm) -> None:
    block = Blocked(shared_firm).sent("2", "2")
    shared_firm.claim(block.order, "wrk-another")
    assert block.fill("1", "9.9").code == "lease_passed"
    assert block.cancelled().code == "lease_passed"
    shared_firm.claim(block.order, WORKER)
    assert block.fill("1", "9.9").ok


# How it is shared, and what people change of it ------------------------------------------------------------


def people(firm: Firm, kind: str, stream: str, payload: Mapping[str, Any], login: str) -> Answer:
    return firm.append(APPROVER, firm.item(kind, stream, payload, login=login))[0]


def words(firm: Firm, login: str) -> dict[str, Any]:
    return {"subject": person(firm, login), "key": 1, "sealed": "AAAA"}


def test_shares_are_changed_by_operations_and_compliance_and_still_add_up(firm: Firm) -> None:
    block = Blocked(firm).sent("10", "10")
    assert block.fill("10", "9.8133").ok
    stream = f"order/{block.order}"
    orders = sorted(deal.order(0) for deal in block.deals)
    change = ""

    def drafted(login: str = ELENA, *, shares: tuple[str, str] = ("9", "1"), revision: int = 1) -> Answer:
        nonlocal change
        change = f"alc-{uuid4().hex}"
        parts = [{"order": order, "quantity": n} for order, n in zip(orders, shares, strict=True)]
        payload = {"order": block.order, "change": change, "trade_date": DAY, "revision": revision}
        more = {"parts": parts, "reason": words(firm, login)}
        return people(firm, "AllocationChangeDrafted", stream, {**payload, **more}, login)

    def confirmed(login: str = NGOZI, revision: int = 2) -> Answer:
        payload = {"order": block.order, "change": change, "trade_date": DAY, "revision": revision}
        return people(firm, "AllocationChanged", stream, payload, login)

    assert drafted().code == "not_allocated"
    assert block.cancelled().ok
    block.duties()
    assert drafted(ROBERT).code == "not_operations"
    assert drafted(shares=("9", "2")).code == "allocation_misstated"
    assert drafted(shares=("7", "3.5")).code == "allocation_misstated"
    assert drafted(shares=("11", "0")).code == "allocation_misstated"
    assert drafted(revision=2).code == "allocation_changed"
    assert drafted().ok
    assert confirmed(ELENA).code == "not_compliance"
    assert confirmed(revision=3).code == "allocation_changed"
    assert confirmed().ok
    assert confirmed().code in ("allocation_changed", "not_allocated")
    block.duties()
    assert sorted(block.booked()) == [1, 9]
    assert block.adds_up()
    assert rebuilt(firm) == []
    close_day(firm)
    firm.ask("superuser", "update gatehouse.market_day set session = session + 1")
    assert drafted(revision=2).code == "allocation_final"


def test_a_rule_of_sharing_takes_two_people_and_holds_for_blocks_formed_after_it(firm: Firm) -> None:
    stream = "allocation"

    def proposed(login: str = SUSAN, version: int = 1) -> Answer:
        payload = {"version": version, "method": "rotational", "reason": words(firm, login)}
        return people(firm, "AllocationRuleProposed", stream, payload, login)

    def confirmed(login: str = ROBERT) -> Answer:
        return people(firm, "AllocationRuleConfirmed", stream, {"version": 1, "method": "rotational"}, login)

    assert confirmed().code == "allocation_rule_missing"
    assert proposed(ELENA).code == "may_not_set_routing"
    assert proposed().ok
    assert proposed(ROBERT, 2).code == "allocation_rule_open"
    assert confirmed(SUSAN).code == "self_approval"
    assert confirmed().ok
    block = Blocked(firm).sent("10", "10", "10")
    assert block.fill("15", "9.8133").ok
    assert block.cancelled().ok
    block.duties()
    assert sorted(block.booked()) == [0, 5, 10]
    assert block.adds_up()
    assert rebuilt(firm) == []


def test_a_confirmed_trade_is_stepped_out_by_operations_to_the_accounts_custodian(firm: Firm) -> None:
    block = Blocked(firm).sent("4", "4")
    assert block.fill("8", "9.8").ok
    block.duties()
    deal = block.deals[0]
    order, stream = deal.order(0), f"trade/{deal.order(0)}/{DAY}"

    def passed_on(kind: str, login: str = ELENA, custodian: str = "cus-meridian") -> Answer:
        payload = {"order": order, "account": deal.account, "trade_date": DAY, "broker": "MERI"}
        return people(firm, kind, stream, {**payload, "custodian": custodian}, login)

    assert passed_on("TradeSteppedOut").code == "no_such_step"
    figures = block.standing()[sorted(d.order(0) for d in block.deals).index(order)]
    told = {
        "account": deal.account,
        "symbol": "AAPL",
        "side": "buy",
        "settles_on": "2023-01-03",
        "quantity": f"{figures['quantity']:f}",
        "fees": f"{figures['fee']:f}",
        "average_price": "9.8",
    }
    named = {"order": order, "trade_date": DAY, "account": deal.account}
    for kind, more in (("TradeAllocated", told), ("TradeConfirmed", {})):
        assert firm.append(GATE, firm.item(kind, stream, {**named, **more}))[0].ok
    assert passed_on("TradeSteppedOut", ROBERT).code == "not_operations"
    assert passed_on("TradeSteppedOut", custodian="cus-harbor").code == "other_custodian"
    assert passed_on("TradeSteppedOut").ok
    assert passed_on("TradeGivenUp").code == "no_such_step"
    rows = block.rows("select status, passed_to from gatehouse.trade where order_id = %s", order)
    assert [(row["status"], row["passed_to"]) for row in rows] == [("STEPPED_OUT", "MERI")]
    assert rebuilt(firm) == []


def test_a_change_goes_through_the_door_of_people_and_is_told_with_its_reason(shared_firm: Firm) -> None:
    firm, block = shared_firm, Blocked(shared_firm).sent("10", "10")
    assert block.fill("10", "9.8133", fee="0.11").ok
    assert block.cancelled().ok
    block.duties()
    orders = [OrderId(deal.order(0)) for deal in block.deals]
    wanted = dict(zip(orders, (Decimal(9), Decimal(1)), strict=True))
    elena, ngozi, maria = (firm.ticket(login) for login in (ELENA, NGOZI, MARIA))

    async def changed() -> BlockLine:
        async with (
            async_pool(firm.database.approver, name="test", most=2) as pool,
            Journal(pool, WallClock()) as journal,
        ):
            door, order = Blocks(pool, journal, firm.keys, WallClock()), OrderId(block.order)
            change, _ = await door.draft_change(elena, order, DAY, 1, wanted, "Wrong way round.")
            waits = (await door.one(maria, order)).changes[-1]
            assert (waits.change, waits.reason, waits.confirmed_by) == (change, "Wrong way round.", None)
            await door.confirm_change(ngozi, order, change)
            return await door.one(maria, order)

    line = asyncio.run(changed())
    (day,) = line.allocations
    assert {share.order: share.quantity for share in day.shares} == wanted
    assert (day.revision, line.status, line.changes[-1].confirmed_by) == (2, "ENDED", person(firm, NGOZI))
    block.duties()
    assert block.booked() == [9, 1]
    assert block.adds_up()


def person(firm: Firm, login: str) -> str:
    return str(firm.value("superuser", "select person from gatehouse.person where login = %s", login))


def test_who_reads_a_proposal_is_told_which_block_its_order_goes_with(shared_firm: Firm) -> None:
    block = Blocked(shared_firm).formed("1", "2")

    async def read() -> ProposalView:
        await shared_firm.fold()
        async with await psycopg.AsyncConnection.connect(
            conninfo(shared_firm.database.gate, name="test"), autocommit=True, row_factory=dict_row
        ) as connection:
            return await read_proposal(connection, ProposalId(block.deals[0].proposal))

    (order,) = asyncio.run(read()).orders
    assert (order.status, order.venue, order.block) == ("IN_BLOCK", None, block.order)


def rebuilt(firm: Firm) -> list[str]:
    """What the append's own tables have otherwise than the fold."""

    async def run() -> list[str]:
        async with await psycopg.AsyncConnection.connect(
            conninfo(firm.database.gate, name="test"), autocommit=True, row_factory=dict_row
        ) as connection:
            compared = await compare(connection)
        followed = ("reference", "lot", "position", "cash", "order_state")  # no worker keeps those here
        return [
            f"{one.table} {one.key}: {one.says}" for one in compared.differences if one.table not in followed
        ]

    return asyncio.run(run())
