"""Blocks: what is shared adds up to the share and the cent, whoever comes first."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.errors import BadInput
from core.ids import AccountId, CustodianId, Digest, OrderId, Symbol
from core.orders.block import BlockId, Candidate, Method, Terms, blocks, portions, shared, turns
from core.orders.events import OrderType, Side, TimeInForce

BLOCK = BlockId("blk-1")
DECIDED = Digest("a" * 64)
asked_by = st.dictionaries(
    st.integers(0, 10_000).map(lambda n: AccountId(f"acc-{n}")),
    st.integers(1, 5_000).map(Decimal),
    min_size=1,
    max_size=40,
)
methods = st.sampled_from(list(Method))


def asked(**shares: int) -> dict[AccountId, Decimal]:
    return {AccountId(account): Decimal(n) for account, n in shares.items()}


@given(asked_by, methods, st.data())
@settings(max_examples=200, deadline=None)
def test_shares_and_cents_add_up_exactly_and_nobody_gets_more_than_asked(
    wanted: dict[AccountId, Decimal], method: Method, data: st.DataObject
) -> None:
    done = Decimal(data.draw(st.integers(0, int(sum(wanted.values())))))
    dollars = data.draw(st.decimals("0", "100000000", places=2)) if done else Decimal(0)
    fees = data.draw(st.decimals("0", "5000", places=2)) if done else Decimal(0)
    found = portions(BLOCK, wanted, done, dollars, fees, method)
    assert sum(one.quantity for one in found.values()) == done
    assert sum(one.dollars for one in found.values()) == dollars
    assert sum(one.fee for one in found.values()) == fees
    for account, one in found.items():
        assert 0 <= one.quantity <= wanted[account]
        assert one.quantity or not one.dollars


@given(asked_by, methods, st.data())
@settings(max_examples=100, deadline=None)
def test_the_order_in_which_accounts_are_given_changes_nothing(
    wanted: dict[AccountId, Decimal], method: Method, data: st.DataObject
) -> None:
    done = Decimal(data.draw(st.integers(0, int(sum(wanted.values())))))
    other = dict(data.draw(st.permutations(list(wanted.items()))))
    assert shared(BLOCK, wanted, done, method) == shared(BLOCK, other, done, method)


@given(asked_by, st.data())
@settings(max_examples=100, deadline=None)
def test_pro_rata_is_within_one_share_of_the_exact_part(
    wanted: dict[AccountId, Decimal], data: st.DataObject
) -> None:
    done = Decimal(data.draw(st.integers(0, int(sum(wanted.values())))))
    whole = sum(wanted.values())
    for account, part in shared(BLOCK, wanted, done, Method.PRO_RATA).items():
        assert abs(part * whole - wanted[account] * done) < whole


def test_an_odd_share_goes_to_the_largest_remainder() -> None:
    assert shared(BLOCK, asked(a=50, b=30, c=20), Decimal(9), Method.PRO_RATA) == asked(a=4, b=3, c=2)


def test_equal_remainders_are_told_apart_by_the_block_and_not_by_name() -> None:
    names = [f"acc-{n}" for n in range(20)]
    first = {
        next(
            a
            for a, n in shared(BlockId(f"b{i}"), asked(**dict.fromkeys(names, 1)), Decimal(1), m).items()
            if n
        )
        for i in range(30)
        for m in [Method.PRO_RATA]
    }
    assert len(first) > 5


def test_rotation_fills_whole_accounts_in_turn() -> None:
    wanted = asked(a=10, b=10, c=10)
    order = turns(BLOCK, wanted)
    found = shared(BLOCK, wanted, Decimal(15), Method.ROTATIONAL)
    assert [found[account] for account in order] == [10, 5, 0]


def test_whose_turn_is_first_is_written_beforehand_in_the_blocks_name() -> None:
    """By hand: sha256 of `blk-1` begins with ed6eaffc121d, which is eight beyond a multiple of nine."""
    assert turns(BLOCK, "ihgfedcba") == [*"iabcdefgh"]
    assert turns(BLOCK, []) == []


def test_an_odd_cent_goes_as_an_odd_share_does_and_the_rule_of_sharing_is_the_blocks_own() -> None:
    wanted = asked(**dict.fromkeys([f"acc-{n}" for n in range(20)], 1))
    cents = portions(BLOCK, wanted, Decimal(20), Decimal("100.01"), Decimal("0.01"))
    first = {name for name, n in shared(BLOCK, wanted, Decimal(1), Method.PRO_RATA).items() if n}
    assert {name for name, one in cents.items() if one.dollars == Decimal("5.01")} == first
    assert {name for name, one in cents.items() if one.fee} == first
    whole = asked(a=10, b=10, c=10)
    in_turn = portions(BLOCK, whole, Decimal(10), Decimal(100), Decimal(0), Method.ROTATIONAL)
    assert sorted(one.quantity for one in in_turn.values()) == [0, 0, 10]
    halves = portions(BLOCK, whole, Decimal("7.5"), Decimal(75), Decimal(0), step=Decimal("0.5"))
    assert sum(one.quantity for one in halves.values()) == Decimal("7.5")


@pytest.mark.parametrize("method", list(Method))
def test_where_all_was_executed_everybody_has_what_she_asked_for(method: Method) -> None:
    wanted = asked(a=10, b=20, c=1)
    assert shared(BLOCK, wanted, Decimal(31), method) == wanted
    assert shared(BLOCK, wanted, Decimal(0), method) == asked(a=0, b=0, c=0)


@pytest.mark.parametrize("executed", ["31", "-1", "0.5"])
def test_more_than_was_asked_or_parts_of_a_step_are_refused(executed: str) -> None:
    with pytest.raises(BadInput):
        shared(BLOCK, asked(a=10, b=20), Decimal(executed), Method.PRO_RATA)


def test_fractions_are_shared_in_the_custodians_own_step() -> None:
    step = Decimal("0.001")
    wanted = {AccountId("a"): Decimal("0.5"), AccountId("b"): Decimal("1.001")}
    found = shared(BLOCK, wanted, Decimal("1.0"), Method.PRO_RATA, step=step)
    assert sum(found.values()) == 1


def candidate(n: int, *, custodian: str = "cus-1", side: Side = Side.SELL, quantity: int = 10) -> Candidate:
    day, market = TimeInForce.DAY, OrderType.MARKET
    terms = Terms(CustodianId(custodian), Symbol("AAA"), side, market, None, day)
    return Candidate(OrderId(f"gh-{n}"), AccountId(f"acc-{n}"), Decimal(quantity), terms)


def test_a_block_is_one_security_side_and_custodian_and_its_id_fixes_every_part() -> None:
    one, two, three = candidate(1), candidate(2, quantity=11), candidate(3)
    elsewhere, bought = candidate(4, custodian="cus-2"), candidate(5, side=Side.BUY)
    (block,) = blocks(DECIDED, [three, elsewhere, one, bought, two])
    assert [part.order for part in block.parts] == ["gh-1", "gh-2", "gh-3"]
    assert block.quantity == 31
    assert (block,) == blocks(DECIDED, [two, one, three])
    others = (
        blocks(DECIDED, [one, two, replace(three, quantity=Decimal(12))]),
        blocks(DECIDED, [one, two]),
        blocks(Digest("b" * 64), [one, two, three]),
        blocks(DECIDED, [one, two, replace(three, formed=1)]),
    )
    assert len({block.id, *(other[0].id for other in others)}) == 5


def test_whoever_is_alone_on_her_terms_is_in_no_block() -> None:
    assert blocks(DECIDED, [candidate(1), candidate(2, side=Side.BUY)]) == ()
