"""What the offline model says of plans and analytics: tools' answers with their source.

Rule 1: every figure is copied from the answer that is cited; nothing is computed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from agents.offline.figures import Answer, dollars, points, table
from agents.offline.intents import Intent, Wish
from core.money import exact

FALLS: Final = re.compile(
    r"\b(?:2008|crisis|covid|2020|crash|stress|fall|dot-?com|2022|1998)\b", re.IGNORECASE
)
ONE_DAY: Final = re.compile(
    r"\bvar\b|\bvalue at risk\b|\bshortfall\b|\bbad day\b|\blose\b|\bcontribut\w+|\badds?\b|\bmost\b",
    re.IGNORECASE,
)
MONEY: Final = (
    *("realised_short", "realised_long", "unrealised_short", "unrealised_long"),
    *("usable", "against_gains", "deductible", "carried", "lost"),
)
HEAD: Final = ("", "Orders", "Largest drift", "Short-term gain", "Long-term gain", "Tax", "Cost", "Traded")


def risk(wish: Wish, told: Answer, cite: str) -> str:
    """Of it what she asks for: sectors, falls of the past, one day's loss; or all of it."""
    if wish.intent is Intent.EXPOSURE:
        return f"What the {told['name']} holds, by sector [{cite}].\n\n{_sectors(told)}"
    if FALLS.search(wish.text):
        return _through_falls(wish, told, cite)
    percent = told["confidence_percent"].split(".")[0]
    lead = (
        f"On one day in twenty what the {told['name']} holds loses {dollars(told['value_at_risk'])} or more: "
        f"value at risk at {percent} % over {told['days']} days to {told['until']} [{cite}]. "
        f"Such days cost {dollars(told['expected_shortfall'])} on average: the expected shortfall [{cite}]."
    )
    most = told["contributions"][0] if told["contributions"] else None
    adds = f" {most['symbol']} adds most to it, {dollars(most['dollars'])} [{cite}]." if most else ""
    parts = table(
        ("Symbol", "Part of the shortfall"),
        [(p["symbol"], dollars(p["dollars"])) for p in told["contributions"]],
    )
    without = ", ".join(p["symbol"] for p in told["left_out"])
    left = f"\n\nWithout a price history, and left out: {without} [{cite}]." if without else ""
    whole = "" if ONE_DAY.search(wish.text) else f"\n\n{_through_falls(wish, told, cite)}\n\n{_sectors(told)}"
    return f"{lead}{adds}\n\n{parts}{left}{whole}"


def _through_falls(wish: Wish, told: Answer, cite: str) -> str:
    """The falls, the one that she names first in words; what had no prices then is said beside each."""
    named = [
        f for f in told["stress"] if any(w in wish.text.casefold() for w in _CALLED.get(f["window"], ()))
    ]
    lead = (
        f"What the {told['name']} holds now, through falls of the past, by the packaged closes [{cite}]. The "
        f"per cent are of what had prices then [{cite}]."
    )
    says = [
        f"{f['window']}: {dollars(f['change'])}, {f['percent']} % [{cite}]."
        + (
            f" Without prices then, and left out: {', '.join(f['left_out'])} [{cite}]."
            if f["left_out"]
            else ""
        )
        for f in named
    ]
    return "\n".join([*says, lead, "", _falls(told)])


_CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "Russian default and LTCM, 1998": ("1998", "ltcm", "russia"),
    "Dot-com fall, 2000 to 2002": ("dot-com", "dotcom", "dot com", "2000", "2001", "2002"),
    "Financial crisis, 2007 to 2009": ("2007", "2008", "2009", "financial crisis", "lehman"),
    "US downgrade, 2011": ("2011", "downgrade"),
    "Fourth quarter, 2018": ("2018",),
    "Covid, 2020": ("2020", "covid", "pandemic"),
    "Rates, 2022": ("2022", "rates"),
}


def _falls(told: Answer) -> str:
    return table(
        ("Window", "From", "To", "Change", "Percent", "Without prices then"),
        [
            (
                *(f["window"], f["since"], f["until"], dollars(f["change"]), f"{f['percent']} %"),
                ", ".join(f["left_out"]) or "none",
            )
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
        f"{say['unrealised_long']} [{cite}]."
    )
    if not told["losses"]:
        return f"{lead} No lot is below its cost, so there is no loss to harvest [{cite}]."
    lead = (
        f"{lead} Of losses, {say['usable']} are usable now: {say['against_gains']} against gains, "
        f"{say['deductible']} against other income, {say['carried']} carried forward; {say['lost']} would be "
        f"lost for good [{cite}]."
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
    return f"{lead}\n\n{table(head, rows)}"


def what_if(_: object, told: Answer, cite: str) -> str:
    if told["set_aside"]:
        return f"Nothing can be worked out for {told['account']}: {told['set_aside']} [{cite}]."
    lead = (
        f"To {told['change']} in {told['account']} would move its weight from {told['weight_before']} % to "
        f"{told['weight_after']} % [{cite}]. Nothing is drafted."
    )
    return f"{lead}\n\n{alternatives(told['alternatives'])}"


def drafted_set(_: object, told: Answer, cite: str) -> str:
    short = ", ".join(told["short_of_cash"])
    beside = f" In tolerance, but short of what is due or of their floor: {short} [{cite}]." if short else ""
    if not told["rows"]:
        return f"None of {told['households_looked_at']} households is out of tolerance [{cite}].{beside}"
    lead = f"Drafts made: {told['ready']}; households set aside: {told['set_aside']} [{cite}].{beside}"
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
