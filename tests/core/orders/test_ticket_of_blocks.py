"""The ticket of an order that goes with others, or takes another's place: what the whole did is on each."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest

from core.fact import Fact
from core.ids import OrderId
from core.orders.blocks import BlockAllocated, BlockFormed, BlockPart, OrderJoined, OrderParted
from core.orders.events import (
    OrderAccepted,
    OrderCancelled,
    OrderDenied,
    OrderDoubted,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRouted,
    OrderSent,
)
from core.orders.released import ReleasedOrder
from core.orders.replacements import OrderReplaced, ReplacementSized
from core.orders.schedule import Schedule
from core.orders.ticket import Executed, InBlock, Step, Ticket
from evals.bench.decided import GATE, content, decisions
from tests.core.facts import block_formed, booked, busted, corrected
from tests.core.orders.test_order_life import an_order
from tests.core.orders.test_ticket import Told, V, at, fill, ticket
from tests.fixtures.venues import released

OLD: Final = OrderId("gh-old")


def sent(order: str) -> OrderSent:
    return OrderSent(order=OrderId(order), venue=V, body_digest="0" * 64)


def routed(order: str) -> OrderRouted:
    return OrderRouted(order=OrderId(order), venue=V, scores=())


def accepted(order: str, name: str = "v-9") -> OrderAccepted:
    return OrderAccepted(order=OrderId(order), venue=V, venue_order=name)


def doubted(order: str) -> OrderDoubted:
    return OrderDoubted(order=OrderId(order), venue=V, waited_ms=2_000)


def formed(order: ReleasedOrder) -> BlockFormed:
    """With another's seventy shares."""
    mine = BlockPart(order=order.id, account=order.account, quantity=order.quantity)
    other = BlockPart(order=OrderId("gh-other"), account=order.account, quantity=Decimal(70))
    return block_formed(an_order()).model_copy(update={"parts": (mine, other)})


def allocated(block: str, quantity: str, average: str) -> BlockAllocated:
    return BlockAllocated(
        order=OrderId(block),
        trade_date="2022-12-29",
        revision=1,
        quantity=Decimal(quantity),
        average_price=Decimal(average),
        dollars=Decimal(quantity) * Decimal(average),
        fees=Decimal(0),
        settles_on="2023-01-03",
        venue=V,
        executed_at=at(99),
    )


def after(order: ReleasedOrder, *later: Fact) -> Ticket:
    """Five entries decide on it and let it out; these are the sixth and on."""
    told: Told = [*decisions(order), *((GATE, fact) for fact in later)]
    return ticket(order, told)


def worker(what: str, seq: int, says: str) -> Step:
    return Step(what=what, by="worker", at=at(seq), seq=seq, digest=None, says=says)


def test_an_order_in_a_block_has_its_venue_times_and_average_price_and_its_own_part() -> None:
    order = released(quantity="30")
    block = formed(order)
    name = block.order
    told = (block, OrderJoined(order=order.id, block=name), routed(name), sent(name), accepted(name))
    found = after(order, *told, allocated(name, "50", "125.50"))
    assert found.status == "IN_BLOCK"
    assert (found.venues, found.sent_at, found.accepted_at, found.venue_order) == ((V,), at(9), at(10), "v-9")
    assert found.block == InBlock(
        order=name,
        block=block.block,
        method="pro_rata",
        orders=2,
        quantity=Decimal(100),
        part=Decimal(30),
        filled=Decimal(50),
        average_price=Decimal("125.50"),
    )
    assert found.seqs == (1, 2, 3, 4, 5, 7, 8, 9, 10, 11)
    assert found.filled == 0, "what the block executed is nobody's before it is shared"


def test_what_is_said_again_of_a_block_changes_no_first_time_and_what_is_unknown_is_named_on_it() -> None:
    order = released(quantity="30")
    block = formed(order)
    name = block.order
    told = (block, OrderJoined(order=order.id, block=name), sent(name), accepted(name), sent(name))
    found = after(order, *told, accepted(name, "v-10"), doubted(name), allocated(name, "0", "0"))
    assert (found.sent_at, found.accepted_at, found.venue_order) == (at(8), at(9), "v-10")
    assert found.block is not None
    assert (found.block.filled, found.block.average_price) == (Decimal(0), None)
    assert (found.status, found.seqs[-2:]) == ("IN_BLOCK", (12, 13))


def test_of_a_block_that_it_is_not_in_nothing_is_on_its_ticket() -> None:
    order = released(quantity="30")
    block = formed(order)
    assert after(order, block, routed(block.order)) == after(order)
    parted = OrderParted(order=order.id, block=block.order)
    left = after(order, block, OrderJoined(order=order.id, block=block.order), parted, sent(block.order))
    assert (left.status, left.block, left.sent_at) == ("RELEASED", None, None)
    assert left.changes == (worker("parted from its block", 8, f"block {block.order} did not leave"),)
    assert left.seqs == (1, 2, 3, 4, 5, 7, 8)
    another = block.model_copy(update={"order": OrderId("gh-another-block")})
    joined = (block, another, OrderJoined(order=order.id, block=block.order))
    assert after(order, *joined, sent(another.order)) == after(order, *joined)


def in_block(order: ReleasedOrder, *later: Fact) -> Ticket:
    block = formed(order)
    return after(order, block, OrderJoined(order=order.id, block=block.order), *later)


def test_a_share_of_a_block_that_changes_is_that_share_anew() -> None:
    order = released(quantity="30")
    first, second = fill(order, "10", "e1", "125.00"), fill(order, "20", "e2", "126.00")
    fewer = booked(second).model_copy(update={"quantity": Decimal(5), "price": Decimal(127)})
    found = in_block(order, first, second, corrected(second, fewer))
    assert [(one.execution, one.quantity, one.price, one.fee) for one in found.executions] == [
        ("e1", Decimal(10), Decimal(125), Decimal("0.10")),
        ("e2", Decimal(5), Decimal(127), Decimal("0.10")),
    ]
    assert (found.filled, found.average_price) == (Decimal(15), Decimal("125.666667"))
    assert found.changes == (worker("share of its block changed", 10, "20 to 5 shares"),)
    gone = in_block(order, first, second, busted(second))
    assert [one.execution for one in gone.executions] == ["e1"]
    assert (gone.filled, gone.average_price) == (Decimal(10), Decimal("125.000000"))
    assert gone.changes == (worker("share of its block changed", 10, "20 to 0 shares"),)
    nothing = in_block(order, first, busted(first))
    assert (nothing.executions, nothing.filled, nothing.average_price) == ((), Decimal(0), None)


def test_what_a_venue_takes_back_of_an_order_that_went_alone_is_named_on_its_ticket() -> None:
    order = released(quantity="30")
    done = fill(order, "10", "e1")
    found = after(order, routed(order.id), sent(order.id), done, busted(done))
    assert [one.execution for one in found.executions] == ["e1"]
    assert found.seqs[-1] == 9


@pytest.mark.parametrize(
    ("later", "status", "ended"),
    [
        ((), "RELEASED", None),
        (("routed",), "ROUTED", None),
        (("routed", "sent"), "SENT", None),
        (("routed", "sent", "doubted"), "UNKNOWN", None),
        (("routed", "sent", "doubted", "accepted"), "ACCEPTED", None),
        (("routed", "sent", "accepted"), "ACCEPTED", None),
        (("routed", "sent", "accepted", "doubted"), "ACCEPTED", None),
        (("routed", "sent", "ten"), "PARTIALLY_FILLED", None),
        (("routed", "sent", "ten", "accepted"), "PARTIALLY_FILLED", None),
        (("routed", "sent", "ten", "twenty"), "FILLED", 9),
        (("denied",), "DENIED", 6),
        (("routed", "sent", "rejected"), "REJECTED", 8),
        (("routed", "sent", "accepted", "expired"), "EXPIRED", 9),
        (("routed", "sent", "cancelled", "twenty", "ten"), "CANCELLED", 8),
        (("routed", "sent", "replaced"), "REPLACED", 8),
    ],
)
def test_a_ticket_says_where_its_order_is(later: tuple[str, ...], status: str, ended: int | None) -> None:
    order = released(quantity="30")
    facts: dict[str, Fact] = {
        "routed": routed(order.id),
        "sent": sent(order.id),
        "doubted": doubted(order.id),
        "accepted": accepted(order.id),
        "ten": fill(order, "10", "e1"),
        "twenty": fill(order, "20", "e2"),
        "denied": OrderDenied(order=order.id, proposal=order.proposal, leg=0, findings=()),
        "rejected": OrderRejected(order=order.id, venue=V, reason="no such security"),
        "expired": OrderExpired(order=order.id, session="2022-12-29"),
        "cancelled": OrderCancelled(order=order.id, venue=V, reason="asked"),
        "replaced": OrderReplaced(order=order.id, venue=V, by=OLD, executed=Decimal(0)),
    }
    found = after(order, *(facts[name] for name in later))
    assert (found.status, found.ended_at) == (status, None if ended is None else at(ended))
    reasons = {"REJECTED": "no such security", "CANCELLED": "asked"}
    if status in ("DENIED", "REJECTED", "EXPIRED", "CANCELLED", "REPLACED"):
        assert ended is not None
        assert found.changes == (worker(status.lower(), ended, reasons.get(status, "")),)
    else:
        assert found.changes == ()


def test_a_second_send_and_a_second_acceptance_leave_the_first_times() -> None:
    order = released()
    found = after(order, sent(order.id), accepted(order.id), sent(order.id), accepted(order.id, "v-10"))
    assert (found.sent_at, found.accepted_at, found.venue_order) == (at(6), at(7), "v-10")


def test_an_execution_stands_with_all_that_its_venue_said() -> None:
    order = released(quantity="30")
    done: OrderFilled = fill(order, "10", "e1", "125.00")
    assert after(order, done).executions == (
        Executed(
            execution="e1",
            venue=V,
            quantity=Decimal(10),
            price=Decimal("125.00"),
            fee=Decimal("0.10"),
            at=done.executed_at,
            recorded_at=at(6),
            trade_date="2022-12-29",
            settles_on="2023-01-03",
            seq=6,
        ),
    )


def sized(order: ReleasedOrder, left: str, *before: Fact) -> Ticket:
    fact = ReplacementSized(order=order.id, replaces=OLD, executed=Decimal(10), quantity=Decimal(left))
    return after(order, *before, fact)


def test_what_is_left_for_an_order_that_took_anothers_place_is_a_change_of_its_terms() -> None:
    order = released(quantity="30")
    found = sized(order, "20", sent(order.id))
    assert (found.status, found.terms.quantity, found.ended_at) == ("SENT", Decimal(20), None)
    says = "order gh-old ended with 10 shares; 20 are left"
    assert found.changes == (worker("took another's place", 7, says),)
    part = sized(order, "21", fill(order, "20", "e1"))
    assert (part.status, part.ended_at) == ("PARTIALLY_FILLED", None)
    whole = sized(order, "20", fill(order, "20", "e1"))
    assert (whole.status, whole.ended_at) == ("FILLED", at(7))
    cancel = OrderCancelled(order=order.id, venue=V, reason="asked")
    over = sized(order, "20", fill(order, "20", "e1"), cancel)
    assert (over.status, over.ended_at) == ("CANCELLED", at(7))


def test_the_ticket_of_a_part_says_which_part_it_is_of_which_order() -> None:
    order = released(quantity="30")
    over = Schedule(quantity=Decimal(90), minutes=60, parts=3, lot=Decimal(1), catch_up=2)
    of = content(order).model_copy(update={"schedule": over})
    found = ticket(order, decisions(order, of))
    says = "part 1 of 3 of one order: 90 shares in 3 parts over 60 minutes"
    step = Step(what="assessed", by="worker", at=at(2), seq=2, digest=of.digest(), says=says)
    assert found.changes == (step,)


def test_a_proposal_that_was_assessed_before_it_was_drafted_has_no_ticket() -> None:
    order = released()
    with pytest.raises(
        ValueError, match=rf"^proposal '{order.proposal}' was assessed before it was drafted$"
    ):
        ticket(order, decisions(order)[1:])
