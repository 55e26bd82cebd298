"""Questions about all of her book, and about several households side by side: what is asked and what is said.

Rule 1: only words that ask about all of them, or about nobody in particular.
Rule 2: every figure is copied from the answer that is cited; rows are left out or ordered, never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from agents.offline import noes, words
from agents.offline import patterns as p
from agents.offline.figures import Answer, dollars, many, points, shares, table

Asked = tuple[str, dict[str, Any]]

_EVERYBODY: Final = (
    r"(?:(?:my|our|all|all my|all of my|all our|all the|which|what|how many|any|any of my|each of my|every"
    r"|which of my|which of our) (?:clients?|households?|families|family|accounts?|relationships|people)"
    r"|(?:my|our|the) (?:whole |entire )?book"
    r"|across (?:the|my|our) (?:board|book|clients|accounts|households)"
    r"|everybody|everyone|anybody|anyone|who)"
)
_ABOUT_ALL: Final = re.compile(rf"\b{_EVERYBODY}\b", re.IGNORECASE)
_TOTALS: Final = re.compile(
    r"\b(?:aum|assets under management|total assets|book(?: of business)? (?:worth|value|size|total))\b"
    r"|\bhow (?:big|large) is my book\b|\bhow much (?:money )?do i (?:manage|look after|run)\b"
    r"|\bhow many (?:clients|households|families|accounts|relationships) (?:do|have|are)\b"
    r"|\b(?:my|whole|entire) book\b.{0,20}\b(?:look|overview|summary|glance|worth)\b"
    r"|\b(?:overview|summary|summari[sz]e|list|show|state) (?:of )?(?:me )?(?:all )?(?:of )?(?:my |our )"
    r"(?:whole |entire )?(?:book|clients|households|accounts)\b"
    r"|\b(?:biggest|largest|smallest|top \w+|richest) (?:clients?|households?|accounts|relationships)\b",
    re.IGNORECASE,
)
_TOLERANCE: Final = re.compile(
    r"\b(?:out of|outside|off|away from|not (?:in|on|at|within)) (?:of )?(?:its |their |the )?"
    r"(?:tolerance|balance|line|bands?|models?|targets?)\b|\bdrift(?:ed|ing|s)?\b|\bneeds? (?:a )?rebalanc",
    re.IGNORECASE,
)
_CASH: Final = re.compile(r"\bcash\b|\buninvested\b|\bidle\b", re.IGNORECASE)
_DUE: Final = (
    ("rmd", re.compile(r"\bRMDs?\b|\brequired minimum\b|\b(?:minimum|required) distributions?\b", re.I)),
    ("withdrawal", re.compile(r"\bwithdrawals?\b|\bdistributions?\b|\bpayouts?\b", re.I)),
    ("fee", re.compile(r"\bfees?\b", re.I)),
)
_UPCOMING: Final = re.compile(
    r"\b(?:due|upcoming|coming|next|scheduled|still|left|remaining|outstanding|take|owed?|have)\b",
    re.IGNORECASE,
)
_HOLDS: Final = re.compile(
    r"\b(?:hold(?:s|ing)?|owns?|owning|has|have|with|in|exposed to|exposure to|invested in|sitting on|own)\s+"
    r"(?:(?:more than|over|above|at least|>)\s*(?P<over>\d{1,2}(?:\.\d+)?)\s?(?:%|per ?cent)\s+"
    r"(?:in|of|on)?\s*)?"
    r"(?:any |some |a lot of |too much |shares (?:of|in) |stock (?:of|in) )*(?P<what>[A-Za-z][\w.&'’-]*"
    r"(?:\s(?:&\s)?[A-Z][\w.&'’-]*)*)",
    re.IGNORECASE,
)
_PRICE: Final = re.compile(
    r"^\W*(?:(?:and )?(?:what(?:['’]s| is)|where(?:['’]s| is)|how much is|(?:give|show|tell|get) me)\s+)?"
    r"(?:the )?(?:(?:current |latest |last |share |stock |market )*(?:price|quote)s?\s+(?:of|for|on)\s+"
    r"(?P<of>[A-Z][\w.&'’ -]*?)|(?P<what>[A-Z][\w.&'’ -]*?)(?:['’]s)?\s+"
    r"(?:(?:current |latest |last |share |stock )*(?:price|quote)|trading(?: at| for)?|at(?: now| today)?))"
    r"(?:\s+(?:now|today|right now|at the moment))?\W*$",
    re.IGNORECASE,
)
_SIDE_BY_SIDE: Final = re.compile(
    r"\b(?:compare|comparison|side by side|next to each other|versus|vs\.?|against each other)\b",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(
    r"\b(?:[Tt]he [A-Z][\w'’-]+s?(?: (?:household|family))?|hh-\d+|[A-Z][a-zà-ÿ][\w'’-]+(?: [A-Z][\w'’-]+)?"
    r"(?: (?:household|family))?)(?=\W|$)"
)
_DOES: Final = re.compile(
    p.POLITE
    + r"(?:rebalanc\w+|fix|correct|draft|sell|buy|harvest|raise|invest|trim|exit|cancel|e-?mail|write)\b",
    re.IGNORECASE,
)
MOST_SIDE_BY_SIDE: Final = 6


def asked(text: str) -> Asked | None:
    """The tool that such a question wants, and what it is asked. None: it is no such question."""
    if _DOES.search(text) or p.LIBRARY.search(text) or noes.no(text):
        return None
    if several := side_by_side(text):
        return "book_summary", {"households": several}
    if words.account(text) or words.HOUSEHOLD_ID.search(text):
        return None
    return _price(text) or _of_everybody(text)


def _of_everybody(text: str) -> Asked | None:
    about_all = bool(_ABOUT_ALL.search(text)) and not p.WORKLIST.search(text)
    if about_all and (found := _held(text)):
        return found
    if words.household(text) is not None or p.WHO_BEFORE.search(text):
        return None
    if _TOTALS.search(text) or (about_all and (_TOLERANCE.search(text) or _CASH.search(text))):
        return "book_summary", {}
    due = next((what for what, pattern in _DUE if pattern.search(text)), None)
    if due and about_all and _UPCOMING.search(text):
        return "coming_up", {"what": due}
    return None


def _held(text: str) -> Asked | None:
    for found in _HOLDS.finditer(text):
        what = found["what"].strip(" .?!'’")
        known = what in words.tickers(text) or what.split()[0].lower().removesuffix("'s") in words.COMPANIES
        if known:
            return "who_holds", {"symbol": what, **({"over_percent": found["over"]} if found["over"] else {})}
    return None


def _price(text: str) -> Asked | None:
    found = _PRICE.match(text)
    if found is None:
        return None
    what = (found["of"] or found["what"]).strip()
    known = what in words.tickers(text) or what.split()[0].lower().removesuffix("'s") in words.COMPANIES
    return ("who_holds", {"symbol": what.removesuffix("'s").removesuffix("’s")}) if known else None


def side_by_side(text: str) -> list[str] | None:
    """The households that are to be compared, in her words. None: not two or more."""
    if not _SIDE_BY_SIDE.search(text):
        return None
    found = [one[0] for one in _NAMES.finditer(text) if words.household(one[0]) and not words.tickers(one[0])]
    several = list(dict.fromkeys(found))
    return several[:MOST_SIDE_BY_SIDE] if len(several) > 1 else None


def summary(text: str, told: Answer, cite: str) -> str:
    """What she asked of it first, then the rows that say it, ordered by what she asked for."""
    rows = told["rows"]
    if side_by_side(text):
        return f"The households side by side [{cite}].\n\n{_book_table(rows)}"
    totals = (
        f"Your book: {told['households']} households with {told['clients']} clients and {told['accounts']} "
        f"accounts, {dollars(told['total_value'])} in all; {dollars(told['total_cash_available'])} of it is "
        f"available cash [{cite}]."
    )
    if _TOLERANCE.search(text):
        outside = [row for row in rows if row["out_of_tolerance"]]
        lead = f"{told['out_of_tolerance']} of {told['households']} households are out of tolerance [{cite}]."
        return f"{lead}\n\n{_book_table(sorted(outside, key=_by_drift))}" if outside else lead
    ordered = sorted(rows, key=_by_cash if _CASH.search(text) else _by_value)
    unpriced = ", ".join(told["without_price"])
    left = f"\n\nWithout a price, and counted as nothing: {unpriced} [{cite}]." if unpriced else ""
    return f"{totals}\n\n{_book_table(ordered)}{left}"


def _by_drift(row: Answer) -> Decimal:
    return -Decimal(row["largest_drift_points"] or 0)


def _by_cash(row: Answer) -> Decimal:
    return -Decimal(row["cash_available"])


def _by_value(row: Answer) -> Decimal:
    return -Decimal(row["value"])


def _book_table(rows: list[Answer]) -> str:
    head = ("Household", "Accounts", "Value", "Available cash", "Largest drift", "Out of tolerance")
    return table(
        head,
        [
            (
                *(row["name"], row["accounts"], dollars(row["value"]), dollars(row["cash_available"])),
                points(row["largest_drift_points"], signed=False),
                ", ".join(row["out_of_tolerance"]) or "none",
            )
            for row in rows
        ],
    )


def holders(text: str, told: Answer, cite: str) -> str:
    named = f"{told['symbol']} ({told['security']})"
    price = (
        f"{named} is at {dollars(told['price'])}, price of {told['price_session']} [{cite}]."
        if told["price"]
        else f"There is no price for {named} [{cite}]."
    )
    over = f" at more than {shares(told['over_percent'])} % of the account" if told["over_percent"] else ""
    if not told["rows"]:
        return f"{price} Nobody in your book holds it{over} [{cite}]."
    held = f"{shares(told['total_shares'])} shares, {dollars(told['total_value'])}"
    lead = (
        f"{many(told['accounts'], 'account')} of {many(told['households'], 'household')} "
        f"hold{'s' if told['accounts'] == 1 else ''} {told['symbol']}{over}: {held} [{cite}]."
    )
    rows = [
        (
            *(row["name"], row["account"], shares(row["shares"]), dollars(row["value"])),
            f"{row['weight']} %",
        )
        for row in told["rows"]
    ]
    body = table(("Household", "Account", "Shares", "Value", "Weight"), rows)
    return f"{price} {lead}\n\n{body}" if _PRICE.match(text) else f"{lead}\n\n{body}\n\n{price}"


KINDS: Final = {
    "rmd": "required minimum distribution",
    "withdrawal": "withdrawal",
    "fee": "fee",
    "any": "payment",
}


def due(_: str, told: Answer, cite: str) -> str:
    what = KINDS[told["what"]]
    if not told["rows"]:
        looked_at = told["households_looked_at"]
        return f"No {what} is due in your book; I looked at {looked_at} households [{cite}]."
    short = sum(Decimal(row["short_of"]) > 0 for row in told["rows"])
    lead = f"{many(len(told['rows']), what)} to come, {dollars(told['total'])} in all [{cite}]."
    missing = f" {short} of the accounts lack the cash for it beside their floor [{cite}]." if short else ""
    return f"{lead}{missing}\n\n{table(DUE_HEAD, list(_due_rows(told)))}"


DUE_HEAD: Final = ("Household", "Account", "Kind", "Amount", "Due", "Last trade", "Available", "Short of")


def _due_rows(told: Answer) -> Iterator[tuple[str, ...]]:
    for row in told["rows"]:
        yield (
            *(row["name"], row["account"], row["kind"], dollars(row["amount"]), row["due_on"]),
            *(row["last_trade_on"], dollars(row["available"])),
            dollars(row["short_of"]) if Decimal(row["short_of"]) else "nothing",
        )
