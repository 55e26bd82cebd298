"""Is this an instrument that the firm trades?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Final

from core.risk.policy import Breach, Intent, Limits, Severity

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
        symbol = intent.leg.symbol
        instrument = intent.market.instruments.get(symbol)
        if instrument is None:
            return self._breach(f"{symbol} is not an instrument that the firm lists")
        if instrument.kind not in TRADED_KINDS:
            which = REFUSED.get(instrument.kind, f"instruments of kind {instrument.kind!r} are")
            return self._breach(f"{symbol}: {which} held and shown here, not traded")
        if not instrument.tradable:
            return self._breach(f"{symbol} is listed for holding, not for trading")
        return None

    def _breach(self, says: str) -> Breach:
        return Breach(self.code, Severity.HARD, Decimal(1), Decimal(0), "blocks", says)
