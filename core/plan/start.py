"""Where a plan of one account starts: what it may spend, what its model asks for, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.book.picture import Account, Market, ModelPortfolio
from core.errors import BadInput
from core.plan.assumptions import Assumptions
from core.plan.band import unusable_price
from core.plan.basket import Table, table
from core.plan.cash_needs import CashNeed, cash_need, lasting, spare_cash
from core.plan.drift import largest_drift
from core.plan.targets import Targets, targets

OPEN: Final = "open"
STATUS_SAYS: Final = {
    "frozen": "the account is frozen",
    "transferring_out": "the account is transferring out",
}


@dataclass(frozen=True, slots=True)
class Start:
    """`spare`: dollars above what is due and the cash floor; negative where they must be raised."""

    model: ModelPortfolio
    need: CashNeed
    spare: Decimal
    wanted: Targets
    at: Table


def start(
    account: Account,
    model: ModelPortfolio | None,
    market: Market,
    assumptions: Assumptions,
    *,
    in_tolerance_too: bool = False,
) -> Start | str:
    """Where to start toward the model, or why there is nothing to plan."""
    if model is None:
        return "the account has no model portfolio"
    blocked = why_blocked(account, market)
    if blocked:
        return blocked
    need = cash_need(account, session=market.session, horizon=assumptions.outflow_horizon)
    spare = spare_cash(account, need)
    largest = largest_drift(lasting(account, need), market)
    if largest <= model.tolerance and spare >= 0 and not in_tolerance_too:
        return in_tolerance(largest, model.tolerance)
    wanted = targets(account, model, market, need)
    try:
        at = table(account, market, wanted.dollars, assumptions)
    except BadInput as bad:
        return bad.says
    return Start(model, need, spare, wanted, at)


def why_blocked(account: Account, market: Market) -> str | None:
    """Why nothing can be planned for this account now."""
    if account.status != OPEN:
        return STATUS_SAYS.get(account.status, f"the account's status is {account.status!r}")
    if account.cash.reserved or any(account.reserved_lots.values()):
        return "the account has submitted or open orders"
    symbols = sorted({*account.symbols(), *(account.model.weights if account.model else ())})
    return next((why for symbol in symbols if (why := unusable_price(symbol, market))), None)


def in_tolerance(largest: Decimal, tolerance: Decimal) -> str:
    return f"in tolerance: largest deviation {_points(largest)} of {_points(tolerance)} points"


def _points(fraction: Decimal) -> str:
    return f"{fraction * 100:.2f}"
