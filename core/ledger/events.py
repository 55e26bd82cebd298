"""Every kind of event, by name. A kind that is not here cannot be read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from core.best_execution import events as best_execution
from core.correspondence import events as correspondence
from core.errors import IntegrityLost
from core.escalation import events as escalation
from core.fact import Fact
from core.firm import events as firm
from core.forgetting import events as forgetting
from core.halts import events as halts
from core.ids import Digest
from core.ledger.upcasts import brought_up, unknown
from core.limits import events as limits
from core.market import events as market
from core.orders import allocations, aside, batch, blocks, corrections, exceptions, remainders, replacements
from core.orders import events as orders
from core.people import events as people
from core.reconcile import events as reconcile
from core.shapes import reader_of
from core.signals import events as signals
from core.standing import events as standing


class AttemptRefused(Fact):
    """The append refused a call. Written by the append itself; `text_digest` is of what was tried."""

    attempted: str
    code: str
    text_digest: Digest


def _facts_of(module: Any) -> Mapping[str, type[Fact]]:
    return {
        name: kind
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
    }


KINDS: Final[Mapping[str, type[Fact]]] = MappingProxyType(
    {
        **_facts_of(firm),
        **_facts_of(market),
        **_facts_of(people),
        **_facts_of(forgetting),
        **_facts_of(halts),
        **_facts_of(orders),
        **_facts_of(corrections),
        **_facts_of(correspondence),
        **_facts_of(reconcile),
        **_facts_of(limits),
        **_facts_of(best_execution),
        **_facts_of(signals),
        **_facts_of(standing),
        **_facts_of(escalation),
        **_facts_of(aside),
        **_facts_of(allocations),
        **_facts_of(batch),
        **_facts_of(blocks),
        **_facts_of(exceptions),
        **_facts_of(remainders),
        **_facts_of(replacements),
        "AttemptRefused": AttemptRefused,
    }
)


def fact_of(event_type: str, event_version: int, payload: Mapping[str, Any]) -> Fact:
    """The typed fact in an envelope.

    Raises:
        IntegrityLost: as `fact_read`.
    """
    return fact_read(event_type, event_version, json.dumps(payload))


def fact_read(event_type: str, event_version: int, payload: bytes | str) -> Fact:
    """The typed fact in an envelope, from the JSON text of its payload.

    Raises:
        IntegrityLost: the kind or its version is unknown here, or the payload does not fit it. An older
            version is brought up to today's first.
    """
    kind = KINDS.get(event_type)
    if kind is None:
        raise unknown(event_type, event_version)
    if event_version != kind.VERSION:
        payload = _brought_up(event_type, event_version, payload, to=kind.VERSION)
    try:
        read: Fact = _reader(kind)(payload)
    except ValidationError as bad:
        raise _unfit(event_type, f"{bad.error_count()} fields") from bad
    return read


_reader: Final = cache(reader_of)


def _brought_up(event_type: str, version: int, payload: bytes | str, *, to: int) -> str:
    try:
        told = json.loads(payload)
    except ValueError as bad:
        raise _unfit(event_type, "it is no JSON") from bad
    if not isinstance(told, dict):
        raise _unfit(event_type, "it is no object")
    return json.dumps(brought_up(event_type, version, told, to=to))


def _unfit(event_type: str, why: str) -> IntegrityLost:
    return IntegrityLost(
        f"a stored {event_type} does not fit its kind ({why})",
        fix="run `gatehouse audit verify`; a person must look",
    )
