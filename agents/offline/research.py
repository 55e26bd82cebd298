"""What the offline model reads and says of filings, briefs and drafts to clients.

Rule 1: a question is one for filings only where it names a company, a figure and a period.
Rule 2: a figure is written as its row prints it, with unit and scale, and cites the passage that holds it.
Rule 3: what the library does not say is said so; rows that differ are shown, and none is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from agents.offline import noes, words
from agents.offline.figures import Answer, table

_DAY: Final = r"(?:[A-Z][a-z]+ \d{1,2}, \d{4}|\d{4}-\d\d-\d\d)"
_SPAN: Final = r"(?:(?:three|six|nine|twelve) months|fiscal year|full year|year|quarter)"
PERIOD: Final = (
    rf"(?:(?:for|in|during) the (?:\w+ )?{_SPAN} end(?:ed|ing) {_DAY}|(?:as of|as at|at|on) {_DAY}"
    rf"|from {_DAY} to {_DAY}|(?:in|for) (?:fiscal(?: year)? )?(?:19|20)\d\d)"
)
_COMPANY: Final = r"[A-Z][\w.&-]*(?: (?:& )?[A-Z][\w.&-]*){0,4}"
_ASKS: Final = (
    re.compile(
        rf"^\W*(?i:what (?:was|were|is|are)|how much (?:was|were|is)|tell me|show me|give me|find)"
        rf"\s+(?:the )?"
        rf"(?P<issuer>{_COMPANY})['’]s? (?P<label>[^?]+?),? (?P<period>{PERIOD})\W*$",
    ),
    re.compile(
        rf"^\W*(?i:what (?:was|were|is|are)|how much (?:was|were|is))\s+(?:the )?(?P<label>[^?]+?) of "
        rf"(?P<issuer>{_COMPANY}),? (?P<period>{PERIOD})\W*$",
    ),
    re.compile(
        rf"^\W*(?i:how much|what) (?P<label>[^?]+?) did (?P<issuer>{_COMPANY}) (?:report|have|book|show),? "
        rf"(?P<period>{PERIOD})\W*$",
    ),
)
_COMPARES: Final = re.compile(
    rf"^\W*[Cc]ompare (?:the )?(?P<label>[^?]+?) of "
    rf"(?P<issuers>{_COMPANY}(?:(?:, and |, | and | with | to ){_COMPANY})*),? "
    rf"(?P<periods>{PERIOD}(?:(?:, | and |, and | with )(?:{PERIOD}|{_DAY}|\d{{4}}))*)\W*$",
)
_BRIEF: Final = re.compile(
    r"\b(?:meeting|client) brief\b|\bbrief me\b|\b(?:prepare|prep)\b.{0,30}\bmeeting\b"
    r"|\bprep(?:are)? me\b|\bget me ready\b|\bready for (?:my|the|a) (?:meeting|call|review)\b"
    r"|\btalking points\b|\bone[- ]pager\b"
    r"|\b(?:seeing|meeting) \w+.{0,40}\b(?:what (?:to|should i) (?:raise|know|bring)|prep)\b",
    re.IGNORECASE,
)
_AROUND: Final = re.compile(
    r"\b(?:prep(?:are)?|meeting|brief|me|a|the|for|with|before|on|my|seeing|ready|review|call|get|give|need"
    r"|tomorrow|today|monday|tuesday|wednesday|thursday|friday|one[- ]pager|talking points|at \d\S*)\b",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(
    r"^\W*(?:please |can you |could you |would you |i need (?:you to )?|let['’]?s )*"
    r"(?:draft|write|prepare|compose|put together)\b"
    r"(?P<first>.{0,60}?)\b(?:e-?mail|letter|message|note)s?\b"
    r"(?P<to>.*?)(?:\b(?P<how>about|on|regarding|saying|to say|that|explaining|telling (?:them|him|her)"
    r"(?: (?:about|that|why))?)\b(?P<what>.+))?$",
    re.IGNORECASE | re.DOTALL,
)
_OURSELVES: Final = re.compile(r"\b(?:our|the|your|research|house|library) (?:\w+ )?notes?\b", re.IGNORECASE)
_OURS: Final = re.compile(r"\b(?:household|family|account|acc-\d+|hh-\d+|my client)\b", re.IGNORECASE)


def asked(text: str) -> tuple[str, dict[str, Any]] | None:
    """The tool that such a question wants, and what it is asked. None: it is no question for these tools."""
    if _BRIEF.search(text):
        return "meeting_brief", {"household": words.household(_AROUND.sub(" ", text))}
    email = _EMAIL.match(text)
    if email and not _OURSELVES.search(text) and not noes.promised(text):
        return _email(email, text)
    if _OURS.search(text):
        return None
    if compared := _COMPARES.match(text):
        return "compare", {
            "label": compared["label"].strip(),
            "issuers": re.split(r", and |, | and | with | to ", compared["issuers"]),
            "periods": _periods(compared["periods"]),
        }
    for pattern in _ASKS:
        if found := pattern.match(text):
            named = {"issuer": found["issuer"], "label": found["label"].strip()}
            return "find_figure", {**named, "period": found["period"]}
    return None


def _periods(text: str) -> list[str]:
    """Each period whole: "as of June 30, 2025 and June 30, 2024" names two days."""
    lead = re.match(rf"(.*?)(?={_DAY}|\b(?:19|20)\d\d\b)", text)
    start = lead[1] if lead else ""
    return [f"{start}{found[0]}" for found in re.finditer(rf"{_DAY}|\b(?:19|20)\d\d\b", text)]


def _email(found: re.Match[str], text: str) -> tuple[str, dict[str, Any]]:
    what = _one_request(found["what"] or "our next meeting")
    named = (
        words.household(found["to"] or "") or words.household(found["first"] or "") or words.household(text)
    )
    return "draft_email", {
        "household": None if named and words.pinned(named) else named,
        "subject": f"About {what}"[:120],
        "body": f"I would like to go through this with you: {what}.\n\nPlease tell me when it suits you.",
    }


def _one_request(what: str) -> str:
    """What it is about, without what she says to us beside it."""
    return re.split(r"(?<=[.!?])\s", what.strip())[0].strip(" .!?")


def figure(told: Answer) -> str:
    """One figure with its sentence's source."""
    asked_for = f"{told['issuer']}: {told['label']}, {told['period']}"
    found = told["found"]
    if found:
        return (
            f"{asked_for}: {_amount(found)} [passage/{found['passage']}].\n"
            f'The row reads: "{_row(found)}" [passage/{found["passage"]}].\n'
            f"From {found['title']}, dated {dated(found)} [passage/{found['passage']}]."
        )
    if told["candidates"]:
        rows = [f'- {_amount(one)}: "{_row(one)}" [passage/{one["passage"]}]' for one in told["candidates"]]
        return "\n".join([f"{asked_for}: the library has rows that differ; I choose none.", *rows])
    return f"The library does not say: {asked_for}."


def dated(passage: Mapping[str, Any]) -> str:
    """Its date, marked where the firm's business day has not come to it."""
    later = passage.get("later_than_market_day")
    return f"{passage['dated']}{', after the business day' if later else ''}"


def compared(told: Answer) -> str:
    """Companies down, periods across; each cell with its passage."""
    across = list(dict.fromkeys(cell["period"] for cell in told["cells"]))
    down = list(dict.fromkeys(cell["issuer"] for cell in told["cells"]))
    cells = {(cell["issuer"], cell["period"]): cell for cell in told["cells"]}
    rows = [(issuer, *(_cell(cells.get((issuer, period))) for period in across)) for issuer in down]
    cited = ", ".join(dict.fromkeys(f"passage/{c['found']['passage']}" for c in cells.values() if c["found"]))
    lead = f"{told['label']}, as each row prints it" + (f" [{cited}]" if cited else "")
    return f"{lead}.\n\n" + table(("Company", *across), rows)


def _cell(cell: Mapping[str, Any] | None) -> str:
    if cell is None or not cell["found"]:
        return "rows differ" if cell and cell["candidates"] else "the library does not say"
    return f"{_amount(cell['found'])} [passage/{cell['found']['passage']}]"


def _amount(found: Mapping[str, Any]) -> str:
    """As the row prints it, with what it is in; in brackets in the row is negative here."""
    text = re.sub(r"[^\d.,]", "", found["printed"])
    sign = "-" if Decimal(found["value"]) < 0 else ""
    match found["unit"]:
        case "percent":
            return f"{sign}{text}%"
        case "shares":
            return f"{sign}{text}{_SCALES[found['scale']]} shares"
        case "dollars a share":
            return f"{sign}${text} a share"
    return f"{sign}${text}{_SCALES[found['scale']]}"


_SCALES: Final[Mapping[int, str]] = {0: "", 3: " thousand", 6: " million", 9: " billion"}


def _row(found: Mapping[str, Any]) -> str:
    return re.sub(r"[\t\n]+", " | ", found["row"])


def held_draft(told: Answer, cite: str) -> str:
    return (
        f"I drafted this for the {told['to']}; it waits under Client e-mails and was sent to nobody [{cite}]."
        f"\n\n{told['text']}"
    )
