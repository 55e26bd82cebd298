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
from core.plan.drift import beyond, nearest_to_its_band
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
    staying = lasting(account, need)
    if spare >= 0 and not in_tolerance_too and not beyond(staying, market):
        return in_tolerance(staying, model, market)
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


def in_tolerance(account: Account, model: ModelPortfolio, market: Market) -> str:
    """It is, and by how much: the holding that has used up most of its band."""
    nearest = nearest_to_its_band(account, market)
    off = abs(nearest.points) / 100 if nearest else Decimal(0)
    band = model.tolerance_of(nearest.symbol) if nearest else model.tolerance
    return f"in tolerance: largest deviation {_points(off)} of {_points(band)} points"


def _points(fraction: Decimal) -> str:
    return f"{fraction * 100:.2f}"
