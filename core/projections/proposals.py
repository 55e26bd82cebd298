"""Reading proposals with their decisions and orders, as far as the connection is shown them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.views import ApprovalOf, ConsentOf, OrderView, ProposalView, WrittenRationale, WrittenReason
from core.database.rows import rows
from core.database.statements import statements
from core.errors import NotFound
from core.fact import Sealed
from core.ids import ProposalId
from core.orders.content import Content, Preview
from core.orders.events import Finding, Request, RouteScore, Side, apart
from core.orders.order import ENDED

BOTH: Final = 3  # the tier that takes a principal and compliance
SQL: Final = statements(Path(__file__).with_name("statements.sql"))

Connection = AsyncConnection[DictRow]


async def read_proposal(connection: Connection, proposal: ProposalId) -> ProposalView:
    """That proposal.

    Raises:
        NotFound: no such proposal, or none that this connection is shown.
    """
    found = await read_proposals(connection, [proposal])
    if not found:
        raise NotFound(
            f"there is no proposal {proposal!r} in your book", fix="see `proposals list`", field="proposal"
        )
    return found[0]


async def read_proposals(
    connection: Connection, proposals: Sequence[ProposalId] | None = None
) -> tuple[ProposalView, ...]:
    """Those, or with None the newest 500 that this connection is shown, newest first."""
    asked = {"proposals": None if proposals is None else list(proposals)}
    found = await rows(connection, SQL["proposals"], asked)
    named = {"proposals": [row["proposal"] for row in found]}
    decisions = defaultdict(list)
    for row in await rows(connection, SQL["decisions"], named):
        decisions[row["proposal"]].append(row)
    legs = defaultdict(list)
    for row in await rows(connection, SQL["legs"], named):
        legs[row["proposal"]].append(row)
    consents = defaultdict(list)
    for row in await rows(connection, SQL["consents"], named):
        consents[row["proposal"]].append(_consent(row))
    approvals = defaultdict(list)
    both = [row["proposal"] for row in found if row["tier"] == BOTH and row["submitted_by"] is not None]
    for row in await rows(connection, SQL["approvals"], {"proposals": both}) if both else ():
        approvals[row["proposal"]].append(_approval(row))
    return tuple(
        _view(
            row,
            decisions[row["proposal"]],
            legs[row["proposal"]],
            consents[row["proposal"]],
            approvals[row["proposal"]],
        )
        for row in found
    )


def _approval(row: DictRow) -> ApprovalOf:
    return ApprovalOf(row["person"], row["role"], row["stepped_up"], row["decided_at"], row["counts"])


def _consent(row: DictRow) -> ConsentOf:
    return ConsentOf(row["account"], tuple(row["owners"]), row["client"], row["person"], row["decided_at"])


def _view(
    row: DictRow,
    decisions: Sequence[DictRow],
    legs: Sequence[DictRow],
    consents: Sequence[ConsentOf],
    approvals: Sequence[ApprovalOf],
) -> ProposalView:
    counted = [d for d in decisions if d["digest"] == row["digest"]]
    consented = bool(row["consented"])
    needs = _needs(row, approvals)
    return ProposalView(
        proposal=row["proposal"],
        household=row["household"],
        advisor=row["advisor"],
        kind=row["kind"],
        status=row["status"],
        request=Request.model_validate(row["request"]),
        digest=row["digest"],
        content=Content.model_validate_json(row["content"]) if row["content"] else None,
        preview=Preview.model_validate_json(row["preview"]) if row["preview"] else None,
        findings=apart(Finding.model_validate(f) for f in row["findings"]),
        tier=row["tier"],
        needs_consent=row["needs_consent"],
        consented=consented,
        consents=tuple(consents),
        drafted_by=row["drafted_by"],
        agent=row["agent"],
        thread=row["thread"],
        trace=row["trace"],
        session=row["session"],
        submitted_by=row["submitted_by"],
        approved_by=tuple(d["person"] for d in counted if d["kind"] == "approval"),
        denied_at=row["denied_at"],
        differences=tuple(row["differences"]),
        reasons=tuple(
            WrittenReason(d["person"], r["policy"], Sealed.model_validate(r["text"]))
            for d in decisions
            for r in d["reasons"]
        ),
        closing=Sealed.model_validate(row["closing"]) if row["closing"] else None,
        waits_for=_waits_for(row, legs, needs, consented=consented),
        orders=tuple(_order(leg) for leg in legs),
        drafted_at=row["drafted_at"],
        seq=row["last_seq"],
        approvals=tuple(approvals),
        needs=needs,
        leg_comments=tuple((c["leg"], Sealed.model_validate(c["text"])) for c in row["leg_comments"]),
        drawn_on=row["drawn_on"],
        waits_since=row["waits_since"],
        escalated_to=tuple(row["escalated_to"]),
        corrects=row["corrects"],
        cause=Sealed.model_validate(row["cause"]) if row["cause"] else None,
        remainder_of=row["remainder_of"],
        solicited=row["solicited"],
        rationale=_rationale(row),
    )


def _rationale(row: DictRow) -> WrittenRationale | None:
    said = row["rationale"]
    if said is None:
        return None
    return WrittenRationale(Sealed.model_validate(said["text"]), row["submitted_by"], said["drafted_in"])


def _needs(row: DictRow, approvals: Sequence[ApprovalOf]) -> tuple[str, ...]:
    """The roles that have not approved it yet, or whose approval counts no more."""
    if row["status"] != "SUBMITTED":
        return ()
    given = {one.role for one in approvals if one.counts}
    asked = ("principal", "compliance") if row["tier"] == BOTH else ("principal",)
    return tuple(role for role in asked if role not in given)


def _waits_for(row: DictRow, legs: Sequence[DictRow], needs: Sequence[str], *, consented: bool) -> str:
    match row["status"]:
        case "DRAFTED":
            return "assessment"
        case "ASSESSED":
            return "advisor"
        case "SUBMITTED":
            return needs[0] if needs else "principal"
        case "APPROVED":
            return "consent" if row["needs_consent"] and not consented else "release"
        case "RELEASED":
            # The append knows first; a reader is told when the order's own row says so too.
            over = all(leg["ended"] and leg["status"] in ENDED for leg in legs)
            return "nobody" if over else "fills"
    return "nobody"


def _order(row: DictRow) -> OrderView:
    state: dict[str, Any] = row["state"] or {}
    average = state.get("average_price")
    return OrderView(
        order=row["order_id"],
        proposal=row["proposal"],
        leg=row["leg"],
        account=row["account"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=row["quantity"],
        limit_price=row["limit_price"],
        status=row["status"] or "HELD",
        venue=state.get("venue"),
        filled=row["filled"],
        average_price=Decimal(average) if average is not None else None,
        fees=Decimal(state.get("fees", "0")),
        scores=tuple(RouteScore.model_validate(s) for s in state.get("scores", ())),
        says=state.get("says", ""),
        block=state.get("block"),
    )
