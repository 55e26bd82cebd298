"""The firm's numbers, each with its unit.

Rule 1: a policy compares with what stands here, with the account's own investment policy statement, or with
    the law; it holds no number of its own.
Rule 2: dollars of a day count buys and sells alike, at the worst price that each order may trade at.
Rule 3: which version holds is a fact of the journal (`core.limits`). Version 0 stands here and in the
    migration that brought limits into the journal: a test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Versioned data; the version's digest is part of the policy set's. One version is one object."""

    order_value: Decimal  # dollars an order
    order_minimum: Decimal  # dollars an order, at least; what closes a position may be less
    order_quantity: Decimal  # shares an order
    order_volume: Decimal  # an order's share of the instrument's average daily volume, a fraction
    account_day_value: Decimal  # dollars a business day
    household_day_value: Decimal  # dollars a business day
    advisor_day_value: Decimal  # dollars a business day, over all of the advisor's accounts
    agent_day_value: Decimal  # dollars a business day, of what one of the copilot's agents drafted
    firm_day_value: Decimal  # dollars a business day
    order_count: int  # orders of one advisor within the window
    order_window: timedelta
    duplicate_window: (
        timedelta  # the same order again is a duplicate for so long, and while the first is open
    )
    position_size: Decimal  # dollars of one symbol in one account
    price_band: Decimal  # fraction either side of the reference price
    volatility_band: Decimal  # expected moves that a price may be away from the last close
    max_issuer_weight: Decimal  # fraction of the account, where its IPS names none
    max_sector_weight: Decimal  # fraction of the account
    household_issuer_weight: Decimal  # fraction of the household
    outflow_horizon: timedelta  # withdrawals and fees due within it are kept in cash
    turnover: Decimal  # purchases of twelve months, in times the account's value
    trading_cost: Decimal  # fees of twelve months, as a fraction of the account
    profile_months: int  # of age that a risk profile may have
    day_loss: Decimal  # dollars that one agent, strategy or signal may have lost on a business day
    routine_dollars: Decimal  # tier 1 up to here, dollars traded
    routine_fraction: Decimal  # and up to this fraction of each account
    principal_dollars: Decimal  # tier 2 up to here; what is above takes a principal and compliance
    principal_fraction: Decimal


DEFAULT_LIMITS: Final = Limits(
    order_value=Decimal(500_000),
    order_minimum=Decimal(1),
    order_quantity=Decimal(100_000),
    order_volume=Decimal("0.05"),
    account_day_value=Decimal(5_000_000),
    household_day_value=Decimal(10_000_000),
    advisor_day_value=Decimal(50_000_000),
    agent_day_value=Decimal(50_000_000),
    firm_day_value=Decimal(250_000_000),
    order_count=500,
    order_window=timedelta(minutes=5),
    duplicate_window=timedelta(minutes=1),
    position_size=Decimal(2_500_000),
    price_band=Decimal("0.02"),
    volatility_band=Decimal(4),
    max_issuer_weight=Decimal("0.25"),
    max_sector_weight=Decimal("0.50"),
    household_issuer_weight=Decimal("0.30"),
    outflow_horizon=timedelta(days=30),
    turnover=Decimal(4),
    trading_cost=Decimal("0.05"),
    profile_months=36,
    day_loss=Decimal(250_000),
    routine_dollars=Decimal(250_000),
    routine_fraction=Decimal("0.25"),
    principal_dollars=Decimal(1_000_000),
    principal_fraction=Decimal("0.50"),
)
"""Version 0: what holds until two people have set others."""
