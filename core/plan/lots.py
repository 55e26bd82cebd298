"""Which lots a sale uses: chosen before people decide, and part of what they decide on.

Rule 1: a choice is by a named method, or by naming the lots; the same account gives the same choice.
Rule 2: shares promised to another order are not chosen again.
Rule 3: what is chosen stands in the text that people decide on, and so is fixed before settlement.
Rule 4: highest cost: at equal cost a long-term lot goes first, then the older one, then by id. Least tax: the
lot whose sale costs the least tax a dollar, or saves the most.
Source: adequate identification, 26 CFR 1.1012-1(c)(2) and (3), no later than the settlement date
(1.1012-1(c)(8)); first in, first out is what the regulation assumes where nothing is named (1.1012-1(c)(1)).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.book.gains import Gains, Realised, Term, gains, term
from core.book.picture import Account, Lot
from core.errors import BadInput
from core.ids import LotId, Symbol
from core.money import tidy
from core.orders.content import LotChoice
from core.orders.planning import LotMethod
from core.plan.tax import TAXED_KINDS, TaxRates
from core.shapes import worked_out

ZERO: Final = Decimal(0)
_CHOICE: Final = worked_out(LotChoice)
Order = Callable[[Lot], Any]


def highest_cost_first(
    account: Account, symbol: Symbol, quantity: Decimal, *, on: date
) -> tuple[LotChoice, ...]:
    """Lots that make up `quantity`; fewer shares where the account has not that many free."""
    return _chosen(account, symbol, quantity, lambda lot: _highest_cost(lot, on))


def first_in_first_out(account: Account, symbol: Symbol, quantity: Decimal) -> tuple[LotChoice, ...]:
    """As `highest_cost_first`, the oldest first."""
    return _chosen(account, symbol, quantity, lambda lot: (lot.acquired_on, lot.id))


def least_tax_first(
    account: Account, symbol: Symbol, quantity: Decimal, *, price: Decimal, on: date, rates: TaxRates
) -> tuple[LotChoice, ...]:
    """As `highest_cost_first`, by what a dollar of the sale costs in tax."""

    def order(lot: Lot) -> Any:
        return (tax_a_dollar(lot, price, kind=account.kind, on=on, rates=rates), lot.acquired_on, lot.id)

    return _chosen(account, symbol, quantity, order)


def named_lots(
    account: Account, symbol: Symbol, quantity: Decimal, lots: Sequence[LotId]
) -> tuple[LotChoice, ...]:
    """These lots, in this order.

    Raises:
        BadInput: one is not a lot of that symbol in this account, or they do not hold that many free.
    """
    known = {lot.id: lot for lot in account.lots if lot.symbol == symbol}
    for lot in lots:
        if lot not in known:
            raise BadInput(
                f"{lot!r} is not a lot of {symbol} in {account.id}",
                fix=f"name lots of it: {', '.join(sorted(known)) or 'it has none'}",
                field="lots",
            )
    place = {lot: n for n, lot in enumerate(lots)}
    only = [known[lot] for lot in place]
    chosen = _of(only, account.reserved_lots, quantity, lambda lot: place[lot.id])
    have = sum((choice.quantity for choice in chosen), ZERO)
    if have < quantity:
        raise BadInput(
            f"the named lots hold {have:f} free shares of {symbol}, not {quantity:f}",
            fix="name more lots, or sell fewer shares",
            field="lots",
        )
    return chosen


def lots_by(
    method: LotMethod | None,
    account: Account,
    symbol: Symbol,
    quantity: Decimal,
    *,
    price: Decimal,
    on: date,
    rates: TaxRates,
) -> tuple[LotChoice, ...]:
    """By the named method; by highest cost where none is named."""
    match method:
        case LotMethod.FIRST_IN:
            return first_in_first_out(account, symbol, quantity)
        case LotMethod.LEAST_TAX:
            return least_tax_first(account, symbol, quantity, price=price, on=on, rates=rates)
        case LotMethod.HIGHEST_COST | None:
            return highest_cost_first(account, symbol, quantity, on=on)


def tax_a_dollar(lot: Lot, price: Decimal, *, kind: str, on: date, rates: TaxRates) -> Decimal:
    """What selling a dollar of this lot costs in tax; below zero, what its loss may save."""
    if kind not in TAXED_KINDS:
        return ZERO
    short = term(acquired_on=lot.acquired_on, sold_on=on) is Term.SHORT
    return (price - lot.cost_per_share) / price * (rates.short_term if short else rates.long_term)


def gains_of(account: Account, choices: Sequence[LotChoice], *, price: Decimal, on: date) -> Gains:
    """What selling these lots at `price` would realise, before fees."""
    lots = {lot.id: lot for lot in account.lots}
    return gains(
        Realised(
            quantity=choice.quantity,
            proceeds=choice.quantity * price,
            cost=choice.quantity * lots[choice.lot].cost_per_share,
            acquired_on=lots[choice.lot].acquired_on,
            sold_on=on,
        )
        for choice in choices
    )


def _chosen(account: Account, symbol: Symbol, quantity: Decimal, order: Order) -> tuple[LotChoice, ...]:
    held = [lot for lot in account.lots if lot.symbol == symbol]
    return _of(held, account.reserved_lots, quantity, order)


def _of(
    held: Sequence[Lot], reserved: Mapping[LotId, Decimal], quantity: Decimal, order: Order
) -> tuple[LotChoice, ...]:
    chosen = []
    wanted = quantity
    for lot in sorted(held, key=order):
        free = lot.quantity - reserved.get(lot.id, ZERO)
        taken = min(free, wanted)
        if taken > 0:
            chosen.append(_CHOICE(lot=lot.id, quantity=tidy(taken)))
            wanted -= taken
    return tuple(chosen)


def _highest_cost(lot: Lot, on: date) -> tuple[Decimal, bool, date, str]:
    return (
        -lot.cost_per_share,
        term(acquired_on=lot.acquired_on, sold_on=on) is Term.SHORT,
        lot.acquired_on,
        lot.id,
    )
