"""The events of people's data: forgetting, legal holds, retention, keys.

Streams: `subject/<subject>`, `account/<account>`, `retention`, `keys`.

Rule 1: none of them says anything of the subject but its id: reasons are closed words, and a note is sealed
    under whoever wrote it: it is not lost with the subject.
"""

from __future__ import annotations

from typing import Literal

from core.fact import Fact, Sealed
from core.ids import AccountId, SubjectId
from core.orders.events import Part

Reason = Literal[
    "asked_by_the_person", "prospect_left", "employee_left", "recorded_by_mistake", "period_ended"
]
Matter = Literal["litigation", "regulator", "complaint", "internal_review"]


class ForgetRequested(Fact):
    """Compliance or operations asks that everything about a subject be made unreadable."""

    request: str
    subject: SubjectId
    reason: Reason
    note: Sealed | None = None


class ForgetConfirmed(Fact):
    """Another person confirms it; one of the two is of compliance."""

    request: str
    subject: SubjectId


class ForgettingDeclined(Fact):
    """Another person says no."""

    request: str
    subject: SubjectId


class ForgettingWithdrawn(Fact):
    """The asker takes it back before it has begun."""

    request: str
    subject: SubjectId


class ForgettingBegun(Fact):
    """The worker begins: nothing barred it at this moment, and nothing stops it any more."""

    request: str
    subject: SubjectId


class Reached(Part):
    """One store, and how many of its rows or files went."""

    store: str
    count: int


class Unreached(Part):
    """Where copies may be that no process of ours can delete."""

    store: str
    why: str


class SubjectForgotten(Fact):
    """It is done: every store that was reached, and what could not be."""

    request: str
    subject: SubjectId
    stores: tuple[Reached, ...]
    unreached: tuple[Unreached, ...]


class LegalHoldPlaced(Fact):
    """Nothing about this subject may be forgotten until two people lift it."""

    hold: str
    subject: SubjectId
    matter: Matter
    note: Sealed | None = None


class LegalHoldLiftRequested(Fact):
    """Somebody asks that the hold be lifted."""

    hold: str
    subject: SubjectId


class LegalHoldLifted(Fact):
    """Another person lifts it."""

    hold: str
    subject: SubjectId


class LegalHoldKept(Fact):
    """The hold stays: somebody says no to lifting it, or the asker takes that back."""

    hold: str
    subject: SubjectId


class RetentionLengthened(Fact):
    """The firm keeps a class of records longer than before."""

    kind: str
    years: int


class AccountClosed(Fact):
    """An account has ended, empty. The period of its records runs from that day."""

    account: AccountId
    closed_on: str


class KeyRotationRequested(Fact):
    """Somebody asks for a new key for a subject; without one, for every subject."""

    request: str
    subject: SubjectId | None = None


class SubjectKeyRotated(Fact):
    """New words of this subject are sealed with this version of its key; the older ones still open."""

    request: str
    subject: SubjectId
    version: int


class KeyRotationFinished(Fact):
    """Every subject that was asked for has its new key, but those whose key file is damaged."""

    request: str
    subjects: int
    damaged: tuple[SubjectId, ...] = ()
