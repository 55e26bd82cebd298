"""A block has an order's life under its own id, and an order that goes with it ends as it does."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Final

import pytest
from msgspec.structs import replace

from core.ids import AccountId, CustodianId, Digest, HouseholdId, OrderId, PersonId, ProposalId, Symbol
from core.orders.batch import BatchRow, batch_digest
from core.orders.block import Candidate, Terms, blocks
from core.orders.blocks import BlockBusted, BlockCorrected, BlockFilled, OrderJoined, OrderParted
from core.orders.content import Content, Leg, LotChoice, first_shares
from core.orders.corrections import Booked
from core.orders.events import (
    OrderType,
    ProposalAssessed,
    ProposalDeclined,
    ProposalDenied,
    ProposalLapsed,
    Side,
    TimeInForce,
)
from core.orders.order import ZERO, Order, Status, apply, evolve, fold, formed, held, orders_held
from core.orders.replacements import ReplacementSized
from tests.core import facts
from tests.core.household import PROPOSAL, leg
from tests.core.orders.test_order_life import an_order, out

TWO: Final = leg(0, Side.BUY, "AAA", 100), leg(1, Side.BUY, "AAA", 50, account="acc-2")
ORDERS: Final = tuple(held(PROPOSAL, one) for one in TWO)
FORMED: Final = facts.block_formed(*ORDERS)


def assessed(*legs: Leg) -> ProposalAssessed:
    content = Content(
        proposal=PROPOSAL,
        household=HouseholdId("hh-1"),
        advisor=PersonId("per-ada"),
        kind="order",
        legs=legs,
        needs_consent=False,
        tier=1,
        valid_for="2022-12-29",
        portfolio_seq=1,
        policy_set=Digest("0" * 64),
        model_versions=(),
        findings=(),
    )
    return ProposalAssessed(
        proposal=PROPOSAL,
        content=content.text(),
        digest=content.digest(),
        tier=1,
        needs_consent=False,
        findings=(),
        preview="{}",
    )


def test_a_block_is_at_its_venue_an_order_of_all_its_parts_shares_and_of_no_account_of_ours() -> None:
    assert formed(FORMED) == Order(
        id=FORMED.order,
        proposal=ProposalId(FORMED.batch),
        leg=0,
        account=AccountId(FORMED.block),
        symbol=Symbol("AAA"),
        side=Side.BUY,
        quantity=Decimal(150),
        may_release_less=False,
        status=Status.RELEASED,
        venue=None,
        venue_order=None,
        sent=False,
        filled=ZERO,
        paid=ZERO,
        fees=ZERO,
        executions=frozenset(),
    )


def test_the_orders_of_what_was_assessed_are_held_as_their_legs_say() -> None:
    may_be_fewer = leg(1, Side.SELL, "BBB", 7, account="acc-2", partly=True)
    first, second = orders_held(assessed(TWO[0], may_be_fewer))
    assert first == an_order()
    assert second == Order(
        id=may_be_fewer.order,
        proposal=PROPOSAL,
        leg=1,
        account=AccountId("acc-2"),
        symbol=Symbol("BBB"),
        side=Side.SELL,
        quantity=Decimal(7),
        may_release_less=True,
        status=Status.HELD,
        venue=None,
        venue_order=None,
        sent=False,
        filled=ZERO,
        paid=ZERO,
        fees=ZERO,
        executions=frozenset(),
    )


def test_the_record_is_folded_into_every_order_and_what_ends_a_proposal_ends_what_is_held_of_it_alone() -> (
    None
):
    let_out = facts.released(ORDERS[0])
    of_another = assessed(leg(5, Side.BUY, "AAA", 1)).model_copy(update={"proposal": ProposalId("prp-2")})
    told = [assessed(*TWO), let_out, FORMED, facts.received("l1", 10)]
    book = fold([*told, ProposalLapsed(proposal=PROPOSAL, session="2022-12-29")])
    assert {name: order.status for name, order in book.items()} == {
        TWO[0].order: Status.RELEASED,
        TWO[1].order: Status.EXPIRED,
        FORMED.order: Status.RELEASED,
    }
    assert apply(book, of_another) == {**book, **{one.id: one for one in orders_held(of_another)}}
    other = ProposalDenied(proposal=ProposalId("prp-2"), at="release", findings=())
    assert apply(fold(told), other) == fold(told)


def test_an_order_that_ends_with_its_proposal_is_of_that_proposal() -> None:
    sealed = {"subject": "s", "key": 1, "sealed": "x"}
    said = {"proposal": PROPOSAL, "digest": facts.DIGEST, "reason": sealed}
    book = apply(fold([assessed(*TWO)]), ProposalDeclined.model_validate(said))
    assert [order.status for order in book.values()] == [Status.CANCELLED] * 2


def test_a_part_is_in_its_block_until_that_did_not_leave() -> None:
    order = evolve(an_order(), facts.released(an_order()))
    joined = evolve(order, OrderJoined(order=order.id, block=FORMED.order))
    assert (joined.status, joined.block) == (Status.IN_BLOCK, FORMED.order)
    assert evolve(joined, OrderParted(order=order.id, block=FORMED.order)) == order
    share = evolve(joined, facts.fill_of(joined, 40))
    assert (share.status, share.filled) == (Status.PARTIALLY_FILLED, Decimal(40))


def filled_block(quantity: str, execution: str = "e1", price: str = "10") -> BlockFilled:
    fill = facts.filled(quantity, order=FORMED.order, execution=execution, price=price, fee="0.10")
    return BlockFilled.model_validate(fill.model_dump(exclude={"account", "block", "dollars"}))


def test_a_block_is_filled_and_corrected_in_shares_dollars_and_fees() -> None:
    block = formed(FORMED)
    for step in (facts.routed, facts.sent, facts.accepted):
        block = evolve(block, step(block))
    assert (block.sent, block.venue, block.venue_order) == (True, facts.VENUE, "v-1")
    fill = filled_block("60")
    block = evolve(evolve(block, fill), fill)
    assert (block.status, block.filled, block.paid, block.fees) == (
        Status.PARTIALLY_FILLED,
        *(Decimal(60), Decimal(600), Decimal("0.10")),
    )
    was = Booked(quantity=fill.quantity, price=fill.price, fee=fill.fee)
    said = {
        "order": block.id,
        "execution": "e1",
        "venue": facts.VENUE,
        "trade_date": "2022-12-29",
        "reason": "no",
    }
    now = Booked(quantity=Decimal(50), price=Decimal(11), fee=Decimal("0.08"))
    changed = BlockCorrected.model_validate({**said, "revision": 1, "was": was, "now": now})
    block = evolve(evolve(block, changed), changed)
    assert (block.filled, block.paid, block.fees) == (Decimal(50), Decimal(550), Decimal("0.08"))
    assert (block.taken_back, block.corrections) == (Decimal(10), frozenset({"e1/1"}))
    gone = evolve(block, BlockBusted.model_validate({**said, "revision": 2, "was": now}))
    assert (gone.filled, gone.paid, gone.fees, gone.average_price) == (ZERO, ZERO, ZERO, None)
    assert gone.corrections == {"e1/1", "e1/2"}


def test_a_correction_may_take_the_last_open_share_and_keeps_what_was_said_before() -> None:
    order = out()
    fill = facts.fill_of(order, 40, price="100")
    more = facts.booked(fill).model_copy(update={"quantity": Decimal(100), "price": Decimal(101)})
    whole = evolve(evolve(order, fill), facts.corrected(fill, more))
    assert (whole.filled, whole.paid, whole.fees) == (Decimal(100), Decimal(10_100), Decimal("0.10"))
    assert whole.status is Status.PARTIALLY_FILLED, "a correction changes no status"
    cancelled = evolve(evolve(order, fill), facts.cancelled(order))
    assert evolve(cancelled, facts.busted(fill)).status is Status.CANCELLED


@pytest.mark.parametrize(("shares", "status"), [(100, Status.SENT), (1, Status.SENT)])
def test_as_much_as_was_released_may_be_left_and_as_little_as_one_share(shares: int, status: Status) -> None:
    order = out()
    sized = ReplacementSized(
        order=order.id, replaces=OrderId("o"), executed=Decimal(0), quantity=Decimal(shares)
    )
    after = evolve(order, sized)
    assert (after.status, after.quantity) == (status, Decimal(shares))


# which block it is


def candidate(n: int, limit: str | None = "10.50", **more: object) -> Candidate:
    kind = OrderType.LIMIT if limit else OrderType.MARKET
    terms = Terms(
        *(CustodianId("cus-1"), Symbol("AAA"), Side.SELL, kind),
        *(Decimal(limit) if limit else None, TimeInForce.DAY),
    )
    made = Candidate(OrderId(f"gh-{n}"), AccountId(f"acc-{n}"), Decimal("10.0"), terms)
    return replace(made, **more)


@pytest.mark.parametrize(("limit", "said"), [("10.50", "10.5"), ("100", "100"), (None, "")])
def test_the_id_of_a_block_is_the_digest_of_its_terms_and_parts_written_out(
    limit: str | None, said: str
) -> None:
    """By hand: names in order, no spaces, numbers in their shortest form. The append has the same text."""
    (block,) = blocks(Digest("a" * 64), [candidate(2, limit, formed=1), candidate(1, limit)])
    kind = "limit" if limit else "market"
    text = (
        f'{{"batch":"{"a" * 64}","formation":"2","parts":['
        '{"account":"acc-1","order":"gh-1","quantity":"10"},'
        '{"account":"acc-2","order":"gh-2","quantity":"10"}],'
        f'"terms":{{"custodian":"cus-1","limit_price":"{said}","order_type":"{kind}","side":"sell",'
        '"symbol":"AAA","time_in_force":"day"}}'
    )
    assert block.id == f"blk-{sha256(text.encode()).hexdigest()[:32]}"
    assert block.order == f"gh-{sha256(block.id.encode()).hexdigest()[:24]}"
    assert (block.formation, block.terms) == (2, candidate(1, limit).terms)


def test_blocks_come_in_the_order_of_their_ids() -> None:
    made = [candidate(n, f"{n // 2 + 1}") for n in range(12)]
    ids = [block.id for block in blocks(Digest("a" * 64), made)]
    assert len(ids) == 6
    assert ids == sorted(ids)


def test_the_digest_of_a_batch_is_of_its_rows_written_out_in_their_order() -> None:
    rows = [BatchRow(proposal=ProposalId(f"prp-{n}"), digest=Digest(f"{n}" * 64)) for n in (2, 1)]
    text = f'[{{"digest":"{"2" * 64}","proposal":"prp-2"}},{{"digest":"{"1" * 64}","proposal":"prp-1"}}]'
    assert batch_digest(rows) == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("shares", "taken"),
    [
        ("5", [("a", "5")]),
        ("10", [("a", "10")]),
        ("10.5", [("a", "10"), ("b", "0.5")]),
        ("15", [("a", "10"), ("b", "5")]),
        ("99", [("a", "10"), ("b", "5")]),
        ("0", []),
    ],
)
def test_the_first_shares_are_of_the_first_lots(shares: str, taken: list[tuple[str, str]]) -> None:
    lots = [facts.choice("a", 10), facts.choice("b", 5)]
    expected = tuple(facts.choice(name, quantity) for name, quantity in taken)
    found: tuple[LotChoice, ...] = first_shares(lots, Decimal(shares))
    assert found == expected
