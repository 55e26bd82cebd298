"""What is said of a block that a halt holds between its intent and its first byte."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from core.execution.held import in_words
from core.ids import OrderId, ProposalId
from core.orders.released import Member
from tests.fixtures.venues import released

WHY = "trading is stopped for account acc-1"


def member(number: int) -> Member:
    return Member(OrderId(f"gh-{number}"), ProposalId(f"prp-{number}"), frozenset({f"account:acc-{number}"}))


@pytest.mark.parametrize(
    ("orders", "stopped", "says"),
    [
        ((), "acc-1", WHY),
        ((1,), "acc-1", WHY),
        ((2, 3), "acc-1", WHY),  # the venue is stopped: all of it waits for the same
        ((1, 2, 3), "acc-1", "which covers gh-1. 2 more of block gh-whole wait with it"),
    ],
)
def test_who_holds_a_block_is_named_with_what_may_be_done(
    orders: tuple[int, ...], stopped: str, says: str
) -> None:
    block = replace(released(order="gh-whole"), members=tuple(map(member, orders)))

    def stops(scopes: Collection[str]) -> str | None:
        return WHY if f"account:{stopped}" in scopes else None

    told = in_words(block, WHY, stops)
    assert says in told
    assert ("ask to cancel one of them" in told) == (says != WHY)


def test_many_that_hold_it_are_counted() -> None:
    block = replace(released(), members=tuple(map(member, range(1, 7))))
    told = in_words(block, WHY, lambda scopes: WHY if scopes != member(6).scopes else None)
    assert "gh-1, gh-2, gh-3 and 2 more. 1 more of block" in told
    assert len(told) < 400
