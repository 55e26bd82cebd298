"""Two words on the same items, and a custodian that keeps books of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WorldFailed
from core.ids import AccountId, CustodianId, OrderId
from core.reconcile.comparing import NOTHING, Item, Word, compare, held_words
from core.reconcile.custodian import ERRS, Instruction, Share, SimulatedCustodians, Transfer
from core.venues.fees import Liquidity
from core.venues.venue import Execution

CUSTODIAN, ACCOUNT = CustodianId("cus-1"), AccountId("acc-1")
ORDER = OrderId("gh-1")
words = st.dictionaries(
    st.tuples(st.just("position"), st.sampled_from("abcd")), st.builds(Word, st.sampled_from("123"))
)


def test_equal_words_are_compared_and_differ_in_nothing() -> None:
    ours: dict[Item, Word] = {("position", "a"): Word("1"), ("cash", "a"): Word("2")}
    found = compare("custodian:x", ours, dict(ours))
    assert [(one.kind, one.items) for one in found.compared] == [("cash", 1), ("position", 1)]
    assert found.differences == ()


def test_what_one_side_alone_has_is_a_difference_with_an_owner() -> None:
    (one,) = compare("custodian:x", {("position", "a"): Word("1", ACCOUNT)}, {}).differences
    assert (one.ours, one.theirs, one.account, one.owner) == ("1", "none", ACCOUNT, "operations")


def test_what_executed_nothing_and_is_over_was_as_good_as_never_there() -> None:
    assert compare("venue:V", {("order", "o"): Word(NOTHING)}, {}).differences == ()


@given(words, words)
def test_every_item_is_compared_once_and_differs_exactly_where_the_words_do(
    ours: Mapping[Item, Word], theirs: Mapping[Item, Word]
) -> None:
    found = compare("custodian:x", ours, theirs)
    items = ours.keys() | theirs.keys()
    assert sum(one.items for one in found.compared) == len(items)
    assert {(one.kind, one.key) for one in found.differences} == {
        item for item in items if ours.get(item) != theirs.get(item)
    }


def execution(name: str, quantity: str = "10", price: str = "100.005") -> Execution:
    return Execution(
        id=name,
        order=ORDER,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal("0.50"),
        liquidity=Liquidity.TAKER,
        executed_at=datetime(2022, 12, 29, 15, tzinfo=UTC),
        trade_date=date(2022, 12, 29),
    )


async def instructions(orders: Sequence[OrderId]) -> Mapping[OrderId, Instruction]:
    return {one: Instruction(one, CUSTODIAN, ACCOUNT, "AAA", "sell") for one in orders if one == ORDER}


def transferred() -> list[Transfer]:
    return [
        Transfer(4, CUSTODIAN, ACCOUNT, "AAA", Decimal(30), None),
        Transfer(5, CUSTODIAN, ACCOUNT, "cash", Decimal(100), date(2023, 1, 4)),
    ]


@pytest.mark.anyio
async def test_a_custodian_keeps_its_books_by_its_own_arithmetic_and_over_a_restart(tmp_path: Path) -> None:
    books = SimulatedCustodians(tmp_path)
    books.transferred(transferred())
    await books.executed("V", [execution("e1"), execution("e1")], instructions)
    for _ in range(2):
        before, after = (books.statement(CUSTODIAN, date(2023, 1, day)) for day in (2, 4))
        assert before.simulated
        assert before.positions == {(ACCOUNT, "AAA"): Decimal(20)}
        assert before.cash == {ACCOUNT: Decimal("1099.55")}
        assert before.settled == {}
        assert after.settled == {ACCOUNT: Decimal("1099.55")}
        books = SimulatedCustodians(tmp_path)  # the same file
        books.transferred(transferred())
        await books.executed("V", [execution("e1")], instructions)


@pytest.mark.anyio
async def test_it_errs_where_it_is_told_to_and_nowhere_else(tmp_path: Path) -> None:
    books = SimulatedCustodians(tmp_path)
    books.transferred(transferred())
    await books.executed("V", [execution("e1")], instructions)
    named = f"{ORDER}/2022-12-29"
    errs = {"positions": {"acc-1/AAA": "-5"}, "cash": {"acc-1": "0.01"}, "fails": {named: "no shares"}}
    (tmp_path / ERRS).write_text(json.dumps({"cus-1": errs}))
    said = books.statement(CUSTODIAN, date(2023, 1, 4))
    assert (said.positions[ACCOUNT, "AAA"], said.cash[ACCOUNT]) == (Decimal(15), Decimal("1099.56"))
    assert said.settled[ACCOUNT] == Decimal("100.01")
    assert books.failing() == {named: "no shares"}
    (tmp_path / ERRS).write_text(json.dumps({"cus-1": {"away": True}}))
    with pytest.raises(WorldFailed):
        books.statement(CUSTODIAN, date(2023, 1, 4))


BLOCK = OrderId("gh-block")


def shares(*quantities: str) -> list[Share]:
    """Of ten shares at a hundred dollars, sold as a block by three orders of one account each."""
    return [
        Share(
            block=BLOCK,
            trade_date="2022-12-29",
            order=OrderId(f"gh-{n}"),
            custodian=CUSTODIAN,
            account=AccountId(f"acc-{n}"),
            symbol="AAA",
            side="sell",
            quantity=Decimal(quantity),
            dollars=Decimal(quantity) * 100,
            fee=Decimal("0.50") if n == 1 else Decimal(0),
        )
        for n, quantity in enumerate(quantities, start=1)
    ]


@pytest.mark.anyio
async def test_shares_of_a_block_are_taken_in_where_they_are_what_venues_reported(tmp_path: Path) -> None:
    """A bust that the firm alone has heard of stays a difference; a change of shares that adds up is none."""

    def held(books: SimulatedCustodians) -> dict[str, str]:
        said = books.statement(CUSTODIAN, date(2022, 12, 29))
        return {account: f"{amount:f}" for (account, _), amount in said.positions.items() if amount}

    books = SimulatedCustodians(tmp_path)
    books.transferred(
        [Transfer(n, CUSTODIAN, AccountId(f"acc-{n}"), "AAA", Decimal(20), None) for n in (1, 2, 3)]
    )
    one = replace(execution("e1", price="100"), order=BLOCK)
    await books.executed("V", [one], instructions)
    assert books.unshared == (BLOCK,)
    books.shared(shares("5", "3", "1"))  # nine of ten
    assert held(books) == {"acc-1": "20", "acc-2": "20", "acc-3": "20"}
    books.shared(shares("5", "3", "2"))
    assert held(books) == {"acc-1": "15", "acc-2": "17", "acc-3": "18"}
    books = SimulatedCustodians(tmp_path)  # the same file; venues report to it anew
    await books.executed("V", [one], instructions)
    books.shared(shares("4", "4", "2"))
    assert held(books) == {"acc-1": "16", "acc-2": "16", "acc-3": "18"}
    books.shared(shares("0", "0", "0"))  # what a bust made of it, by the firm's own record
    assert held(books) == {"acc-1": "16", "acc-2": "16", "acc-3": "18"}


def test_what_is_nothing_is_absent() -> None:
    assert held_words("cash", [(ACCOUNT, "dollars", Decimal(0))]) == {}
