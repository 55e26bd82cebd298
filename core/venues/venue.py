"""The port to a venue: what we may ask of it, and every way in which it may answer, doubt included.

Rule 1: an expected answer is a value. `WorldFailed` means that nothing reached the venue; doubt is `Unknown`.
Rule 2: `encode` alone makes the bytes of an order. Their sha256 is journaled before the first byte leaves,
    and an adapter sends exactly those bytes.
Rule 3: after `Unknown` comes `lookup`, never `send`. Only `NotKnown`, the venue's own word, allows another
    send, and then with the same id: a venue takes one order per id, so a late first copy is no second order.
Rule 4: every call has a timeout; an adapter translates all errors, so nothing of a vendor's escapes.
Rule 5: a replacement is an order with an id of its own. It names the order that it takes the place of and how
    many shares of that one had been executed when it was released: what was executed since then is taken
    off it. It is in the book, or the old one is; never both.
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

import msgspec

from core.errors import BadInput
from core.ids import Digest, OrderId, Symbol, VenueName
from core.orders.events import OrderType, TimeInForce
from core.orders.released import ReleasedOrder
from core.venues.fees import FeeSchedule, Liquidity

FROM_THE_FIRST: Final = "0"
"""The cursor before a venue's first report."""
MOST_LOOKED_UP: Final = 100
"""Orders in one look-up of several."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue has the order. `venue_order` is its own id for it."""

    venue_order: str


@dataclass(frozen=True, slots=True)
class Replaced(Accepted):
    """The venue has the order, and in the same step took off the one that it names.

    `executed` shares of that one were done before; their executions may still be on the way.
    """

    executed: Decimal


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


@dataclass(frozen=True, slots=True)
class Busted:
    """An execution that does not count any more (FIX ExecType H). The order gets nothing back."""

    execution: str
    order: OrderId
    at: datetime
    session: date


@dataclass(frozen=True, slots=True)
class Corrected:
    """What an execution was in truth (FIX ExecType G, Trade Correct). The id stays; never more shares."""

    execution: str
    order: OrderId
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime
    session: date


class How(StrEnum):
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Ended:
    """No more executions. `executed` shares were done before; their executions may still be on the way.

    `by` is the order that took its place, where one did.
    """

    order: OrderId
    how: How
    executed: Decimal
    at: datetime
    session: date
    by: OrderId | None = None


@dataclass(frozen=True, slots=True)
class Strange:
    """A report of a kind that the port does not know. A person must look; nothing is booked by it."""

    word: str
    order: OrderId | None


Change = Busted | Corrected
Report = Execution | Ended | Change | Strange


@dataclass(frozen=True, slots=True)
class Page:
    """Reports in the order in which the venue gave them, copies included. `cursor` is where to go on."""

    reports: tuple[Report, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Found:
    """The venue has the order: all its executions so far, and how it ended, if it has.

    `executions` are as they were first reported; `changes` say what became of them.
    """

    accepted: Accepted
    executions: tuple[Execution, ...]
    ended: Ended | None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The venue took it off. What was executed stays executed."""


@dataclass(frozen=True, slots=True)
class TooLate:
    """Nothing was left to cancel."""


Sending = Accepted | Rejected | Unknown
Replacing = Replaced | Rejected | Unknown
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
class Weights:
    """Tokens for one message: a send or a replacement, a cancel, a look-up."""

    send: int
    cancel: int
    lookup: int


EVEN: Final = Weights(send=1, cancel=1, lookup=1)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the venue says that it takes. `symbols` are those it lists; `latency` is what it publishes.

    `replaces`: in one step. `per_second`: the tokens that it takes; None, and it says no figure. `weights`:
    what one message of each verb costs of them.
    """

    symbols: frozenset[Symbol]
    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    fractional_shares: bool
    cancels: bool
    replaces: bool
    per_second: int | None
    weights: Weights
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

    async def lookups(self, orders: Sequence[OrderId], *, timeout: timedelta) -> Mapping[OrderId, Looking]:
        """As `lookup`, of at most `MOST_LOOKED_UP` in one message. Each has its word, or none has.

        Raises WorldFailed where the venue gave no answer that can be read: ask again.
        """
        ...

    async def cancel(self, order: OrderId, *, timeout: timedelta) -> Cancelling: ...

    async def replace(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Replacing:
        """Put `order` in the place of `order.replaces`, in one step. `body` is `encode_replacement(order)`.

        After `Unknown`, look both up. Rejected: the old one is as it was, open or not.

        Raises:
            WorldFailed: nothing was accepted; the same bytes may be sent again.
            IntegrityLost: the venue holds another body under this id.
        """
        ...

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
    return _canonical(_message(order, order.quantity))


def encode_left(order: ReleasedOrder, left: Decimal) -> bytes:
    """The bytes of an order that may execute `left` shares only: others were executed in its place before."""
    return _canonical(_message(order, left))


def encode_replacement(order: ReleasedOrder) -> bytes:
    """The bytes of an order that takes another's place at the venue.

    They say what the other had executed when this one was released: the venue takes off what it did since.
    """
    if order.replaces is None or order.executed_before is None:
        raise BadInput(f"order {order.id!r} replaces none", fix="send it as it is", field="replaces")
    more = {"replaces": order.replaces, "executed_before": plain(order.executed_before)}
    return _canonical({**_message(order, order.quantity), **more})


def is_replacement(order: ReleasedOrder, body: bytes) -> bool:
    """Whether these bytes of the order take another's place in one step."""
    return order.replaces is not None and body == encode_replacement(order)


# RFC 8785 for text and null under names in ASCII. A test holds it equal to `rfc8785`.
_canonical: Final = msgspec.json.Encoder(order="sorted").encode


def _message(order: ReleasedOrder, quantity: Decimal) -> dict[str, str | None]:
    return {
        "account": order.account,
        "client_order": order.id,
        "limit_price": None if order.limit_price is None else plain(order.limit_price),
        "order_type": order.order_type.value,
        "quantity": plain(quantity),
        "side": order.side.value,
        "symbol": order.symbol,
        "time_in_force": order.time_in_force.value,
    }


def digest_of(body: bytes) -> Digest:
    return Digest(sha256(body).hexdigest())


def plain(number: Decimal) -> str:
    """Without exponent and trailing zeros: 10.50 and 10.5 are one text."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
