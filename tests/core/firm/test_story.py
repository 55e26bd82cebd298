"""The households of the story have the shapes that the story needs, whatever the seed."""

from dataclasses import fields

import pytest

from core.firm import events
from core.firm.demo import SEED
from core.firm.people import CLEAN_PRINCIPAL
from core.firm.story import STORY
from core.ids import HouseholdId, ProposalId
from core.orders.events import Request, Side
from core.plan.assumptions import assumptions_on
from core.plan.content import Worked, work_out
from core.plan.drift import largest_drift
from core.risk.limits import DEFAULT_LIMITS
from tests.core.firm.founded import facts, market, picture

PEOPLE = {"advisor", "principal"}
HOUSEHOLDS = [field.name for field in fields(STORY) if field.name not in PEOPLE]
SEEDS = [SEED, 1, 2]


def worked(household: HouseholdId, seed: int) -> Worked:
    return work_out(
        ProposalId("prp-1"),
        Request(kind="rebalance", household=household),
        picture(household, seed),
        assumptions_on(market(seed).session, DEFAULT_LIMITS),
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", HOUSEHOLDS)
def test_a_rebalance_of_it_is_clean_and_small(name: str, seed: int) -> None:
    household = getattr(STORY, name)
    seen = picture(household, seed)
    result = worked(household, seed)
    assert result.content is not None
    assert result.verdict is not None
    assert not result.verdict.breaches
    assert not result.verdict.findings
    assert not result.plan.set_aside
    assert all(largest_drift(account, seen.market) > 0 for account in seen.household.accounts)
    consent = name == "rebalance_non_discretionary"
    assert result.content.needs_consent is consent
    assert result.content.tier == (2 if consent else 1)
    assert not seen.household.related
    assert {leg.side for leg in result.content.legs} == {Side.BUY, Side.SELL}


def test_each_of_its_households_is_another_one_of_the_same_advisors_book() -> None:
    told = [getattr(STORY, name) for name in HOUSEHOLDS]
    assert len(set(told)) == len(told)
    for opened in facts(events.HouseholdOpened):
        if opened.household in told:
            assert opened.advisor == STORY.advisor


@pytest.mark.parametrize("name", HOUSEHOLDS)
def test_its_orders_may_go_to_all_three_venues_in_whole_shares(name: str) -> None:
    seen = picture(getattr(STORY, name))
    for account in seen.household.accounts:
        custodian = seen.market.custodians[account.custodian]
        assert custodian.venues == {"ARCADIA", "BOREAL", "CORTLAND"}
        assert not custodian.fractional_shares
        assert all(lot.quantity == int(lot.quantity) for lot in account.lots)


def test_its_principal_holds_the_registration_and_is_nobodys_relative() -> None:
    held = [
        row
        for row in facts(events.RegistrationRecorded)
        if row.person == CLEAN_PRINCIPAL and row.registration == "S24"
    ]
    assert held
    assert all(row.valid_until is None for row in held)
    assert not next(
        row for row in facts(events.PersonEngaged) if row.person == STORY.principal
    ).related_households
