"""What an account's owner is told of a trade, computed from the record whenever somebody asks.

Rule 1: the figures are those of the trade at its newest confirmation; one that was taken back says so.
Rule 2: times and counterparties of single executions are furnished on written request, as the rule permits.
Rule 3: the firm acts as agent, takes no payment for order flow and nothing beside the fees that are shown.

Source: 17 CFR 240.10b-10(a)(1), (a)(2) and (a)(9); the settlement date is 15c6-1's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from core.fact import Amount
from core.ids import AccountId, OrderId, Symbol
from core.orders.events import Side

ON_REQUEST: Final = "furnished on written request"


class Confirmation(BaseModel):
    """Prices are dollars per share, the rest dollars. `number` counts the executions and corrections that it
    speaks of: a later one for the same trade has a higher one and replaces it."""

    model_config = ConfigDict(frozen=True)

    order: OrderId
    account: AccountId
    number: int
    standing: Literal["confirmed", "taken back"]
    side: Side
    symbol: Symbol
    quantity: Amount
    average_price: Amount | None
    trade_date: str
    settles_on: str
    time_of_execution: str = ON_REQUEST
    capacity: Literal["agent"] = "agent"
    counterparty: str = ON_REQUEST
    gross: Amount
    remuneration: Amount  # fees, in all, that the account bears
    net: Amount  # into the account; what a purchase takes is negative
    payment_for_order_flow: str = "none is received"
    other_remuneration: str = "none is received"
    note: str


def confirmation(
    *,
    order: OrderId,
    account: AccountId,
    side: Side,
    symbol: Symbol,
    quantity: Decimal,
    average_price: Decimal | None,
    trade_date: str,
    settles_on: str,
    fees: Decimal,
    net: Decimal,
    number: int,
) -> Confirmation:
    """One trade's, as it was told last."""
    gone = not quantity
    return Confirmation(
        order=order,
        account=account,
        number=number,
        standing="taken back" if gone else "confirmed",
        side=side,
        symbol=symbol,
        quantity=quantity,
        average_price=average_price,
        trade_date=trade_date,
        settles_on=settles_on,
        gross=abs(net) + (fees if side is Side.SELL else -fees),
        remuneration=fees,
        net=net,
        note=(
            "This trade was confirmed before and did not take place: the venue took it back."
            if gone
            else "The price is the average of all executions of the trade date; single ones on request."
        ),
    )
