"""The people who work at the demo firm. All of them are invented.

Rule 1: ids and logins are in clear; names leave this file sealed.
Rule 2: `s24` is the registration that an approving principal holds at that moment (FINRA Rule 3110(b)(6)).
One principal is clean, one is married into a client household, one let the registration lapse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from core.errors import NotFound
from core.firm.events import PersonEngaged, RegistrationRecorded
from core.firm.sealing import Seal
from core.ids import HouseholdId, PersonId, SubjectId

Role = Literal["advisor", "principal", "compliance", "operations", "auditor", "research"]


@dataclass(frozen=True, slots=True)
class Held:
    """A registration and its term; `until` None has no end."""

    registration: Literal["S7", "S14", "S24", "S66"]
    since: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    id: PersonId
    login: str
    role: Role
    name: str
    registrations: tuple[Held, ...] = ()
    reports_to: PersonId | None = None
    related_households: tuple[HouseholdId, ...] = ()


MARIA: Final = PersonId("adv-1")
DAVID: Final = PersonId("adv-2")
PRIYA: Final = PersonId("adv-3")
ADVISORS: Final = (MARIA, DAVID, PRIYA)

CLEAN_PRINCIPAL: Final = PersonId("pri-1")
RELATED_PRINCIPAL: Final = PersonId("pri-2")
LAPSED_PRINCIPAL: Final = PersonId("pri-3")
RELATED_HOUSEHOLD: Final = HouseholdId("hh-112")

PEOPLE: Final[tuple[Person, ...]] = (
    Person(
        CLEAN_PRINCIPAL,
        "robert.hensley",
        "principal",
        "Robert Hensley",
        (Held("S7", "2004-03-15"), Held("S24", "2011-09-06")),
    ),
    Person(
        RELATED_PRINCIPAL,
        "susan.feldman",
        "principal",
        "Susan Feldman",
        (Held("S7", "2007-06-11"), Held("S24", "2015-02-02")),
        related_households=(RELATED_HOUSEHOLD,),
    ),
    Person(
        LAPSED_PRINCIPAL,
        "thomas.brandt",
        "principal",
        "Thomas Brandt",
        (Held("S7", "2001-10-22"), Held("S24", "2009-05-18", "2022-11-30")),
    ),
    Person(
        MARIA,
        "maria.alvarez",
        "advisor",
        "Maria Alvarez",
        (Held("S7", "2010-04-12"), Held("S66", "2010-08-30")),
        CLEAN_PRINCIPAL,
    ),
    Person(
        DAVID,
        "david.nakamura",
        "advisor",
        "David Nakamura",
        (Held("S7", "2013-01-28"), Held("S66", "2013-05-20")),
        CLEAN_PRINCIPAL,
    ),
    Person(
        PRIYA,
        "priya.raman",
        "advisor",
        "Priya Raman",
        (Held("S7", "2016-07-18"), Held("S66", "2016-11-07")),
        CLEAN_PRINCIPAL,
    ),
    Person(PersonId("com-1"), "ngozi.adeyemi", "compliance", "Ngozi Adeyemi", (Held("S24", "2012-03-05"),)),
    Person(PersonId("ops-1"), "elena.petrova", "operations", "Elena Petrova"),
    Person(PersonId("aud-1"), "william.tran", "auditor", "William Tran"),
    Person(PersonId("res-1"), "hannah.lindqvist", "research", "Hannah Lindqvist"),
)


def person(login: str) -> Person:
    """Who signs in with `login`.

    Raises:
        NotFound: nobody at the demo firm.
    """
    for somebody in PEOPLE:
        if somebody.login == login:
            return somebody
    raise NotFound(f"nobody signs in as {login!r}", fix=f"known: {', '.join(p.login for p in PEOPLE)}")


def engaged(somebody: Person, seal: Seal) -> PersonEngaged:
    return PersonEngaged(
        person=somebody.id,
        login=somebody.login,
        role=somebody.role,
        name=seal(SubjectId(somebody.id), "name", somebody.name),
        reports_to=somebody.reports_to,
        related_households=somebody.related_households,
    )


def registrations(somebody: Person) -> Iterator[RegistrationRecorded]:
    for held in somebody.registrations:
        yield RegistrationRecorded(
            person=somebody.id,
            registration=held.registration,
            valid_from=held.since,
            valid_until=held.until,
        )
