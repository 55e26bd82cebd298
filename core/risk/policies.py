"""Every policy, in the order that people read them.

Rule 1: one rule, one file. A rule that is not listed here is not asked.
Rule 2: the order and the codes are part of the policy set's digest.
"""

from __future__ import annotations

from typing import Final

from core.risk.account_authority import AccountAuthority
from core.risk.account_status import AccountStatus
from core.risk.cash import CashCovers
from core.risk.concentration import Concentration
from core.risk.do_not_trade import DoNotTrade
from core.risk.instrument_permission import InstrumentPermission
from core.risk.lot_reserved import LotReserved
from core.risk.order_value import OrderValue
from core.risk.policy import Policy
from core.risk.price_band import PriceBand
from core.risk.restricted import Restricted
from core.risk.share_fraction import ShareFraction
from core.risk.short_sale import ShortSale
from core.risk.stale_price import StalePrice

POLICIES: Final[tuple[Policy, ...]] = (
    AccountStatus(),
    AccountAuthority(),
    InstrumentPermission(),
    ShareFraction(),
    CashCovers(),
    OrderValue(),
    Concentration(),
    Restricted(),
    DoNotTrade(),
    PriceBand(),
    StalePrice(),
    ShortSale(),
    LotReserved(),
)
