"""Blocks: what is shared adds up to the share and the cent, whoever comes first."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.ids import AccountId, CustodianId
from core.orders.block import BlockId, Method, blocks, portions, shared, turns
from core.orders.events import Side
from tests.core.household import leg

BLOCK = BlockId("blk-1")
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


@pytest.mark.parametrize("executed", ["31", "-1", "0.5"])
def test_more_than_was_asked_or_parts_of_a_step_are_refused(executed: str) -> None:
    with pytest.raises(BadInput):
        shared(BLOCK, asked(a=10, b=20), Decimal(executed), Method.PRO_RATA)


def test_fractions_are_shared_in_the_custodians_own_step() -> None:
    step = Decimal("0.001")
    wanted = {AccountId("a"): Decimal("0.5"), AccountId("b"): Decimal("1.001")}
    found = shared(BLOCK, wanted, Decimal("1.0"), Method.PRO_RATA, step=step)
    assert sum(found.values()) == 1


def test_a_block_is_one_security_side_and_custodian_and_its_id_fixes_every_part() -> None:
    one, two = CustodianId("cus-1"), CustodianId("cus-2")
    legs = [leg(n, Side.SELL, "AAA", 10 + n) for n in range(3)] + [leg(3, Side.BUY, "AAA", 5)]
    made = blocks([(legs[0], one), (legs[1], one), (legs[2], two), (legs[3], one)])
    assert sorted(len(block.parts) for block in made) == [1, 1, 2]
    assert made == blocks([(legs[3], one), (legs[2], two), (legs[1], one), (legs[0], one)])
    changed = legs[1].model_copy(update={"quantity": Decimal(12)})
    ids = {block.id for block in made}
    assert {block.id for block in blocks([(legs[0], one), (changed, one)])}.isdisjoint(ids)


def test_what_may_carry_fewer_shares_goes_by_itself() -> None:
    custodian = CustodianId("cus-1")
    plain, fewer = leg(0, Side.BUY, "AAA", 10), leg(1, Side.BUY, "AAA", 10, partly=True)
    assert [len(block.parts) for block in blocks([(plain, custodian), (fewer, custodian)])] == [1, 1]
