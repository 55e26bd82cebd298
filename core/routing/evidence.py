"""What was known when a venue was chosen: everything that the choice rests on, and what came of it. Pure.

Rule 1: the evidence alone makes the choice again, to the cent: by these rules, or by others on its facts.
Rule 2: its text goes into the record with the choice, before anything is sent.
Rule 3: amounts are plain decimals in text; a venue that was filtered is in it, with the reason.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from core.errors import IntegrityLost
from core.ids import CustodianId, Digest, OrderId, Symbol, VenueName
from core.orders.events import OrderType, Side, TimeInForce
from core.routing.tally import Quality, Seen
from core.venues.fees import FeeSchedule


class Asked(msgspec.Struct, frozen=True, gc=False):
    """The order as the router sees it, and what its custodian charges for any order."""

    order: OrderId
    symbol: Symbol
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    time_in_force: TimeInForce
    custodian: CustodianId
    ticket_fee: Decimal


class QuoteSeen(msgspec.Struct, frozen=True, gc=False):
    """Dollars per share and shares. `synthetic`: made by a simulated venue."""

    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal
    session: date
    taken_at: datetime
    synthetic: bool


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One venue. `out`: why it may not have the order, whatever the rules weigh; None where it may.
    `here` is of the order's symbol, `overall` of all symbols. `fees` are those that it publishes. `latency`
    is what it publishes, and how long the order would have stood in line."""

    venue: VenueName
    out: str | None
    quote: QuoteSeen | None
    fees: FeeSchedule
    latency: timedelta
    seen: Seen
    here: Quality
    overall: Quality


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """What a venue came to, in dollars for the whole order, and the parts of its score. Amounts are None
    where it was filtered. `over_chosen` is what it costs more than the chosen one: the counterfactual.
    `cost` and `score` are in the order of the fields of `core.routing.score.Cost` and `Score`; empty where it
    was filtered."""

    venue: VenueName
    says: str
    expected: Decimal | None
    total: Decimal | None
    over_chosen: Decimal | None
    cost: tuple[Decimal, ...]
    score: tuple[Decimal, ...]


class Beside(msgspec.Struct, frozen=True, gc=False):
    """What somebody who decides beside would have done. `what`: "venues" (those that are not live yet take
    part) or "rules" (a set that waits for a second person). `saves` is dollars of expected cost by the live
    rules' own measure; None where the venue that it names has none there."""

    what: str
    digest: Digest
    venue: VenueName | None
    differs: bool
    saves: Decimal | None


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """`bid` and `ask` are the best of all venues that are open: the middle is the arrival price."""

    asked: Asked
    bid: Decimal
    ask: Decimal
    venue: VenueName
    version: int
    rules: Digest
    candidates: tuple[Candidate, ...]
    ranked: tuple[Ranked, ...]
    beside: tuple[Beside, ...]

    @property
    def arrival(self) -> Decimal:
        """Dollars per share."""
        return (self.bid + self.ask) / 2

    def text(self) -> str:
        """The same evidence, the same text."""
        return _WRITTEN.encode(self).decode()


_WRITTEN: Final = msgspec.json.Encoder(order="sorted")
_READ: Final = msgspec.json.Decoder(Evidence)


def evidence_read(text: str) -> Evidence:
    """Raises IntegrityLost: it is no evidence of a routing."""
    try:
        return _READ.decode(text)
    except msgspec.MsgspecError as bad:
        raise IntegrityLost(
            f"the evidence of a routing cannot be read: {bad}",
            fix="run `gatehouse audit verify`; a person must look",
        ) from bad
