"""What else there would be: nothing, and a cheaper way; in the core's own figures, beside what is proposed.

Rule 1: every figure is of the preview, or worked out as the preview works out its own. None is a model's.
Rule 2: what was known of the client stands beside them: the profile by its day, its age, and what was agreed.
Rule 3: it stops nothing. Whether a purchase needs a written reason is `core.risk.best_interest`'s question.
Source: 17 CFR 240.15l-1(a)(2)(ii)(A) (costs and reasonably available alternatives are part of the care that
    a recommendation takes); SEC Release IA-5248, 84 FR 33669.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from core.book.picture import Account, Household, Market, Picture
from core.ids import AccountId
from core.money import to_cents
from core.orders.content import AccountSummary
from core.orders.events import Finding, Side
from core.plan.content import Worked
from core.plan.preview import estimated_cost
from core.plan.trade import Plan, Trade
from core.risk.best_interest import DUTIES, BestInterest

FUND = "etf"


def considered(worked: Worked, picture: Picture) -> tuple[Finding, ...]:
    """The findings, with what was considered for each account that trades: beside a finding of the policy, or
    as its pass."""
    told = {
        summary.account: _told(picture.account(summary.account), summary, worked.plan, picture)
        for summary in worked.plan.preview.accounts
        if any(trade.account == summary.account for trade in worked.plan.trades)
    }
    return tuple(one for finding in worked.findings for one in _beside(finding, told))


def _beside(finding: Finding, told: Mapping[AccountId, str]) -> Iterator[Finding]:
    if finding.policy != BestInterest.code:
        yield finding
    elif finding.account is not None:
        yield finding.model_copy(update={"says": f"{finding.says}. {told[finding.account]}"})
    else:
        for account, words in sorted(told.items()):
            yield finding.model_copy(update={"account": account, "says": words})


def _told(account: Account, summary: AccountSummary, plan: Plan, picture: Picture) -> str:
    household, market = picture.household, picture.market
    duty = DUTIES.get(account.capacity, f"in the capacity {account.capacity}")
    drift = f", and {summary.drift_before * 100:.2f} points of drift" if account.model else ""
    proposed = f"${summary.estimated_cost:,.2f} and ${summary.estimated_tax:,.2f} of tax"
    return (
        f"Considered {duty}: {_profile(household, market)}; {_agreed(account)}. Proposed: {proposed}. "
        f"Nothing: $0.00{drift}. Cheaper: {_cheaper(account, summary, plan, market)}"
    )


def _profile(household: Household, market: Market) -> str:
    recorded = household.profile_recorded_on
    if recorded is None or household.objective is None:
        return "no profile"
    age = (market.session.year - recorded.year) * 12 + market.session.month - recorded.month
    horizon = "unknown" if household.horizon_years is None else f"{household.horizon_years} years"
    need = household.liquidity_need or "unknown"
    return (
        f"profile of {recorded}, {age} months old: {household.objective}, horizon {horizon}, "
        f"need for liquidity {need}"
    )


def _agreed(account: Account) -> str:
    statement = f"IPS of {account.ips.adopted_on}" if account.ips else "no IPS"
    return f"{statement}, model {account.model.name} {account.model.version}" if account.model else statement


def _cheaper(account: Account, summary: AccountSummary, plan: Plan, market: Market) -> str:
    mine = [trade for trade in plan.trades if trade.account == account.id]
    if len(mine) > 1:
        return _partly(account, summary)
    trade = mine[0]
    if trade.side is Side.SELL:
        return "none is known"
    found = min(_in_funds(account, trade, market), default=None)
    if found is None or found[0] >= summary.estimated_cost:
        return "none that the firm trades"
    return f"the same dollars in {found[1]}, about ${found[0]:,.2f}"


def _partly(account: Account, summary: AccountSummary) -> str:
    """Back to the edge of the model's tolerance and no further, at the same cost a point."""
    if account.model is None or account.model.relative_tolerance is not None:
        return "none is known"  # where each holding has a band of its own, no one figure is the edge
    tolerance = account.model.tolerance
    before, after = summary.drift_before, summary.drift_after
    if before <= tolerance or before <= after or after >= tolerance:
        return "none is known"
    cost = to_cents(summary.estimated_cost * (before - tolerance) / (before - after))
    return f"only back to {tolerance * 100:.2f} points of drift, about ${cost:,.2f}"


def _in_funds(account: Account, trade: Trade, market: Market) -> Iterator[tuple[Decimal, str]]:
    """What the same dollars would cost in each fund that this account could buy today."""
    custodian = market.custodians[account.custodian]
    for symbol, instrument in market.instruments.items():
        price = market.prices.get(symbol)
        venues = market.quoting.get(symbol, custodian.venues) & custodian.venues
        barred = symbol in market.restricted or symbol in account.do_not_trade or symbol == trade.symbol
        if instrument.kind != FUND or not instrument.tradable or price is None or barred or not venues:
            continue
        shares = trade.dollars / price.price
        instead = replace(trade, symbol=symbol, quantity=shares, reference_price=price.price)
        yield estimated_cost(account, (instead,), market), symbol
