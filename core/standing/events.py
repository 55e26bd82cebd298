"""The events of standing approvals.

Stream: `standing/<standing>`. A draw stands in its proposal's own stream (`core.orders.events`).

Rule 1: what is given is `StandingTerms`, whole; their digest is the sha256 of their RFC 8785 text, and the
    append computes it again. Another person confirms that digest; a draw names it.
Rule 2: there is none until the firm gives one: two people, each time, for at most `MOST_DAYS`.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import Field

from core.fact import Amount, Fact
from core.ids import Digest, HouseholdId, PersonId, ProposalId, Symbol
from core.orders.content import canonical
from core.orders.events import Part

MOST_DAYS: Final = timedelta(days=90)
"""From the first to the last day. The append has the same number."""

StandingId = Annotated[str, Field(pattern=r"^std-[0-9a-f]{32}$")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Count = Annotated[int, Field(ge=1, le=1_000)]


class StandingTerms(Part):
    """One class of routine proposal, and how much of it.

    It covers the proposals of these advisors and of these households, one of the two being enough. `symbols`
    empty: every purchase is in its account's model portfolio; else no order is of another symbol. Dollars are
    of all orders of a proposal together, each at its worst price or its reference price, whichever is more.
    """

    kind: Literal["rebalance", "order"]
    tier: Literal[1]
    advisors: tuple[PersonId, ...]
    households: tuple[HouseholdId, ...]
    symbols: tuple[Symbol, ...]
    dollars_each: Amount = Field(gt=0)
    dollars_a_day: Amount = Field(gt=0)
    dollars_in_all: Amount = Field(gt=0)
    proposals_a_day: Count
    valid_from: Day  # business days, both included; it ends with the close of the last
    valid_until: Day

    def text(self) -> str:
        """RFC 8785 text: the same terms, the same bytes."""
        return canonical(self)

    def digest(self) -> Digest:
        return Digest(sha256(self.text().encode()).hexdigest())


class StandingApprovalProposed(Fact):
    """A principal offers these terms. They hold nothing until another person has confirmed them."""

    standing: StandingId
    terms: StandingTerms
    digest: Digest


class StandingApprovalConfirmed(Fact):
    """Another independent person, of compliance or a second principal, confirms exactly these terms."""

    standing: StandingId
    digest: Digest


class StandingApprovalRevoked(Fact):
    """It ends at once. What was drawn on it and is not out comes back for a principal."""

    standing: StandingId


class StandingReviewed(Fact):
    """A principal has looked at each trade of that day. `digest` is of the list as it was shown."""

    standing: StandingId
    session: Day
    digest: Digest


def review_digest(drawn: tuple[tuple[ProposalId, Digest], ...]) -> Digest:
    """Of a day's list: one line a proposal with its own digest, in the order in which they were drawn."""
    lines = "\n".join(f"{proposal} {digest}" for proposal, digest in drawn)
    return Digest(sha256(lines.encode()).hexdigest())
