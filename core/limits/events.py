"""The events of the firm's limits and of compliance's watch list.

Streams: `limits`; `proposal/<proposal>` for what is assessed again; `watch/<entry>`.

Rule 1: a version is the whole set: what is not changed is said again, so that a version reads by itself.
Rule 2: the digest binds the set and the business day that it holds from. A confirmation names the digest.
"""

from __future__ import annotations

from hashlib import sha256

import rfc8785
from pydantic import Field

from core.fact import Amount, Fact, Sealed
from core.ids import Digest, ProposalId
from core.orders.events import Part


class LimitSet(Part):
    """Every number of `core.risk.limits.Limits`. Dollars, shares and fractions as plain decimals."""

    order_value: Amount = Field(gt=0)
    order_minimum: Amount = Field(ge=0)
    order_quantity: Amount = Field(gt=0)
    order_volume: Amount = Field(gt=0, le=1)
    account_day_value: Amount = Field(gt=0)
    household_day_value: Amount = Field(gt=0)
    advisor_day_value: Amount = Field(gt=0)
    agent_day_value: Amount = Field(gt=0)
    firm_day_value: Amount = Field(gt=0)
    order_count: int = Field(ge=1)
    order_window_seconds: int = Field(ge=1)
    duplicate_window_seconds: int = Field(ge=0)
    position_size: Amount = Field(gt=0)
    price_band: Amount = Field(gt=0, le=1)
    volatility_band: Amount = Field(gt=0)
    max_issuer_weight: Amount = Field(gt=0, le=1)
    max_sector_weight: Amount = Field(gt=0, le=1)
    household_issuer_weight: Amount = Field(gt=0, le=1)
    outflow_horizon_days: int = Field(ge=0)
    turnover: Amount = Field(gt=0)
    trading_cost: Amount = Field(gt=0, le=1)
    profile_months: int = Field(ge=1)
    day_loss: Amount = Field(gt=0)
    routine_dollars: Amount = Field(gt=0)
    routine_fraction: Amount = Field(gt=0, le=1)
    principal_dollars: Amount = Field(gt=0)
    principal_fraction: Amount = Field(gt=0, le=1)


class LimitsProposed(Fact):
    """A principal or compliance proposes another set, from the opening of that business day."""

    limits: LimitSet
    effective_on: str  # ISO date of a business day: the one that runs, or a later one
    digest: Digest  # of both: `digest_of`


class LimitsConfirmed(Fact):
    """Another person who may confirms it. From then on it is a version."""

    digest: Digest


class LimitsWithdrawn(Fact):
    """The proposed set is taken back, or another person says no to it."""

    digest: Digest


class ProposalReassessed(Fact):
    """Every policy was asked again, under limits that came into force after the proposal was computed."""

    proposal: ProposalId
    digest: Digest  # of the content
    limits: Digest  # of the version that was asked


class WatchListed(Fact):
    """Compliance watches something. Which symbol, and why, is sealed for compliance alone."""

    watch: str
    entry: Sealed


class WatchUnlisted(Fact):
    """Compliance watches it no more."""

    watch: str


def digest_of(limits: LimitSet, effective_on: str) -> Digest:
    """sha256 of the RFC 8785 text of both. The append computes it again."""
    text = rfc8785.dumps({"effective_on": effective_on, "limits": limits.model_dump(mode="json")})
    return Digest(sha256(text).hexdigest())
