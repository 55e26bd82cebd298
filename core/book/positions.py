"""Shares held per account and symbol: the naive fold that the lots and every projection are held equal to.

Rule 1: an execution, a correction or an opening lot that appears twice counts once.
Rule 2: a closed position is absent, not zero. Nothing here refuses a negative one: the policies do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from core.book.counted import NONE_COUNTED, Counted
from core.book.lots import Lots
from core.fact import Fact, is_of
from core.firm.events import LotReceived
from core.ids import AccountId, Symbol
from core.orders.corrections import Correction
from core.orders.events import OrderFilled, Side
from core.orders.trade import CORRECTIONS, change_of

ZERO: Final = Decimal(0)
MOVES_SHARES: Final = LotReceived | OrderFilled | Correction
SELL: Final = Side.SELL


class Positions(msgspec.Struct, frozen=True, gc=False):
    """One account. `counted` are opening lots and executions."""

    shares: Mapping[Symbol, Decimal]
    counted: Counted


NO_POSITIONS: Final = Positions(shares={}, counted=NONE_COUNTED)


def apply(positions: Positions, fact: Fact) -> Positions:
    """One account's positions after one of its facts; facts that move no shares change nothing."""
    if type(fact) is LotReceived:
        return _moved(positions, fact.lot, fact.symbol, fact.quantity)
    if type(fact) is OrderFilled:
        signed = -fact.quantity if fact.side is SELL else fact.quantity
        return _moved(positions, f"{fact.order}/{fact.execution}", fact.symbol, signed)
    if is_of(fact, CORRECTIONS):
        change = change_of(fact)
        return _moved(
            positions, change.name, fact.symbol, -change.shares if fact.side is SELL else change.shares
        )
    return positions


def fold(facts: Iterable[Fact]) -> Mapping[AccountId, Positions]:
    """Every account's positions after these facts, in this order."""
    book: dict[AccountId, Positions] = {}
    for fact in facts:
        if isinstance(fact, MOVES_SHARES):
            book[fact.account] = apply(book.get(fact.account, NO_POSITIONS), fact)
    return book


def of_lots(lots: Lots) -> Mapping[Symbol, Decimal]:
    """The same shares, added up from open lots."""
    shares: dict[Symbol, Decimal] = {}
    for lot in lots.open:
        shares[lot.symbol] = shares.get(lot.symbol, ZERO) + lot.quantity
    return shares


def _moved(positions: Positions, key: str, symbol: Symbol, signed: Decimal) -> Positions:
    counted = positions.counted.adding(key)
    if counted is positions.counted:
        return positions
    shares = dict(positions.shares)
    held = shares.pop(symbol, ZERO) + signed
    if held:
        shares[symbol] = held
    return Positions(shares, counted)
