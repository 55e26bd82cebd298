"""In whatever order late facts arrive, the firm holds the same: nothing but their causes orders them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.book import cash
from core.fact import Fact
from core.firm.events import CashDeposited, LotReceived
from core.orders.events import OrderFilled
from core.projections.folded import Folded
from tests.core.projections.arrivals import Story, folded, stories

MAY_COME_TWICE = (OrderFilled, LotReceived, CashDeposited)


def holds(book: Folded) -> Mapping[str, Any]:
    """What a firm holds, without the order in which it came. Which shares of a sale an execution took out of
    which lot depends on the order of executions; what the sale brought in all does not."""
    day = date(2023, 1, 3)
    return {
        "positions": {account: book.shares(account) for account in book.lots},
        "lots": {account: frozenset(held.open) for account, held in book.lots.items()},
        "sold": {account: held.sold for account, held in book.lots.items()},
        "proceeds": {
            account: sum((closed.sale.proceeds for closed in held.closed), Decimal(0))
            for account, held in book.lots.items()
        },
        "cash": {account: cash.on(held, day, reserved=Decimal(0)) for account, held in book.cash.items()},
        "counted": {account: frozenset(held.counted) for account, held in book.cash.items()},
        "trades": book.trades,
        "orders": book.orders,
        "session": book.session,
        "awaited": book.awaited,
    }


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[Story, list[Fact]]:
    story = draw(stories())
    return story, story.arriving(draw(st.permutations(range(len(story.facts)))))


@given(arrivals())
@settings(max_examples=120, deadline=None)
def test_any_order_of_arrival_gives_the_same_book(told: tuple[Story, list[Fact]]) -> None:
    story, as_they_came = told
    assert holds(folded(as_they_came)) == holds(folded(story.facts))


@given(arrivals(), st.data())
@settings(max_examples=120, deadline=None)
def test_a_late_second_copy_counts_once(told: tuple[Story, list[Fact]], data: st.DataObject) -> None:
    story, facts = told
    for copy in data.draw(st.lists(st.sampled_from(facts), max_size=5)):
        if isinstance(copy, MAY_COME_TWICE):
            facts.insert(data.draw(st.integers(facts.index(copy) + 1, len(facts))), copy)
    assert holds(folded(facts)) == holds(folded(story.facts))


@pytest.mark.long
@pytest.mark.timeout(900)
@given(arrivals())
@settings(max_examples=5_000, deadline=None)
def test_any_of_thousands_of_orders_of_arrival_gives_the_same_book(told: tuple[Story, list[Fact]]) -> None:
    story, as_they_came = told
    assert holds(folded(as_they_came)) == holds(folded(story.facts))
