"""Which lots a sale uses: chosen before people decide, and part of what they decide on.

Rule 1: highest cost first, so that the least gain is realised; at equal cost a long-term lot goes first,
then the older one, then by id. The same account gives the same choice.
Rule 2: shares promised to another order are not chosen again.
Source: specific identification, 26 CFR 1.1012-1(c).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from core.book.gains import Gains, Realised, Term, gains, term
from core.book.picture import Account, Lot
from core.ids import Symbol
from core.money import tidy
from core.orders.content import LotChoice


def highest_cost_first(
    account: Account, symbol: Symbol, quantity: Decimal, *, on: date
) -> tuple[LotChoice, ...]:
    """Lots that make up `quantity`; fewer shares where the account has not that many free."""
    chosen = []
    wanted = quantity
    for lot in sorted((lot for lot in account.lots if lot.symbol == symbol), key=lambda lot: _order(lot, on)):
        free = lot.quantity - account.reserved_lots.get(lot.id, Decimal(0))
        taken = min(free, wanted)
        if taken > 0:
            chosen.append(LotChoice(lot=lot.id, quantity=tidy(taken)))
            wanted -= taken
    return tuple(chosen)


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


def _order(lot: Lot, on: date) -> tuple[Decimal, bool, date, str]:
    return (
        -lot.cost_per_share,
        term(acquired_on=lot.acquired_on, sold_on=on) is Term.SHORT,
        lot.acquired_on,
        lot.id,
    )
