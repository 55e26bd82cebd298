"""An entry's trace and fact, for those who read many.

Rule 1: one decoder takes envelope and payload together, for every kind that has a shape. What it does not
    take (an older version, a kind without a shape, a text that is damaged) is read the slower way, which
    alone says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, reduce
from operator import or_
from typing import Any, Literal

import msgspec

from core.fact import Fact
from core.ids import TraceId
from core.ledger.envelope import opened
from core.ledger.events import KINDS
from core.shapes import NOT_TAKEN, shape_of


class Told(msgspec.Struct, frozen=True, gc=False):
    """What a fold needs of an entry."""

    trace: TraceId
    fact: Fact


def told(text: str) -> Told:
    """An entry's trace and fact.

    Raises:
        IntegrityLost: the text is no envelope, its kind is unknown or its payload does not fit.
    """
    return teller()(text)


@cache
def teller() -> Callable[[str], Told]:
    """`told`, with what it needs at hand."""
    shapes = {kind: shape for kind in KINDS.values() if (shape := shape_of(kind)) is not None}
    envelopes = {_envelope(kind, shape.struct): shape.made for kind, shape in shapes.items()}
    decode: Callable[[str], Any] = msgspec.json.Decoder(reduce(or_, envelopes)).decode

    def tell(text: str) -> Told:
        try:
            entry = decode(text)
            return Told(entry.trace_id, envelopes[type(entry)](entry.payload))
        except NOT_TAKEN:
            envelope = opened(text)
            return Told(envelope.trace_id, envelope.fact)

    return tell


def _envelope(kind: type[Fact], payload: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """As `Opened`, of that kind in its present version."""
    return msgspec.defstruct(
        f"{kind.__name__}Envelope",
        [
            ("event_version", Literal[kind.VERSION]),
            ("stream", str),
            ("trace_id", str),
            ("occurred_at", str),
            ("payload", payload),
        ],
        tag_field="event_type",
        tag=kind.event_type(),
        gc=False,
    )
