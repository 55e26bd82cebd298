"""What an order's row says of the block that it goes with."""

from __future__ import annotations

from typing import Any

import pytest

from ui.screens import in_block


def block(status: str, *, parted: bool = False) -> dict[str, Any]:
    part = {"order_id": "gh-1", "account_id": "acc-1", "quantity": "1200", "filled": "0", "parted": parted}
    named = {"order_id": "gh-block", "status": status, "method": "pro_rata", "quantity": "3000"}
    return {**named, "filled": "1800", "orders": [part, {**part, "order_id": "gh-2"}]}


@pytest.mark.parametrize(
    ("status", "ends"),
    [
        ("OPEN", "1,800 of them executed, shared pro rata when it is over."),
        ("ENDED", "1,800 of them executed, being shared pro rata."),
        ("SHARED", "1,800 of them executed, shared pro rata."),
    ],
)
def test_it_is_told_with_its_part_what_was_executed_and_how_that_is_shared(status: str, ends: str) -> None:
    said = in_block.words("gh-1", [block(status)])
    assert said == f"It is 1,200 of the 3,000 shares of block gh-block: {ends}"


def test_of_one_that_it_left_or_is_not_in_nothing_is_said() -> None:
    assert in_block.words("gh-1", [block("ENDED", parted=True)]) == ""
    assert in_block.words("gh-9", [block("OPEN")]) == ""


def test_the_page_is_drawn_anew_when_the_block_moves_and_its_orders_do_not() -> None:
    more = {**block("OPEN"), "filled": "1900"}
    assert in_block.moved([block("OPEN")]) != in_block.moved([more])
