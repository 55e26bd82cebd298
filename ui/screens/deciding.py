"""Who approved a trade proposal, who is missing, what stands beside its lines, and what it changes. Pure.

Rule 1: every word of a person is escaped; every figure is the API's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ui.screens import figures as f
from ui.screens.look import Cell, Column, Raw, Row, badge, table

Json = Mapping[str, Any]
Names = Mapping[str, str]

ROLES: Final[Mapping[str, str]] = {"principal": "a principal", "compliance": "compliance"}
PROVEN: Final[Mapping[str, str]] = {"totp": "with a code", "password": "with the password"}
APPROVAL_COLUMNS: Final = (Column("Approval"), Column("By"), Column("State"), Column("When"))
CHANGE_COLUMNS: Final = (
    Column("Order ticket"),
    Column("Account"),
    Column("What changed"),
    Column("Quantity before", figures=True),
    Column("Quantity now", figures=True),
    Column("Limit before", figures=True),
    Column("Limit now", figures=True),
    Column("Comment on the one before"),
)
WHAT: Final[Mapping[str, tuple[str, str]]] = {
    "added": ("new", "blue"),
    "dropped": ("gone", "amber"),
    "changed": ("changed", "amber"),
    "same": ("as it was", "quiet"),
}


def missing(proposal: Json) -> str:
    """`needs one more: compliance`; empty where it needs nobody, or only the one that every proposal
    needs."""
    needs = proposal.get("needs", ())
    if proposal["tier"] != 3 or not needs:
        return ""
    who = " and ".join(ROLES.get(role, role) for role in needs)
    return f"needs one more: {who}" if len(needs) == 1 else f"needs {who}"


def approvals(proposal: Json) -> str:
    """Of tier 3: the two approvals that it takes, given or missing."""
    people = proposal["people"]
    rows = [
        Row(
            (
                str(one["role"]).capitalize(),
                people.get(one["person"], one["person"]),
                badge("✓ approved", "green") if one["counts"] else badge("counts no more", "amber"),
                f"{f.minute(one['at'])}{_proven(one['step_up'])}",
            )
        )
        for one in proposal["approvals"]
    ]
    rows += [
        Row((role.capitalize(), f.DASH, badge("missing", "amber"), f.DASH)) for role in proposal["needs"]
    ]
    return table(APPROVAL_COLUMNS, rows)


def _proven(method: str | None) -> str:
    return f", proven {PROVEN.get(method, method)}" if method else ""


def ticket_name(leg: Json) -> str:
    """`Sell 10 AAPL in acc-1001`."""
    side = str(leg["side"]).capitalize()
    return f"{side} {f.shares(leg['quantity'])} {leg['symbol']} in {leg['account']}"


def changes(rows: Sequence[Json], names: Names) -> str:
    """Line by line against the proposal that this one replaces."""
    return table(CHANGE_COLUMNS, [_change(row, names) for row in rows])


def _change(row: Json, names: Names) -> Row:
    words, tone = WHAT[row["what"]]
    side, way = ("▲ Buy", "up") if row["side"] == "buy" else ("▼ Sell", "down")
    before, after = _terms(row["before"]), _terms(row["after"])
    return Row(
        (
            Raw(f'<span class="{way}">{side}</span> {f.esc(row["symbol"])}'),
            names.get(row["account"], row["account"]),
            badge(words, tone),
            before[0],
            after[0],
            before[1],
            after[1],
            row["comment"] or f.DASH,
        ),
        "" if row["what"] == "same" else "moved",
    )


def _terms(terms: Json | None) -> tuple[Cell, Cell]:
    if terms is None:
        return f.DASH, f.DASH
    return f.shares(terms["quantity"]), f.price(terms["limit_price"])
