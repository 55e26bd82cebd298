"""What clients have laid down: investment policy, risk profile, and what is not to be traded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.firm.draw import Draw
from core.firm.events import DoNotTradePlaced, IpsAdopted, LotReceived, RiskProfileRecorded
from core.firm.households import Account, Authority, Condition, Household
from core.market.instruments import listing

_FLOOR_STEP: Final = 500  # dollars
_ISSUER_WEIGHT: Final = Decimal("0.25")
_UNTOUCHED: Final = frozenset({Condition.STORY, Condition.STORY_CONSENT})


def risk_profile(household: Household) -> RiskProfileRecorded:
    return RiskProfileRecorded(
        household=household.id,
        recorded_on=household.profiled_on.isoformat(),
        objective=household.objective,
        horizon_years=household.horizon_years,
        liquidity_need=household.liquidity_need,
    )


def investment_policy(account: Account, draw: Draw) -> Iterator[IpsAdopted]:
    """Advised accounts have one: half a percent stays in cash, to the next lower 500 dollars."""
    if account.authority is Authority.BROKERAGE:
        return
    yield IpsAdopted(
        account=account.id,
        adopted_on=(account.opened_on + timedelta(days=draw.between(0, 30, "policy"))).isoformat(),
        cash_floor=Decimal(account.value // 200 // _FLOOR_STEP * _FLOOR_STEP),
        max_issuer_weight=_ISSUER_WEIGHT,
    )


def do_not_trade(account: Account, opened: Sequence[LotReceived], draw: Draw) -> Iterator[DoNotTradePlaced]:
    """Now and then a client keeps one share for reasons of her own."""
    shares = sorted({lot.symbol for lot in opened if listing(lot.symbol).kind == "share"})
    if account.condition in _UNTOUCHED or not shares or draw.between(1, 9, "keeps") != 1:
        return
    yield DoNotTradePlaced(
        account=account.id,
        symbol=draw.one_of(shares, "kept"),
        instructed_on=date(2021, draw.between(1, 12, "month"), draw.between(1, 28, "day")).isoformat(),
    )
