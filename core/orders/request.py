"""What is asked for, before anything is computed: the words that requests, legs and orders share."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.fact import Amount
from core.ids import AccountId, HouseholdId, MessageId, Symbol


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(StrEnum):
    DAY = "day"


class Part(BaseModel):
    """A value inside an event."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Part):
    """Where a value of a request comes from: these characters of the advisor's journaled message."""

    field: str
    message: MessageId
    start: int = Field(ge=0)
    end: int = Field(gt=0)


class Request(Part):
    """What was asked for, before anything is computed.

    kind `rebalance`: `household` names it (all its tradable accounts), or `accounts` narrows it.
    kind `order`: one account, `symbol`, `side`, `quantity` and, for a limit order, `limit_price`.
    """

    kind: Literal["rebalance", "order"]
    household: HouseholdId
    accounts: tuple[AccountId, ...] = ()
    symbol: Symbol | None = None
    side: Side | None = None
    quantity: Amount | None = None
    order_type: OrderType | None = None
    limit_price: Amount | None = None
