"""Which households need somebody today, why, and for how many dollars.

Rule 1: nothing that needs nobody: an account without a reason is not on the list.
Rule 2: ranked by kind of reason, as `Reason` lists them, then by dollars, most first, then by name.
Rule 3: an account that may not trade has one row, which says what waits behind that.
Rule 4: drift that only the money due causes is the shortfall's, and is not told twice.
Rule 5: a holding without a price hides the account's figures, so it is itself the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from core.book.picture import Account, Household, Market, Picture, value
from core.ids import AccountId, HouseholdId
from core.money import to_cents
from core.plan.assumptions import OUTFLOW_HORIZON, assumptions_on
from core.plan.cash_needs import CashNeed, cash_need, lasting, spare_cash
from core.plan.drift import beyond, drift
from core.plan.harvest import harvestable, losing_lots
from core.plan.preview import worth
from core.plan.tax import TAXED_KINDS
from core.risk.limits import DEFAULT_LIMITS

HARVEST_MINIMUM: Final = Decimal(1_000)
EXCESS_MINIMUM: Final = Decimal(1_000)
EXCESS_FRACTION: Final = Decimal("0.02")
PROFILE_YEARS: Final = 3
ZERO: Final = Decimal(0)


class Reason(StrEnum):
    """In the order of urgency: money that must leave, what cannot act, then what only improves."""

    CASH_SHORTFALL = "cash_shortfall"
    BLOCKED = "blocked"
    NO_PRICE = "no_price"
    DRIFT = "drift"
    EXCESS_CASH = "excess_cash"
    HARVESTABLE_LOSS = "harvestable_loss"
    STALE_PROFILE = "stale_profile"


URGENCY: Final = {reason: place for place, reason in enumerate(Reason)}


@dataclass(frozen=True, slots=True)
class Need:
    """One row. `account` None: the household as a whole. `rank` counts from one."""

    household: HouseholdId
    account: AccountId | None
    reason: Reason
    says: str
    dollars: Decimal
    rank: int


class _Found(NamedTuple):
    household: HouseholdId
    account: AccountId | None
    reason: Reason
    says: str
    dollars: Decimal


def worklist(pictures: Sequence[Picture]) -> tuple[Need, ...]:
    """Every reason of every household and account, most urgent first."""
    found = [need for picture in pictures for need in _of_household(picture)]
    found.sort(key=lambda n: (URGENCY[n.reason], -n.dollars, n.household, n.account or ""))
    return tuple(Need(*need, rank=rank) for rank, need in enumerate(found, start=1))


def _of_household(picture: Picture) -> list[_Found]:
    household, market = picture.household, picture.market
    found = [need for account in household.accounts for need in _of_account(account, picture)]
    return found + _stale_profile(household, market)


def _of_account(account: Account, picture: Picture) -> list[_Found]:
    market = picture.market
    unpriced = [symbol for symbol in account.symbols() if symbol not in market.prices]
    need = cash_need(account, session=market.session, horizon=OUTFLOW_HORIZON)
    found = _shortfall(account, need)
    if unpriced:
        says = f"no price for {', '.join(unpriced)}: the account cannot be valued"
        found.append(_found(account, Reason.NO_PRICE, says, worth(account, market)))
    else:
        drifting = _drifting(lasting(account, need), market)
        caused = bool(found) and not _drifting(account, market)
        found += ([] if caused else drifting) or _excess(account, market, need)
        found += _losses(account, picture)
    return [_blocked(account, found)] if found and account.status != "open" else found


def _found(account: Account, reason: Reason, says: str, dollars: Decimal) -> _Found:
    return _Found(account.household, account.id, reason, says, to_cents(dollars))


def _shortfall(account: Account, need: CashNeed) -> list[_Found]:
    missing = -spare_cash(account, need)
    if missing <= 0:
        return []
    says = (
        f"${missing:,.2f} short: ${need.due:,.2f} is due within {OUTFLOW_HORIZON.days} days and the floor "
        f"is ${need.floor:,.2f}, with ${account.cash.available:,.2f} available"
    )
    return [_found(account, Reason.CASH_SHORTFALL, says, missing)]


def _drifting(account: Account, market: Market) -> list[_Found]:
    rows = drift(account, market)
    if account.model is None or not rows:
        return []
    worst = next(iter(beyond(account, market)), None)
    if worst is None:
        return []
    to_move = sum((abs(row.weight - row.target) for row in rows), ZERO) / 2 * value(account, market)
    says = (
        f"{worst.symbol} is {worst.points:+.2f} points off its target; "
        f"the tolerance is {account.model.tolerance_of(worst.symbol) * 100:.2f} points"
    )
    return [_found(account, Reason.DRIFT, says, to_move)]


def _excess(account: Account, market: Market, need: CashNeed) -> list[_Found]:
    if account.model is None:
        return []
    total = value(account, market)
    wanted = max(need.floor, account.model.cash_weight * (total - need.due))
    excess = account.cash.available - need.due - wanted
    if excess < max(EXCESS_MINIMUM, EXCESS_FRACTION * total):
        return []
    says = f"${excess:,.2f} in cash above what the model, the floor and what is due ask for"
    return [_found(account, Reason.EXCESS_CASH, says, excess)]


def _losses(account: Account, picture: Picture) -> list[_Found]:
    """Dollars are what is usable now: neither deferred nor lost for good by what was bought around today."""
    if account.kind not in TAXED_KINDS:
        return []
    if not any(losing_lots(account, symbol, picture.market) for symbol in account.symbols()):
        return []
    assumed = assumptions_on(picture.market.session, DEFAULT_LIMITS)
    losses = harvestable(picture, (account.id,), assumed)
    usable = sum((one.usable for one in losses), ZERO)
    if usable < HARVEST_MINIMUM:
        return []
    washed = sum((one.deferred + one.lost for one in losses), ZERO)
    says = f"${usable:,.2f} of unrealised losses in single lots are usable now"
    more = f"; a purchase within thirty days would wash ${washed:,.2f} more" if washed else ""
    return [_found(account, Reason.HARVESTABLE_LOSS, says + more, usable)]


def _blocked(account: Account, waiting: list[_Found]) -> _Found:
    status = account.status.replace("_", " ")
    says = f"the account is {status}; waiting behind it: {'; '.join(need.says for need in waiting)}"
    return _found(account, Reason.BLOCKED, says, max(need.dollars for need in waiting))


def _stale_profile(household: Household, market: Market) -> list[_Found]:
    """Source: 17 CFR 240.17a-3(a)(17)(i)(B)(1) (the account record goes to the customer every 36 months)."""
    recorded = household.profile_recorded_on
    if recorded is not None and market.session <= _years_after(recorded, PROFILE_YEARS):
        return []
    says = (
        f"the risk profile is of {recorded}, more than {PROFILE_YEARS * 12} months old"
        if recorded
        else "there is no risk profile"
    )
    dollars = sum((worth(account, market) for account in household.accounts), ZERO)
    return [_Found(household.id, None, Reason.STALE_PROFILE, says, to_cents(dollars))]


def _years_after(day: date, years: int) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year + years, 2, 28)
    return day.replace(year=day.year + years)
