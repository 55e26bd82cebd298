"""Which households and accounts the demo firm has, and what each is meant to show.

Rule 1: twenty households an advisor; the condition of each stands in a table, so any seed shows them all.
Rule 2: the seed draws ages, dates, sizes and objectives; it changes neither names nor conditions.
Rule 3: everything here is synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from core.firm.draw import Draw
from core.firm.models import BALANCED, CONSERVATIVE, GROWTH, HARBOR, INCOME, MERIDIAN, MODERATE_GROWTH
from core.firm.names import Family, families
from core.firm.people import ADVISORS
from core.ids import AccountId, CustodianId, HouseholdId, ModelId, PersonId, SubjectId

Kind = Literal["taxable", "ira", "roth", "trust", "joint"]
Objective = Literal["conservative", "income", "balanced", "growth"]


class Condition(StrEnum):
    """What an advisor would find in the household today."""

    STORY = "story"  # moderately out of tolerance, discretionary, nothing else
    STORY_CONSENT = "story_consent"  # the same, non-discretionary
    DRIFTED = "drifted"  # clearly out of tolerance
    EXCESS_CASH = "excess_cash"
    SHORT_OF_CASH = "short_of_cash"  # a withdrawal that cash does not cover
    FEE_SHORT = "fee_short"  # a fee that cash does not cover
    LOSSES = "losses"  # lots well under their cost
    STEADY = "steady"  # needs nobody


class Authority(StrEnum):
    DISCRETIONARY = "discretionary"
    CONSENT = "consent"  # advisory, each trade with the client's consent
    BROKERAGE = "brokerage"  # no advice, no model


_S, _C, _D, _X, _W, _F, _L, _N = tuple(Condition)

CONDITIONS: Final[tuple[tuple[Condition, ...], ...]] = (
    (_S, _C, _S, _S, _S, _S, _X, _W, _L, _N, _D, _N, _N, _D, _D, _N, _N, _F, _N, _N),
    (_D, _N, _N, _X, _L, _N, _W, _N, _D, _N, _N, _D, _N, _F, _N, _X, _N, _L, _N, _N),
    (_N, _D, _L, _N, _N, _W, _N, _D, _N, _X, _N, _N, _L, _N, _D, _N, _F, _N, _W, _N),
)
COUNTS: Final[tuple[tuple[int, ...], ...]] = (
    (2, 2, 2, 2, 2, 2, 2, 3, 2, 2, 3, 3, 3, 2, 2, 3, 2, 3, 2, 3),
    (3, 2, 2, 2, 3, 2, 2, 3, 2, 2, 3, 2, 3, 2, 2, 3, 2, 3, 2, 2),
    (2, 3, 2, 2, 3, 2, 2, 3, 2, 2, 3, 2, 2, 3, 2, 2, 3, 2, 2, 2),
)

FROZEN: Final = HouseholdId("hh-111")  # its first account, which has drifted
TRANSFERRING_OUT: Final = HouseholdId("hh-133")  # its last account

_MODELS: Final[dict[Objective, tuple[ModelId, ...]]] = {
    "conservative": (CONSERVATIVE,),
    "income": (INCOME,),
    "balanced": (BALANCED,),
    "growth": (MODERATE_GROWTH, GROWTH),
}
_SPREAD: Final[tuple[Objective, ...]] = ("conservative", "income", "balanced", "balanced", "growth", "growth")
_THIRD: Final[tuple[Kind, ...]] = ("roth", "trust", "taxable")
_STORY: Final = frozenset({Condition.STORY, Condition.STORY_CONSENT})


@dataclass(frozen=True, slots=True)
class Client:
    id: SubjectId
    name: str
    born_on: date


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it will be opened. `value` is what it is worth at the last close, in dollars, about."""

    id: AccountId
    household: HouseholdId
    number: int  # within its household, from zero
    advisor: PersonId
    owners: tuple[SubjectId, ...]
    kind: Kind
    authority: Authority
    custodian: CustodianId
    status: Literal["open", "frozen", "transferring_out"]
    model: ModelId | None
    opened_on: date
    condition: Condition
    value: int


@dataclass(frozen=True, slots=True)
class Household:
    id: HouseholdId
    family: Family
    advisor: PersonId
    condition: Condition
    clients: tuple[Client, ...]
    objective: Objective
    horizon_years: int
    liquidity_need: Literal["low", "medium", "high"]
    profiled_on: date
    custodian: CustodianId
    accounts: tuple[Account, ...]


def households(seed: int) -> tuple[Household, ...]:
    """All households with their accounts, in the order of their ids."""
    return tuple(_households(Draw(seed)))


def _households(draw: Draw) -> Iterator[Household]:
    first = 1001
    per_advisor = len(CONDITIONS[0])
    for place, family in enumerate(families()):
        book, row = divmod(place, per_advisor)
        household = HouseholdId(f"hh-{101 + place}")
        empty = _household(household, family, ADVISORS[book], CONDITIONS[book][row], draw.under(household))
        ids = [AccountId(f"acc-{first + number}") for number in range(COUNTS[book][row])]
        accounts = [
            _account(empty, number, account, draw.under(account)) for number, account in enumerate(ids)
        ]
        first += len(ids)
        yield replace(empty, accounts=tuple(_with_status(accounts)))


def _with_status(accounts: list[Account]) -> list[Account]:
    """One account of the firm is frozen and one is on its way to another firm."""
    if accounts[0].household == FROZEN:
        accounts[0] = replace(accounts[0], status="frozen")
    if accounts[0].household == TRANSFERRING_OUT:
        accounts[-1] = replace(accounts[-1], status="transferring_out")
    return accounts


def _household(
    id: HouseholdId, family: Family, advisor: PersonId, condition: Condition, draw: Draw
) -> Household:
    """Without its accounts."""
    grows = condition in _STORY or condition is Condition.LOSSES
    objective: Objective = "growth" if grows else draw.one_of(_SPREAD, "objective")
    return Household(
        id=id,
        family=family,
        advisor=advisor,
        condition=condition,
        clients=tuple(_clients(id, family, draw)),
        objective=objective,
        horizon_years=draw.between(*(12, 25) if objective == "growth" else (4, 15), "horizon"),
        liquidity_need=draw.one_of(("low", "low", "medium", "high"), "liquidity"),
        profiled_on=date(2022, draw.between(1, 11, "profiled month"), draw.between(1, 28, "profiled day")),
        custodian=MERIDIAN if condition in _STORY else draw.one_of((MERIDIAN, HARBOR), "custodian"),
        accounts=(),
    )


def _clients(id: HouseholdId, family: Family, draw: Draw) -> Iterator[Client]:
    year = draw.between(1938, 1984, "born")
    for number, first in enumerate(family.first, start=1):
        born_on = date(
            year + draw.between(-4, 4, f"apart {number}") * (number - 1),
            draw.between(1, 12, f"month {number}"),
            draw.between(1, 28, f"day {number}"),
        )
        yield Client(SubjectId(f"cli-{id.removeprefix('hh-')}-{number}"), f"{first} {family.last}", born_on)


def _account(household: Household, number: int, id: AccountId, draw: Draw) -> Account:
    couple = len(household.clients) > 1
    kind: Kind = ("joint" if couple else "taxable", "ira", _THIRD[_digits(household.id) % 3])[number]
    owners = (
        household.clients if kind == "joint" else household.clients[number % len(household.clients) :][:1]
    )
    authority = _authority(household, number)
    brokerage = authority is Authority.BROKERAGE
    return Account(
        id=id,
        household=household.id,
        number=number,
        advisor=household.advisor,
        owners=tuple(client.id for client in owners),
        kind=kind,
        authority=authority,
        custodian=household.custodian,
        status="open",
        model=None if brokerage else draw.one_of(_MODELS[household.objective], "model"),
        opened_on=date(
            draw.between(2012, 2018, "opened"), draw.between(1, 12, "month"), draw.between(1, 28, "day")
        ),
        condition=Condition.STEADY if brokerage else _of_account(household.condition, number),
        value=1000 * draw.between(*_size(household.condition, number), "value"),
    )


def _size(condition: Condition, number: int) -> tuple[int, int]:
    """Least and most, in thousands of dollars."""
    if condition in _STORY:
        return (300, 420)
    if condition is Condition.FEE_SHORT and number == 0:
        return (1_100, 1_400)  # a fee larger than what rounding to shares leaves in cash
    return (260, 1_400) if number == 0 else (140, 620)


def _of_account(condition: Condition, number: int) -> Condition:
    """A household's need sits in its first account, but for drift, which the first two share."""
    if condition in _STORY or (condition is Condition.DRIFTED and number < 2):
        return condition
    return condition if number == 0 else Condition.STEADY


def _authority(household: Household, number: int) -> Authority:
    """Some households are brokerage clients; every other third account is one beside the advised two."""
    digits = _digits(household.id)
    if household.condition in _STORY:
        return (Authority.DISCRETIONARY, Authority.CONSENT)[household.condition is Condition.STORY_CONSENT]
    if (household.condition is Condition.STEADY and digits % 9 == 1) or (number == 2 and digits % 2):
        return Authority.BROKERAGE
    return Authority.CONSENT if digits % 4 == 2 else Authority.DISCRETIONARY


def _digits(id: HouseholdId) -> int:
    return int(id.removeprefix("hh-"))
