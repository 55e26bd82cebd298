"""Routing rules proposed and confirmed by the bare append, as two people would."""

from __future__ import annotations

from typing import Any, Final

from core.best_execution.events import RoutingSet, WeightReason, digest_of
from core.best_execution.versions import BUILT_IN
from core.ids import Digest
from tests.core.gate.deal import APPROVER, GATE, NGOZI, ROBERT
from tests.fixtures.firm import Answer, Firm

PEOPLE: Final = {ROBERT: "pri-1", NGOZI: "com-1"}


def changed(*, tables: dict[str, Any] | None = None, **weights: Any) -> RoutingSet:
    """The built-in set with these weights and tables instead."""
    said = BUILT_IN.model_dump(mode="json")
    return RoutingSet.model_validate({**said, "weights": {**said["weights"], **weights}, **(tables or {})})


def session(firm: Firm) -> str:
    return str(firm.value("superuser", "select session::text from gatehouse.market_day"))


def reason(weight: str, person: str = "pri-1") -> dict[str, Any]:
    return {"weight": weight, "text": {"subject": person, "key": 1, "sealed": "AAAA"}}


def propose(
    firm: Firm,
    routing: RoutingSet,
    *reasons: dict[str, Any],
    login: str = ROBERT,
    day: str | None = None,
    said: dict[str, Any] | None = None,
) -> tuple[Digest, Answer]:
    """`said` changes the payload after the digest was made."""
    day = day or session(firm)
    digest = digest_of(routing, [_reason(one) for one in reasons], day)
    payload = {
        "routing": routing.model_dump(mode="json"),
        "reasons": list(reasons),
        "effective_on": day,
        "digest": digest,
        **(said or {}),
    }
    return digest, firm.append(APPROVER, firm.item("RoutingProposed", "routing", payload, login=login))[0]


def decide(firm: Firm, digest: str, *, login: str = NGOZI, kind: str = "RoutingConfirmed") -> Answer:
    return firm.append(APPROVER, firm.item(kind, "routing", {"digest": digest}, login=login))[0]


def set_routing(firm: Firm, routing: RoutingSet, *reasons: dict[str, Any], day: str | None = None) -> Digest:
    """In force as of now, or as of that day."""
    digest, said = propose(firm, routing, *reasons, day=day)
    assert said.ok, said
    said = decide(firm, digest)
    assert said.ok, said
    return digest


def in_force(firm: Firm) -> int:
    return int(firm.value(GATE, "select version from gatehouse.routing_in_force()"))


def _reason(said: dict[str, Any]) -> WeightReason:
    return WeightReason.model_validate(said)
