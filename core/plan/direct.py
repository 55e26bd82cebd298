"""One order, worked out beside a request that waits for it: the same answer as `core.plan.content.work_out`.

Rule 1: content, digest, tier and verdict are the same to the letter; a test holds the two equal.
Rule 2: what is the same for every question about a household comes in as its `Ground`, worked out before.
Rule 3: the preview has the rows that the order moves: the rest of the account stays as it was.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from core.errors import BadInput
from core.ids import ProposalId
from core.orders.content import Preview
from core.orders.events import Finding, Request
from core.plan.assumptions import Assumptions
from core.plan.content import Worked, content_of, set_aside_findings
from core.plan.legs import legs_of
from core.plan.order import account_of, over_time, set_aside, trade_of
from core.plan.preview import shown_briefly
from core.plan.trade import Plan
from core.risk.findings import findings_of
from core.risk.intent import intents
from core.risk.policies import POLICIES
from core.risk.policy import Policy, assess
from core.risk.standing import Ground
from core.shapes import worked_out

_PREVIEW: Final = worked_out(Preview)


def work_out_direct(
    proposal: ProposalId,
    request: Request,
    ground: Ground,
    assumptions: Assumptions,
    policies: tuple[Policy, ...] = POLICIES,
) -> Worked:
    """Plan the order, ask every policy about it, and write what people would decide on.

    Raises:
        BadInput: a field is missing or does not fit. Nothing is planned.
        NotFound: the account is not of the household. Nothing is planned.
    """
    picture = ground.picture
    if over_time(request):
        raise BadInput(
            "a direct order goes out at once", fix="ask the copilot for it in parts", field="planning"
        )
    account = account_of(picture, request)
    trade = trade_of(picture, account, request, assumptions)
    if isinstance(trade, str):
        plan = set_aside(account, picture, assumptions, trade)
        return Worked(plan, None, None, set_aside_findings(plan))
    total = ground.standings[account.id].worth
    seen = shown_briefly(account, trade, picture.market, assumptions, total=total)
    plan = Plan((trade,), {}, _PREVIEW(rows=seen.rows, accounts=(seen.summary,)))
    legs = legs_of(proposal, plan.trades, picture.market, assumptions.limits, partly=False)
    verdict = assess(intents(legs, ground), policies, assumptions.limits)
    content = content_of(proposal, request, ground, legs, verdict, assumptions.limits)
    return Worked(plan, verdict, content, findings_of(verdict, legs))


def together(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The passes as one line, at the end; everything else as it is. `core.orders.events.apart` undoes it."""
    loud = tuple([finding for finding in findings if finding.result != "pass"])
    if not loud and findings:
        return all_passed(tuple([finding.policy for finding in findings]))
    passed = [finding.policy for finding in findings if finding.result == "pass"]
    return (*loud, Finding(policy=" ".join(passed), result="pass")) if passed else loud


@lru_cache(maxsize=256)
def all_passed(policies: tuple[str, ...]) -> tuple[Finding, ...]:
    """`together` of findings that are a pass of each of these."""
    return (Finding(policy=" ".join(policies), result="pass"),)
