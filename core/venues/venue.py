"""The port to a venue: what we may ask of it, and every way in which it may answer, doubt included.

Rule 1: an expected answer is a value. `WorldFailed` means that nothing reached the venue; doubt is `Unknown`.
Rule 2: `encode` alone makes the bytes of an order. Their sha256 is journaled before the first byte leaves,
    and an adapter sends exactly those bytes.
Rule 3: after `Unknown` comes `lookup`, never `send`. Only `NotKnown`, the venue's own word, allows another
    send, and then with the same id: a venue takes one order per id, so a late first copy is no second order.
Rule 4: every call has a timeout; an adapter translates all errors, so nothing of a vendor's escapes.
`tests/conformance/venue_suite.py` is the contract in full: an adapter is done when it is green.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol

import rfc8785

from core.ids import Digest, OrderId, Symbol, VenueName
from core.orders.events import OrderType, TimeInForce
from core.orders.released import ReleasedOrder
from core.venues.fees import FeeSchedule, Liquidity

FROM_THE_FIRST: Final = "0"
"""The cursor before a venue's first report."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue has the order. `venue_order` is its own id for it."""

    venue_order: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue refused the order, in its own words. It is not live and will not be."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer in time, or none that can be read. It may be live: look it up, never resend."""

    waited: timedelta


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The venue's word that it has never seen this id: proof that nothing was accepted."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One part of an order that was done. `id` is the venue's own, for ever; a second copy is the same one.

    Price is dollars per share, fee dollars. `trade_date` is the venue's (FIX tag 75).
    """

    id: str
    order: OrderId
    quantity: Decimal
    price: Decimal
    fee: Decimal
    liquidity: Liquidity
    executed_at: datetime
    trade_date: date


class How(StrEnum):
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Ended:
    """No more executions. `executed` shares were done before; their executions may still be on the way."""

    order: OrderId
    how: How
    executed: Decimal
    at: datetime
    session: date


Report = Execution | Ended


@dataclass(frozen=True, slots=True)
class Page:
    """Reports in the order in which the venue gave them, copies included. `cursor` is where to go on."""

    reports: tuple[Report, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Found:
    """The venue has the order: all its executions so far, and how it ended, if it has."""

    accepted: Accepted
    executions: tuple[Execution, ...]
    ended: Ended | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The venue took it off. What was executed stays executed."""


@dataclass(frozen=True, slots=True)
class TooLate:
    """Nothing was left to cancel."""


Sending = Accepted | Rejected | Unknown
Looking = Found | Rejected | NotKnown
Cancelling = Cancelled | TooLate | NotKnown | Unknown


@dataclass(frozen=True, slots=True)
class Quote:
    """Dollars per share and shares. `synthetic`: made by a simulated venue."""

    venue: VenueName
    symbol: Symbol
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal
    session: date
    taken_at: datetime
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the venue says that it takes. `symbols` are those it lists; `latency` is what it publishes."""

    symbols: frozenset[Symbol]
    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    fractional_shares: bool
    cancels: bool
    fees: FeeSchedule
    latency: timedelta
    simulated: bool


@dataclass(frozen=True, slots=True)
class Health:
    """`open`: it takes orders now. `session` is the trading session that it stands in."""

    open: bool
    session: date
    simulated: bool


class Venue(Protocol):
    """One venue. Every method may raise `WorldFailed`; `send` only where nothing was accepted."""

    @property
    def name(self) -> VenueName: ...

    async def capabilities(self, *, timeout: timedelta) -> Capabilities: ...

    async def health(self, *, timeout: timedelta) -> Health: ...

    async def quotes(self, symbols: Sequence[Symbol], *, timeout: timedelta) -> Mapping[Symbol, Quote]:
        """Symbols that the venue does not list are absent."""
        ...

    async def send(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Sending:
        """Send exactly `body`, which is `encode(order)`.

        Raises:
            WorldFailed: nothing was accepted; the same bytes may be sent again.
            IntegrityLost: the venue holds another body under this id; the earlier one may be live.
        """
        ...

    async def lookup(self, order: OrderId, *, timeout: timedelta) -> Looking:
        """Raises WorldFailed where the venue gave no answer that can be read: ask again."""
        ...

    async def cancel(self, order: OrderId, *, timeout: timedelta) -> Cancelling: ...

    async def reports(self, after: str, *, wait: timedelta, timeout: timedelta) -> Page:
        """The next reports after a cursor. Empty after `wait` without any; `wait` zero answers at once."""
        ...

    async def newest(self, *, timeout: timedelta) -> str:
        """The cursor after the venue's newest report."""
        ...


def encode(order: ReleasedOrder) -> bytes:
    """The bytes that a venue gets: RFC 8785 text, amounts as strings in their shortest plain form.

    Same order, same bytes, in every process and for every attempt.
    """
    return rfc8785.dumps(
        {
            "account": order.account,
            "client_order": order.id,
            "limit_price": None if order.limit_price is None else plain(order.limit_price),
            "order_type": order.order_type.value,
            "quantity": plain(order.quantity),
            "side": order.side.value,
            "symbol": order.symbol,
            "time_in_force": order.time_in_force.value,
        }
    )


def digest_of(body: bytes) -> Digest:
    return Digest(sha256(body).hexdigest())


def plain(number: Decimal) -> str:
    """Without exponent and trailing zeros: 10.50 and 10.5 are one text."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
