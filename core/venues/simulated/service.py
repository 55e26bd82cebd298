"""The simulated venue at work: it takes messages, writes them down, executes orders over time, and reports.

Rule 1: what is answered or reported is on the disk first.
Rule 2: every answer says that it is simulated.
Rule 3: an order is executed after the venue's latency and then once an interval, in the order of due times.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from core.errors import BadInput
from core.ids import Symbol
from core.venues.simulated import answers
from core.venues.simulated.book import Book, Maker, Piece
from core.venues.simulated.day import Day, read_day
from core.venues.simulated.exchange import Exchange, Held
from core.venues.simulated.faults import Mishap, changed
from core.venues.simulated.ledger import Ledger
from core.venues.simulated.listings import Listing
from core.venues.simulated.ticket import read_id, read_ticket, reason_against

RESTING_LOOK: Final = timedelta(milliseconds=400)
"""How often an order that cannot be executed now is looked at again."""
PAGE: Final = 500
_AT_ONCE: Final = timedelta(0)
_STATUS: Final[Mapping[str, int]] = {"accepted": 200, "rejected": 422, "id_taken": 409}


@dataclass(frozen=True, slots=True)
class Answer:
    """`mishap` is what befalls it on its way out."""

    status: int
    body: dict[str, Any]
    mishap: Mishap | None = None


class Service:
    """One venue. `run` executes orders until it is cancelled; the other methods answer messages."""

    def __init__(
        self, *, maker: Maker, listings: Mapping[Symbol, Listing], exchange: Exchange, ledger: Ledger
    ) -> None:
        self.name = maker.venue
        self._maker = maker
        self._character = maker.character
        self._listings = listings
        self._exchange = exchange
        self._ledger = ledger
        self._due: list[tuple[timedelta, int, str]] = []
        self._looks = 0
        self._sooner = asyncio.Event()
        self._news = asyncio.Event()
        for order, held in exchange.orders.items():
            if held.open:
                self._look_at(order, _AT_ONCE)

    @property
    def delay(self) -> timedelta:
        """How long each message waits before it is looked at."""
        return timedelta(milliseconds=self._exchange.faults.delay_ms)

    async def send(self, body: bytes) -> Answer:
        """Take an order, once per client order id."""
        mishap = self._mishap()
        if mishap is Mishap.DROP:
            return Answer(0, {}, mishap)
        digest = sha256(body).hexdigest()
        order = read_id(body)
        known = self._exchange.answers.get(order) if order is not None else None
        if known is None:
            answer = self._first_answer(order, body, forced=mishap is Mishap.REJECT)
        elif known.body_digest == digest:
            answer = known.answer
        else:
            answer = {"answer": "id_taken", "reason": "this id has another body"}
        text = body.decode("utf-8", "backslashreplace")
        self._write("message", verb="send", order=order, body_digest=digest, body=text, answer=answer)
        if known is None and order is not None and order in self._exchange.orders:
            self._look_at(order, self._character.latency)
        await self._ledger.settle()
        return Answer(_STATUS[answer["answer"]], self._signed(answer), mishap)

    async def lookup(self, order: str) -> Answer:
        """Everything that the venue knows of an id."""
        known = self._exchange.answers.get(order)
        word = "not_known" if known is None else known.answer["answer"]
        self._write("message", verb="lookup", order=order, answer={"answer": word})
        await self._ledger.settle()
        held = self._exchange.orders.get(order)
        told = answers.found(known, held, until=self._ledger.durable)
        return Answer(404 if known is None else 200, self._signed(told))

    async def cancel(self, order: str) -> Answer:
        """Take off what is still open."""
        mishap = self._mishap()
        if mishap is Mishap.DROP:
            return Answer(0, {}, mishap)
        held = self._exchange.orders.get(order)
        word = _cancelling(held)
        self._write("message", verb="cancel", order=order, answer={"answer": word})
        if held is not None and held.open:
            self._end(order, held, "cancelled")
        await self._ledger.settle()
        self._news.set()
        return Answer(404 if held is None else 200, self._signed({"answer": word}), mishap)

    async def reports(self, after: int, wait: timedelta) -> Answer:
        """The next page after a cursor; waits for news where there is none yet."""
        lines = self._page(after)
        if not lines and wait > _AT_ONCE:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait.total_seconds()):
                    while not lines:
                        self._news.clear()
                        await self._news.wait()
                        lines = self._page(after)
        cursor = lines[-1]["seq"] if lines else after
        told = answers.page(lines, self._exchange.faults, self._maker.seed)
        return Answer(200, self._signed({"reports": told, "cursor": str(cursor)}))

    def newest(self) -> Answer:
        return Answer(200, self._signed({"cursor": str(self._exchange.newest(until=self._ledger.durable))}))

    def quotes(self, symbols: Sequence[str]) -> Answer:
        listed = [Symbol(symbol) for symbol in symbols if symbol in self._listings]
        told = [answers.quote(symbol, self._book(symbol), self._exchange.day) for symbol in listed]
        return Answer(200, self._signed({"quotes": told}))

    def health(self) -> Answer:
        day = self._exchange.day
        told = {"open": day.open, "session": day.session.isoformat(), "step": self._exchange.step}
        return Answer(200, self._signed(told))

    def capabilities(self) -> Answer:
        return Answer(200, self._signed(answers.capabilities(self._character, self._listings)))

    async def control(self, given: Any) -> Answer:
        """What the simulation is told: `faults`, `day`, `step`. No customer of a venue could say it.

        Raises:
            BadInput: names the field; nothing changed.
        """
        if not isinstance(given, dict) or set(given) - {"faults", "day", "step"}:
            raise BadInput(f"control {given!r} is unknown", fix="give faults, day or step", field="control")
        step, faults = given.get("step", 0), given.get("faults", {})
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise BadInput(f"step {step!r} is not a count", fix="give a whole number from 0", field="step")
        if not isinstance(faults, dict):
            raise BadInput(f"faults {faults!r} is not an object", fix='give {"paused": true}', field="faults")
        changed(self._exchange.faults, faults)
        if "day" in given:
            self._leave_day_for(read_day(given["day"]))
        self._write("simulation", control=given)
        await self._ledger.settle()
        self._news.set()
        told = {
            "belongs_to": "simulation",
            "faults": self._exchange.faults.as_json(),
            "day": self._exchange.day.as_json(),
            "step": self._exchange.step,
        }
        return Answer(200, self._signed(told))

    def move_quotes(self) -> None:
        """One step along the walk. Quotes are not written down; executions are, with their prices."""
        self._exchange.step += 1

    async def run(self) -> None:
        """Execute orders as they fall due.

        Raises:
            WorldFailed: the ledger cannot be written. The process must end.
        """
        while True:
            self._sooner.clear()
            pause = self._due[0][0] - _now() if self._due else None
            if pause is None or pause > _AT_ONCE:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if pause is None else pause.total_seconds()):
                        await self._sooner.wait()
            now = _now()
            while self._due and self._due[0][0] <= now:
                self._work_on(heapq.heappop(self._due)[2])
            await self._ledger.settle()
            self._news.set()

    def _work_on(self, order: str) -> None:
        held = self._exchange.orders[order]
        if not held.open:
            return
        piece = self._piece(held)
        if piece is not None:
            self._execute(held, piece)
        if held.open:
            self._look_at(order, RESTING_LOOK if piece is None else self._character.interval)

    def _piece(self, held: Held) -> Piece | None:
        if self._exchange.faults.paused or not self._exchange.day.open:
            return None
        piece = self._maker.next_piece(held.resting, self._book(held.ticket.symbol))
        if piece is None and not held.resting.rested:
            self._write("rested", order=held.ticket.id)
        return piece

    def _execute(self, held: Held, piece: Piece) -> None:
        day, ticket = self._exchange.day, held.ticket
        fee = self._character.fees.charged(
            quantity=piece.quantity, price=piece.price, liquidity=piece.liquidity
        )
        self._write(
            "execution",
            execution=f"{self.name}-{day.session:%Y%m%d}-{self._ledger.seq + 1:08d}",
            order=ticket.id,
            account=ticket.account,
            symbol=ticket.symbol,
            side=ticket.side,
            quantity=format(piece.quantity, "f"),
            price=format(piece.price, "f"),
            fee=format(fee, "f"),
            liquidity=piece.liquidity.value,
            executed_at=day.at.isoformat(),
            trade_date=day.session.isoformat(),
        )

    def _end(self, order: str, held: Held, how: str) -> None:
        day = self._exchange.day
        self._write(
            "ended",
            order=order,
            how=how,
            executed=format(held.resting.executed, "f"),
            at=day.at.isoformat(),
            session=day.session.isoformat(),
        )

    def _leave_day_for(self, new: Day) -> None:
        """Day orders do not outlive their session."""
        if new.open and new.session == self._exchange.day.session:
            return
        for order, held in self._exchange.orders.items():
            if held.open:
                self._end(order, held, "expired")

    def _first_answer(self, order: str | None, body: bytes, *, forced: bool) -> dict[str, Any]:
        if order is None:
            return _rejected("malformed message")
        if forced:
            return _rejected("rejected by the simulation")
        try:
            ticket = read_ticket(body)
        except BadInput as no:
            return _rejected(no.says)
        reason = reason_against(
            ticket,
            listings=self._listings,
            fractions=self._character.takes_fractions,
            is_open=self._exchange.day.open,
        )
        if reason is not None:
            return _rejected(reason)
        return {"answer": "accepted", "venue_order": f"{self.name}-{self._ledger.seq + 1:08d}"}

    def _book(self, symbol: Symbol) -> Book:
        shift = self._exchange.faults.shift.get(symbol, Decimal(0))
        return self._maker.book(self._listings[symbol], step=self._exchange.step, shift_percent=shift)

    def _page(self, after: int) -> list[Any]:
        return list(self._exchange.reports(after=after, until=self._ledger.durable, most=PAGE))

    def _mishap(self) -> Mishap | None:
        exchange = self._exchange
        mishap, exchange.faults = exchange.faults.of(self._maker.seed, exchange.messages)
        return mishap

    def _look_at(self, order: str, after: timedelta) -> None:
        self._looks += 1
        heapq.heappush(self._due, (_now() + after, self._looks, order))
        self._sooner.set()

    def _write(self, kind: str, **fields: Any) -> None:
        self._exchange.apply(self._ledger.add(kind, **fields))

    def _signed(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {**told, "venue": self.name, "simulated": True}


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())


def _cancelling(held: Held | None) -> str:
    if held is None:
        return "not_known"
    if held.open:
        return "cancelled"
    return "cancelled" if held.ended is not None and held.ended["how"] == "cancelled" else "too_late"


def _rejected(reason: str) -> dict[str, Any]:
    return {"answer": "rejected", "reason": reason}
