"""Would one issuer weigh too much?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE
from core.risk.policy import Breach
from core.risk.standing import FUND_KINDS
from core.risk.weight import traded, weight_breach


class Concentration:
    """A purchase does not take an issuer above the account's limit, its IPS's or else the firm's. Soft.

    The weight is of everything of that issuer after all legs of the proposal, over the account's value, at
    market prices; what has no price counts as nothing, which makes the weight larger. Funds are spread by
    their own law and are not counted. A sale, and a proposal that leaves the weight no larger than it was,
    pass.

    Source: the account's investment policy statement; 17 CFR 240.15l-1(a)(2)(ii)(B) (best interest of that
    customer); FINRA Rule 2111.05(b) (customer-specific suitability, where Regulation Best Interest does not
    apply: 2111.08); Investment Company Act of 1940 section 5(b)(1) (diversified funds).
    """

    code: ClassVar[str] = "concentration"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        instrument = intent.instrument
        if not intent.buys or instrument is None or instrument.kind in FUND_KINDS:
            return None
        issuer, standing = instrument.issuer, intent.standing
        before = standing.issuers.get(issuer, NONE)
        ips = intent.account.ips
        return weight_breach(
            self.code,
            before=before,
            after=before + traded(intent, intent.own, lambda other: other.issuer == issuer),
            total=standing.worth,
            limit=ips.max_issuer_weight if ips else limits.max_issuer_weight,
            what=issuer,
            whole="account",
        )
