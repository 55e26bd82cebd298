"""How a block was shared, what was changed of it, and how its trades settle, as tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ui.screens import figures as f
from ui.screens.look import Column, Raw, Row, badge, facts, table

Json = Mapping[str, Any]

CHANGE_WORDS: Final[Mapping[str, str]] = {
    "WAITS": "waits for compliance",
    "IN_FORCE": "in force",
    "REPLACED": "another took its place",
    "OVERTAKEN": "overtaken by a bust or a correction: needs compliance",
    "REVIEWED": "overtaken by a bust or a correction; reviewed by compliance",
}
CHANGE_TONES: Final[Mapping[str, str]] = {"WAITS": "amber", "IN_FORCE": "green", "OVERTAKEN": "red"}
STATUS: Final[Mapping[str, tuple[str, str]]] = {
    "OPEN": ("at its venue", "amber"),
    "ENDED": ("over, being shared", "amber"),
    "SHARED": ("shared", "green"),
}
SHARES: Final = (
    Column("Order"),
    Column("Account"),
    Column("Asked for", figures=True),
    Column("Shares", figures=True),
    Column("Dollar value", figures=True),
    Column("Fees", figures=True),
)
TRADES: Final = (
    Column("Order"),
    Column("Account"),
    Column("Trade date"),
    Column("Shares", figures=True),
    Column("Settles"),
    Column("Custodian"),
    Column("State"),
)


def name_of(block: Json) -> str:
    """As `Buy 42 AAPL`."""
    return f"{block['side'].capitalize()} {f.shares(block['quantity'])} {block['symbol']}"


def head(block: Json) -> str:
    """What it is and how far it has come."""
    words, tone = STATUS[block["status"]]
    return facts(
        {
            "Block": block["order_id"],
            "State": badge(words, tone),
            "Executed": f"{f.shares(block['filled'])} of {f.shares(block['quantity'])}",
            "Shared": block["method"].replace("_", " "),
            "Custodian": block["custodian"],
            "Batch": block["batch_id"],
        }
    )


def some_want(block: Json) -> bool:
    """Whether anybody got less than was asked for: else nobody could get more."""
    return Decimal(block["filled"]) < Decimal(block["quantity"])


def shared(block: Json, day: Json) -> str:
    """One trade date: everybody's shares, dollars and fees."""
    asked = {one["order_id"]: one for one in block["orders"]}
    rows = [
        Row(
            (
                one["order_id"],
                asked[one["order_id"]]["account_id"],
                f.shares(asked[one["order_id"]]["quantity"]),
                f.shares(one["quantity"]),
                f.dollars(one["dollars"], cents=True),
                f.dollars(one["fee"], cents=True),
            )
        )
        for one in day["shares"]
    ]
    total = (
        f.shares(day["quantity"]),
        f.dollars(day["dollars"], cents=True),
        f.dollars(day["fees"], cents=True),
    )
    rows.append(Row(("Together", "", "", *total), "sum"))
    title = f"{f.day(day['trade_date'])} · average price {f.price(day['average_price'])}"
    return f'<div class="section">{title}</div>{table(SHARES, rows)}'


def change(block: Json, one: Json) -> str:
    """A change: what it asks, why, who, and what became of it."""
    people = block["people"]
    moved = ", ".join(f"{order} {f.shares(n)}" for order, n in sorted(one["shares"].items()))
    who = f"Drafted by {people.get(one['drafted_by'], one['drafted_by'])}"
    if one["confirmed_by"]:
        who += f", confirmed by {people.get(one['confirmed_by'], one['confirmed_by'])}"
    state = badge(CHANGE_WORDS[one["state"]], CHANGE_TONES.get(one["state"], "quiet"))
    review = ""
    if one["review"]:
        by = people.get(one["reviewed_by"], one["reviewed_by"])
        review = f"<p>Compliance, {f.esc(by)}: {f.esc(one['review'])}</p>"
    title = f"{f.esc(one['change_id'])}, {f.day(one['trade_date'])} {state.html}"
    told = f"<p>{f.esc(moved)}</p><p>{f.esc(who)}: {f.esc(one['reason'])}</p>{review}"
    return f'<div class="section">{title}</div>{told}'


def settling(trades: Sequence[Json]) -> str:
    """How each trade settles, and by whom."""
    rows = [
        Row(
            (
                one["order_id"],
                one["account_id"],
                f.day(one["trade_date"]),
                f.shares(one["quantity"]),
                f.day(one["settles_on"]),
                one["custodian"],
                _state(one),
            )
        )
        for one in trades
    ]
    return f'<div class="section">How it settles</div>{table(TRADES, rows)}'


def _state(one: Json) -> Raw:
    words = f.status(one["status"])
    return badge(f"{words}: {one['passed_to']}" if one["passed_to"] else words, "quiet")


def moved(blocks: Sequence[Json], trades: Sequence[Json]) -> tuple[object, ...]:
    """Equal means that nothing on the page has moved."""
    return (
        tuple(
            (
                one["order_id"],
                one["status"],
                one["filled"],
                tuple(day["revision"] for day in one["allocations"]),
                tuple((c["change_id"], c["state"]) for c in one["changes"]),
            )
            for one in blocks
        ),
        tuple((one["order_id"], one["trade_date"], one["status"]) for one in trades),
    )
