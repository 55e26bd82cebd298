"""The part of a simulated venue that executes: open orders in the order of their due times, and their ends.

Rule 1: an order is executed after the venue's latency and then once an interval, in the order of due times.
Rule 2: how an order is executed hangs on the seed, its id and the quotes, and so do the venue's own ids:
    the same messages make the same lines, whatever else comes between them.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from core.ids import Symbol
from core.venues.simulated import changes
from core.venues.simulated.book import Book, Maker, Piece
from core.venues.simulated.day import Day
from core.venues.simulated.exchange import Exchange, Held
from core.venues.simulated.ledger import Ledger
from core.venues.simulated.listings import Listing

RESTING_LOOK: Final = timedelta(milliseconds=400)
"""How often an order that cannot be executed now is looked at again."""
AT_ONCE: Final = timedelta(0)


class Matching:
    """One venue's. `news` is set whenever something may be new to report."""

    def __init__(
        self, *, maker: Maker, listings: Mapping[Symbol, Listing], exchange: Exchange, ledger: Ledger
    ) -> None:
        self._maker = maker
        self._listings = listings
        self._exchange = exchange
        self._ledger = ledger
        self._due: list[tuple[timedelta, int, str]] = []
        self._looks = 0
        self._sooner = asyncio.Event()
        self._books: dict[tuple[Symbol, int, Decimal], Book] = {}
        self.news = asyncio.Event()
        for order, held in exchange.orders.items():
            if held.open:
                self.look_at(order, AT_ONCE)

    def look_at(self, order: str, after: timedelta) -> None:
        self._looks += 1
        due = now() + after
        if not self._due or due < self._due[0][0]:
            self._sooner.set()
        heapq.heappush(self._due, (due, self._looks, order))

    async def run(self) -> None:
        """Execute orders as they fall due.

        Raises:
            WorldFailed: the ledger cannot be written. The process must end.
        """
        while True:
            self._sooner.clear()
            pause = self._due[0][0] - now() if self._due else None
            if pause is None or pause > AT_ONCE:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if pause is None else pause.total_seconds()):
                        await self._sooner.wait()
            moment = now()
            while self._due and self._due[0][0] <= moment:
                self._work_on(heapq.heappop(self._due)[2])
            await self._ledger.settle()
            self.news.set()

    def end(self, order: str, held: Held, how: str) -> None:
        self.write("ended", **self.ending(order, how, held.resting.executed))

    def ending(self, order: str, how: str, executed: Decimal, **more: str) -> dict[str, str]:
        """What is written of an order's end now."""
        return {
            "order": order,
            "how": how,
            "executed": format(executed, "f"),
            "at": self.stamp().isoformat(),
            "session": self._exchange.day.session.isoformat(),
            **more,
        }

    def leave_day_for(self, new: Day) -> None:
        """Day orders do not outlive their session; what was executed by mistake is found in the evening."""
        day = self._exchange.day
        if new.open and new.session == day.session:
            return
        held = list(self._exchange.orders.items())
        for order, one in held:
            if one.open:
                self.end(order, one, "expired")
        if new != day:
            orders = (one for _, one in held)
            faults, seed = self._exchange.faults, self._maker.seed
            for kind, fields in list(changes.at_days_end(orders, faults=faults, seed=seed, day=day)):
                self.write(kind, **fields)

    def book(self, symbol: Symbol) -> Book:
        shift = self._exchange.faults.shift.get(symbol, Decimal(0))
        key = (symbol, self._exchange.step, shift)
        found = self._books.get(key)
        if found is None:
            if len(self._books) > len(self._listings):
                self._books.clear()
            found = self._maker.book(self._listings[symbol], step=self._exchange.step, shift_percent=shift)
            self._books[key] = found
        return found

    def stamp(self) -> datetime:
        """The venue's own clock, which may be off."""
        return self._exchange.day.at + timedelta(seconds=self._exchange.faults.skew_s)

    def id_for(self, *about: str | int) -> str:
        """An id of this venue, the same wherever it is made again."""
        text = "/".join([self._maker.venue, str(self._maker.seed), *map(str, about)])
        return f"{self._maker.venue}-{sha256(text.encode()).hexdigest()[:20]}"

    def write(self, kind: str, **fields: Any) -> None:
        self._exchange.apply(self._ledger.add(kind, **fields))

    def _work_on(self, order: str) -> None:
        held = self._exchange.orders[order]
        if not held.open:
            return
        piece = self._piece(held)
        if piece is not None:
            self._execute(held, piece)
        if held.open:
            self.look_at(order, RESTING_LOOK if piece is None else self._maker.character.interval)

    def _piece(self, held: Held) -> Piece | None:
        if self._exchange.faults.paused or not self._exchange.day.open:
            return None
        piece = self._maker.next_piece(held.resting, self.book(held.ticket.symbol))
        if piece is None and not held.resting.rested:
            self.write("rested", order=held.ticket.id)
        return piece

    def _execute(self, held: Held, piece: Piece) -> None:
        session, ticket = self._exchange.day.session.isoformat(), held.ticket
        fee = self._maker.character.fees.charged(
            quantity=piece.quantity, price=piece.price, liquidity=piece.liquidity
        )
        self.write(
            "execution",
            execution=self.id_for(session, ticket.id, held.resting.pieces),
            order=ticket.id,
            account=ticket.account,
            symbol=ticket.symbol,
            side=ticket.side,
            quantity=format(piece.quantity, "f"),
            price=format(piece.price, "f"),
            fee=format(fee, "f"),
            liquidity=piece.liquidity.value,
            executed_at=self.stamp().isoformat(),
            trade_date=session,
        )


def now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())
