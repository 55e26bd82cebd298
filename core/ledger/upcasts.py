"""Old events read as today's: one step for each version that has ended.

Rule 1: a step is pure and total: the payload of one version in, that of the next one out. It never guesses
    what nobody recorded: what the older version did not say is null or empty.
Rule 2: nothing in the journal is rewritten. Readers take these steps each time; `audit verify` sees the old
    text.
Rule 3: a version that ended keeps its step and its lines in `tests/core/ledger/stored_events.jsonl` for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from core.errors import IntegrityLost

Payload = Mapping[str, Any]
Upcast = Callable[[Payload], Payload]


def brought_up(event_type: str, version: int, payload: Payload, *, to: int) -> Payload:
    """The payload as version `to` would have it.

    Raises:
        IntegrityLost: no steps lead from that version to `to`.
    """
    if not 1 <= version <= to:
        raise unknown(event_type, version)
    for at in range(version, to):
        step = UPCASTS.get((event_type, at))
        if step is None:
            raise unknown(event_type, version)
        payload = step(payload)
    return payload


def unknown(event_type: str, version: int) -> IntegrityLost:
    """What a reader says of a kind or version that it has never heard of."""
    return IntegrityLost(
        f"the journal holds {event_type!r} version {version}, which this version does not know",
        fix="run the version that wrote it, or a newer one",
    )


def _step_1(payload: Payload) -> Payload:
    """Version 2 tells a model's thought apart from a step that no model took."""
    moved = {"prompt_digest": None, "input_tokens": 0, "output_tokens": 0}
    thought = {name: payload.get(name, without) for name, without in moved.items()}
    kept = {name: value for name, value in payload.items() if name not in moved}
    if thought == moved:
        return kept
    counted = any(thought[name] for name in ("input_tokens", "output_tokens"))
    return {**kept, "thought": {**thought, "counted_by": "endpoint" if counted else "nobody"}}


def _call_1(payload: Payload) -> Payload:
    """Version 2 names no digest of the clear answer: guesses could be tried against it."""
    return {name: value for name, value in payload.items() if name != "answer_digest"}


def _decision_1(payload: Payload) -> Payload:
    """Version 2 also knows switches between models."""
    return payload


def _model_1(payload: Payload) -> Payload:
    """Version 2 may have a band of each holding's own target."""
    return {**payload, "relative_tolerance": None}


def _registration_1(payload: Payload) -> Payload:
    """Version 2 knows one registration more."""
    return payload


def _approved_1(payload: Payload) -> Payload:
    """Version 2 says in which role somebody approved; under version 1 the law let principals alone."""
    return {**payload, "capacity": "principal", "step_up": None}


def _submitted_1(payload: Payload) -> Payload:
    """Version 2 says whose idea it was, and why; under version 1 nobody was asked."""
    return {**payload, "solicited": None, "rationale": None}


def _returned_1(payload: Payload) -> Payload:
    """Version 2 has comments on single lines."""
    return {**payload, "comments": []}


def _drafted_1(payload: Payload) -> Payload:
    """Version 2 may replace a live order, be for the next session, and say how a plan is meant."""
    added = {"replaces": None, "for_session": None, "planning": None}
    return {**payload, "request": {**payload.get("request", {}), **added}}


def _drafted_2(payload: Payload) -> Payload:
    """The next version may go out over time, in parts."""
    request = payload.get("request", {})
    if request.get("planning") is None:
        return payload
    return {
        **payload,
        "request": {**request, "planning": {**request["planning"], "minutes": None, "parts": None}},
    }


def _released_1(payload: Payload) -> Payload:
    """Version 2 says which live order it takes the place of."""
    return {**payload, "replaces": None, "executed_before": None}


def _filled_1(payload: Payload) -> Payload:
    """Version 2 may be an order's share of what its block executed."""
    return {**payload, "block": None, "dollars": None}


def _corrected_1(payload: Payload) -> Payload:
    """Version 2 may correct such a share, which has dollars of its own."""
    told = {name: {**payload[name], "dollars": None} for name in ("was", "now") if payload.get(name)}
    return {**payload, **told}


UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = MappingProxyType(
    {
        ("StepTaken", 1): _step_1,
        ("ToolCalled", 1): _call_1,
        ("DecisionTaken", 1): _decision_1,
        ("ModelPublished", 1): _model_1,
        ("RegistrationRecorded", 1): _registration_1,
        ("ProposalDrafted", 1): _drafted_1,
        ("ProposalDrafted", 2): _drafted_2,
        ("CorrectionDrafted", 1): _drafted_2,
        ("RemainderDrafted", 1): _drafted_2,
        ("ProposalApproved", 1): _approved_1,
        ("ProposalReturned", 1): _returned_1,
        ("ProposalSubmitted", 1): _submitted_1,
        ("OrderReleased", 1): _released_1,
        ("OrderFilled", 1): _filled_1,
        ("TradeCorrected", 1): _corrected_1,
        ("TradeBusted", 1): _corrected_1,
    }
)
"""By event type and the version that is left; the outcome is of the next version."""
