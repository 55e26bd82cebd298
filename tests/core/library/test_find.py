"""Finding a figure: the very row, or none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.library import periods
from core.library.find import covers, filing, find
from tests.core.library.filings import BALANCE, TEXT, stored

YEAR = "for the year ended September 28, 2024"


def asked(label: str, period: str, text: str = TEXT) -> Decimal | None:
    wanted = periods.asked(period)
    assert wanted is not None
    said = find(label, wanted, [filing(stored(text))]).said
    if said is None:
        return None
    assert said.told.digits in said.passage.text[said.told.row.start : said.told.row.end]
    return said.amount


@pytest.mark.parametrize(
    ("label", "period", "amount"),
    [
        ("gross profit", YEAR, "180683000000"),
        ("gross margin", "for the year ended September 30, 2023", "169148000000"),
        ("gross profit", "in fiscal 2023", "169148000000"),
        ("assets", "as of September 28, 2024", "364980000000"),
        ("earnings per share basic", YEAR, "6.11"),
        ("weighted average number of shares outstanding basic", YEAR, "15343783000"),
        ("effective income tax rate continuing operations", YEAR, "0.241"),
    ],
)
def test_a_figure_is_found_by_its_taxonomy_name_or_its_label(label: str, period: str, amount: str) -> None:
    assert asked(label, period) == Decimal(amount)


@pytest.mark.parametrize(
    ("label", "period"),
    [
        ("gross profit", "for the three months ended September 28, 2024"),
        ("gross profit", "as of September 28, 2024"),
        ("gross profit", "for the year ended September 29, 2024"),
        ("assets", YEAR),
        ("assets", "as of September 28, 2022"),
        ("goodwill", "as of September 28, 2024"),
        ("segment", "as of September 28, 2024"),
    ],
)
def test_what_no_row_says_is_not_said(label: str, period: str) -> None:
    assert asked(label, period) is None


def test_rows_that_differ_are_all_named_and_none_is_chosen() -> None:
    other = BALANCE.replace("364,980", "365,000")
    wanted = periods.asked("as of September 28, 2024")
    assert wanted is not None
    answer = find("total assets", wanted, [filing(stored(TEXT + other))])
    assert answer.said is None
    assert sorted(str(int(one.amount)) for one in answer.candidates) == ["364980000000", "365000000000"]


def test_a_coarser_printing_agrees_with_a_finer_one() -> None:
    rounded = BALANCE.replace("(In millions)", "(In billions)").replace("364,980", "365.0")
    assert asked("total assets", "as of September 28, 2024", TEXT + rounded) == Decimal("364980000000")


def test_an_issuer_is_one_whose_name_initials_or_symbol_is_on_the_cover() -> None:
    cover = stored()[0]
    assert all(covers(name, cover) for name in ("Acme", "Acme Holdings", "acme holdings inc.", "AH", "ACME"))
    assert not any(covers(name, cover) for name in ("Apex", "Inc", "Acme Foods", "the"))
