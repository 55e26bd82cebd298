"""Finding a figure: the very row, or none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.library import periods
from core.library.find import covers, filing, find
from tests.core.library.filings import BALANCE, INCOME, TEXT, stored
from tests.core.library.filings import COVER as COVER_ONLY

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


COLUMNS = """The following tables present other comprehensive income of the years (in millions):
Year Ended September 28, 2024\tBefore-Tax Amount\tIncome Tax\tAfter-Tax Amount
Net foreign currency translation adjustments\t$\t857\t$\t(200)\t$\t657
1 Refer to Note 6 for additional information on the matter that is spoken of in this line of the filing.
Year Ended September 30, 2023\tBefore-Tax Amount\tIncome Tax\tAfter-Tax Amount
Net foreign currency translation adjustments\t$\t30\t$\t(7)\t$\t23
The maturities of our lease liabilities are as follows as of the end of the year (in millions):
Operating Leases\tFinance Leases
2025\t$\t2,657\t$\t96
2026\t2,625\t68
Thereafter\t13,022\t528
"""
FX_TAX = (
    "other comprehensive income foreign currency translation adjustment tax portion attributable to parent"
)
STOCK = BALANCE + "Common stock, $0.01 par value; 900,000,000 shares authorized\t$\t6\t$\t6\n"


@pytest.mark.parametrize(
    ("label", "period", "amount"),
    [
        (FX_TAX,
         YEAR, "200000000"),
        ("other comprehensive income loss foreign currency transaction and translation adjustment before tax",
         "for the year ended September 30, 2023", "30000000"),
        ("lessee operating lease liability payments due year two", "as of September 28, 2024", "2625000000"),
        ("finance lease liability payments due next twelve months", "as of September 28, 2024", "96000000"),
        ("finance lease liability payments due year two", "as of September 30, 2023", None),
        ("common stock shares authorized", "as of September 28, 2024", "900000000"),
        ("common stock par or stated value per share", "as of September 28, 2024", "0.01"),
    ],
)  # fmt: skip
def test_columns_by_their_names_years_to_come_and_labels_are_read(
    label: str, period: str, amount: str | None
) -> None:
    assert asked(label, period, TEXT + COLUMNS + STOCK) == (Decimal(amount) if amount else None)


def test_the_mark_of_a_footnote_is_no_column() -> None:
    marked = BALANCE.replace("Total assets\t$\t364,980\t$\t352,583", "Total assets\t(1,051)\t1\n(159)")
    assert asked("total assets", "as of September 28, 2024", COVER_ONLY + marked) is None


TWO_DAYS = """See the notes, which are a part of these statements and are to be read together with them.
CONSOLIDATED BALANCE SHEETS
At September 28, 2024 and September 30, 2023
(In millions)
2024\t2023
Marketable securities\t$\t35,228\t$\t31,590
Total current assets\t152,987\t143,566
Marketable securities\t91,479\t100,544
Deferred revenue\t8,249\t8,061
Deferred revenue\t1,072\t998
Total assets\t364,980\t352,583
"""


@pytest.mark.parametrize(
    ("label", "period", "amount"),
    [
        ("assets", "as of September 30, 2023", "352583000000"),
        ("assets", "as of September 28, 2024", "364980000000"),
        ("assets", "as of September 28, 2023", None),
        ("marketable securities current", "as of September 30, 2023", "31590000000"),
        ("contract with customer liability noncurrent", "as of September 28, 2024", "1072000000"),
    ],
)
def test_each_year_has_its_own_day_and_a_label_printed_twice_is_current_first(
    label: str, period: str, amount: str | None
) -> None:
    assert asked(label, period, COVER_ONLY + TWO_DAYS) == (Decimal(amount) if amount else None)


def test_a_label_printed_three_times_is_told_apart_by_no_order() -> None:
    thrice = TWO_DAYS + "Marketable securities\t1\t2\n"
    assert asked("marketable securities current", "as of September 30, 2023", COVER_ONLY + thrice) is None


DEFERRED = """Components of our deferred tax assets/(liabilities) at the end of our years were as follows:
(In millions)
2024\t2023
Other\t300\t200
Pension benefits\t50\t60
Other\t(90)\t(80)
"""


@pytest.mark.parametrize(
    ("label", "amount"),
    [("deferred tax assets other", "300000000"), ("deferred tax liabilities other", "90000000")],
)
def test_without_sections_the_sign_tells_deferred_tax_assets_from_liabilities(
    label: str, amount: str
) -> None:
    assert asked(label, "as of September 28, 2024", COVER_ONLY + INCOME + DEFERRED) == Decimal(amount)


EQUITY = """CONSOLIDATED STATEMENTS OF SHAREHOLDERS' EQUITY
(In millions)
Common Stock\tAdditional
Paid-in
Capital\tRetained
Earnings\tTotal
Shareholders'
Equity
Shares\tAmount
Balance at September 30, 2023\t1,600\t$\t1\t$\t500\t$\t4,499\t$\t5,000
Net income\t—\t—\t—\t700\t700
Stock-based compensation\t—\t—\t50\t—\t50
Dividends\t—\t—\t—\t(90)\t(90)
Balance at September 28, 2024\t1,600\t$\t1\t$\t550\t$\t5,109\t$\t5,660
"""
SHARE_BASED = (
    "adjustments to additional paid in capital sharebased compensation "
    "requisite service period recognition value"
)


@pytest.mark.parametrize(
    ("label", "period", "amount"),
    [
        (SHARE_BASED, YEAR, "50000000"),
        ("dividends common stock cash", YEAR, "90000000"),
        ("dividends common stock cash", "for the year ended September 30, 2023", None),
        ("stockholders equity", "as of September 30, 2023", "5000000000"),
        ("stockholders equity including portion attributable to noncontrolling interest",
         "as of September 30, 2023", None),
    ],
)  # fmt: skip
def test_the_last_column_of_a_statement_of_equity_is_the_whole(
    label: str, period: str, amount: str | None
) -> None:
    assert asked(label, period, COVER_ONLY + EQUITY) == (Decimal(amount) if amount else None)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("\t5,660\n", "\t5,661\n"),  # does not sum
        ("50\t—\t50", "50\t50"),  # a cell was lost
        ("Total\nShareholders'\nEquity", "Total\nEquity\tNoncontrolling"),  # the last is no whole
    ],
)
def test_a_statement_of_equity_that_proves_nothing_is_not_read(there: str, instead: str) -> None:
    assert there in EQUITY
    assert asked(SHARE_BASED, YEAR, COVER_ONLY + EQUITY.replace(there, instead)) is None


MORE = """San Jose, California, where our auditor signed its opinion on the day that is written below.
February 4, 2025
CONSOLIDATED BALANCE SHEETS
(In millions)
As of September 28,
2023\t2024
Goodwill\t$\t29\t$\t31
The reconciliation of our unrecognized tax benefits over the years is as follows (in millions):
September 28,
2024\t2023
Settlements\t(5)\t(7)
Our taxes at the rate that the law sets and what they came to are as follows (in millions):
2024\t2023
Amount\tPercent\tAmount\tPercent
Foreign-derived intangible income deduction\t$\t(195)\t(1.3)%\t$\t(144)\t(1.1)%
"""
SETTLED = "unrecognized tax benefits decreases resulting from settlements with taxing authorities"


@pytest.mark.parametrize(
    ("label", "period", "amount"),
    [
        ("goodwill", "as of September 28, 2024", "31000000"),
        (SETTLED, YEAR, "5000000"),
        (SETTLED, "for the three months ended September 28, 2024", None),
        ("effective income tax rate reconciliation fdii amount", YEAR, "195000000"),
        ("effective income tax rate reconciliation fdii percent", YEAR, "0.013"),
    ],
)
def test_days_beside_a_year_changes_under_a_day_and_columns_that_name_a_unit(
    label: str, period: str, amount: str | None
) -> None:
    assert asked(label, period, COVER_ONLY + MORE) == (Decimal(amount) if amount else None)


@pytest.mark.parametrize("again", ["2024\t2023\n", "Table of Contents\n2024\t2023\n"])
def test_only_the_same_head_printed_again_keeps_its_scale(again: str) -> None:
    table = "What we lease is told in the table that follows for our years (in millions):\n2024\t2023\n"
    asks = asked(
        "variable lease cost", YEAR, COVER_ONLY + table + f"Other\t1\t2\n{again}Variable lease cost\t3\t4\n"
    )
    assert asks == (None if "Table" in again else Decimal(3_000_000))
