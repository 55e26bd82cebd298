"""Would a signal turn a position the wrong way?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most
from core.risk.policy import Breach, Severity


class SignalDirection:
    """An entry adds to a long position or opens one; an exit, a profit-take and a stop-loss make it smaller
    and never turn it round.

    Asked of signals alone, at the draft; `short_sale` asks every sale again, at the release too.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (erroneous orders); the firm's rule that signals never open a short.
    """

    code: ClassVar[str] = "signal_direction"

    def __init__(self, *, adds: bool) -> None:
        self._adds = adds

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        shares, held = intent.leg.quantity, intent.standing.shares.get(intent.leg.symbol, NONE)
        if intent.buys is not self._adds:
            wrong, most = shares, NONE
        else:
            wrong, most = (NONE, NONE) if self._adds else (shares, held)
        if wrong <= most:
            return None
        what = (
            "an entry would sell"
            if self._adds
            else "an exit would buy"
            if intent.buys
            else "an exit would sell"
        )
        says = f"{what} {shares:f} shares of {intent.leg.symbol}, and {held:f} are held"
        return at_most(
            self.code, Severity.HARD, before=None, observed=wrong, limit=most, unit="shares", says=says
        )
