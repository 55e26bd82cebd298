"""A standing approval brought as far as a test wants it, by the bare append. Nothing here checks anything."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core.standing.events import StandingTerms, review_digest
from tests.core.gate.deal import APPROVER, GATE, NGOZI, ROBERT, SUSAN, Deal, leg
from tests.fixtures.firm import Answer, Firm

TODAY: Final = "2022-12-29"
TOMORROW: Final = "2022-12-30"
AFTER: Final = "2023-01-03"
TERMS: Final[Mapping[str, Any]] = {
    "kind": "rebalance",
    "tier": 1,
    "advisors": ["adv-1"],
    "households": [],
    "symbols": ["AAPL", "KO"],
    "dollars_each": "10000",
    "dollars_a_day": "20000",
    "dollars_in_all": "50000",
    "proposals_a_day": 5,
    "valid_from": TODAY,
    "valid_until": "2023-01-31",
}


@dataclass
class Standing:
    """One standing approval of that firm."""

    firm: Firm
    terms: dict[str, Any] = field(default_factory=lambda: dict(TERMS))
    standing: str = field(default_factory=lambda: f"std-{secrets.token_hex(16)}")

    @property
    def stream(self) -> str:
        return f"standing/{self.standing}"

    @property
    def digest(self) -> str:
        return StandingTerms.model_validate(self.terms).digest()

    def append(self, kind: str, login: str, *, role: str = APPROVER, **said: Any) -> Answer:
        payload = {"standing": self.standing, **said}
        return self.firm.append(role, self.firm.item(kind, self.stream, payload, login=login))[0]

    def propose(self, login: str = ROBERT, **changed: Any) -> Answer:
        digest = changed.get("digest") or self.digest
        return self.append("StandingApprovalProposed", login, terms=self.terms, digest=digest)

    def confirm(self, login: str = NGOZI, **changed: Any) -> Answer:
        return self.append("StandingApprovalConfirmed", login, digest=changed.get("digest", self.digest))

    def revoke(self, login: str = SUSAN) -> Answer:
        return self.append("StandingApprovalRevoked", login)

    def review(self, *drawn: Deal, session: str = TODAY, login: str = SUSAN, digest: str = "") -> Answer:
        listed = review_digest(tuple((deal.proposal, deal.digest) for deal in drawn))  # type: ignore[misc]
        return self.append("StandingReviewed", login, session=session, digest=digest or listed)

    def adopted(self, **changed: Any) -> Standing:
        self.terms.update(changed)
        for said in (self.propose(), self.confirm()):
            assert said.ok, said
        return self

    def drawing(self, deal: Deal, **changed: Any) -> dict[str, Any]:
        """What the worker would append, as an item."""
        rows = "select gatehouse.standing_dollars(%s)::text"
        payload = {
            "standing": self.standing,
            "terms_digest": self.digest,
            "proposal": deal.proposal,
            "digest": deal.digest,
            "session": TODAY,
            "dollars": self.firm.value("superuser", rows, deal.proposal) or "1",
            **changed,
        }
        return {"event_type": "StandingApprovalDrawn", "stream": deal.stream, "payload": payload}

    def draw(self, deal: Deal, *, role: str = GATE, login: str | None = None, **changed: Any) -> Answer:
        item = self.firm.item(**self.drawing(deal, **changed), login=login)
        return self.firm.append(role, item)[0]

    def void(self, deal: Deal, *, role: str = GATE, login: str | None = None) -> Answer:
        payload = {"standing": self.standing, "proposal": deal.proposal}
        item = self.firm.item("StandingDrawVoided", deal.stream, payload, login=login)
        return self.firm.append(role, item)[0]

    @property
    def used(self) -> tuple[int, str]:
        rows = "select drawn, dollars::text from gatehouse.standing_approval where standing = %s"
        row = self.firm.ask("superuser", rows, self.standing)[0]
        return int(row["drawn"]), str(row["dollars"])


def routine(firm: Firm, *legs: Mapping[str, Any], **content: Any) -> Deal:
    """A submitted proposal of tier 1 of a discretionary account: ten shares sold at a hundred, where no other
    orders are given."""
    deal = Deal(firm)
    deal.own("100000", "AAPL")
    return deal.submitted(*(legs or (leg(deal.account, "sell", "AAPL", "10"),)), **{"tier": 1, **content})
