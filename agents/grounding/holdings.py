"""The holdings and ids that a text names: tickers, companies, accounts, proposals.

Rule 1: capitals alone make no ticker: it is one where the words around it say so, or where it is read beside
    a figure in a tool's answer.
Rule 2: a name that nothing read in this turn holds is not let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agents.grounding.figures import identifiers

_TICKER: Final = r"(?P<name>[A-Z]{1,5}(?:\.[A-Z])?)"
_AROUND: Final = tuple(
    re.compile(form)
    for form in (
        rf"(?i:\b(?:NYSE|NASDAQ|Nasdaq|ticker|symbol)\b)[:\s]+\(?{_TICKER}\b",
        rf"(?<![\w$])\${_TICKER}\b",
        rf"\b\d[\d,.]*\s+(?:(?i:shares?|units?)\s+(?i:of|in)\s+)?{_TICKER}\b(?!\s?[%\d])",
        rf"\b(?i:shares?|stock|position|stake|holdings?|lots?|units?)\s+(?i:of|in)\s+{_TICKER}\b",
        rf"\b{_TICKER}\s+(?i:shares?|stock|positions?|stake|lots?|holdings?)\b",
        rf"\b(?i:buy|sell|hold|own|trim|bought|sold|buys|sells|holds|owns|into|swap|exit)\s+{_TICKER}\b",
        rf"\b[A-Z][a-z]+(?:\s[A-Z][a-z]+)*\s+\({_TICKER}\)",
    )
)
_COMPANY: Final = re.compile(
    r"\b(?P<name>[A-Z][\w&'’.-]*(?:\s+(?:&\s+)?[A-Z][\w&'’.-]*){0,4}),?\s+"
    r"(?:Inc|Incorporated|Corp|Corporation|Co|Company|Ltd|Limited|PLC|plc|LLC|LP|N\.V|S\.A|AG|SE"
    r"|Group|Holdings|Trust"
    r"|ETF|Fund)\b"
)
_ARTICLES: Final = frozenset({"the", "a", "an", "of", "for", "in", "our", "your", "this", "that", "and"})
_NO_TICKER: Final = frozenset(
    re.findall(
        r"\w+",
        """
        A I IRA ETF ETFS USD US USA UK EU OK CEO CFO COO SEC FINRA IRS IPS RMD FIFO HIFO LIFO GAAP EBITDA
        EBIT EPS ESG AI IT PE ROE ROI YTD QTD MTD CAGR NAV AUM API PDF HTML ID IDS AM PM ET EST EDT UTC
        GMT Q FY H CPI GDP FOMC FED MBS REIT REITS IPO MSA HSA UTMA LLC INC LTD PLC NYSE CUSIP ISIN VAR ES
        TWR IRR TLH LT ST NA TBD FAQ CPA JD CFP CFA RIA BD OTC NMS TIPS GICS SIC DIY SMA UMA TSR R D G SG
        COGS ASC ASU IFRS FASB PPE
        """,
    )
)
_FREE: Final = re.compile(
    r"(?:Q[1-4]|[12]?H[12]|FY'?\d{2,4}|CY\d{2,4}|\d{1,2}-[KQFU]|401\(k\)|403\(b\)|457\(b\)|529"
    r"|COVID-19|G[-]?20|Y2K"
    r"|[A-Z]\d?|Tier\d|[PQ]\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    start: int
    end: int
    name: str


def named(text: str) -> Iterator[Named]:
    """Each ticker, company and id that a text names, where words around say that it is one."""
    for form in _AROUND:
        for found in form.finditer(text):
            if found["name"] not in _NO_TICKER:
                yield Named(found.start("name"), found.end("name"), found["name"])
    for found in _COMPANY.finditer(text):
        first = [word for word in found["name"].split() if word.casefold() not in _ARTICLES]
        if first:
            start = found.start("name") + found["name"].index(first[0])
            yield Named(start, found.end("name"), " ".join(first))
    for found in identifiers(text):
        if not _FREE.fullmatch(found[0]):
            yield Named(found.start(), found.end(), found[0])


def known(one: Named, words: frozenset[str]) -> bool:
    """Whether what was read holds each telling word of the name."""
    parts = [part.strip(".,'’").removesuffix("'s").casefold() for part in one.name.split()]
    return all(part in words or part in _ARTICLES or part == "&" for part in parts)
