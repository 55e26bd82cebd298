"""Ids: what may be derived is derived, the rest is a time-ordered random number made by the client.

Rule 1: an id in clear is a pseudonym; it never carries a name.
Rule 2: `order_id_for` and `block_order_id` alone make the ids that a venue sees.
Rule 3: chance is the machine's, but where a simulation has put its own in place: same seed, same ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, NewType
from uuid import UUID

from core.clock import Clock

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
random_bytes: Final[ContextVar[Callable[[int], bytes]]] = ContextVar("random_bytes", default=os.urandom)
"""Where ids take their chance from. Set in a simulation alone."""

PersonId = NewType("PersonId", str)
HouseholdId = NewType("HouseholdId", str)
AccountId = NewType("AccountId", str)
SubjectId = NewType("SubjectId", str)  # whose data it is: a client, an advisor, a household
Symbol = NewType("Symbol", str)
VenueName = NewType("VenueName", str)
CustodianId = NewType("CustodianId", str)
ModelId = NewType("ModelId", str)  # a model portfolio
ThreadId = NewType("ThreadId", str)
MessageId = NewType("MessageId", str)
ProposalId = NewType("ProposalId", str)
OrderId = NewType("OrderId", str)
LotId = NewType("LotId", str)
TraceId = NewType("TraceId", str)
Digest = NewType("Digest", str)  # sha256, 64 lower-case hex digits


def order_id_for(proposal: ProposalId, leg: int) -> OrderId:
    """The client order id a venue sees. Same proposal and leg, same id: a resend cannot be a second order."""
    return OrderId("gh-" + sha256(f"{proposal}/{leg}".encode()).hexdigest()[:24])


def block_order_id(block: str) -> OrderId:
    """The client order id of a block. Same parts and terms of the same decision, same id."""
    return OrderId("gh-" + sha256(block.encode()).hexdigest()[:24])


def uuid7(clock: Clock) -> UUID:
    """A time-ordered unique id.

    Source: RFC 9562 section 5.7 (48 bits of Unix milliseconds, then random bits).
    """
    return UUID(int=_uuid7(clock))


def _uuid7(clock: Clock) -> int:
    milliseconds = int(clock.now().timestamp() * 1000)
    random = int.from_bytes(random_bytes.get()(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (random >> 68) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return value


def begun_at(trace: TraceId) -> datetime:
    """When a trace of `fresh_trace_id` began, to the millisecond: its id says so for ever."""
    return EPOCH + timedelta(milliseconds=int(trace[:12], 16))


def uuid7s(clock: Clock, number: int) -> list[str]:
    """As many of them, as texts: of one reading of the clock, and quicker by the dozen."""
    moment = f"{int(clock.now().timestamp() * 1000) & (1 << 48) - 1:012x}"
    begins = f"{moment[:8]}-{moment[8:]}-7"
    random = random_bytes.get()(10 * number).hex()
    return [
        f"{begins}{r[:3]}-{'89ab'[int(r[3], 16) & 3]}{r[4:7]}-{r[7:19]}"
        for r in [random[at : at + 20] for at in range(0, 20 * number, 20)]
    ]


def fresh_trace_id(clock: Clock) -> TraceId:
    """One causal id from the prompt to the settlement. 32 hex digits, as W3C Trace Context has it."""
    return TraceId(f"{_uuid7(clock):032x}")
