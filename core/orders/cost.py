"""What an order can cost at worst, so that a basket is fundable whatever comes, and what a fill did cost.

Rule 1: a buy pays at most its limit, or the far edge of its band where it is a market order.
Rule 2: a sale brings at least its limit, or the near edge of its band.
Rule 3: fees are bounded, not guessed: no venue that the firm uses may charge more than `FEE_CAP`.
Rule 4: the risk policy `cash` and the planner use these figures and no others. The append reserves by the
    same caps, but for the custodian's ticket fee, which it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Final

from core.money import CENT, to_cents
from core.orders.content import Leg
from core.orders.corrections import Booked
from core.orders.events import OrderFilled, Side

SELL: Final = Side.SELL


@dataclass(frozen=True, slots=True)
class FeeCap:
    """The most that executing an order may cost: dollars per share, and a fraction of its value."""

    per_share: Decimal
    of_value: Decimal


FEE_CAP: Final = FeeCap(per_share=Decimal("0.01"), of_value=Decimal("0.001"))
"""Above the access fee that Rule 610(c) of Regulation NMS lets an exchange charge ($0.003 a share)."""


def most_fees(*, quantity: Decimal, price: Decimal, ticket_fee: Decimal) -> Decimal:
    """Dollars, rounded up to the cent: the venue's fees at the cap and the custodian's ticket."""
    fees = quantity * FEE_CAP.per_share + quantity * price * FEE_CAP.of_value + ticket_fee
    return fees.quantize(CENT, rounding=ROUND_UP)


def worst_price(leg: Leg) -> Decimal:
    """Dollars per share: the most that a buy may pay, or the least that a sale may take."""
    if leg.limit_price is not None:
        return leg.limit_price
    return leg.band_high if leg.side is Side.BUY else leg.band_low


def most_paid(*, quantity: Decimal, price: Decimal, ticket_fee: Decimal) -> Decimal:
    """Dollars that buying at `price` or better can take, fees included, rounded up to the cent."""
    paid = (quantity * price).quantize(CENT, rounding=ROUND_UP)
    return paid + most_fees(quantity=quantity, price=price, ticket_fee=ticket_fee)


def least_received(*, quantity: Decimal, price: Decimal, ticket_fee: Decimal) -> Decimal:
    """Dollars that selling at `price` or better brings, fees taken off; below zero where they exceed it."""
    received = (quantity * price).quantize(CENT, rounding=ROUND_DOWN)
    return received - most_fees(quantity=quantity, price=price, ticket_fee=ticket_fee)


def worst_cash(leg: Leg, ticket_fee: Decimal) -> Decimal:
    """Dollars that the leg moves at worst: what a buy can take is negative, what a sale brings positive."""
    price = worst_price(leg)
    if leg.side is Side.BUY:
        return -most_paid(quantity=leg.quantity, price=price, ticket_fee=ticket_fee)
    return least_received(quantity=leg.quantity, price=price, ticket_fee=ticket_fee)


def cash_moved(fill: OrderFilled) -> Decimal:
    """Dollars that one execution brings into the account: its value in cents, half to even, and its fee."""
    return dollars_moved(fill.side, fill)


def dollars_moved(side: Side, booked: OrderFilled | Booked) -> Decimal:
    """The same, of an execution as it was booked at first or as it stands after a correction.

    A share of a block says its own part of the value.
    """
    dollars = booked.dollars
    if dollars is None:
        dollars = to_cents(booked.quantity * booked.price)
    return dollars - booked.fee if side is SELL else -dollars - booked.fee
