"""What the offline model says of plans and analytics: tools' answers with their source.

Rule 1: every figure is copied from the answer that is cited; nothing is computed here.
"""

from __future__ import annotations

import re
from typing import Any, Final

from agents.offline.figures import Answer, dollars, points, table
from agents.offline.intents import Intent, Wish
from core.money import exact

FALLS: Final = re.compile(
    r"\b(?:2008|crisis|covid|2020|crash|stress|fall|dot-?com|2022|1998)\b", re.IGNORECASE
)
MONEY: Final = (
    *("realised_short", "realised_long", "unrealised_short", "unrealised_long"),
    *("usable", "against_gains", "deductible", "carried", "lost"),
)
HEAD: Final = ("", "Orders", "Largest drift", "Short-term gain", "Long-term gain", "Tax", "Cost", "Traded")


def risk(wish: Wish, told: Answer, cite: str) -> str:
    if wish.intent is Intent.EXPOSURE:
        return f"What the {told['name']} holds, by sector [{cite}].\n\n{_sectors(told)}"
    if FALLS.search(wish.text):
        return (
            f"What the {told['name']} holds now, through falls of the past, by the packaged closes [{cite}]."
            f"\n\n{_falls(told)}"
        )
    percent = told["confidence_percent"].split(".")[0]
    lead = (
        f"On one day in twenty what the {told['name']} holds loses {dollars(told['value_at_risk'])} or more: "
        f"value at risk at {percent} % over {told['days']} days to {told['until']} [{cite}]. "
        f"Such days cost {dollars(told['expected_shortfall'])} on average: the expected shortfall [{cite}]."
    )
    parts = table(
        ("Symbol", "Part of the shortfall"),
        [(p["symbol"], dollars(p["dollars"])) for p in told["contributions"]],
    )
    without = ", ".join(p["symbol"] for p in told["left_out"])
    left = f"\n\nWithout a price history, and left out: {without} [{cite}]." if without else ""
    return f"{lead}\n\n{parts}\n\n{_falls(told)}\n\n{_sectors(told)}{left}"


def _falls(told: Answer) -> str:
    return table(
        ("Window", "From", "To", "Change", "Percent"),
        [
            (f["window"], f["since"], f["until"], dollars(f["change"]), f"{f['percent']} %")
            for f in told["stress"]
        ],
    )


def _sectors(told: Answer) -> str:
    return table(("Sector", "Share"), [(sector, f"{share} %") for sector, share in told["sectors"]])


def performance(_: object, told: Answer, cite: str) -> str:
    recorded = _by_the_record(told, cite)
    if not told["lines"]:
        return recorded
    lead = (
        f"{recorded}\n\nFurther back: the securities that {told['name']} holds now, "
        f"time-weighted, each purchase as money coming in; without cash and what was sold [{cite}]."
    )
    rows = [
        (
            *(one["period"], one["since"], one["until"], f"{one['percent']} %"),
            *(
                f"{one['a_year']} %" if one["a_year"] else "",
                dollars(one["bought"]),
                ", ".join(one["left_out"]),
            ),
        )
        for one in told["lines"]
    ]
    head = ("Period", "From", "To", "Return", "A year", "Bought since", "Left out")
    return f"{lead}\n\n{table(head, rows)}"


def _by_the_record(told: Answer, cite: str) -> str:
    """All that was held on each day, with its cash, gross and net; and what was missing."""
    recorded = told["recorded"]
    if recorded is None:
        return f"By the record I can say nothing: {told['recorded_says']} [{cite}]."
    rows = [
        (
            *(one["period"], one["since"], one["until"], f"{one['gross']} %", f"{one['net']} %"),
            *(dollars(one["flows"]), dollars(one["fees"])),
        )
        for one in recorded["lines"]
    ]
    head = ("Period", "From the end of", "To", "Gross", "Net of fees", "Came in", "Fees due")
    so_far = ", the last of them so far" if recorded["so_far"] else ""
    lead = (
        f"{told['name']} by the record, with cash and what was sold meanwhile: {recorded['days']} days with "
        f"a value{so_far}, {recorded['missing_days']} without [{cite}]."
    )
    without = "; ".join(f"{one['day']}: {', '.join(one['symbols'])}" for one in recorded["missing"][:5])
    gaps = f"\n\nWithout a price: {without} [{cite}]." if without else ""
    return f"{lead}\n\n{table(head, rows)}{gaps}"


def taxes(_: object, told: Answer, cite: str) -> str:
    say = {name: dollars(told[name]) for name in MONEY}
    lead = (
        f"Realised in {told['year']}: short-term {say['realised_short']}, long-term "
        f"{say['realised_long']}; unrealised: short-term {say['unrealised_short']}, long-term "
        f"{say['unrealised_long']} [{cite}]. Of losses, {say['usable']} are usable now: "
        f"{say['against_gains']} against gains, {say['deductible']} against other income, "
        f"{say['carried']} carried forward; {say['lost']} would be lost for good [{cite}]."
    )
    rows = [
        (
            *(one["account"], one["symbol"]),
            *(dollars(one[name]) for name in ("loss", "usable", "deferred", "lost")),
            *(one["clear_on"] or "now", one["buy_back_on"]),
        )
        for one in told["losses"]
    ]
    head = ("Account", "Symbol", "Loss", "Usable", "Deferred", "Lost", "Clear", "Buy back from")
    return f"{lead}\n\n{table(head, rows)}" if rows else f"{lead} No lot is below its cost [{cite}]."


def what_if(_: object, told: Answer, cite: str) -> str:
    if told["set_aside"]:
        return f"Nothing can be worked out for {told['account']}: {told['set_aside']} [{cite}]."
    lead = (
        f"To {told['change']} in {told['account']} would move its weight from {told['weight_before']} % to "
        f"{told['weight_after']} % [{cite}]. Nothing is drafted."
    )
    return f"{lead}\n\n{alternatives(told['alternatives'])}"


def drafted_set(_: object, told: Answer, cite: str) -> str:
    if not told["rows"]:
        return f"None of {told['households_looked_at']} households is out of tolerance [{cite}]."
    lead = f"Drafts made: {told['ready']}; households set aside: {told['set_aside']} [{cite}]."
    rows = [
        (r["name"], "drafted" if r["ready"] else "set aside", r["says"] or "", r["proposal"] or "")
        for r in told["rows"]
    ]
    return f"{lead}\n\n{table(('Household', 'Row', 'What is left out, and why', 'Proposal'), rows)}"


def alternatives(rows: list[dict[str, Any]]) -> str:
    """The plan, doing nothing, and what costs less, side by side."""
    figures = ("short_term_gain", "long_term_gain", "estimated_tax", "estimated_cost", "trades")
    return table(
        HEAD,
        [
            (
                f"{one['name']}: {one['says']}",
                one["orders"],
                points(_percent(one["drift"]), signed=False),
                *(dollars(one[name]) for name in figures),
            )
            for one in rows
        ],
    )


def _percent(fraction: str) -> str:
    """The same figure in percentage points."""
    return str(exact(fraction, field="drift") * 100)
