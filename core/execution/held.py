"""What is said of a block that a halt holds between its intent and its first byte. Pure.

Rule 1: after its intent a block is not cut anew: who goes together is what people decided, and the intent
    is on record. A halt that covers one of its orders holds all of it.
Rule 2: whoever reads it is told which orders hold it and what may be done: resume, or ask to cancel one of
    them, which ends the block for all; what is wanted still is asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from core.orders.released import ReleasedOrder

Stops = Callable[[Collection[str]], str | None]
NAMED: Final = 3  # orders; a line is for reading


def in_words(order: ReleasedOrder, why: str, stops: Stops) -> str:
    """`why`, and for a block whose orders are not all covered: which are, and what may be done."""
    held = [one.order for one in order.members if stops(one.scopes) is not None]
    others = len(order.members) - len(held)
    if not held or not others:
        return why
    names = ", ".join(held[:NAMED]) + (f" and {len(held) - NAMED} more" if len(held) > NAMED else "")
    return (
        f"{why}, which covers {names}. {others} more of block {order.id} wait with it: it is not cut anew "
        "after its intent. Resume, or ask to cancel one of them: that ends the block for all"
    )
