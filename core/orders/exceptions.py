"""Orders that put right what went wrong: an error of the firm's, or an allocation that is not the usual one.

Rule 1: operations drafts them, and nobody else: no agent, no program, no advisor.
Rule 2: each names the order that it is about, and why. It is one order in one account, and is decided on like
    any other: assessed by the worker, submitted by the account's advisor, consented to where that is needed.
Rule 3: it is of tier 3, whatever its dollars: a principal and compliance, each proven once more.
Source: FINRA Rule 4515 (approval and documentation of changes in account name or designation); 17 CFR
    240.17a-3(a)(6)(i) and 275.204-2(a)(3) (the order's memorandum shows its terms and each change of them).
"""

from __future__ import annotations

from typing import ClassVar, Literal

from core.fact import Sealed
from core.ids import OrderId
from core.orders.events import ProposalDrafted

Exceptional = Literal["error_correction", "allocation_exception"]


class CorrectionDrafted(ProposalDrafted):
    """Operations asks for an order that corrects an error, or that allocates otherwise. Reserves nothing."""

    VERSION: ClassVar[int] = 2
    exception: Exceptional
    corrects: OrderId
    cause: Sealed
