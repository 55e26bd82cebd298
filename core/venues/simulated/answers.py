"""What the venue says, as JSON values. Pure. Amounts are strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from core.venues.simulated.book import Book
from core.venues.simulated.chance import draw
from core.venues.simulated.characters import Character
from core.venues.simulated.day import Day
from core.venues.simulated.exchange import Answered, Held
from core.venues.simulated.faults import Faults
from core.venues.simulated.ledger import Line
from core.venues.simulated.ticket import ORDER_TYPES, TIMES_IN_FORCE

_EXECUTION = (
    "execution",
    "order",
    "account",
    "symbol",
    "side",
    "quantity",
    "price",
    "fee",
    "liquidity",
    "executed_at",
    "trade_date",
)
_ENDED = ("order", "how", "executed", "at", "session")
_BUSTED = ("execution", "order", "at", "session")
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "execution": _EXECUTION,
    "ended": _ENDED,
    "busted": _BUSTED,
    "corrected": (*_BUSTED, "quantity", "price", "fee"),
}


def report(line: Line) -> dict[str, Any]:
    """One line of the ledger as its receiver sees it."""
    told = {"report": line["kind"], **{name: line[name] for name in _FIELDS[line["kind"]]}}
    if "by" in line:
        told["by"] = line["by"]
    return told


def page(lines: Sequence[Line], faults: Faults, seed: int) -> list[dict[str, Any]]:
    """The reports in order, with the copies, the strangers and the disorder that the faults ask for."""
    if not (faults.reorder_percent or faults.duplicate_percent or faults.strange_percent):
        return [report(line) for line in lines]
    told: list[tuple[int, dict[str, Any]]] = []
    for line in lines:
        seq = line["seq"]
        late = draw(seed, 100, "reorder", seq) < faults.reorder_percent
        place = seq + (draw(seed, 50, "reorder by", seq) if late else 0)
        told.append((place, report(line)))
        if draw(seed, 100, "strange", seq) < faults.strange_percent:
            told.append(
                (place, {"report": "invitation", "order": line["order"], "says": "see our new rates"})
            )
        if draw(seed, 100, "duplicate", seq) < faults.duplicate_percent:
            told.append((place + draw(seed, 50, "duplicate by", seq), report(line)))
    return [said for _, said in sorted(told, key=lambda pair: pair[0])]


def found(answered: Answered | None, held: Held | None, *, until: int) -> dict[str, Any]:
    """Everything that is on the disk about one id; `until` is the last line that is."""
    if answered is None:
        return {"answer": "not_known"}
    if held is None:
        return answered.answer
    executions = [report(line) for line in held.executions if line["seq"] <= until]
    ended = held.ended if held.ended is not None and held.ended["seq"] <= until else None
    return {
        **answered.answer,
        "executions": executions,
        "changes": [report(line) for line in held.changes if line["seq"] <= until],
        "ended": None if ended is None else report(ended),
    }


def quote(symbol: str, book: Book, day: Day, taken_at: datetime) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "bid": format(book.bid, "f"),
        "ask": format(book.ask, "f"),
        "bid_size": format(book.bid_size, "f"),
        "ask_size": format(book.ask_size, "f"),
        "last": format(book.last, "f"),
        "session": day.session.isoformat(),
        "taken_at": taken_at.isoformat(),
        "synthetic": True,
    }


def capabilities(character: Character, symbols: Iterable[str], faults: Faults) -> dict[str, Any]:
    fees = character.fees
    return {
        "symbols": sorted(symbols),
        "order_types": list(ORDER_TYPES),
        "times_in_force": list(TIMES_IN_FORCE),
        "fractional_shares": character.takes_fractions,
        "cancels": True,
        "replaces": character.replaces,
        "per_second": faults.per_second or None,
        "weights": {verb: faults.tokens(verb) for verb in ("send", "cancel", "lookup")},
        "latency_ms": character.latency // timedelta(milliseconds=1),
        "fees": {
            "version": fees.version,
            "taker_per_share": str(fees.taker_per_share),
            "maker_per_share": str(fees.maker_per_share),
            "taker_bps": str(fees.taker_bps),
            "maker_bps": str(fees.maker_bps),
        },
    }
