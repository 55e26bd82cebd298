"""An order in equal parts over time (TWAP): what people decide on, and which part is due when. Pure.

Rule 1: each part is an order of its own, decided on with all the others under one digest: its number, its
    shares and its lots stand there. Nothing is worked out when it leaves, so no part can come to more.
Rule 2: the parts add up to the order, whatever the rounding: each ends at its share of the whole, rounded
    down to the lot, and the last ends at the whole.
Rule 3: the time begins when the first part leaves, and is the record's own: it never runs backwards. A part
    that is not out when the time is over does not leave any more.
Rule 4: catching up is written beforehand: at most `catch_up` parts leave in the time of one.
The append has the same sums: `gatehouse.schedule_due`.
Source: Almgren and Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3 (2000), 5-39
    (equal parts over time are the plan of least expected impact, where impact is linear and risk aside).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final

from core.errors import BadInput
from core.fact import Amount
from core.orders.planning import MOST_PARTS, Planning
from core.orders.request import Part

ROUND_LOT: Final = Decimal(100)
"""Shares. Source: 17 CFR 242.600(b)(93) (a round lot of most securities)."""
ONE: Final = Decimal(1)
CATCH_UP: Final = 2


class Schedule(Part):
    """`quantity` is the whole, in shares; `lot` what every part but the last is a multiple of."""

    quantity: Amount
    minutes: int
    parts: int
    lot: Amount
    catch_up: int

    def due_by(self, part: int) -> Decimal:
        """Shares of the first so many parts."""
        if part >= self.parts:
            return self.quantity
        lots = (self.quantity * part / self.parts / self.lot).to_integral_value(ROUND_DOWN)
        return lots * self.lot

    def of_part(self, part: int) -> Decimal:
        """Shares of one part, numbered from 1."""
        return self.due_by(part) - self.due_by(part - 1)

    def says(self) -> str:
        """In words, for people."""
        return f"{self.quantity:f} shares in {self.parts} parts over {self.minutes} minutes"


def schedule_of(
    planning: Planning | None, quantity: Decimal, *, now: datetime, close: datetime
) -> Schedule | None:
    """What an order's words ask for; None where they ask for no parts. `now` and `close` are the market's.

    Round lots where each part has one at least, and single shares where not.

    Raises:
        BadInput: parts without a time or a time without parts, more parts than shares, or a time that the
            session does not have any more; names the field.
    """
    asked = planning or Planning()
    if asked.minutes is None and asked.parts is None:
        return None
    if asked.minutes is None or asked.parts is None:
        field = "minutes" if asked.minutes is None else "parts"
        raise BadInput(
            "an order over time needs both its time and its number of parts",
            fix="say it like: over two hours in 12 parts",
            field=field,
        )
    if not 2 <= asked.parts <= MOST_PARTS:
        raise BadInput(
            f"{asked.parts} parts are too few or too many", fix=f"use 2 to {MOST_PARTS}", field="parts"
        )
    if quantity < asked.parts:
        raise BadInput(
            f"{quantity:f} shares do not go into {asked.parts} parts",
            fix="ask for fewer parts",
            field="parts",
        )
    if now + timedelta(minutes=asked.minutes) > close:
        left = max(0, (close - now) // timedelta(minutes=1))
        raise BadInput(
            f"{asked.minutes} minutes are longer than the session still is, which is {left} minutes",
            fix="ask for a shorter time, or for the next session",
            field="minutes",
        )
    lot = ROUND_LOT if quantity >= asked.parts * ROUND_LOT else ONE
    return Schedule(quantity=quantity, minutes=asked.minutes, parts=asked.parts, lot=lot, catch_up=CATCH_UP)
