"""What every event of the journal is made of.

Rule 1: a fact is frozen, strict and closed: an unknown field is an error.
Rule 2: a field that could name a person, or holds free text, is `Sealed`: ciphertext under the subject's key.
Rule 3: each subject owns its events (`core/orders/events.py`, ...); `core/ledger/events.py` registers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from operator import methodcaller
from typing import Annotated, Any, ClassVar, TypeGuard, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from core.ids import Digest, SubjectId, TraceId
from core.money import MOST_DIGITS, exact


@lru_cache(maxsize=1 << 15)
def _written(amount: str) -> Decimal:
    """Amounts come again: a fee, a round number of shares, a price of the day."""
    return exact(amount, field="amount")


def _decimal(value: Any) -> Decimal:
    short = type(value) is str and len(value) <= MOST_DIGITS
    return _written(value) if short else exact(value, field="amount")


Amount = Annotated[
    Decimal, BeforeValidator(_decimal), PlainSerializer(methodcaller("__format__", "f"), return_type=str)
]
"""A decimal that is a plain string in JSON, never a number and never in exponent form."""


class Sealed(BaseModel):
    """Text that only the holder of the subject's key can read (AES-256-GCM-SIV, RFC 8452)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    subject: SubjectId
    key: int  # version of the subject's key
    sealed: str  # base64 of nonce and ciphertext


class Kept(BaseModel):
    """The name of a large body, kept once for its subject beside the journal (`core.ledger.bodies`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    subject: SubjectId
    key: int = Field(ge=1)  # version of the subject's key
    digest: Annotated[Digest, Field(pattern="^[0-9a-f]{64}$")]  # of the sealed bytes: nonce and ciphertext
    length: int = Field(ge=1)  # of those bytes


class Words(BaseModel):
    """Free text of a step: sealed here where it is short, by name where it is long. Neither: none."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sealed: Sealed | None = None
    kept: Kept | None = None


class Fact(BaseModel):
    """The payload of one event. Its class name is the event type, in the past tense."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    VERSION: ClassVar[int] = 1

    @classmethod
    def event_type(cls) -> str:
        return cls.__name__


F = TypeVar("F", bound=Fact)


def is_of(fact: Fact, kinds: frozenset[type[F]]) -> TypeGuard[F]:
    """Whether the fact's own kind is one of these: what a fold asks of every entry. No ancestor is asked, for
    facts have none: `isinstance` goes through an abstract class's books, and takes many times as long."""
    return type(fact) in kinds


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What one policy said, beside the event that it let through or stopped."""

    policy: str
    result: str  # "pass", "finding" or "breach"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event on its way into the journal.

    `ticket` names the person: the append takes person and book from the session, never from us.
    `key` makes the entry happen once for ever: the same key and body answers `duplicate(seq)`.
    Entries of one append call that share a `group` happen together or not at all.
    `written` is the fact's RFC 8785 text, from whoever has it at hand: else it is made from the fact.
    """

    stream: str
    fact: Fact
    trace: TraceId
    ticket: str | None = None
    key: str | None = None
    group: str | None = None
    policy_decisions: tuple[PolicyDecision, ...] = field(default=())
    written: str | None = None
