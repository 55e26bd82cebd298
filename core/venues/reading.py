"""A venue's JSON as values of the port. Pure.

Rule 1: what is missing, of another type or out of range raises (`KeyError`, `TypeError`, `ValueError`,
    `BadInput`); the adapter decides whether that is doubt. Nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from core.ids import OrderId, Symbol, VenueName
from core.money import exact
from core.orders.events import OrderType, TimeInForce
from core.venues.fees import FeeSchedule, Liquidity
from core.venues.venue import (
    EVEN,
    Accepted,
    Busted,
    Cancelled,
    Capabilities,
    Change,
    Corrected,
    Ended,
    Execution,
    Found,
    Health,
    How,
    Looking,
    NotKnown,
    Page,
    Quote,
    Rejected,
    Replaced,
    Report,
    Strange,
    TooLate,
    Weights,
)

Json = Mapping[str, Any]
MOST_TOKENS: Final = 1_000_000
LONGEST_TEXT: Final = 160  # characters: an execution's id is part of a key, which has 200 bytes
FIRST_YEAR: Final = 1996  # whole years of the settlement rules and of the trading calendar
LAST_YEAR: Final = 2034


def sending(answer: Json) -> Accepted | Rejected:
    match answer["answer"]:
        case "accepted" if "replaced" in answer:
            return Replaced(_text(answer, "venue_order"), _from_zero(answer, "replaced"))
        case "accepted":
            return Accepted(_text(answer, "venue_order"))
        case "rejected":
            return Rejected(_text(answer, "reason"))
    raise ValueError(answer["answer"])


def looking(answer: Json) -> Looking:
    if answer["answer"] == "not_known":
        return NotKnown()
    said = sending(answer)
    if isinstance(said, Rejected):
        return said
    ended_as = answer["ended"]
    return Found(
        accepted=said,
        executions=tuple(execution(one) for one in answer["executions"]),
        ended=None if ended_as is None else ended(ended_as),
        changes=tuple(_change(one) for one in answer.get("changes", ())),
    )


def lookings(answer: Json, orders: Sequence[OrderId]) -> Mapping[OrderId, Looking]:
    """The word on each of these; one that has none raises, and so does one that has two."""
    told = [(_text(one, "order"), looking(one)) for one in answer["found"]]
    found = dict(told)
    if len(found) != len(told):
        raise ValueError("two words on one order")
    return {order: found[order] for order in orders}


def replacing(answer: Json) -> Replaced | Rejected:
    said = sending(answer)
    if isinstance(said, Rejected | Replaced):
        return said
    raise ValueError("accepted, and no word on the order that it replaces")


def cancelling(answer: Json) -> Cancelled | TooLate | NotKnown:
    match answer["answer"]:
        case "cancelled":
            return Cancelled()
        case "too_late":
            return TooLate()
        case "not_known":
            return NotKnown()
    raise ValueError(answer["answer"])


def page(answer: Json) -> Page:
    return Page(tuple(report(one) for one in answer["reports"]), _text(answer, "cursor"))


def cursor(answer: Json) -> str:
    return _text(answer, "cursor")


def report(one: Json) -> Report:
    match one["report"]:
        case "execution":
            return execution(one)
        case "ended":
            return ended(one)
        case "busted" | "corrected":
            return _change(one)
    return Strange(_text(one, "report"), OrderId(_text(one, "order")) if "order" in one else None)


def execution(one: Json) -> Execution:
    return Execution(
        id=_text(one, "execution"),
        order=OrderId(_text(one, "order")),
        quantity=_above_zero(one, "quantity"),
        price=_above_zero(one, "price"),
        fee=_from_zero(one, "fee"),
        liquidity=Liquidity(one["liquidity"]),
        executed_at=_moment(one, "executed_at"),
        trade_date=_day(one, "trade_date"),
    )


def ended(one: Json) -> Ended:
    return Ended(
        order=OrderId(_text(one, "order")),
        how=How(one["how"]),
        executed=_from_zero(one, "executed"),
        at=_moment(one, "at"),
        session=_day(one, "session"),
        by=OrderId(_text(one, "by")) if one.get("by") is not None else None,
    )


def _change(one: Json) -> Change:
    told, order = _text(one, "execution"), OrderId(_text(one, "order"))
    at, session = _moment(one, "at"), _day(one, "session")
    if one["report"] == "busted":
        return Busted(told, order, at, session)
    if one["report"] != "corrected":
        raise ValueError(one["report"])
    quantity, price = _above_zero(one, "quantity"), _above_zero(one, "price")
    return Corrected(told, order, quantity, price, _from_zero(one, "fee"), at, session)


def quotes(venue: VenueName, answer: Json) -> Mapping[Symbol, Quote]:
    found = (_quote(venue, one) for one in answer["quotes"])
    return {quote.symbol: quote for quote in found}


def capabilities(answer: Json) -> Capabilities:
    fees = answer["fees"]
    return Capabilities(
        symbols=frozenset(Symbol(symbol) for symbol in answer["symbols"]),
        order_types=frozenset(OrderType(word) for word in answer["order_types"]),
        times_in_force=frozenset(TimeInForce(word) for word in answer["times_in_force"]),
        fractional_shares=_flag(answer, "fractional_shares"),
        cancels=_flag(answer, "cancels"),
        replaces=_flag(answer, "replaces"),
        per_second=None if answer["per_second"] is None else _tokens(answer["per_second"]),
        weights=_weights(answer["weights"]),
        fees=FeeSchedule(
            version=int(fees["version"]),
            taker_per_share=_from_zero(fees, "taker_per_share"),
            maker_per_share=_from_zero(fees, "maker_per_share"),
            taker_bps=_from_zero(fees, "taker_bps"),
            maker_bps=_from_zero(fees, "maker_bps"),
        ),
        latency=timedelta(milliseconds=int(answer["latency_ms"])),
        simulated=_flag(answer, "simulated"),
    )


def _weights(said: Json | None) -> Weights:
    """None: the venue says no figures, and every message costs the same."""
    if said is None:
        return EVEN
    return Weights(send=_tokens(said["send"]), cancel=_tokens(said["cancel"]), lookup=_tokens(said["lookup"]))


def _tokens(said: object) -> int:
    if isinstance(said, bool) or not isinstance(said, int) or not 1 <= said <= MOST_TOKENS:
        raise ValueError(said)
    return said


def health(answer: Json) -> Health:
    return Health(
        open=_flag(answer, "open"),
        session=_day(answer, "session"),
        simulated=_flag(answer, "simulated"),
    )


def _quote(venue: VenueName, one: Json) -> Quote:
    found = Quote(
        venue=venue,
        symbol=Symbol(_text(one, "symbol")),
        bid=_above_zero(one, "bid"),
        ask=_above_zero(one, "ask"),
        bid_size=_from_zero(one, "bid_size"),
        ask_size=_from_zero(one, "ask_size"),
        last=_above_zero(one, "last"),
        session=_day(one, "session"),
        taken_at=_moment(one, "taken_at"),
        synthetic=_flag(one, "synthetic"),
    )
    if found.bid > found.ask:
        raise ValueError(f"bid {found.bid} above ask {found.ask}")
    return found


def _text(one: Json, name: str) -> str:
    """One line: what cannot stand in the journal (NUL, half a character, a book) is no answer of a venue."""
    found = one[name]
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_TEXT or not found.isprintable():
        raise TypeError(f"{name} is not a line of text")
    return found


def _day(one: Json, name: str) -> date:
    found = date.fromisoformat(_text(one, name))
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{name} {found} is no day of trading")
    return found


def _flag(one: Json, name: str) -> bool:
    found = one[name]
    if not isinstance(found, bool):
        raise TypeError(f"{name} {found!r} is not a yes or no")
    return found


def _from_zero(one: Json, name: str) -> Decimal:
    number = exact(_text(one, name), field=name)
    if number < 0:
        raise ValueError(f"{name} {number} is below zero")
    return number


def _above_zero(one: Json, name: str) -> Decimal:
    number = _from_zero(one, name)
    if not number:
        raise ValueError(f"{name} is zero")
    return number


def _moment(one: Json, name: str) -> datetime:
    found = datetime.fromisoformat(_text(one, name))
    if found.tzinfo is None:
        raise ValueError(f"{name} {found} has no zone")
    return found.astimezone(UTC)
