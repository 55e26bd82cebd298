"""Where an order stands. What leads from one to the next is the table of `core/orders/order.py`."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    HELD = "HELD"
    DENIED = "DENIED"
    RELEASED = "RELEASED"
    ROUTED = "ROUTED"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    REPLACED = "REPLACED"
    EXPIRED = "EXPIRED"
