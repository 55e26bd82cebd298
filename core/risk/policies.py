"""Every policy, in the order that people read them.

Rule 1: one rule, one file. A rule that is not listed here is not asked.
Rule 2: the order and the codes are part of the policy set's digest.
"""

from __future__ import annotations

from typing import Final

from core.risk.account_authority import AccountAuthority
from core.risk.account_day_value import AccountDayValue
from core.risk.account_status import AccountStatus
from core.risk.advisor_day_value import AdvisorDayValue
from core.risk.agent_day_value import AgentDayValue
from core.risk.best_interest import BestInterest
from core.risk.cash import CashCovers
from core.risk.cash_floor import CashFloor
from core.risk.concentration import Concentration
from core.risk.day_loss import DayLoss
from core.risk.do_not_trade import DoNotTrade
from core.risk.duplicate_content import DuplicateContent
from core.risk.duplicate_key import DuplicateKey
from core.risk.firm_day_value import FirmDayValue
from core.risk.free_riding import FreeRiding
from core.risk.halted import Halted
from core.risk.household_day_value import HouseholdDayValue
from core.risk.household_exposure import HouseholdExposure
from core.risk.instrument_permission import InstrumentPermission
from core.risk.lot_reserved import LotReserved
from core.risk.order_count import OrderCount
from core.risk.order_minimum import OrderMinimum
from core.risk.order_quantity import OrderQuantity
from core.risk.order_value import OrderValue
from core.risk.order_volume import OrderVolume
from core.risk.policy import Policy
from core.risk.position_size import PositionSize
from core.risk.price_band import PriceBand
from core.risk.price_tick import PriceTick
from core.risk.profile_age import ProfileAge
from core.risk.restricted import Restricted
from core.risk.sector_concentration import SectorConcentration
from core.risk.share_fraction import ShareFraction
from core.risk.short_sale import ShortSale
from core.risk.stale_price import StalePrice
from core.risk.standing_bounds import StandingBounds
from core.risk.trading_cost import TradingCost
from core.risk.trading_session import TradingSession
from core.risk.turnover import Turnover
from core.risk.venue_permission import VenuePermission
from core.risk.volatility_band import VolatilityBand
from core.risk.wash_sale import WashSale

POLICIES: Final[tuple[Policy, ...]] = (
    Halted(),
    AccountStatus(),
    AccountAuthority(),
    InstrumentPermission(),
    VenuePermission(),
    TradingSession(),
    ShareFraction(),
    PriceTick(),
    OrderMinimum(),
    OrderQuantity(),
    OrderVolume(),
    CashCovers(),
    FreeRiding(),
    OrderValue(),
    AccountDayValue(),
    HouseholdDayValue(),
    AdvisorDayValue(),
    AgentDayValue(),
    FirmDayValue(),
    DayLoss(),
    OrderCount(),
    DuplicateContent(),
    DuplicateKey(),
    PositionSize(),
    Restricted(),
    DoNotTrade(),
    PriceBand(),
    VolatilityBand(),
    StalePrice(),
    ShortSale(),
    LotReserved(),
    Concentration(),
    SectorConcentration(),
    HouseholdExposure(),
    CashFloor(),
    Turnover(),
    TradingCost(),
    ProfileAge(),
    BestInterest(),
    WashSale(),
    StandingBounds(),
)
