"""What an answer states stands in what was read for it, or is taken out."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.grounding.check import TAKEN_OUT, Checking
from agents.grounding.sources import Grounds
from evals.bench.grounding import WRONG, GroundingBench
from evals.bench.grounding_cases import DATA, cases

ANSWER: dict[str, Any] = {
    "name": "Okafor household",
    "total_value": "1234567.89",
    "as_of": "2022-12-29T15:00:00Z",
    "accounts": [
        {"account": "acc-1001", "value": "934567.89", "share": "0.1199", "status": "open"},
        {"account": "acc-1002", "value": "300000.00", "share": "0.2455", "status": "open"},
    ],
    "holdings": [
        {"account": "acc-1001", "symbol": "AAPL", "shares": "500", "unrealised_gain": "-1250.50"},
        {"account": "acc-1001", "symbol": "MSFT", "shares": "120", "unrealised_gain": "80.25"},
    ],
}
PASSAGE = (
    "Revenue decreased by 5 % in 2024. Net income was $1.2 billion.\n\n"
    "| (in millions, except per share) | 2024 | 2023 |\n| Sales | 1,496.5 | 1,202.9 |\n"
    "| Net loss | (12.6) | 4.0 |\n| Earnings per share | 2.31 | 1.98 |"
)


def checking(said: str = "") -> Checking:
    read, hers = Grounds(), Grounds()
    read.add_told("tool/call-1", ANSWER)
    read.add_passage("passage/1", PASSAGE, title="Annual report, 2025-02-01")
    hers.add_passage("the advisor", said)
    return Checking(read.ready(), hers.ready())


@pytest.mark.parametrize(
    "true",
    [
        "The household has about $1.2 million.",
        "It has $1,234,567.89, or $1.23 million.",
        "It has roughly $1,235,000.",
        "That is 12 % of it.",
        "That is 1199 basis points, 11.99 %.",
        "AAPL shows a loss of $1,250.50.",
        "AAPL: 500 shares in acc-1001.",
        "There are two accounts, 2 of them open.",
        "As of 29 December 2022, 10:00 in New York.",
        "As of Dec. 29, 2022.",
        "Sales were $1,496.5 million in 2024.",
        "Sales were about $1.5 billion in 2024 and $1,202.9 million in 2023.",
        "Revenue fell 5 % in 2024.",
        "Earnings were $2.31 a share in 2024.",
        "The net loss was $12.6 million in 2024.",
        "One point is this: twelve names are no figure.",
        "See Form 10-K and the S&P 500, Q3.",
    ],
)
def test_what_was_read_passes_in_other_words(true: str) -> None:
    assert checking().sentence(true).text == true


@pytest.mark.parametrize(
    "false",
    [
        "The household has about $1.3 million.",
        "The household has about $1 million.",
        "It has $1.2 billion in total and $1,234,567.98.",
        "That is 13 % of it.",
        "That is 12 bps of it.",
        "AAPL shows a gain of $1,250.50.",
        "AAPL is at $1,250.50.",
        "MSFT: 500 shares.",
        "You hold 500 shares of TSLA.",
        "acc-1002 holds $934,567.89.",
        "acc-9999 is open.",
        "As of 28 December 2022.",
        "At 11:30.",
        "Sales were $1,496.5 billion in 2024.",
        "Sales were $1,496.5 in 2024.",
        "Sales were $1,496.5 million in 2023.",
        "Revenue rose 5 % in 2024.",
        "Sales grew by 24.4 %.",
        "It is twelve million dollars.",
        "It is half a million.",
        "It is 40-percent equities.",
        "It costs USD500 million.",
        "Tesla Inc. leads.",
    ],
)
def test_what_was_not_read_is_taken_out(false: str) -> None:
    assert TAKEN_OUT in checking().sentence(false).text


def test_what_the_advisor_said_stays_and_is_no_source() -> None:
    checked = checking("Could I sell 77 shares of TSLA?").sentence("You asked about 77 shares of TSLA.")
    assert not checked.lost
    assert checked.hers


@settings(deadline=None)
@given(st.decimals("0.01", "9e9", places=2), st.integers(0, 4))
def test_a_rounded_figure_resolves_and_one_that_is_a_tenth_off_does_not(value: Decimal, places: int) -> None:
    read = Grounds()
    read.add_told("tool/call-1", {"value": str(value)})
    holds = Checking(read.ready())
    rounded = round(value, places)
    if abs(rounded - value) <= value / 20:
        assert not holds.sentence(f"It has ${rounded:,f}.").lost
    assert holds.sentence(f"It has ${value * Decimal('1.1') + Decimal('0.02'):,.2f}.").lost


@settings(deadline=None)
@given(st.text(alphabet="0123456789 .,-()$%+/:|\nabkmMT½١２", max_size=60))
def test_no_text_breaks_the_check(text: str) -> None:
    checked = checking().sentence(text)
    assert checked.lost == sum(not claim.stands for claim in checked.claims)


@pytest.mark.skipif(not DATA.exists() and os.environ.get("CI") != "true", reason=f"{DATA} is not here")
def test_of_real_questions_few_wrong_answers_pass_and_few_true_ones_are_refused() -> None:
    found = GroundingBench(cases(every=20)).subject()
    assert found.detail["wrong"] > 100
    assert found.figure >= 92
    assert found.detail["true_refused_percent"] <= 5
    assert {kind for kind in WRONG if not found.detail[f"caught_{kind}_percent"]} == set()
