"""How a plan is meant, beyond which accounts: what an advisor may say of taxes, lots, dollars and time.

Rule 1: every field is a choice of hers. What she does not say is `None`, and the core has one answer for it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from core.fact import Amount
from core.ids import LotId, Symbol

MOST_MINUTES: Final = 390  # a whole session
MOST_PARTS: Final = 60


class LotMethod(StrEnum):
    """Source: 26 CFR 1.1012-1(c)."""

    HIGHEST_COST = "highest_cost"
    FIRST_IN = "first_in"
    LEAST_TAX = "least_tax"


class Planning(BaseModel):
    """`weigh_tax`: gains are weighed against drift. `gains_budget`: the most net gain, in dollars. `dollars`:
    how much cash. `replacement`: what is bought for what is sold at a loss. `lots`: these, in this order.
    `minutes` and `parts`: over how long an order goes out, and in how many."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    weigh_tax: bool = False
    gains_budget: Amount | None = None
    dollars: Amount | None = None
    lot_method: LotMethod | None = None
    lots: tuple[LotId, ...] = ()
    replacement: Symbol | None = None
    minutes: int | None = Field(default=None, ge=1, le=MOST_MINUTES)
    parts: int | None = Field(default=None, ge=2, le=MOST_PARTS)
