"""Does trading cost the account too much?"""

from __future__ import annotations

from typing import ClassVar

from core.orders.cost import most_fees, worst_price
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most_of
from core.risk.policy import Breach, Severity


class TradingCost:
    """Fees of twelve months stay within the firm's fraction of the account. Soft.

    This order's most included, as far as the journal knows: fees of executions here, over what the account is
    worth now. A sale is not stopped for what others cost.

    Source: 17 CFR 240.15l-1(a)(2)(ii)(C) (a series of recommended transactions is not excessive); FINRA
    Rule 2111.05(c) (cost-to-equity ratio).
    """

    code: ClassVar[str] = "trading_cost"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        custodian, standing = intent.standing.custodian, intent.standing
        if not intent.buys or custodian is None or standing.worth <= NONE:
            return None
        leg, before = intent.leg, standing.fees
        after = before + most_fees(
            quantity=leg.quantity, price=worst_price(leg), ticket_fee=custodian.ticket_fee
        )
        if after <= limits.trading_cost * standing.worth:
            return None
        return at_most_of(
            self.code,
            Severity.SOFT,
            whole=standing.worth,
            before=before,
            observed=after,
            limit=limits.trading_cost,
            unit="fraction of the account",
            says=f"${after:,.2f} of fees in twelve months; the account is worth ${standing.worth:,.2f}",
        )
