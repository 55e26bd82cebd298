"""Busts and corrections: what a venue takes back of a day's executions, hours after it reported them. Pure.

Rule 1: the execution's own line stays as it was; what is taken back is a line of its own.
Rule 2: an execution is changed once. A correction is never for more shares.
Rule 3: a bust gives the order nothing back: what was executed by mistake is not executed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from core.errors import BadInput
from core.money import exact
from core.venues.fees import FeeSchedule, Liquidity
from core.venues.simulated.chance import draw
from core.venues.simulated.day import Day
from core.venues.simulated.exchange import Held
from core.venues.simulated.faults import Faults
from core.venues.simulated.ledger import Line

Change = tuple[str, dict[str, Any]]
"""The kind of a ledger line and its fields."""


def at_days_end(orders: Iterable[Held], *, faults: Faults, seed: int, day: Day) -> Iterator[Change]:
    """What the faults take back of this day's executions, each decided by the seed and its id."""
    if not (faults.bust_percent or faults.correct_percent):
        return
    session = day.session.isoformat()
    for held in orders:
        changed = {line["execution"] for line in held.changes}
        for line in held.executions:
            told = line["execution"]
            if line["trade_date"] != session or told in changed:
                continue
            if draw(seed, 100, "bust", told) < faults.bust_percent:
                yield "busted", _of(line, day)
            elif draw(seed, 100, "correct", told) < faults.correct_percent:
                price = Decimal(line["price"]) + (Decimal("-0.01") if held.resting.buys else Decimal("0.01"))
                yield "corrected", {**_of(line, day), **_figures(line, price=max(price, Decimal("0.01")))}


def asked(given: Mapping[str, Any], orders: Iterable[Held], *, fees: FeeSchedule, day: Day) -> list[Change]:
    """The changes of a control message: `bust` lists executions, `correct` gives new figures by execution.

    Raises:
        BadInput: an execution is not known or was changed before, or a figure cannot be.
    """
    busts, corrections = given.get("bust", []), given.get("correct", {})
    if not isinstance(busts, list) or not isinstance(corrections, dict):
        raise _no(f"bust {busts!r} and correct {corrections!r} cannot be read")
    wanted = {*map(str, busts), *corrections}
    if not wanted:
        return []
    lines = {
        line["execution"]: line
        for held in orders
        if not any(change["execution"] in wanted for change in held.changes)
        for line in held.executions
        if line["execution"] in wanted
    }
    if set(lines) != wanted:
        raise _no(f"executions {sorted(wanted - set(lines))} are not known, or were changed before")
    found: list[Change] = [("busted", _of(lines[told], day)) for told in busts]
    for told, figures in corrections.items():
        found.append(("corrected", {**_of(lines[told], day), **_read(lines[told], figures, fees)}))
    return found


def _of(line: Line, day: Day) -> dict[str, Any]:
    return {
        "execution": line["execution"],
        "order": line["order"],
        "at": day.at.isoformat(),
        "session": day.session.isoformat(),
    }


def _figures(line: Line, *, price: Decimal) -> dict[str, str]:
    return {"quantity": line["quantity"], "price": format(price, "f"), "fee": line["fee"]}


def _read(line: Line, figures: Any, fees: FeeSchedule) -> dict[str, str]:
    if not isinstance(figures, dict) or not figures or set(figures) - {"quantity", "price"}:
        raise _no(f"a correction {figures!r} has no quantity and no price")
    told = {"quantity": line["quantity"], "price": line["price"], **figures}
    quantity, price = exact(told["quantity"], field="quantity"), exact(told["price"], field="price")
    if not 0 < quantity <= Decimal(line["quantity"]) or price <= 0:
        raise _no(f"{quantity:f} shares at {price:f} cannot be what was executed")
    fee = fees.charged(quantity=quantity, price=price, liquidity=Liquidity(line["liquidity"]))
    return {"quantity": format(quantity, "f"), "price": format(price, "f"), "fee": format(fee, "f")}


def _no(says: str) -> BadInput:
    return BadInput(says, fix='give {"bust": ["id"]} or {"correct": {"id": {"price": "1.00"}}}', field="bust")
