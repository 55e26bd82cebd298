"""What a venue takes back or changes of its executions, as the next correction of what is booked. No I/O.

Rule 1: a change that says what is booked already is a copy, and writes nothing.
Rule 2: its key names the venue's own moment: a copy that comes late, after another change, is known by it.
Rule 3: one that comes before its execution waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.fact import Entry, Fact, is_of
from core.ids import VenueName
from core.orders.blocks import BlockBusted, BlockCorrected
from core.orders.corrections import Booked, TradeBusted, TradeCorrected
from core.orders.order import CHANGED, FILLED, Changed
from core.orders.released import ReleasedOrder
from core.venues.venue import Change, Corrected


@dataclass(frozen=True, slots=True)
class Stands:
    """What one execution stands at. `booked` None: taken back. `revision` counts its corrections."""

    booked: Booked | None
    trade_date: str
    revision: int


def stands_after(stands: Mapping[str, Stands], fact: Fact) -> Mapping[str, Stands]:
    """What executions stand at after one more fact of their order."""
    if is_of(fact, FILLED):
        now = Stands(Booked(quantity=fact.quantity, price=fact.price, fee=fact.fee), fact.trade_date, 0)
    elif not is_of(fact, CHANGED):
        return stands
    elif isinstance(fact, TradeCorrected | BlockCorrected):
        now = Stands(fact.now, fact.trade_date, fact.revision)
    else:
        now = Stands(None, fact.trade_date, fact.revision)
    return {**stands, fact.execution: now}


def change(order: ReleasedOrder, venue: VenueName, said: Change, stands: Stands) -> Entry | None:
    """The entry of what a venue says of an execution that is booked; None where it is nothing new."""
    if stands.booked is None:
        return None
    whose = {} if order.members else {"account": order.account, "symbol": order.symbol, "side": order.side}
    own = {
        **whose,
        "order": order.id,
        "execution": said.execution,
        "revision": stands.revision + 1,
        "was": stands.booked,
        "venue": venue,
        "trade_date": stands.trade_date,
    }
    fact: Changed
    if isinstance(said, Corrected):
        now = Booked(quantity=said.quantity, price=said.price, fee=said.fee)
        if now == stands.booked:
            return None
        kind = BlockCorrected if order.members else TradeCorrected
        fact = kind(**own, now=now, reason=f"corrected by {venue}")
    else:
        taken = BlockBusted if order.members else TradeBusted
        fact = taken(**own, reason=f"taken back by {venue}")
    key = f"change/{venue}/{said.execution}/{said.at.isoformat()}"
    return Entry(stream=f"order/{order.id}", fact=fact, trace=order.trace, key=key)
