"""What the offline model says of holdings: all of them, those that she asks for, or the largest first.

Rule 1: every figure is copied from the answer that is cited; rows are left out or ordered, never changed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from agents.offline import words
from agents.offline.figures import Answer, dollars, shares, table
from agents.offline.intents import Wish

_WORD: Final = re.compile(r"[a-z]{3,}")
HEAD: Final = ("Account", "Symbol", "Shares", "Price", "Value", "Weight", "Unrealised gain")
LOTS: Final = ("Account", "Symbol", "Acquired", "Term", "Shares", "Cost a share", "Unrealised gain")
_LARGEST: Final = re.compile(r"\b(?:largest|biggest|top) (?:\w+ )?(?:holding|position|stock|name)\b", re.I)
_COST: Final = re.compile(r"\blots?\b|\bcost bas[ie]s\b|\bpa(?:y|id) for\b", re.IGNORECASE)


def holdings(wish: Wish, told: Answer, cite: str) -> str:
    name, found = _named(told["name"]), told["holdings"]
    asked = [h for h in found if _asked_for(h, wish.text)]
    if _LARGEST.search(wish.text) and found and not asked:
        most = max(found, key=lambda h: (Decimal(h["value"]), h["symbol"]))
        asked = [h for h in found if h["symbol"] == most["symbol"]]
    if not asked and (symbols := words.tickers(wish.text)):
        return f"The {name} holds no {', '.join(symbols)} here [{cite}]."
    shown = asked or found
    lead = (
        f"The {name} holds {', '.join(dict.fromkeys(h['symbol'] for h in asked))} in {len(asked)} "
        f"position{'' if len(asked) == 1 else 's'} here [{cite}]."
        if asked
        else f"The {name} holds {len(found)} positions here [{cite}]."
    )
    if _COST.search(wish.text):
        return f"{lead}\n\n{table(LOTS, [lot for h in shown for lot in _lots(h)])}"
    all_cash = [(account, "cash", "", "", dollars(worth), "", "") for account, worth in told["cash"]]
    cash = [] if asked else all_cash
    return f"{lead}\n\n{table(HEAD, [*map(_row, shown), *cash])}"


def concentration(_: object, told: Answer, cite: str) -> str:
    """What weighs most over all that is asked about, and whether one company is over its account's limit."""
    name, found = _named(told["name"]), told["positions"]
    if not found:
        return f"The {name} holds no security here [{cite}]."
    first = found[0]
    kind = "a fund" if first["fund"] else "one company"
    company = next((one for one in found if not one["fund"]), None)
    largest = f"The largest position of the {name} is {_weighs(first)}, {kind} [{cite}]."
    second = (
        f" The largest in one company is {_weighs(company)} [{cite}]." if company and first["fund"] else ""
    )
    limits = {one["limit"] for one in found if one["limit"] is not None}
    over = ", ".join(told["over_limit"])
    judged = (
        f" Over the limit of its account for one company: {over} [{cite}]."
        if over
        else f" No company is over the limit that its account's investment policy sets [{cite}]."
        if limits
        else ""
    )
    lead = (
        f"{largest}{second}{judged} Companies are {told['companies_percent']} % of it all, funds "
        f"{told['funds_percent']} % [{cite}]."
    )
    rows = [
        (
            *(one["symbol"], one["name"], dollars(one["value"]), f"{one['weight']} %"),
            *(f"{one['largest']} % of {one['account']}", "fund" if one["fund"] else _limit(one["limit"])),
            dollars(one["unrealised_gain"]),
        )
        for one in found
    ]
    head = ("Symbol", "Name", "Value", "Of it all", "Most in one account", "Limit", "Unrealised gain")
    return f"{lead}\n\n{table(head, rows)}"


def _weighs(one: Answer) -> str:
    return f"{one['symbol']} ({one['name']}), {dollars(one['value'])} or {one['weight']} % of it all"


def _limit(limit: str | None) -> str:
    return "none set" if limit is None else f"{limit} %"


def _asked_for(holding: dict[str, Any], text: str) -> bool:
    """Her words name it, by its symbol or by the first word of its issuer's name."""
    first = _WORD.search(holding["name"].lower())
    issuer = first is not None and first[0] in words.COMPANIES and first[0] in _WORD.findall(text.lower())
    return issuer or holding["symbol"] in words.tickers(text)


def _row(h: dict[str, Any]) -> tuple[str, ...]:
    return (
        *(h["account"], h["symbol"], shares(h["shares"]), dollars(h["price"]), dollars(h["value"])),
        *(f"{h['weight']} %", dollars(h["unrealised_gain"])),
    )


def _lots(h: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            *(h["account"], h["symbol"], lot["acquired_on"], lot["term"]),
            *(shares(lot["shares"]), dollars(lot["cost_per_share"]), dollars(lot["unrealised_gain"])),
        )
        for lot in h["lots"]
    ]


def _named(name: str) -> str:
    return name if "household" in name.lower() else f"{name} household"
