"""What stands behind an answer, on the page and in the terminal. Pure: JSON in, words out.

Rule 1: a passage opens to its stored text; a look-up shows its tool, what it read, as of when, and its entry.
Rule 2: a source is named by the record and the library, never by the copilot's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ui.screens import figures as f

Json = Mapping[str, Any]

TOOLS: Final[Mapping[str, str]] = {
    "overview": "Household overview",
    "holdings": "Holdings",
    "find_household": "Household search",
    "proposal_status": "Trade proposal",
    "list_proposals": "Trade proposals",
    "search_library": "Library search",
    "propose_rebalance": "Draft of a rebalance",
    "propose_order": "Draft of an order",
    "propose_cancel": "Draft of a request to cancel",
    "propose_replace": "Draft of an order in another’s place",
    "propose_plan": "Draft of a plan",
    "propose_set": "Drafts for the book",
    "performance": "Performance",
    "risk": "Market risk",
    "taxes": "Gains and losses",
    "what_if": "What if",
    "book_summary": "The book of business",
    "who_holds": "Who holds a security",
    "coming_up": "What is due",
    "open_orders": "Orders at work",
}


def named(source: Json) -> str:
    """One line: `Worklist · book at entry 3667 · as of 29 Dec 2022, 10:00 ET · recorded as entry 3669`."""
    if not source["tool"]:
        return str(source["says"])
    tool = TOOLS.get(source["tool"], str(source["tool"]).replace("_", " ").capitalize())
    parts = [tool]
    if source["of"]:
        parts.append(str(source["of"]))
    if source["as_of"]:
        parts.append(f"as of {f.minute(source['as_of'])}")
    parts.append(f"recorded as entry {source['entry']}")
    return " · ".join(parts)


def listed(message: Json) -> str:
    """The sources of one answer as HTML, each with the sentences that it stands behind."""
    return "".join(_one(source, message["cited"]) for source in message["sources"])


def _one(source: Json, cited: list[Json]) -> str:
    behind = [c["sentence"] + 1 for c in cited if c["source"] == source["source"]]
    head = (
        f'<span class="ref">{source["number"]}</span> {f.esc(named(source))} '
        f'<span class="quiet">· {sentences(behind)}</span>'
    )
    if source["text"] is None:
        return f'<div class="source">{head}</div>'
    return f'<details class="source"><summary>{head}</summary><p>{f.esc(source["text"])}</p></details>'


def sentences(numbers: list[int]) -> str:
    """`sentence 1`, `sentences 1, 3–5`: runs are drawn together."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    told = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
    return f"sentence{'s' if len(set(numbers)) > 1 else ''} {told}"
