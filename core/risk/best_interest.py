"""Does what is known of the client speak for this purchase?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar, Final

from core.book.picture import Account
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most
from core.risk.policy import Breach, Severity
from core.risk.profile_age import months_after

ONE_COMPANYS: Final = "share"  # no fund: one company's fortune
CAREFUL: Final = frozenset({"conservative", "income"})
DUTIES: Final = {
    "advisory": "as a fiduciary",
    "brokerage": "under Regulation Best Interest",
}


class BestInterest:
    """A purchase has nothing open against it in the profile or in what was agreed for the account. Soft.

    Open are: a horizon that has ended; one company's shares for a conservative or an income objective, or
    with a high need for liquidity; and, where the firm advises, an account without an investment policy
    statement. What the account's own model portfolio holds was chosen for that client: it is open only where
    the horizon has ended. A profile that is missing or too old is `profile_age`'s question, and a sale's
    costs and taxes are others'. The written reason answers why this serves the client better than doing
    nothing and than the cheaper way, which stand beside it in the core's own figures.

    Source: 17 CFR 240.15l-1(a)(2)(ii)(A) and (B) (care obligation of a broker-dealer: risks, rewards, costs,
    the customer's investment profile) and (b)(2) (what a profile is: horizon, liquidity needs, objectives);
    Investment Advisers Act section 206 and SEC Release IA-5248, 84 FR 33669 (an adviser's duty of care).
    """

    code: ClassVar[str] = "best_interest"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        household, account = intent.ground.household, intent.account
        recorded, years = household.profile_recorded_on, household.horizon_years
        if not intent.buys or recorded is None:
            return None
        ended = years is not None and horizon_ends(recorded, years) < intent.market.session
        bare = account.ips is None and account.capacity == "advisory"
        careful = household.liquidity_need == "high" or household.objective in CAREFUL
        if not (ended or bare or careful):
            return None
        stands = tuple(_open(intent, ended=ended, bare=bare, careful=careful))
        if not stands:
            return None
        says = (
            f"{'; '.join(stands)}. Write why {intent.leg.symbol} serves the client all the same, "
            f"{DUTIES.get(account.capacity, 'in the client’s interest')}, better than doing nothing and than "
            "the cheaper way"
        )
        return at_most(
            self.code,
            Severity.SOFT,
            before=None,
            observed=Decimal(len(stands)),
            limit=NONE,
            unit="open points",
            says=says,
        )


@lru_cache(maxsize=1 << 14)
def horizon_ends(recorded: date, years: int) -> date:
    """When the money is needed: the profile's years after its day."""
    return months_after(recorded, years * 12)


def _open(intent: Intent, *, ended: bool, bare: bool, careful: bool) -> Iterator[str]:
    household, instrument, symbol = intent.ground.household, intent.instrument, intent.leg.symbol
    if ended:
        yield f"the horizon of the profile of {household.profile_recorded_on} has ended"
    if bare:
        yield "the account has no investment policy statement"
    one_companys = instrument is not None and instrument.kind == ONE_COMPANYS
    if not careful or not one_companys or _agreed(intent.account, symbol):
        return
    if household.objective in CAREFUL:
        yield f"{symbol} is one company's share, and the objective is {household.objective}"
    if household.liquidity_need == "high":
        yield f"{symbol} is one company's share, and the need for liquidity is high"


def _agreed(account: Account, symbol: str) -> bool:
    return account.model is not None and symbol in account.model.weights
