"""What several parts were told alike is told once, with the parts named."""

from __future__ import annotations

from typing import Any

import pytest

from ui.screens import cards
from ui.screens.told_once import parts_of, told_once


def finding(leg: int | None, observed: str = "40", policy: str = "order_value") -> dict[str, Any]:
    said = {"policy": policy, "result": "breach", "says": "too much", "account": "acc-1"}
    return {**said, "leg": leg, "observed": observed, "limit": "30", "headroom": "-10", "unit": "usd"}


@pytest.mark.parametrize(
    ("legs", "says"),
    [
        ([0], ""),
        ([None], ""),
        ([0, 1], "parts 1 to 2"),
        ([0, 2], "parts 1 and 3"),
        ([0, 1, 2, 4, 6, 7], "parts 1 to 3, 5 and 7 to 8"),
    ],
)
def test_parts_are_named_in_runs(legs: list[int | None], says: str) -> None:
    (one,) = told_once([finding(leg) for leg in legs])
    assert parts_of(one) == says


def test_other_figures_another_policy_and_their_order_stay() -> None:
    told = told_once([finding(0), finding(1, "41"), finding(2), finding(0, policy="turnover")])
    assert [(one["policy"], one["observed"], parts_of(one)) for one in told] == [
        ("order_value", "40", "parts 1 and 3"),
        ("order_value", "41", ""),
        ("turnover", "40", ""),
    ]


def test_the_card_of_an_order_over_time_has_one_line_for_all_its_parts() -> None:
    html = cards.checks([finding(leg) for leg in range(12)], [], {"acc-1": "Joint acc-1"})
    assert html.count("too much") == 1
    assert "Joint acc-1 · parts 1 to 12" in html
