"""Is trading stopped for anything that this order touches?"""

from __future__ import annotations

from typing import ClassVar, Final

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import blocked
from core.risk.policy import Breach, Severity

EVERYTHING: Final = "all"


class Halted:
    """Nothing new leaves while a halt covers it: everything, its household, advisor, account or symbol, the
    agent that drafted it, or every venue that its custodian settles with.

    A purchase or a sale, whatever it mends: a halt stops orders, not measures. It ends nothing that was
    approved.

    Source: 17 CFR 240.15c3-5(c)(1), (d) (controls that prevent the entry of orders, under the firm's direct
    and exclusive control).
    """

    code: ClassVar[str] = "halted"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        halts = intent.market.halts
        if not halts:
            return None
        if EVERYTHING in halts:
            return self._blocked("everything")
        leg, household, agent = intent.leg, intent.ground.household, intent.ground.activity.agent
        covering = [
            f"household:{household.id}",
            f"advisor:{household.advisor}",
            f"account:{leg.account}",
            f"symbol:{leg.symbol}",
            *([] if agent is None else [f"agent:{agent}"]),
        ]
        for scope in covering:
            if scope in halts:
                return self._blocked(scope.replace(":", " ", 1))
        custodian = intent.standing.custodian
        venues = frozenset() if custodian is None else custodian.venues
        if custodian is not None and venues and all(f"venue:{venue}" in halts for venue in venues):
            return self._blocked(f"every venue that {custodian.name} settles with")
        return None

    def _blocked(self, named: str) -> Breach:
        return blocked(self.code, Severity.HARD, f"trading is stopped for {named}")
