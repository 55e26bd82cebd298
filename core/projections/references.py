"""The newest word on what rules read beside holdings: instruments, households, accounts, instructions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.fact import Fact
from core.firm import events as firm
from core.ids import AccountId, HouseholdId

REFERRED: Final[frozenset[type[Fact]]] = frozenset(
    {
        firm.InstrumentListed,
        firm.CustodianAppointed,
        firm.ModelPublished,
        firm.RestrictionPlaced,
        firm.PersonEngaged,
        firm.HouseholdOpened,
        firm.RiskProfileRecorded,
        firm.AccountOpened,
        firm.IpsAdopted,
        firm.DoNotTradePlaced,
        firm.WithdrawalScheduled,
        firm.FeeScheduled,
        firm.RmdDetermined,
    }
)


@dataclass(frozen=True, slots=True)
class Reference:
    """The newest word on something that rules read: which kind, about what, and the fact's own fields."""

    kind: str
    id: str
    household: HouseholdId | None
    account: AccountId | None
    state: Mapping[str, Any]


def reference_in(fact: Fact, homes: Mapping[AccountId, HouseholdId]) -> Reference | None:
    """What this fact is the newest word on; None where it is none. `homes` has the account's household."""
    match fact:
        case firm.InstrumentListed(symbol=named):
            return _of_the_firm("instrument", named, fact)
        case firm.CustodianAppointed(custodian=named):
            return _of_the_firm("custodian", named, fact)
        case firm.ModelPublished(model=named):
            return _of_the_firm("model", named, fact)
        case firm.RestrictionPlaced(symbol=named):
            return _of_the_firm("restriction", named, fact)
        case firm.PersonEngaged(person=named):
            return _of_the_firm("person", named, fact)
        case firm.HouseholdOpened(household=household):
            return Reference("household", household, household, None, _state(fact))
        case firm.RiskProfileRecorded(household=household):
            return Reference("profile", household, household, None, _state(fact))
        case firm.AccountOpened(account=account):
            return Reference("account", account, homes[account], account, _state(fact))
        case firm.IpsAdopted(account=account):
            return Reference("ips", account, homes[account], account, _state(fact))
        case firm.DoNotTradePlaced(account=account, symbol=symbol):
            return Reference("do_not_trade", f"{account}/{symbol}", homes[account], account, _state(fact))
        case firm.WithdrawalScheduled(account=account, schedule=schedule):
            return Reference("withdrawal", f"{account}/{schedule}", homes[account], account, _state(fact))
        case firm.FeeScheduled(account=account, schedule=schedule):
            return Reference("fee", f"{account}/{schedule}", homes[account], account, _state(fact))
        case firm.RmdDetermined(account=account, year=year):
            return Reference("rmd", f"{account}/{year}", homes[account], account, _state(fact))
    return None


def _of_the_firm(kind: str, named: str, fact: Fact) -> Reference:
    return Reference(kind, named, None, None, _state(fact))


def _state(fact: Fact) -> Mapping[str, Any]:
    return fact.model_dump(mode="json")
