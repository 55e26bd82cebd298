"""How figures and states are written for people: pure, exact, and never by colour alone.

Rule 1: an amount stays a `Decimal` from the API's string to the page's text.
Rule 2: a change has a sign and an arrow; a figure that is not known is a dash, never zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

DASH: Final = "–"
NEW_YORK: Final = ZoneInfo("America/New_York")

STATUS_WORDS: Final[Mapping[str, str]] = {
    "drafted": "Being checked",
    "assessed": "Ready to submit",
    "submitted": "Waiting for a principal",
    "approved": "Approved",
    "released": "Released",
    "returned": "Returned",
    "declined": "Declined",
    "withdrawn": "Withdrawn",
    "lapsed": "Lapsed at the close",
    "denied": "Denied by risk",
    "superseded": "Superseded",
}
TONES: Final[Mapping[str, str]] = {
    "drafted": "quiet",
    "assessed": "blue",
    "submitted": "amber",
    "approved": "green",
    "released": "green",
    "returned": "amber",
    "declined": "red",
    "withdrawn": "quiet",
    "lapsed": "quiet",
    "denied": "red",
    "superseded": "quiet",
    "filled": "green",
    "partially_filled": "blue",
    "accepted": "blue",
    "sent": "blue",
    "routed": "blue",
    "rejected": "red",
    "cancelled": "quiet",
    "expired": "quiet",
    "unknown": "amber",
    "held": "quiet",
}
WAITS_WORDS: Final[Mapping[str, str]] = {
    "assessment": "checks are running",
    "advisor": "the advisor’s submission",
    "consent": "the client’s consent",
    "principal": "a principal’s decision",
    "compliance": "compliance’s decision",
    "release": "release",
    "fills": "executions",
    "nobody": "nothing",
}
ACCOUNT_KINDS: Final[Mapping[str, str]] = {
    "taxable": "Taxable",
    "ira": "IRA",
    "roth": "Roth IRA",
    "trust": "Trust",
    "joint": "Joint",
}
CHECKS: Final[Mapping[str, str]] = {
    "halted": "Trading is not stopped",
    "day_loss": "Loss of the day",
    "standing_bounds": "Standing approval",
    "account_status": "Account status",
    "account_authority": "Account authority",
    "instrument_permission": "Instrument permission",
    "venue_permission": "Venue and custodian permission",
    "trading_session": "Trading session and time in force",
    "share_fraction": "Whole shares",
    "price_tick": "Price increment",
    "order_minimum": "Smallest order",
    "order_quantity": "Shares per order",
    "order_volume": "Share of average daily volume",
    "cash": "Cash",
    "free_riding": "Paid for before it is sold",
    "order_value": "Dollar value per order",
    "account_day_value": "Dollar value per account and day",
    "household_day_value": "Dollar value per household and day",
    "advisor_day_value": "Dollar value per advisor and day",
    "agent_day_value": "Dollar value per agent and day",
    "firm_day_value": "Dollar value of the firm's day",
    "order_count": "Orders in a short time",
    "duplicate_content": "No duplicate order",
    "duplicate_key": "Order number is new",
    "position_size": "Position size",
    "restricted": "Restricted list",
    "do_not_trade": "Do-not-trade instruction",
    "price_band": "Price band",
    "volatility_band": "Price move by volatility",
    "stale_price": "Price is current",
    "short_sale": "No short sale",
    "lot_reserved": "Lots are free",
    "concentration": "Concentration by issuer",
    "sector_concentration": "Concentration by sector",
    "household_exposure": "Household exposure",
    "cash_floor": "Cash floor",
    "turnover": "Turnover over twelve months",
    "trading_cost": "Trading cost over twelve months",
    "profile_age": "Age of the risk profile",
    "best_interest": "Best interest",
    "wash_sale": "Wash sale",
}


def number(text: str | None) -> Decimal | None:
    """The decimal in an API amount; None stays None."""
    return None if text is None else Decimal(text)


def dollars(text: str | Decimal | None, *, cents: bool = False) -> str:
    """`$1,234` or `$1,234.50`; a loss has a minus sign before the dollar sign."""
    if text is None:
        return DASH
    amount = Decimal(text).quantize(Decimal("0.01") if cents else Decimal(1), rounding=ROUND_HALF_EVEN)
    return f"{'−' if amount < 0 else ''}${abs(amount):,}"


def change(text: str | Decimal | None) -> str:
    """Dollars with sign and arrow."""
    if text is None:
        return DASH
    amount = Decimal(text).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    if amount == 0:
        return "$0"
    return f"{'▲ +' if amount > 0 else '▼ −'}${abs(amount):,}"


def shares(text: str | Decimal | None) -> str:
    """Shares without empty decimals."""
    if text is None:
        return DASH
    amount = Decimal(text)
    whole = amount == amount.to_integral_value()
    return f"{amount:,.0f}" if whole else f"{amount.normalize():,f}"


def price(text: str | Decimal | None) -> str:
    """Dollars per share: two decimals, four where there are more."""
    if text is None:
        return DASH
    amount = Decimal(text)
    places = Decimal("0.01") if amount == amount.quantize(Decimal("0.01")) else Decimal("0.0001")
    return f"{amount.quantize(places, rounding=ROUND_HALF_EVEN):,}"


def average(text: str | Decimal | None) -> str:
    """An average price in dollars per share, always with four decimals, so that a column lines up."""
    return DASH if text is None else f"{round(Decimal(text), 4):,}"


def percent(text: str | Decimal | None, *, places: int = 1) -> str:
    """A fraction as per cent."""
    if text is None:
        return DASH
    amount = round(Decimal(text) * 100, places)  # half to even
    return f"{'−' if amount < 0 else ''}{abs(amount)} %"


def tolerance(of: Mapping[str, Any]) -> str:
    """A model's bands: of the account, and of each holding's target where it has that one too."""
    relative = of["relative_tolerance"]
    narrower = "" if relative is None else f", or {percent(relative, places=0)} of a target"
    return f"{percent(of['tolerance'])}{narrower}"


def points(text: str | Decimal | None) -> str:
    """Percentage points with their sign."""
    if text is None:
        return DASH
    amount = Decimal(text).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{abs(amount)} pp"


def day(text: str | None) -> str:
    """`28 Dec 2022`."""
    return DASH if text is None else f"{date.fromisoformat(text[:10]):%-d %b %Y}"


def moment(text: str | None) -> str:
    """New York wall time of an instant."""
    return (
        DASH
        if text is None
        else f"{datetime.fromisoformat(text).astimezone(NEW_YORK):%-d %b %Y, %H:%M:%S} ET"
    )


def minute(text: str | None) -> str:
    """New York wall time of an instant, to the minute."""
    if text is None:
        return DASH
    return f"{datetime.fromisoformat(text).astimezone(NEW_YORK):%-d %b %Y, %H:%M} ET"


def utc(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def fingerprint(digest: str | None) -> str:
    """The beginning of a fingerprint; the copy button carries all of it."""
    return DASH if digest is None else f"{digest[:8]} {digest[8:16]}"


def status(word: str) -> str:
    return STATUS_WORDS.get(word.lower(), word.replace("_", " ").capitalize())


def state(proposal: Mapping[str, Any]) -> str:
    """Where a proposal stands, with what it waits for where its state alone does not say."""
    word, waits_for = str(proposal["status"]).lower(), proposal["waits_for"]
    if word == "approved" and waits_for == "consent":
        return "Approved, needs the client’s consent"
    if word == "submitted" and proposal["tier"] == 3 and len(proposal.get("needs", ())) == 1:
        return f"Submitted, needs one more: {proposal['needs'][0]}"
    if word == "released":
        return "Executed" if waits_for == "nobody" else "Executing"
    return status(word)


def state_tone(proposal: Mapping[str, Any]) -> str:
    """The tone of `state`: what somebody must still act on is not green."""
    return "amber" if proposal["waits_for"] == "consent" else tone(proposal["status"])


def stopped_by(halt: Mapping[str, Any]) -> str:
    """Who stopped it, or what did."""
    who = halt["by_name"] or halt["by"]
    match halt["cause"]:
        case "machine":
            return f"at the machine itself{f' by {who}' if who else ''}"
        case "alert":
            return "because nobody acknowledged an alert in time"
        case "file":
            return "because the machine’s halt file could not be believed"
    return f"by {who}"


def tone(word: str) -> str:
    return TONES.get(word.lower(), "quiet")


def account_name(row: Mapping[str, Any]) -> str:
    return f"{ACCOUNT_KINDS.get(row['kind'], row['kind'])} {row['account']}"


def tickets(count: int) -> str:
    """`1 order ticket`, `8 order tickets`."""
    return f"{count} order ticket{'' if count == 1 else 's'}"


def kind_of(proposal: Mapping[str, Any]) -> str:
    """What a proposal is, in a few words: `Rebalance`, or `Rebalance, the rest` of an earlier one."""
    return f"{_asked(proposal)}{', the rest' if proposal.get('remainder_of') else ''}"


def _asked(proposal: Mapping[str, Any]) -> str:
    request, how = proposal["request"], proposal["request"].get("planning") or {}
    match proposal["kind"]:
        case "rebalance":
            aware = how.get("weigh_tax") or how.get("gains_budget")
            return "Tax-aware rebalance" if aware else "Rebalance"
        case "raise_cash":
            return f"Raise {dollars(how['dollars'])} in cash" if how.get("dollars") else "Raise cash"
        case "invest_cash":
            return "Invest cash"
        case "harvest":
            return f"Harvest losses{' in ' + request['symbol'] if request['symbol'] else ''}"
        case "exit":
            return f"Exit {request['symbol']} over time"
        case "locate":
            return "Asset location"
    ahead = "" if proposal["kind"] == "order" else f"{exception_name(proposal['kind'])}: "
    return f"{ahead}{str(request['side']).capitalize()} {shares(request['quantity'])} {request['symbol']}"


def exception_name(kind: str) -> str:
    """`Error correction`."""
    return kind.replace("_", " ").capitalize()


def check_name(policy: str) -> str:
    return CHECKS.get(policy, policy.replace("_", " ").capitalize())


def measured(amount: str | None, unit: str) -> str:
    """A check's figure in its unit."""
    if amount is None:
        return DASH
    if unit in {"blocks", "prices"}:  # there or not there: its words say it
        return DASH
    if unit.startswith("USD"):
        return dollars(amount, cents=True) + unit.removeprefix("USD")
    if unit.startswith("fraction"):
        return percent(amount, places=2)
    return minus(f"{price(amount) if '.' in amount else shares(amount)}{f' {unit}' if unit else ''}")


def minus(text: str) -> str:
    """The text with a hyphen before a figure as the minus sign that it means."""
    return re.sub(r"(?<![\w.])-(?=\$?\d)", "−", text)


def esc(value: object) -> str:
    return escape(str(value), quote=True)
