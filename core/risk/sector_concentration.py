"""Would one sector weigh too much?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE
from core.risk.policy import Breach
from core.risk.standing import FUND_KINDS
from core.risk.weight import traded, weight_breach


class SectorConcentration:
    """A purchase does not take the shares of one sector above the firm's fraction of the account. Soft.

    Counted as the concentration by issuer is: after all legs, at market prices, funds left out.

    Source: FINRA Rule 2111.05(b) (customer-specific suitability); 17 CFR 240.15l-1(a)(2)(ii)(B) (best
    interest of that customer).
    """

    code: ClassVar[str] = "sector_concentration"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        instrument = intent.instrument
        if not intent.buys or instrument is None or instrument.kind in FUND_KINDS:
            return None
        sector, standing = instrument.sector, intent.standing
        before = standing.sectors.get(sector, NONE)
        return weight_breach(
            self.code,
            before=before,
            after=before + traded(intent, intent.own, lambda other: other.sector == sector),
            total=standing.worth,
            limit=limits.max_sector_weight,
            what=f"the sector {sector}",
            whole="account",
        )
