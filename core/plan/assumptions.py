"""The numbers that a plan is made with, so that a plan can be made again and come out the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.plan.tax import TaxRates, rates_on
from core.risk.limits import Limits

MINIMUM_TRADE: Final = Decimal(250)
OUTFLOW_HORIZON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """`minimum_trade` is dollars: a rebalance leaves smaller deviations alone. Withdrawals and fees due
    within `outflow_horizon` of the business day are kept in cash."""

    limits: Limits
    rates: TaxRates
    minimum_trade: Decimal
    outflow_horizon: timedelta


def assumptions_on(session: date, limits: Limits) -> Assumptions:
    """What the firm assumes on that business day, under these limits."""
    return Assumptions(limits, rates_on(session), MINIMUM_TRADE, OUTFLOW_HORIZON)
