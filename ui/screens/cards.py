"""A trade proposal on the page: what would change, what it costs, what was checked. Pure: JSON in, HTML out.

Rule 1: every figure is the API's; nothing is added up here.
Rule 2: current and proposed stand side by side, and a row that moves is marked.
Rule 3: a check that found something shows value, limit and headroom; those that passed are one line each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from ui.screens import figures as f
from ui.screens import in_block
from ui.screens.look import Cell, Column, Raw, Row, badge, facts, shown, signed, table
from ui.screens.told_once import parts_of, told_once

Json = Mapping[str, Any]
Names = Mapping[str, str]  # what an account is called, by its id

LOUDNESS: Final[Mapping[str, int]] = {"breach": 0, "finding": 1, "pass": 2}

CHANGE_COLUMNS: Final = (
    Column("Holding"),
    Column("Shares now", figures=True),
    Column("Change", figures=True),
    Column("Shares then", figures=True),
    Column("Value now", figures=True),
    Column("Value then", figures=True),
    Column("Weight now", figures=True),
    Column("Weight then", figures=True),
    Column("Target", figures=True),
)
ACCOUNT_COLUMNS: Final = (
    Column("Account"),
    Column("Value", figures=True),
    Column("Largest drift now", figures=True),
    Column("Drift then", figures=True),
    Column("Short-term gain", figures=True),
    Column("Long-term gain", figures=True),
    Column("Estimated tax", figures=True),
    Column("Estimated cost", figures=True),
    Column("Cash then", figures=True),
    Column("Turnover", figures=True),
)
BESIDE_COLUMNS: Final = (
    Column("What could be done"),
    Column("Order tickets", figures=True),
    Column("Largest drift then", figures=True),
    Column("Short-term gain", figures=True),
    Column("Long-term gain", figures=True),
    Column("Estimated tax", figures=True),
    Column("Estimated cost", figures=True),
    Column("Traded", figures=True),
)
TICKET_COLUMNS: Final = (
    Column("Order ticket"),
    Column("Account"),
    Column("Quantity", figures=True),
    Column("Type"),
    Column("Limit", figures=True),
    Column("Reference price", figures=True),
    Column("Price band", figures=True),
    Column("Dollar value", figures=True),
    Column("Paid by"),
)
CHECK_COLUMNS: Final = (
    Column("Check"),
    Column("Result"),
    Column("Where"),
    Column("Value", figures=True),
    Column("Limit", figures=True),
    Column("Headroom", figures=True),
    Column("What it says"),
)
CONSENT_COLUMNS: Final = (
    Column("Account"),
    Column("Who may consent"),
    Column("Consent"),
    Column("Given by"),
)
ORDER_COLUMNS: Final = (
    Column("Order"),
    Column("Account"),
    Column("State"),
    Column("Filled", figures=True),
    Column("Average price", figures=True),
    Column("Fees", figures=True),
    Column("Venue"),
    Column(""),
)
SCORE_COLUMNS: Final = (
    Column("Venue"),
    Column("Score", figures=True),
    Column("Expected cost", figures=True),
    Column("Why"),
)


def changes(preview: Json, names: Names, *, unmoved: bool) -> str:
    """Current and proposed holdings, account by account; `unmoved`: those too that stay as they are."""
    rows: list[Row] = []
    for account, held in groupby(preview["rows"], key=lambda row: row["account"]):
        lines = [_change(row) for row in held]
        moved = [line for line in lines if line.kind == "moved"]
        if not moved and not unmoved:
            continue
        stays = (
            "" if unmoved or len(moved) == len(lines) else f" · {len(lines) - len(moved)} stay as they are"
        )
        head = f'{f.esc(names.get(account, account))}<span class="quiet">{stays}</span>'
        rows.append(Row((Raw(head),), "head"))
        rows.extend(lines if unmoved else moved)
    return table(CHANGE_COLUMNS, rows)


def _change(row: Json) -> Row:
    before, after = Decimal(row["shares_before"]), Decimal(row["shares_after"])
    moved = before != after
    if row["symbol"] == "cash":
        name, difference = "Cash", Decimal(row["value_after"]) - Decimal(row["value_before"])
        counts: tuple[Cell, Cell, Cell] = (None, signed(f.change(difference)), None)
        moved = difference != 0
    else:
        name, counts = row["symbol"], (f.shares(before), _shares_change(after - before), f.shares(after))
    return Row(
        (
            name,
            *counts,
            f.dollars(row["value_before"]),
            f.dollars(row["value_after"]),
            f.percent(row["weight_before"]),
            f.percent(row["weight_after"]),
            f.percent(row["target"]),
        ),
        "moved" if moved else "",
    )


def _shares_change(difference: Decimal) -> Cell:
    if difference == 0:
        return f.DASH
    return signed(f"{'▲ +' if difference > 0 else '▼ −'}{f.shares(abs(difference))}")


def accounts(preview: Json, names: Names) -> str:
    """One row an account: drift, gains, tax, cost, cash and turnover. Set aside accounts say why."""
    rows = []
    for row in preview["accounts"]:
        name = names.get(row["account"], row["account"])
        if row.get("set_aside"):
            rows.append(Row((name, f.dollars(row["value"]), f"Nothing proposed: {row['set_aside']}")))
            continue
        rows.append(
            Row(
                (
                    name,
                    f.dollars(row["value"]),
                    f.percent(row["drift_before"]),
                    f.percent(row["drift_after"]),
                    signed(f.change(row["short_term_gain"])),
                    signed(f.change(row["long_term_gain"])),
                    f.dollars(row["estimated_tax"]),
                    f.dollars(row["estimated_cost"], cents=True),
                    f.dollars(row["cash_after"]),
                    f.percent(row["turnover"]),
                )
            )
        )
    return table(ACCOUNT_COLUMNS, rows)


def beside(preview: Json) -> str:
    """The plan, doing nothing and what costs less, in the same figures; then what the plan says of itself."""
    rows = [
        Row(
            (
                f"{one['name'][:1].upper()}{one['name'][1:]}: {one['says']}",
                str(one["orders"]),
                f.percent(one["drift"]),
                signed(f.change(one["short_term_gain"])),
                signed(f.change(one["long_term_gain"])),
                f.dollars(one["estimated_tax"]),
                f.dollars(one["estimated_cost"], cents=True),
                f.dollars(one["trades"]),
            )
        )
        for one in preview["alternatives"]
    ]
    notes = "".join(f'<p class="small">{f.esc(f.minus(note))}</p>' for note in preview["notes"])
    return f"{table(BESIDE_COLUMNS, rows)}{notes}"


def tickets(legs: Sequence[Json], names: Names, comments: Sequence[Json] = ()) -> str:
    """The order tickets that the fingerprint covers, each with the comment that stands beside it."""
    rows = [_ticket(leg, legs, names) for leg in legs]
    if not comments:
        return table(TICKET_COLUMNS, rows)
    said = {one["leg"]: one["text"] for one in comments}
    beside = [
        Row((*row.cells, said.get(leg["leg"], f.DASH)), row.kind) for row, leg in zip(rows, legs, strict=True)
    ]
    return table((*TICKET_COLUMNS, Column("Comment")), beside)


def _ticket(leg: Json, legs: Sequence[Json], names: Names) -> Row:
    sells = [f"{other['symbol']}" for other in legs if other["leg"] in leg["funded_by"]]
    side, tone = ("▲ Buy", "up") if leg["side"] == "buy" else ("▼ Sell", "down")
    worth = Decimal(leg["quantity"]) * Decimal(leg["reference_price"])
    kind = f"{leg['order_type'].capitalize()}, {leg['time_in_force']}"
    band = f"{f.price(leg['band_low'])} – {f.price(leg['band_high'])}"
    return Row(
        (
            Raw(f'<span class="{tone}">{side}</span> {f.esc(leg["symbol"])}'),
            names.get(leg["account"], leg["account"]),
            f.shares(leg["quantity"]),
            kind,
            f.price(leg["limit_price"]),
            f.price(leg["reference_price"]),
            band,
            f.dollars(worth),
            f"sale of {', '.join(sells)}" if sells else f.DASH if leg["side"] == "sell" else "cash",
        )
    )


def checks(findings: Sequence[Json], legs: Sequence[Json], names: Names) -> str:
    """Every check: what found something first and in full, what passed after it."""
    symbols = {leg["leg"]: leg["symbol"] for leg in legs}
    loud = [c for c in sorted(findings, key=lambda c: LOUDNESS[c["result"]]) if c["result"] != "pass"]
    passed = sorted({c["policy"] for c in findings if c["result"] == "pass"} - {c["policy"] for c in loud})
    told = table(CHECK_COLUMNS, [_check(check, symbols, names) for check in told_once(loud)]) if loud else ""
    if passed:
        names_of = "".join(f"<li>{f.esc(name)}</li>" for name in sorted(map(f.check_name, passed)))
        badge_of = shown(badge(f"✓ {len(passed)} passed", "green"))
        told += f'{badge_of}<ul class="small passed">{names_of}</ul>'
    return told or '<p class="quiet">No checks yet.</p>'


def check_line(findings: Sequence[Json]) -> Cell:
    """How the checks came out, in one badge."""
    found = {
        c["policy"]: c["result"] for c in sorted(findings, key=lambda c: LOUDNESS[c["result"]], reverse=True)
    }
    results = list(found.values())
    if not results:
        return f.DASH
    if "breach" in results:
        return badge(f"✕ {results.count('breach')} breached", "red")
    if "finding" in results:
        return badge(f"! {results.count('finding')} found, {results.count('pass')} passed", "amber")
    return badge(f"✓ {len(results)} passed", "green")


def _check(check: Json, symbols: Mapping[int, str], names: Names) -> Row:
    result = badge("✕ Breach", "red") if check["result"] == "breach" else badge("! Finding", "amber")
    account, symbol = check.get("account"), symbols.get(check.get("leg", -1))
    whose = names.get(account, account) if account else None
    place = " · ".join(word for word in (whose, symbol, parts_of(check)) if word)
    unit = check.get("unit", "")
    return Row(
        (
            f.check_name(check["policy"]),
            result,
            Raw(f'<span class="whole">{f.esc(place or f.DASH)}</span>'),
            f.measured(check.get("observed"), unit),
            f.measured(check.get("limit"), unit),
            f.measured(check.get("headroom"), unit),
            check.get("says", ""),
        )
    )


def needs_reasons(findings: Sequence[Json]) -> tuple[str, ...]:
    """The policies that found something soft: each needs a written reason."""
    return tuple(dict.fromkeys(c["policy"] for c in findings if c["result"] == "finding"))


def orders(rows: Sequence[Json], names: Names, blocks: Sequence[Json] = ()) -> str:
    """Orders and what became of them. `blocks`: those that they were put in."""
    return table(
        ORDER_COLUMNS, [_order(order, names, in_block.words(order["order"], blocks)) for order in rows]
    )


def _order(order: Json, names: Names, block: str) -> Row:
    state = order["status"].replace("_", " ").lower().capitalize()
    side, tone = ("▲ Buy", "up") if order["side"] == "buy" else ("▼ Sell", "down")
    return Row(
        (
            Raw(f'<span class="{tone}">{side}</span> {f.esc(order["symbol"])}'),
            names.get(order["account"], order["account"]),
            badge(state, f.tone(order["status"])),
            f"{f.shares(order['filled'])} of {f.shares(order['quantity'])}",
            f.average(order["average_price"]),
            f.dollars(order["fees"], cents=True),
            order["venue"] or f.DASH,
            " ".join(one for one in (order["says"], block) if one),
        )
    )


def order_name(order: Json) -> str:
    """`Buy 120 AAPL`."""
    return f"{order['side'].capitalize()} {f.shares(order['quantity'])} {order['symbol']}"


def scores(order: Json) -> str:
    """Where one order went, and why the others lost."""
    rows = [
        Row(
            (
                Raw(f"<strong>{f.esc(s['venue'])}</strong> chosen")
                if s["venue"] == order["venue"]
                else s["venue"],
                f.minus(s["score"]) if s["score"] is not None else f.DASH,
                f.dollars(s["expected_cost"], cents=True),
                s["says"],
            ),
            "moved" if s["venue"] == order["venue"] else "",
        )
        for s in order["scores"]
    ]
    return table(SCORE_COLUMNS, rows)


def summary(proposal: Json) -> str:
    """The first line of a card: what, how much, in which state, waiting for whom."""
    named = proposal["people"]
    pairs: dict[str, Cell] = {
        "State": badge(f.state(proposal), f.state_tone(proposal)),
        "Order tickets": str(proposal["order_count"]),
        "Dollar value": f.dollars(proposal["dollars"]),
        "Tier": f.DASH if proposal["tier"] is None else str(proposal["tier"]),
        "Checks": check_line(proposal["findings"]),
        "Client’s consent": _consent(proposal),
        "Drafted": f.minute(proposal["drafted_at"]),
        "Drafted by": "copilot"
        if proposal["agent"]
        else named.get(proposal["drafted_by"], proposal["drafted_by"]),
    }
    waits = f.WAITS_WORDS.get(proposal["waits_for"], proposal["waits_for"])
    if proposal["waits_for"] != "nobody" and waits.split("’")[0] not in f.state(proposal):
        pairs["Waits for"] = f.WAITS_WORDS.get(proposal["waits_for"], proposal["waits_for"])
    if proposal["submitted_by"]:
        pairs["Submitted by"] = named.get(proposal["submitted_by"], proposal["submitted_by"])
    if proposal["approved_by"]:
        pairs["Approved by"] = ", ".join(named.get(p, p) for p in proposal["approved_by"])
    if proposal["waits_since"]:
        pairs["Waits since"] = f.minute(proposal["waits_since"])
    if proposal["escalated_to"]:
        pairs["Escalated to"] = ", ".join(named.get(p, p) for p in proposal["escalated_to"])
    if proposal["drawn_on"]:
        pairs["Approved by"] = f"standing approval {proposal['drawn_on']}"
    return facts(pairs)


def _consent(proposal: Json) -> Cell:
    if not proposal["needs_consent"]:
        return "not needed"
    if proposal["consented"]:
        return badge("✓ recorded", "green")
    missing = sum(1 for one in proposal["consents"] if one["client"] is None)
    return badge(f"needed for {missing} account{'s' if missing > 1 else ''}", "amber")


def consents(rows: Sequence[Json], names: Names) -> str:
    """The accounts that need an owner's consent, and whose they have."""
    lines = []
    for one in rows:
        owners = " or ".join(owner["name"] for owner in one["owners"])
        given = f"{one['name']}, {f.minute(one['at'])}, recorded by {one['recorded_by']}"
        state = badge("✓ recorded", "green") if one["client"] else badge("missing", "amber")
        lines.append(
            Row(
                (names.get(one["account"], one["account"]), owners, state, given if one["client"] else f.DASH)
            )
        )
    return table(CONSENT_COLUMNS, lines)


def risk_order(proposal: Json) -> tuple[int, int, Decimal, str]:
    """Sorts an inbox: findings first, then tier, then dollars, then the oldest."""
    return (
        -proposal["found"],
        -(proposal["tier"] or 0),
        -Decimal(proposal["dollars"]),
        proposal["drafted_at"],
    )
