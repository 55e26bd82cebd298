"""Is this an instrument that the firm trades?"""

from __future__ import annotations

from typing import ClassVar, Final

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import blocked
from core.risk.policy import Breach, Severity

TRADED_KINDS: Final = frozenset({"share", "etf"})
REFUSED: Final = {
    "mutual_fund": "mutual funds are",
    "bond": "bonds are",
    "option": "options are",
    "crypto": "crypto is",
    "cash_sweep": "cash sweeps are",
}


class InstrumentPermission:
    """Listed US shares and exchange-traded funds are traded; what else may be held is refused by its name.

    Source: 17 CFR 240.15c3-5(c)(2)(ii) (orders for securities that one is restricted from trading).
    """

    code: ClassVar[str] = "instrument_permission"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        instrument = intent.instrument
        if instrument is not None and instrument.tradable and instrument.kind in TRADED_KINDS:
            return None
        return blocked(self.code, Severity.HARD, _why(intent))


def _why(intent: Intent) -> str:
    symbol, instrument = intent.leg.symbol, intent.instrument
    if instrument is None:
        return f"{symbol} is not an instrument that the firm lists"
    if instrument.kind not in TRADED_KINDS:
        which = REFUSED.get(instrument.kind, f"instruments of kind {instrument.kind!r} are")
        return f"{symbol}: {which} held and shown here, not traded"
    return f"{symbol} is listed for holding, not for trading"
