"""The events of batches: many proposals decided as one. Stream: `batch/<batch>`.

Rule 1: a batch's digest is of its rows in their fixed order, each a proposal with its own digest: whoever
    decides on it decides on every row's exact content.
Rule 2: every row has its own submission and approval, of its own digest, in one group with the batch's: all
    or none. So a row is released as any other proposal, and nothing that follows knows batches.
Rule 3: a row that changes or ends after the submission leaves a batch that nobody can approve.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Literal

import rfc8785
from pydantic import Field

from core.fact import Amount, Fact
from core.ids import Digest, ProposalId
from core.orders.events import Part

BatchId = Annotated[str, Field(pattern=r"^bat-[0-9a-f]{32}$")]


class BatchRow(Part):
    proposal: ProposalId
    digest: Digest


def batch_digest(rows: Sequence[BatchRow]) -> Digest:
    """Of the RFC 8785 text of the rows, in their order."""
    text = rfc8785.dumps([row.model_dump(mode="json") for row in rows])
    return Digest(sha256(text).hexdigest())


class BatchAssembled(Fact):
    """An advisor puts assessed proposals of hers together: sorted by id. It submits nothing yet."""

    batch: BatchId
    rows: tuple[BatchRow, ...]
    digest: Digest
    tier: Literal[1, 2, 3]  # of the worst row, or of the total where that is more
    dollars: Amount  # of all order tickets, at their reference prices


class BatchSubmitted(Fact):
    """She has submitted every row."""

    batch: BatchId
    digest: Digest


class BatchApproved(Fact):
    """One who may decides on exactly these rows. Of tier 3 it takes two, each of whom stepped up for the
    batch: its digest binds every row's, so the proof is one for all of them. The first lets none out."""

    batch: BatchId
    digest: Digest
    step_up: Literal["totp", "password"] | None = None


class BatchReturned(Fact):
    """Every row went back to the advisor; each has the comments."""

    batch: BatchId
    digest: Digest


class BatchDeclined(Fact):
    """Every row was declined; each has the reason."""

    batch: BatchId
    digest: Digest
