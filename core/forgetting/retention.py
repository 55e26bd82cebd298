"""How long records are kept, class by class, and the rules that say so.

Rule 1: the periods run in the database (`gatehouse.kept`), on the firm's business days, from its own facts. A
    test holds this table and the database's equal.
Rule 2: these are the rules' minimum. Compliance may lengthen a class; nobody can shorten one.
Rule 3: a period that starts with the closing of an account has no end while the account is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

RunsFrom = Literal["entry", "closing", "fiscal_year_end"]


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """`says`: what is kept, in the words of a person who is refused. `source`: rule and paragraph."""

    kind: str
    years: int
    runs_from: RunsFrom
    says: str
    source: str


CLASSES: Final[tuple[RetentionClass, ...]] = (
    RetentionClass(
        "order_ticket",
        3,
        "entry",
        "order tickets",
        "17 CFR 240.17a-4(b)(1) with 17a-3(a)(6): memoranda of orders, executed or not",
    ),
    RetentionClass(
        "ledger",
        6,
        "entry",
        "blotters and ledgers of executed trades",
        "17 CFR 240.17a-4(a) with 17a-3(a)(1) to (3)",
    ),
    RetentionClass(
        "consent",
        5,
        "fiscal_year_end",
        "the client's instructions and consents",
        "17 CFR 275.204-2(e)(1) with 204-2(a)(3): from the end of the fiscal year of the last entry",
    ),
    RetentionClass(
        "approval",
        6,
        "entry",
        "submissions and principals' approvals",
        "FINRA Rule 4511(b): six years where no other period is specified; Rule 3110(b)",
    ),
    RetentionClass(
        "correspondence",
        3,
        "entry",
        "e-mails to clients that a person adopted or reviewed",
        "17 CFR 240.17a-4(b)(4); FINRA Rule 3110, Supplementary Material .09",
    ),
    RetentionClass(
        "account_record",
        6,
        "closing",
        "account records",
        "17 CFR 240.17a-4(c) and (e)(5): six years after the account is closed",
    ),
)
BY_KIND: Final[Mapping[str, RetentionClass]] = {one.kind: one for one in CLASSES}
# The firm's fiscal year is the calendar year; `gatehouse.kept` ends a year on 31 December.


def said(kind: str, until: date | None) -> str:
    """One bar in words: what is kept, by which rule, and until when."""
    known = BY_KIND[kind]
    if until is None:
        return (
            f"{known.says} are kept while an account is open and {known.years} years after ({known.source})"
        )
    return f"{known.says} are kept through {until.isoformat()} ({known.source})"
