"""An order message as the venue reads it: bytes that become a ticket, or a reason why not. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from core.errors import BadInput
from core.ids import Symbol
from core.money import exact
from core.venues.simulated.listings import Listing

FIELDS: Final = frozenset(
    {
        "account",
        "client_order",
        "limit_price",
        "order_type",
        "quantity",
        "side",
        "symbol",
        "time_in_force",
    }
)
REPLACING: Final = FIELDS | {"replaces", "executed_before"}
ORDER_TYPES: Final = ("limit", "market")
TIMES_IN_FORCE: Final = ("day",)
_LONGEST_ID: Final = 64
_MOST_SHARES: Final = Decimal(10_000_000)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Quantity in shares, limit in dollars per share; a market order has none."""

    id: str
    account: str
    symbol: Symbol
    side: str
    quantity: Decimal
    limit: Decimal | None
    replaces: str | None = None
    executed_before: Decimal = Decimal(0)  # of the replaced order, as its owner knew it


def read_id(body: bytes) -> str | None:
    """The client order id of a message, if one can be read at all."""
    try:
        found = json.loads(body)["client_order"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if isinstance(found, str) and 0 < len(found) <= _LONGEST_ID else None


def read_ticket(body: bytes) -> Ticket:
    """Raises BadInput, with the reason in the venue's words, for a message that is no order."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or set(given) not in (FIELDS, REPLACING):
        raise _no("malformed message", "fields")
    texts = set(given) - {"limit_price"}
    if not all(isinstance(given[name], str) and given[name] for name in texts):
        raise _no("malformed message", "fields")
    if given["side"] not in ("buy", "sell"):
        raise _no(f"unknown side {given['side']!r}", "side")
    if given["order_type"] not in ORDER_TYPES:
        raise _no(f"order type {given['order_type']!r} is not offered", "order_type")
    if given["time_in_force"] not in TIMES_IN_FORCE:
        raise _no(f"time in force {given['time_in_force']!r} is not offered", "time_in_force")
    return Ticket(
        id=given["client_order"],
        account=given["account"],
        symbol=Symbol(given["symbol"]),
        side=given["side"],
        quantity=exact(given["quantity"], field="quantity"),
        limit=_limit(given),
        replaces=given.get("replaces"),
        executed_before=exact(given.get("executed_before", "0"), field="executed_before"),
    )


def reason_against(
    ticket: Ticket, *, listings: Mapping[Symbol, Listing], fractions: bool, is_open: bool
) -> str | None:
    """Why the venue will not take this order; None where it takes it."""
    listing = listings.get(ticket.symbol)
    if listing is None:
        return f"unknown symbol {ticket.symbol}"
    if not 0 < ticket.quantity <= _MOST_SHARES:
        return f"quantity {ticket.quantity} is out of range"
    if not fractions and ticket.quantity % 1:
        return "fractional shares are not offered"
    if ticket.limit is not None and (ticket.limit <= 0 or ticket.limit % listing.tick):
        return f"limit price {ticket.limit} is not a multiple of {listing.tick}"
    if not is_open:
        return "the market is closed"
    return None


def _limit(given: Mapping[str, Any]) -> Decimal | None:
    price = given["limit_price"]
    if (given["order_type"] == "limit") != isinstance(price, str):
        raise _no("a limit order has a limit price and a market order has none", "limit_price")
    return exact(price, field="limit_price") if isinstance(price, str) else None


def _no(reason: str, field: str) -> BadInput:
    return BadInput(reason, fix="correct the message", field=field)
