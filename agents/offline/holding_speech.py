"""What the offline model says of holdings: all of them, those that she asks for, or the largest first.

Rule 1: every figure is copied from the answer that is cited; rows are left out or ordered, never changed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from agents.offline import words
from agents.offline.figures import Answer, dollars, shares, table
from agents.offline.intents import Intent, Wish

LARGEST: Final = 10
_WORD: Final = re.compile(r"[a-z]{3,}")
HEAD: Final = ("Account", "Symbol", "Shares", "Price", "Value", "Weight", "Unrealised gain")
LOTS: Final = ("Account", "Symbol", "Acquired", "Shares", "Cost a share", "Unrealised gain")
_COST: Final = re.compile(r"\blots?\b|\bcost bas[ie]s\b|\bpa(?:y|id) for\b", re.IGNORECASE)


def holdings(wish: Wish, told: Answer, cite: str) -> str:
    name, found = _named(told["name"]), told["holdings"]
    asked = [h for h in found if _asked_for(h, wish.text)]
    if wish.intent is Intent.CONCENTRATION:
        return _largest(name, found, cite)
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


def _largest(name: str, found: list[dict[str, Any]], cite: str) -> str:
    if not found:
        return f"The {name} holds no security here [{cite}]."
    ordered = sorted(found, key=lambda h: (-Decimal(h["weight"]), h["account"], h["symbol"]))
    first = ordered[0]
    lead = (
        f"The largest position of the {name} is {first['symbol']} ({first['name']}), {first['weight']} % of "
        f"{first['account']} [{cite}]. Of {len(found)}, the largest by weight in their account [{cite}]."
    )
    return f"{lead}\n\n{table(HEAD, [_row(h) for h in ordered[:LARGEST]])}"


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
            *(h["account"], h["symbol"], lot["acquired_on"], shares(lot["shares"])),
            *(dollars(lot["cost_per_share"]), dollars(lot["unrealised_gain"])),
        )
        for lot in h["lots"]
    ]


def _named(name: str) -> str:
    return name if "household" in name.lower() else f"{name} household"
