"""Where an order stands, and the table of what leads from one to the next (rules: `core/orders/order.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    HELD = "HELD"
    DENIED = "DENIED"
    RELEASED = "RELEASED"
    IN_BLOCK = "IN_BLOCK"
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


CANCELLABLE: Final = (
    Status.RELEASED,
    Status.IN_BLOCK,
    Status.ROUTED,
    Status.SENT,
    Status.UNKNOWN,
    Status.ACCEPTED,
    Status.PARTIALLY_FILLED,
)
SIZEABLE: Final = (*CANCELLABLE, Status.PENDING_CANCEL)

CUT_SHORT: Final = (Status.CANCELLED, Status.EXPIRED, Status.REJECTED, Status.REPLACED)
PENDING: Final = (Status.PENDING_CANCEL, Status.PENDING_REPLACE)
MAY_HOLD_SHARES: Final = (*CUT_SHORT, *PENDING, Status.PARTIALLY_FILLED, Status.FILLED)
LATE: Final = ("OrderFilled", "BlockFilled", "OrderAccepted", "OrderDoubted")
"""What a venue may still tell of an order that ended before it was filled: it was on the way."""

CORRECTED: Final = ("TradeCorrected", "TradeBusted", "BlockCorrected", "BlockBusted")

STEPS: Final[Mapping[tuple[Status, str], Status]] = {
    (Status.HELD, "OrderReleased"): Status.RELEASED,
    (Status.HELD, "OrderDenied"): Status.DENIED,
    (Status.HELD, "CancelRequested"): Status.CANCELLED,  # what never left ends with the request
    (Status.HELD, "ProposalDenied"): Status.DENIED,
    (Status.HELD, "ProposalReturned"): Status.CANCELLED,
    (Status.HELD, "ProposalDeclined"): Status.CANCELLED,
    (Status.HELD, "ProposalWithdrawn"): Status.CANCELLED,
    (Status.HELD, "ProposalLapsed"): Status.EXPIRED,
    (Status.RELEASED, "OrderRouted"): Status.ROUTED,
    (Status.RELEASED, "OrderCancelled"): Status.CANCELLED,
    (Status.RELEASED, "OrderExpired"): Status.EXPIRED,
    (Status.RELEASED, "OrderJoined"): Status.IN_BLOCK,
    (Status.IN_BLOCK, "OrderParted"): Status.RELEASED,  # no venue could know of the block
    (Status.IN_BLOCK, "OrderFilled"): Status.PARTIALLY_FILLED,  # its share
    (Status.IN_BLOCK, "OrderRejected"): Status.REJECTED,  # as the block
    (Status.IN_BLOCK, "OrderCancelled"): Status.CANCELLED,
    (Status.IN_BLOCK, "OrderExpired"): Status.EXPIRED,
    (Status.PENDING_CANCEL, "OrderJoined"): Status.PENDING_CANCEL,  # asked for as the block was formed
    (Status.ROUTED, "OrderRouted"): Status.ROUTED,  # the choice is made again before anything is sent
    (Status.ROUTED, "OrderWithheld"): Status.ROUTED,  # not what people decided on: it does not leave
    (Status.ROUTED, "OrderSent"): Status.SENT,
    (Status.ROUTED, "OrderCancelled"): Status.CANCELLED,
    (Status.ROUTED, "OrderExpired"): Status.EXPIRED,
    (Status.SENT, "OrderSent"): Status.SENT,  # again, on the venue's word that it never had it
    (Status.SENT, "OrderWithheld"): Status.SENT,
    (Status.SENT, "OrderAccepted"): Status.ACCEPTED,
    (Status.SENT, "OrderRejected"): Status.REJECTED,
    (Status.SENT, "OrderDoubted"): Status.UNKNOWN,
    (Status.SENT, "OrderFilled"): Status.PARTIALLY_FILLED,  # the fill beat the acknowledgement
    (Status.SENT, "BlockFilled"): Status.PARTIALLY_FILLED,
    (Status.SENT, "OrderCancelled"): Status.CANCELLED,
    (Status.SENT, "OrderExpired"): Status.EXPIRED,
    (Status.UNKNOWN, "OrderSent"): Status.SENT,  # again, on the venue's word that it never had it
    (Status.UNKNOWN, "OrderWithheld"): Status.UNKNOWN,
    (Status.UNKNOWN, "OrderAccepted"): Status.ACCEPTED,
    (Status.UNKNOWN, "OrderRejected"): Status.REJECTED,
    (Status.UNKNOWN, "OrderDoubted"): Status.UNKNOWN,  # looked up, and still no answer
    (Status.UNKNOWN, "OrderFilled"): Status.PARTIALLY_FILLED,
    (Status.UNKNOWN, "BlockFilled"): Status.PARTIALLY_FILLED,
    (Status.UNKNOWN, "OrderCancelled"): Status.CANCELLED,
    (Status.UNKNOWN, "OrderExpired"): Status.EXPIRED,
    (Status.ACCEPTED, "OrderAccepted"): Status.ACCEPTED,  # a second copy
    (Status.ACCEPTED, "OrderDoubted"): Status.ACCEPTED,  # the report came before our patience ended
    (Status.ACCEPTED, "OrderFilled"): Status.PARTIALLY_FILLED,
    (Status.ACCEPTED, "BlockFilled"): Status.PARTIALLY_FILLED,
    (Status.ACCEPTED, "OrderCancelled"): Status.CANCELLED,
    (Status.ACCEPTED, "OrderExpired"): Status.EXPIRED,
    (Status.PARTIALLY_FILLED, "OrderFilled"): Status.PARTIALLY_FILLED,
    (Status.PARTIALLY_FILLED, "BlockFilled"): Status.PARTIALLY_FILLED,
    (Status.PARTIALLY_FILLED, "OrderAccepted"): Status.PARTIALLY_FILLED,  # late acknowledgement
    (Status.PARTIALLY_FILLED, "OrderDoubted"): Status.PARTIALLY_FILLED,
    (Status.PARTIALLY_FILLED, "OrderCancelled"): Status.CANCELLED,
    (Status.PARTIALLY_FILLED, "OrderExpired"): Status.EXPIRED,
    (Status.FILLED, "OrderAccepted"): Status.FILLED,  # late acknowledgement
    (Status.FILLED, "OrderDoubted"): Status.FILLED,
    (Status.FILLED, "OrderFilled"): Status.FILLED,  # printed anew, after a bust
    (Status.FILLED, "BlockFilled"): Status.FILLED,
    **{(status, event): status for status in CUT_SHORT for event in LATE},
    **{(status, event): status for status in MAY_HOLD_SHARES for event in CORRECTED},
    (Status.PARTIALLY_FILLED, "OrderRejected"): Status.REJECTED,  # the rest; what was executed stays
    (Status.ACCEPTED, "OrderRejected"): Status.REJECTED,  # after all
    **{(status, "CancelRequested"): Status.PENDING_CANCEL for status in CANCELLABLE},
    (Status.PENDING_CANCEL, "OrderRouted"): Status.PENDING_CANCEL,  # begun before the request was known
    (Status.PENDING_CANCEL, "OrderSent"): Status.PENDING_CANCEL,
    (Status.PENDING_CANCEL, "OrderAccepted"): Status.PENDING_CANCEL,
    (Status.PENDING_CANCEL, "OrderDoubted"): Status.PENDING_CANCEL,
    (Status.PENDING_CANCEL, "OrderFilled"): Status.PENDING_CANCEL,  # the venue was faster
    (Status.PENDING_CANCEL, "BlockFilled"): Status.PENDING_CANCEL,
    (Status.PENDING_CANCEL, "OrderRejected"): Status.REJECTED,
    (Status.PENDING_CANCEL, "OrderCancelled"): Status.CANCELLED,
    (Status.PENDING_CANCEL, "OrderExpired"): Status.EXPIRED,
    (Status.PENDING_CANCEL, "OrderReplaced"): Status.REPLACED,  # that was faster
    (Status.PENDING_CANCEL, "ReplaceRefused"): Status.PENDING_CANCEL,
    (Status.ACCEPTED, "ReplaceRequested"): Status.PENDING_REPLACE,
    (Status.PARTIALLY_FILLED, "ReplaceRequested"): Status.PENDING_REPLACE,
    (Status.PENDING_REPLACE, "OrderAccepted"): Status.PENDING_REPLACE,
    (Status.PENDING_REPLACE, "OrderDoubted"): Status.PENDING_REPLACE,
    (Status.PENDING_REPLACE, "OrderFilled"): Status.PENDING_REPLACE,  # the venue was faster
    (Status.PENDING_REPLACE, "CancelRequested"): Status.PENDING_CANCEL,
    (Status.PENDING_REPLACE, "OrderReplaced"): Status.REPLACED,
    (Status.PENDING_REPLACE, "ReplaceRefused"): Status.ACCEPTED,
    (Status.PENDING_REPLACE, "OrderCancelled"): Status.CANCELLED,  # where a venue cannot replace in one step
    (Status.PENDING_REPLACE, "OrderExpired"): Status.EXPIRED,
    (Status.FILLED, "ReplaceRefused"): Status.FILLED,  # nothing was left to replace
    (Status.CANCELLED, "ReplaceRefused"): Status.CANCELLED,
    (Status.EXPIRED, "ReplaceRefused"): Status.EXPIRED,
    **{(status, "ReplacementSized"): status for status in SIZEABLE},
}

COMPLETES: Final[Mapping[Status, Status]] = {
    Status.PARTIALLY_FILLED: Status.FILLED,
    Status.PENDING_CANCEL: Status.FILLED,
    Status.PENDING_REPLACE: Status.FILLED,
}
"""Rule 2: from the first to the second when nothing is open."""

ENDED: Final = frozenset(
    {Status.DENIED, Status.FILLED, Status.REJECTED, Status.CANCELLED, Status.REPLACED, Status.EXPIRED}
)
NEVER_OUT: Final = frozenset({Status.HELD, Status.DENIED})
