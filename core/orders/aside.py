"""Orders that cannot go on by themselves, and people's word to try them again. Of their own stream: an
order's life is what happened to the order."""

from __future__ import annotations

from core.fact import Fact
from core.ids import OrderId


class OrderSetAside(Fact):
    """It cannot go on by itself. It stays where it is; nothing more is sent of it until somebody looked."""

    order: OrderId
    says: str  # why, in ids and figures


class OrderRedriven(Fact):
    """Operations has looked: it is tried again from where the record stands, its venue's word first."""

    order: OrderId
