"""A small filing in the form in which texts of filings come: cells by tabs, heads wrapped over lines."""

from __future__ import annotations

from datetime import date

from core.book.views import Passage
from core.library.passages import passages

COVER = """acme-20240928
FORM 10-K
For the fiscal year ended September 28, 2024
Acme Holdings Inc.
(Exact name of Registrant as specified in its charter)
Common Stock\tACME\tThe Nasdaq Stock Market LLC
"""
INCOME = """CONSOLIDATED STATEMENTS OF OPERATIONS
(In millions, except number of shares, which are reflected in thousands, and per-share amounts)
Years ended
September 28,
2024\tSeptember 30,
2023
Net sales:
Products\t$\t294,866\t$\t298,085
Services\t96,169\t85,200
Total net sales\t391,035\t383,285
Total cost of sales\t210,352\t214,137
Gross margin\t180,683\t169,148
Provision for income taxes\t(29,749)\t16,741
Earnings per share:
Basic\t$\t6.11\t$\t6.16
Shares used in computing earnings per share:
Basic\t15,343,783\t15,744,231
"""
BALANCE = """See the notes, which are a part of these statements and are to be read together with them.
CONSOLIDATED BALANCE SHEETS
(In millions)
September 28,
2024\tSeptember 30,
2023
Notes and accounts receivable, net of allowances of $109 in 2024 and $114 in 2023
33,410\t29,508
Total assets\t$\t364,980\t$\t352,583
"""
NOTE = """The effective tax rate was as follows (in millions):
2024\t2023
Segment assets\t1,000\t2,000
Effective tax rate\t24.1\t%\t14.7\t%
"""
TEXT = COVER + INCOME + BALANCE + NOTE


def stored(text: str = TEXT, *, document: str = "doc-acme", first: int = 1) -> tuple[Passage, ...]:
    """The text cut as it is stored."""
    return tuple(
        Passage(first + n, document, n, cut, "Acme 10-K", "company filing", date(2024, 11, 1))
        for n, cut in enumerate(passages(text))
    )
