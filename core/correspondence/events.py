"""The events of held e-mails. Stream: `email/<id>`. There is no event that says that one was sent.

Rule 1: both texts are sealed for the household, and so are a principal's words about them.
Rule 2: `digest` is what people read and decide on: of household, subject and text, in their sealed form.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.fact import Fact, Sealed
from core.ids import Digest, HouseholdId, ThreadId

EmailId = Annotated[str, Field(pattern="^eml-[0-9a-f]{32}$")]
Fingerprint = Annotated[Digest, Field(pattern="^[0-9a-f]{64}$")]
Finding = Literal["promise", "address", "risk_missing", "no_offer_missing", "sources_missing", "name_missing"]


class EmailDrafted(Fact):
    """The copilot drafted an e-mail to a household, in a conversation of its advisor's."""

    email: EmailId
    household: HouseholdId
    thread: ThreadId
    agent: Annotated[str, Field(pattern="^[a-z-]{1,40}$")]
    subject: Sealed
    text: Sealed


class EmailAdopted(Fact):
    """The household's advisor made exactly this text hers, perhaps after editing the one that she saw.

    `findings` are those of her text by rule, as whoever served her found them.
    """

    email: EmailId
    household: HouseholdId
    seen: Fingerprint
    subject: Sealed
    text: Sealed
    findings: tuple[Finding, ...] = ()


class EmailChecked(Fact):
    """The worker read the adopted text again, by the same rules. `differs`: others than were said."""

    email: EmailId
    household: HouseholdId
    digest: Fingerprint
    findings: tuple[Finding, ...]
    differs: bool


class EmailReviewed(Fact):
    """A principal who is not its author read exactly this. With findings it takes words of hers.

    Source: FINRA Rule 3110(b)(4) and Supplementary Material .07: who reviewed what, when, and what was done.
    """

    email: EmailId
    household: HouseholdId
    digest: Fingerprint
    comment: Sealed | None = None


class EmailReturned(Fact):
    """A principal sends it back to the advisor, and says why."""

    email: EmailId
    household: HouseholdId
    digest: Fingerprint
    comment: Sealed


class EmailWithdrawn(Fact):
    """Its advisor drops it."""

    email: EmailId
    household: HouseholdId
