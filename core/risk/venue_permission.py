"""Can the account's custodian settle with a venue that trades this?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import blocked
from core.risk.policy import Breach, Severity


class VenuePermission:
    """The custodian is known and settles with a venue; where venues quote the symbol, with one of those.

    Before any venue has quoted the symbol on this business day, the custodian's own venues are enough.

    Source: 17 CFR 240.15c3-5(c)(2)(iii) (access to trading systems is restricted to what was approved).
    """

    code: ClassVar[str] = "venue_permission"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        custodian = intent.standing.custodian
        if custodian is None:
            return self._blocked(f"custodian {intent.account.custodian} is not one of the firm's")
        if not custodian.venues:
            return self._blocked(f"{custodian.name} settles with no venue")
        quoting = intent.market.quoting.get(intent.leg.symbol)
        if quoting is None or not quoting.isdisjoint(custodian.venues):
            return None
        return self._blocked(f"no venue that quotes {intent.leg.symbol} settles with {custodian.name}")

    def _blocked(self, says: str) -> Breach:
        return blocked(self.code, Severity.HARD, says)
