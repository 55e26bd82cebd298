"""Would one issuer weigh too much over all the household's accounts?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE
from core.risk.policy import Breach
from core.risk.standing import FUND_KINDS
from core.risk.weight import traded, weight_breach


class HouseholdExposure:
    """A purchase does not take an issuer above the firm's fraction of the household. Soft.

    All of the household's accounts and all legs of the proposal count; accounts at other firms are not
    known.

    Source: FINRA Rule 2111.05(b) (customer-specific suitability, in light of the customer's other
    investments); 17 CFR 240.15l-1(a)(2)(ii)(B).
    """

    code: ClassVar[str] = "household_exposure"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        instrument = intent.instrument
        if not intent.buys or instrument is None or instrument.kind in FUND_KINDS:
            return None
        issuer, ground = instrument.issuer, intent.ground
        before = ground.issuers.get(issuer, NONE)
        return weight_breach(
            self.code,
            before=before,
            after=before + traded(intent, intent.legs, lambda other: other.issuer == issuer),
            total=ground.worth,
            limit=limits.household_issuer_weight,
            what=issuer,
            whole="household",
        )
