"""Limits proposed and confirmed by the bare append, as two people would."""

from __future__ import annotations

from typing import Any

from core.ids import Digest
from core.limits.events import LimitSet, digest_of
from core.limits.versions import BUILT_IN
from tests.core.gate.deal import APPROVER, NGOZI, ROBERT
from tests.fixtures.firm import Answer, Firm


def changed(**numbers: Any) -> LimitSet:
    """The built-in set with these numbers instead."""
    return LimitSet.model_validate({**BUILT_IN.model_dump(mode="json"), **numbers})


def session(firm: Firm) -> str:
    return str(firm.value("superuser", "select session::text from gatehouse.market_day"))


def propose(
    firm: Firm,
    *,
    login: str = ROBERT,
    day: str | None = None,
    said: dict[str, Any] | None = None,
    **numbers: Any,
) -> tuple[Digest, Answer]:
    """`said` changes the payload after the digest was made."""
    limits, day = changed(**numbers), day or session(firm)
    digest = digest_of(limits, day)
    payload = {
        "limits": limits.model_dump(mode="json"),
        "effective_on": day,
        "digest": digest,
        **(said or {}),
    }
    return digest, firm.append(APPROVER, firm.item("LimitsProposed", "limits", payload, login=login))[0]


def decide(firm: Firm, digest: str, *, login: str = NGOZI, kind: str = "LimitsConfirmed") -> Answer:
    return firm.append(APPROVER, firm.item(kind, "limits", {"digest": digest}, login=login))[0]


def set_limits(firm: Firm, *, day: str | None = None, **numbers: Any) -> Digest:
    """In force as of now, or as of that day."""
    digest, said = propose(firm, day=day, **numbers)
    assert said.ok, said
    said = decide(firm, digest)
    assert said.ok, said
    return digest
