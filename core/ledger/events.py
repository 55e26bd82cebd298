"""Every kind of event, by name. A kind that is not here cannot be read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from core.errors import IntegrityLost
from core.fact import Fact
from core.firm import events as firm
from core.forgetting import events as forgetting
from core.ids import Digest
from core.market import events as market
from core.orders import events as orders
from core.people import events as people


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
        **_facts_of(orders),
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
        IntegrityLost: the kind or its version is unknown here, or the payload does not fit it.
    """
    kind = KINDS.get(event_type)
    if kind is None or event_version != kind.VERSION:
        raise IntegrityLost(
            f"the journal holds {event_type!r} version {event_version}, which this version does not know",
            fix="run the version that wrote it, or a newer one",
        )
    try:
        return kind.model_validate_json(payload)
    except ValidationError as bad:
        raise IntegrityLost(
            f"a stored {event_type} does not fit its kind ({bad.error_count()} fields)",
            fix="run `gatehouse audit verify`; a person must look",
        ) from bad
