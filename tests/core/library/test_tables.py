"""Reading tables: what each figure is of, in what, and where it stands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.library.figures import figures
from core.library.heads import columns
from core.library.tables import rows
from tests.core.library.filings import BALANCE, INCOME, NOTE, TEXT

AMOUNTS = st.lists(st.integers(-(10**9), 10**9).filter(bool), min_size=2, max_size=2)


def told(text: str, label: str) -> list[tuple[Decimal, str, int]]:
    return [(one.value, one.unit, one.scale) for one in figures(text) if one.row.label.startswith(label)]


def test_a_wrapped_head_gives_each_column_its_day_and_length() -> None:
    [first, second] = [one.period for one in figures(INCOME) if one.row.label == "Gross margin"]
    assert (first.ends, first.months) == (date(2024, 9, 28), 12)
    assert (second.ends, second.months) == (date(2023, 9, 30), 12)


def test_each_unit_has_the_scale_that_the_head_says_of_it() -> None:
    assert told(INCOME, "Gross margin")[0] == (Decimal(180683), "dollars", 6)
    assert told(INCOME, "Basic") == [
        (Decimal("6.11"), "dollars a share", 0),
        (Decimal("6.16"), "dollars a share", 0),
        (Decimal(15343783), "shares", 3),
        (Decimal(15744231), "shares", 3),
    ]
    assert told(NOTE, "Effective")[0] == (Decimal("24.1"), "percent", -2)


def test_parentheses_are_negative_and_a_dash_is_no_figure() -> None:
    assert told(INCOME, "Provision")[0][0] == Decimal(-29749)
    assert told(INCOME.replace("(29,749)", "—"), "Provision") == [(Decimal(16741), "dollars", 6)]


def test_a_label_on_the_line_before_belongs_to_its_figures() -> None:
    [first, _] = [one for one in figures(BALANCE) if one.row.label.startswith("Notes and accounts")]
    assert (first.value, first.period.months) == (Decimal(33410), 0)


def test_a_row_with_a_cell_too_few_has_no_periods() -> None:
    assert told(INCOME.replace("Services\t96,169\t85,200", "Services\t96,169"), "Services") == []


def test_a_figure_without_a_scale_means_nothing() -> None:
    assert told(BALANCE.replace("(In millions)\n", ""), "Total assets") == []


def test_two_spans_share_their_columns_and_others_are_not_guessed() -> None:
    spans = ["Three Months Ended June 30,", "Six Months Ended June 30,"]
    found = columns([spans, ["2025", "2024", "2025", "2024"]])
    assert found is not None
    assert [(one.year, one.months) for one in found if one] == [(2025, 3), (2024, 3), (2025, 6), (2024, 6)]
    assert columns([spans, ["2025", "2024", "2023"]]) is None
    assert columns([["Three Months", "Six Months"], ["2025", "2024"]]) is None
    assert columns([["2024", "2023"], ["Shares", "Amount"]]) is None


def test_one_cell_a_line_reads_as_a_row() -> None:
    stacked = "(in thousands)\nJune 30,\nDecember 31,\n2025\n2024\nTotal assets\n$\n3,683\n$\n(3,795\n)\n"
    assert [(one.value, one.period.ends) for one in figures(stacked)] == [
        (Decimal(3683), date(2025, 6, 30)),
        (Decimal(-3795), date(2024, 12, 31)),
    ]


@given(st.lists(AMOUNTS, min_size=1, max_size=8))
def test_every_figure_reads_back_exactly_and_stands_where_it_says(table: list[list[int]]) -> None:
    printed = [[f"({abs(n):,})" if n < 0 else f"{n:,}" for n in line] for line in table]
    body = "".join(f"Row {'abcdefgh'[i]}\t" + "\t".join(line) + "\n" for i, line in enumerate(printed))
    text = "(In millions)\nDecember 31, 2024\tDecember 31, 2023\n" + body
    found = figures(text)
    assert [int(one.value) for one in found] == [n for line in table for n in line]
    assert [text[one.start : one.end] for one in found] == [cell for line in printed for cell in line]
    assert all(text[one.row.start : one.row.end].startswith(one.row.label) for one in found)


@given(st.text(alphabet="ab12,.()$%\t\n —2024", max_size=200))
def test_no_text_breaks_the_reader_and_every_row_is_a_piece_of_it(text: str) -> None:
    for row in rows(text):
        assert text[row.start : row.end].strip()
        assert all(row.start <= figure.start < figure.end <= row.end for figure in row.figures)


def test_all_of_a_filing_is_read() -> None:
    labels = {one.row.label for one in figures(TEXT)}
    assert {"Gross margin", "Total assets", "Effective tax rate"} <= labels
