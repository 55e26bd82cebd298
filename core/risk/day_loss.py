"""How much did what one agent, strategy or signal put forward lose today?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most
from core.risk.policy import Breach, Severity


class DayLoss:
    """An agent, a strategy or a signal whose trades of the day lost more than the limit buys no more today.

    A strategy is any program that drafts; its signal is what it traded of one symbol, so that another's gain
    hides no loss. Shares that it bought are worth the market's price, less what they cost; shares that it
    sold brought what they brought, less what they would cost now. The worst of the three is told. A sale of
    what an account holds is never denied by it: clients can always get out. A person's draft is none of them.

    Source: 17 CFR 240.15c3-5(c)(1)(i) (financial exposure, systematically limited); FINRA Regulatory Notice
    15-09 (effective practices for the supervision and control of algorithmic trading strategies).
    """

    code: ClassVar[str] = "day_loss"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        if not intent.buys:
            return None
        ground, symbol = intent.ground, intent.leg.symbol
        lost = ground.agent_loss
        who = f"what agent {ground.activity.agent} drafted"
        if ground.activity.strategy is not None:
            signal = ground.signal_losses.get(symbol, NONE)
            if ground.strategy_loss > lost:
                lost, who = ground.strategy_loss, f"what strategy {ground.activity.strategy} drafted"
            if signal > lost:
                lost, who = signal, f"what strategy {ground.activity.strategy} signalled in {symbol}"
        if lost <= limits.day_loss:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=lost,
            limit=limits.day_loss,
            unit="USD",
            says=f"{who} lost ${lost:,.2f} today; the limit is ${limits.day_loss:,.2f}",
        )
