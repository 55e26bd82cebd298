"""How much deciding a proposal needs. The numbers are of the limits in force.

Rule 1: a batch is tiered by its worst account and by its total.
Rule 2: dollars are what is traded, buys and sells together, at reference prices; the fraction is of the
account's value, in which a holding without a price counts as nothing.
Rule 3: the household of somebody who works here, or of a spouse, is never below tier 3.
Rule 4: a sale of what is restricted is decided by compliance: tier 3.
Rule 5: a soft finding, a non-discretionary account, or a buy outside the account's model is not routine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from core.book.picture import Account, Picture
from core.ids import AccountId
from core.orders.content import Leg
from core.orders.events import Side
from core.plan.preview import worth
from core.risk.limits import Limits


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to these numbers, both included. `routine` asks for rule 5 as well."""

    number: Literal[1, 2]
    dollars: Decimal
    fraction: Decimal
    routine: bool


def tiers(limits: Limits) -> tuple[Tier, Tier]:
    """In the order that they are tried. What fits none is tier 3: a principal and compliance."""
    return (
        Tier(1, limits.routine_dollars, limits.routine_fraction, routine=True),
        Tier(2, limits.principal_dollars, limits.principal_fraction, routine=False),
    )


def tier_of(legs: Sequence[Leg], picture: Picture, limits: Limits, *, has_finding: bool) -> Literal[1, 2, 3]:
    """The first tier that the proposal fits."""
    worths = {name: worth(picture.account(name), picture.market) for name in {leg.account for leg in legs}}
    return tier_among(legs, picture, limits, worths, has_finding=has_finding)


def tier_among(
    legs: Sequence[Leg],
    picture: Picture,
    limits: Limits,
    worths: Mapping[AccountId, Decimal],
    *,
    has_finding: bool,
) -> Literal[1, 2, 3]:
    """The same, by whoever knows what the accounts are worth. Dollars."""
    if picture.household.related or any(leg.symbol in picture.market.restricted for leg in legs):
        return 3
    accounts = [picture.account(account) for account in sorted({leg.account for leg in legs})]
    routine = not has_finding and all(_routine(account, legs) for account in accounts)
    total = sum((_dollars(leg) for leg in legs), Decimal(0))
    for tier in tiers(limits):
        fits = total <= tier.dollars and all(
            _fits(account, legs, worths[account.id], tier) for account in accounts
        )
        if fits and (routine or not tier.routine):
            return tier.number
    return 3


def tier_of_one(leg: Leg, account: Account, picture: Picture, limits: Limits, *, worth: Decimal) -> int:
    """As `tier_among`, of one leg without a finding, whose account is worth so much."""
    if picture.household.related or leg.symbol in picture.market.restricted:
        return 3
    dollars = _dollars(leg)
    if (
        dollars <= limits.routine_dollars
        and dollars <= limits.routine_fraction * worth
        and _routine(account, (leg,))
    ):
        return 1
    if dollars <= limits.principal_dollars and dollars <= limits.principal_fraction * worth:
        return 2
    return 3


def consent_needed(legs: Sequence[Leg], picture: Picture) -> bool:
    """Whether a client must consent: any account with a leg is non-discretionary."""
    return any(not picture.account(leg.account).discretionary for leg in legs)


def _fits(account: Account, legs: Sequence[Leg], whole: Decimal, tier: Tier) -> bool:
    dollars = sum((_dollars(leg) for leg in legs if leg.account == account.id), Decimal(0))
    return dollars <= tier.fraction * whole


def _routine(account: Account, legs: Sequence[Leg]) -> bool:
    if not account.discretionary or account.model is None:
        return False
    bought = {leg.symbol for leg in legs if leg.account == account.id and leg.side is Side.BUY}
    return bought <= account.model.weights.keys()


def _dollars(leg: Leg) -> Decimal:
    return leg.quantity * leg.reference_price
