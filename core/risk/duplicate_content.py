"""Was exactly this asked for a moment ago?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, ONE, at_most
from core.risk.policy import Breach, Severity
from core.risk.standing import Content


class DuplicateContent:
    """No order of the same content is open or was submitted a moment ago, here or in the proposal.

    The content is account, symbol, side, quantity and limit price; the moment is the firm's window.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (orders that indicate duplicative orders).
    """

    code: ClassVar[str] = "duplicate_content"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        latest = intent.ground.latest
        if not latest and len(intent.upto) == 1:
            return None
        leg = intent.leg
        content = (leg.account, leg.symbol, leg.side, leg.quantity, leg.limit_price)
        copies = 0 if len(intent.upto) == 1 else _copies(intent, content)
        known = latest.get(content)
        if known is not None and (
            known.remaining > NONE or known.asked_at > intent.ground.taken_at - limits.duplicate_window
        ):
            copies += 1
        if not copies:
            return None
        what = f"{leg.side} {leg.quantity:f} {leg.symbol}"
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=copies + ONE,
            limit=ONE,
            unit="orders",
            says=f"the same order, {what}, is open or was submitted a moment ago",
        )


def _copies(intent: Intent, content: Content) -> int:
    """Earlier legs of the proposal with this content. The parts of one order over time are no copies."""
    if intent.is_part:
        return 0
    found = 0
    for one in intent.upto:
        if (one.account, one.symbol, one.side, one.quantity, one.limit_price) == content:
            found += one is not intent.leg
    return found
