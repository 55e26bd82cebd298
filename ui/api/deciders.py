"""Who has approved a trade proposal, who is missing, why the asker may not, and what it changes.

Rule 1: why somebody may not is the append's own answer, asked before the click; the click asks it again.
Rule 2: what changed is compared with the assessed content of the proposal that this one replaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from core.book.views import ProposalView
from core.errors import NotFound
from core.ids import ProposalId
from core.ledger.refusals import in_words
from core.orders.changes import LineChange, changes
from core.projections.lineage import Lineage
from ui.api.doors import Doors
from ui.api.fields import Amount, Told

DECIDES: Final = ("principal", "compliance")  # roles that are told why they may not


class ApprovedBy(Told):
    """One approval of exactly this. `counts` false: whoever gave it is not independent, or not registered,
    now."""

    person: str
    role: str
    step_up: str | None
    at: datetime
    counts: bool


class Bar(Told):
    """Why the asker cannot approve it now."""

    code: str
    says: str
    fix: str


class LegComment(Told):
    """What whoever returned it wrote beside one order ticket."""

    leg: int
    text: str


class TermsOf(Told):
    quantity: Amount
    limit_price: Amount | None


class Change(Told):
    """One order ticket against the proposal that this one replaces: added, dropped, changed or same.
    `comment` is what stood beside it when that one was returned."""

    account: str
    symbol: str
    side: str
    what: str
    before: TermsOf | None
    after: TermsOf | None
    comment: str | None


def approvals_of(view: ProposalView) -> tuple[ApprovedBy, ...]:
    return tuple(
        ApprovedBy(person=one.person, role=one.role, step_up=one.step_up, at=one.at, counts=one.counts)
        for one in view.approvals
    )


def bar_of(lineage: Lineage, role: str) -> Bar | None:
    """For whoever decides on such things; an advisor is not told why she is no principal."""
    if lineage.bar is None or role not in DECIDES:
        return None
    says, fix = in_words(lineage.bar)
    return Bar(code=lineage.bar, says=says, fix=fix)


async def comments_of(at: Doors, ticket: str, view: ProposalView) -> Mapping[int, str]:
    """By order ticket, in clear."""
    if not view.leg_comments:
        return {}
    clear = await at.intake.clear(ticket, "comment", [text for _, text in view.leg_comments])
    return {leg: text for (leg, _), text in zip(view.leg_comments, clear, strict=True)}


async def changes_of(
    at: Doors, ticket: str, view: ProposalView, supersedes: ProposalId | None
) -> tuple[Change, ...]:
    """Line by line against the proposal that it replaces; empty where it replaces none, or none is
    assessed."""
    if supersedes is None or view.content is None:
        return ()
    try:
        before = await at.intake.proposal(ticket, supersedes)
    except NotFound:
        return ()
    if before.content is None:
        return ()
    said = await comments_of(at, ticket, before)
    return tuple(_change(one, said) for one in changes(before.content.legs, view.content.legs))


def _change(one: LineChange, said: Mapping[int, str]) -> Change:
    before, after = (
        TermsOf(quantity=terms.quantity, limit_price=terms.limit_price) if terms else None
        for terms in (one.before, one.after)
    )
    comment = said.get(one.before.leg) if one.before else None
    return Change(
        account=one.account,
        symbol=one.symbol,
        side=one.side,
        what=one.what,
        before=before,
        after=after,
        comment=comment,
    )
