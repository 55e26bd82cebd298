"""Assessing a draft: the worker's own computation, from the request and the journal. No model is here.

Rule 1: every figure that a person will see is computed here again, whatever the draft claims.
Rule 2: an agent's request must stand in the advisor's own journaled words, span by span. What is left of a
    plan is asked as the plan was, which the append holds: its words were proven then.
Rule 3: a hard breach, or nothing to decide on, ends the draft with the reasons; it reserves nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.views import HouseholdLine, ProposalView
from core.database.rows import rows
from core.database.statements import statements
from core.errors import BadInput, NotFound
from core.fact import Sealed
from core.ids import AccountId, MessageId, ThreadId
from core.limits.reading import read_limits
from core.orders.events import Finding, ProposalAssessed, ProposalDenied, ProposalDrafted
from core.orders.exceptions import CorrectionDrafted
from core.orders.provenance import Known, unproven
from core.orders.remainders import RemainderDrafted
from core.orders.request import Side
from core.orders.rests import Rest
from core.people.keystore import KeyStore
from core.plan.alternatives import considered
from core.plan.assumptions import assumptions_on
from core.plan.content import intents_of, work_out
from core.projections.approvals import read_approvals
from core.projections.households import read_households
from core.projections.reader import read_picture
from core.risk.standing_bounds import coverage

HIGHEST: Final = 3  # the tier of corrections
SQL: Final = statements(Path(__file__).with_name("statements.sql"))

Connection = AsyncConnection[DictRow]


async def assess_draft(
    connection: Connection, keys: KeyStore, view: ProposalView, drafted: ProposalDrafted
) -> ProposalAssessed | ProposalDenied:
    """What the draft comes to: the content to decide on, or why there is none.

    Raises:
        WorldFailed: an account of the request holds something without a price. Nothing is decided.
    """
    if drafted.agent is not None and not isinstance(drafted, RemainderDrafted):
        try:
            missing = await _unproven(connection, keys, view, drafted)
        except NotFound as forgotten:  # the words that would prove it, or the client's name
            return _denied(view, Finding(policy="provenance", result="breach", says=str(forgotten)))
        if missing:
            return _denied(view, Finding(policy="provenance", result="breach", says=_not_said(missing)))
    picture = await read_picture(connection, view.household, without=view.proposal)
    limits = (await read_limits(connection)).limits  # after the picture: never older than its sequence
    try:
        worked = work_out(
            view.proposal, drafted.request, picture, assumptions_on(picture.market.session, limits)
        )
    except (BadInput, NotFound) as bad:
        return _denied(view, Finding(policy="request", result="breach", says=str(bad)))
    if worked.content is None or worked.verdict is None or worked.verdict.breaches:
        return ProposalDenied(proposal=view.proposal, at="draft", findings=worked.findings)
    content = worked.content
    if isinstance(drafted, CorrectionDrafted):
        content = content.model_copy(update={"kind": drafted.exception, "tier": HIGHEST})
    asked = replace(picture, approvals=await read_approvals(connection, view.proposal, content.kind))
    covered = coverage(intents_of(content.legs, asked, content.schedule), tier=content.tier)
    return ProposalAssessed(
        proposal=view.proposal,
        content=content.text(),
        digest=content.digest(),
        tier=content.tier,
        needs_consent=content.needs_consent,
        findings=tuple(covered if f.policy == covered.policy else f for f in considered(worked, picture)),
        preview=worked.plan.preview.text(),
    )


async def _unproven(
    connection: Connection, keys: KeyStore, view: ProposalView, drafted: ProposalDrafted
) -> tuple[str, ...]:
    thread = drafted.thread or ThreadId("")
    texts: dict[MessageId, str] = {}
    for row in await rows(connection, SQL["advisor_messages"], {"stream": f"thread/{thread}"}):
        payload = json.loads(row["text"])["payload"]
        texts[payload["message"]] = keys.clear("message", Sealed.model_validate(payload["text"]))
    (household,) = [h for h in await read_households(connection) if h.household == view.household]
    kinds = await rows(connection, SQL["account_kinds"], {"household": view.household})
    pinned = await rows(connection, SQL["pinned"], {"thread": thread})
    models: dict[AccountId, str] = {}
    if drafted.request.kind == "rebalance" and drafted.request.accounts:
        picture = await read_picture(connection, view.household, without=view.proposal)
        models = {a.id: a.model.name for a in picture.household.accounts if a.model}
    known = Known(
        household=view.household,
        names=_names(keys, household),
        account_kinds={row["account"]: row["kind"] for row in kinds},
        pinned=pinned[0]["household"] if pinned else None,
        models=models,
        rests=tuple(
            _rest(row) for row in await rows(connection, SQL["rests"], {"household": view.household})
        ),
    )
    return unproven(drafted.request, drafted.provenance, texts, known)


def _rest(row: DictRow) -> Rest:
    return Rest(
        order=row["order_id"],
        account=row["account"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        left=row["unfilled"],
        limit_price=row["limit_price"],
        live=not row["ended"],
    )


def _names(keys: KeyStore, household: HouseholdLine) -> tuple[str, ...]:
    return tuple(keys.clear("name", name) for name in (household.name, *(n for _, n in household.clients)))


def _not_said(missing: tuple[str, ...]) -> str:
    return f"the advisor's words do not say {', '.join(missing)}; ask for it in so many words"


def _denied(view: ProposalView, finding: Finding) -> ProposalDenied:
    return ProposalDenied(proposal=view.proposal, at="draft", findings=(finding,))
