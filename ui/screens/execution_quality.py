"""How well one order was executed, on the page: against its arrival, by venue. Pure: JSON in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from ui.screens import figures as f
from ui.screens.look import Cell, Column, Raw, Row, facts, table

Json = Mapping[str, Any]

VENUE_COLUMNS: Final = (
    Column("Venue"),
    Column("Bid", figures=True),
    Column("Offer", figures=True),
    Column("Expected cost", figures=True),
    Column("More than chosen", figures=True),
    Column("Score", figures=True),
    Column("Why"),
)
BESIDE: Final = {
    "venues": "Venues that are not live yet",
    "rules": "Routing rules that wait for a second person",
}


def whole(told: Json) -> str:
    """The measure, then what each venue showed and would have cost, then what decided beside."""
    went = told["choices"][-1]
    rows = [_venue(one, chosen=one["venue"] == went["venue"]) for one in went["venues"]]
    beside = [Row((_beside(one),)) for one in went["beside"]]
    return facts(_measure(told)) + table(VENUE_COLUMNS, [*rows, *beside])


def _measure(told: Json) -> Mapping[str, Cell]:
    went = told["choices"][-1]
    points = told["shortfall_bps"]
    return {
        "Arrival price": f.price(told["arrival_price"]),
        "Executed": f"{f.shares(told['executed'])} at {f.average(told['average_price'])}",
        "Shortfall, fees included": f.dollars(told["shortfall"], cents=True),
        "Shortfall, basis points": f.DASH if points is None else f.minus(points),
        "Fees": f.dollars(told["fees"], cents=True),
        "Price improvement": f.dollars(told["price_improvement"], cents=True),
        **_over_time(told["over_time"]),
        "Routing rules": f"version {went['version']}, {f.fingerprint(went['rules'])}",
        "Entries": ", ".join(map(str, told["seqs"])),
    }


def _over_time(told: Json | None) -> Mapping[str, Cell]:
    if told is None:
        return {}
    worse = "" if told["over_bps"] is None else f"; {f.minus(told['over_bps'])} basis points worse"
    return {
        "Order over time": f"{told['out']} of {told['parts']} parts are out, {f.shares(told['executed'])} of "
        f"{f.shares(told['quantity'])} shares executed at {f.average(told['average_price'])}",
        "Average arrival (TWAP)": f"{f.price(told['benchmark'])}{worse}",
    }


def _venue(one: Json, *, chosen: bool) -> Row:
    quote = one["quote"]
    cells = (
        Raw(f"<strong>{f.esc(one['venue'])}</strong> chosen") if chosen else one["venue"],
        f.price(quote["bid"]) if quote else f.DASH,
        f.price(quote["ask"]) if quote else f.DASH,
        f.dollars(one["expected_cost"], cents=True),
        f.DASH if chosen else f.dollars(one["over_chosen"], cents=True),
        _score(one["score"]),
        one["says"],
    )
    return Row(cells, "moved" if chosen else "")


def _score(score: Mapping[str, str]) -> str:
    """From 0 to 100."""
    return f"{Decimal(score['whole']):.1f}" if score else f.DASH


def _beside(one: Json) -> str:
    who = BESIDE[one["what"]]
    if not one["differs"]:
        return f"{who} would have chosen the same."
    saves = "" if one["saves"] is None else f", saving {f.dollars(one['saves'], cents=True)} of expected cost"
    return f"{who} would have chosen {one['venue'] or 'none'}{saves}."
