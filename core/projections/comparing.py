"""Two answers to one question, row by row: what is stored, and what a fold says. Pure.

Rule 1: a row is found by its key. One that only one side has is a difference, too.
Rule 2: a difference names the table, the key and the columns. Of sealed words it shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.book.cash import CashBook
from core.book.positions import Positions
from core.ids import AccountId
from core.orders.order import ENDED
from core.projections import projected
from core.projections.folded import Folded
from core.projections.projected import Row
from core.projections.references import Reference

Key = tuple[Any, ...]
Naive = Mapping[AccountId, Positions]
"""Every account's positions, folded without a thought of lots."""
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "reference": ("kind", "id"),
    "lot": ("lot",),
    "position": ("account", "symbol"),
    "cash": ("account",),
    "order_state": ("order_id",),
    "holding": ("account", "symbol"),
    "lot_holding": ("account", "lot"),
    "day_use": ("scope", "named"),
    "leg": ("order_id",),
    "proposal": ("proposal",),
    "trade": ("order_id", "trade_date"),
    "block": ("order_id",),
    "block_share": ("block_order", "trade_date", "order_id"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not what the fold says. `key` is the row's own, its parts joined by a slash."""

    table: str
    key: str
    says: str


def book_rows(folded: Folded, naive: Naive, references: Iterable[Reference]) -> Mapping[str, Iterator[Row]]:
    """Every row of the stored projections, by table, as this fold says; positions as they fold alone."""
    return {
        "reference": (projected.reference_row(folded, reference) for reference in references),
        "lot": (row for account in folded.lots for row in projected.lot_rows(folded, account)),
        "position": _position_rows(folded, naive),
        "cash": (projected.cash_row(folded, account) for account in folded.cash.keys() | folded.lots.keys()),
        "order_state": (projected.order_row(folded, order) for order in folded.orders),
    }


def _position_rows(folded: Folded, naive: Naive) -> Iterator[Row]:
    for account, held in naive.items():
        for symbol, quantity in held.shares.items():
            advisor = folded.advisors[account]
            yield {"account": account, "symbol": symbol, "advisor": advisor, "quantity": quantity}


def holding_rows(folded: Folded, naive: Naive) -> Iterator[Row]:
    """What the append's own law must hold: shares, and the dollars that are good or on their way.

    A deposit that is held until a date is nobody's to spend before that business day opens: the law does not
    count it. Where nothing is held there is no row.
    """
    for account, held in naive.items():
        for symbol, quantity in held.shares.items():
            yield {"account": account, "symbol": symbol, "held": quantity}
    for account, book in folded.cash.items():
        if dollars := _spendable(book, folded.session or date.min):
            yield {"account": account, "symbol": "cash", "held": dollars}


def trade_rows(folded: Folded) -> Iterator[Row]:
    """The trades as the append's own law must have them."""
    for trade in folded.trades.values():
        yield {
            "order_id": trade.order,
            "trade_date": trade.trade_date,
            "status": trade.status.value,
            "quantity": trade.quantity,
            "net": trade.net_amount,
            "settled": trade.settled,
            "changes": trade.changes,
            "told": trade.told,
            "passed_to": trade.passed_to,
        }


def block_rows(folded: Folded) -> Iterator[Row]:
    """Where blocks stand at their venues."""
    for block in folded.blocks.values():
        yield {
            "order_id": block.id,
            "quantity": block.quantity,
            "sent": block.sent,
            "filled": block.filled,
            "taken_back": block.taken_back,
            "ended": block.status in ENDED,
        }


def _spendable(book: CashBook, day: date) -> Decimal:
    deposits = book.deposits.values()
    good = sum((d.amount for d in deposits if d.held_until is None or d.held_until <= day), Decimal(0))
    return good + book.settled + sum(book.unsettled.values(), Decimal(0))


def _key(table: str, row: Row) -> Key:
    return tuple(row[name] for name in KEYS[table])


def _words(key: Key) -> str:
    return "/".join(str(part) for part in key)


def _shown(name: str, row: Row, says: Row) -> str:
    if name != "state":
        return f"{name} is {row[name]}, and the fold says {says[name]}"
    fields = sorted({f for f in {*row[name], *says[name]} if row[name].get(f) != says[name].get(f)})
    return f"state differs from the fold in {', '.join(fields)}"


class Expected:
    """The rows of one table as a fold says them, each until its stored one has come."""

    def __init__(self, table: str, rows: Iterable[Row]) -> None:
        self._table = table
        self._rows = {_key(table, row): row for row in rows}

    def compared_with(self, stored: Row) -> Iterator[Difference]:
        """How that stored row differs, if it does. Call it once for each."""
        key = _key(self._table, stored)
        says = self._rows.pop(key, None)
        if says is None:
            yield Difference(self._table, _words(key), "it is stored, and no entry tells of it")
        elif different := [name for name in says if stored[name] != says[name]]:
            shown = "; ".join(_shown(name, stored, says) for name in different)
            yield Difference(self._table, _words(key), shown)

    def missing(self) -> Iterator[Difference]:
        """What no stored row came for."""
        for key in self._rows:
            yield Difference(self._table, _words(key), "the journal tells of it, and it is not stored")
