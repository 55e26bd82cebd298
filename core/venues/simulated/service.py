"""The simulated venue as it answers: it takes messages, writes them down, and tells what happened.

Rule 1: what is answered or reported is on the disk first.
Rule 2: every answer says that it is simulated.
Rule 3: a replacement is one line of the ledger: the new order is in the book, or the old one is; never both.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from core.errors import BadInput
from core.ids import Symbol
from core.venues.simulated import answers
from core.venues.simulated.book import Maker
from core.venues.simulated.changes import asked
from core.venues.simulated.day import read_day
from core.venues.simulated.exchange import Exchange, Held
from core.venues.simulated.faults import Mishap, changed
from core.venues.simulated.ledger import Ledger
from core.venues.simulated.listings import Listing
from core.venues.simulated.matching import AT_ONCE, Matching, now
from core.venues.simulated.ticket import Ticket, read_id, read_ticket, reason_against
from core.venues.venue import MOST_LOOKED_UP

PAGE: Final = 500
CONTROLS: Final = frozenset({"faults", "day", "step", "bust", "correct"})
_STATUS: Final[Mapping[str, int]] = {"accepted": 200, "rejected": 422, "id_taken": 409}
_NO_FIELDS: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """`mishap` is what befalls it on its way out."""

    status: int
    body: dict[str, Any]
    mishap: Mishap | None = None


ORDERS: Final = frozenset({"send", "replace", "cancel"})
"""What is said of orders: only that meets the mishaps."""


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
        self._matching = Matching(maker=maker, listings=listings, exchange=exchange, ledger=ledger)
        self._messages = self._arrived = exchange.messages
        self._tokens = Decimal(0)
        self._filled_at = AT_ONCE
        self._free_at = AT_ONCE
        self.run = self._matching.run

    async def arrive(self, verb: str) -> Answer | None:
        """What a message meets before it is looked at: an outage, too many others, a queue, a delay."""
        faults = self._exchange.faults
        self._arrived += 1
        self._messages += verb in ORDERS
        if faults.outage(self._maker.seed, self._arrived):
            return Answer(0, {}, Mishap.DROP)
        if faults.per_second and not self._has_room(faults.per_second, faults.tokens(verb)):
            return self.too_fast()
        wait = timedelta(milliseconds=faults.delay_ms)
        if faults.queue_us:
            self._free_at = max(now(), self._free_at) + timedelta(microseconds=faults.queue_us)
            wait += self._free_at - now()
        if wait > AT_ONCE:
            await asyncio.sleep(wait.total_seconds())
        return None

    def too_fast(self) -> Answer:
        told = {"answer": "refused", "code": "too_fast", "reason": "too many messages: this one was not read"}
        return Answer(429, self._signed(told))

    async def leave(self) -> None:
        """What an answer to an order message waits for when everything is done."""
        late = self._exchange.faults.answer_ms
        if late:
            await asyncio.sleep(timedelta(milliseconds=late).total_seconds())

    async def send(self, body: bytes) -> Answer:
        """Take an order, once per client order id."""
        return await self._take("send", body)

    async def replace(self, body: bytes) -> Answer:
        """Take an order in the place of the one that it names, once per client order id."""
        return await self._take("replace", body)

    async def lookup(self, order: str) -> Answer:
        """Everything that the venue knows of an id."""
        known = self._exchange.answers.get(order)
        word = "not_known" if known is None else known.answer["answer"]
        self._matching.write("message", verb="lookup", order=order, answer={"answer": word})
        await self._ledger.settle()
        held = self._exchange.orders.get(order)
        told = answers.found(known, held, until=self._ledger.durable)
        return Answer(404 if known is None else 200, self._signed(told))

    async def lookups(self, orders: Any) -> Answer:
        """Everything that the venue knows of each of these ids: one message, and one line.

        Raises:
            BadInput: they are no ids, or too many.
        """
        if not isinstance(orders, list) or not 0 < len(orders) <= MOST_LOOKED_UP:
            raise BadInput(
                "that is no list of orders", fix=f"name at most {MOST_LOOKED_UP} ids", field="orders"
            )
        asked = list(dict.fromkeys(map(str, orders)))
        answered, held = self._exchange.answers, self._exchange.orders
        self._matching.write("message", verb="lookups", order=None, orders=asked, answer={"answer": "found"})
        await self._ledger.settle()
        told = [
            {
                **answers.found(answered.get(order), held.get(order), until=self._ledger.durable),
                "order": order,
            }
            for order in asked
        ]
        return Answer(200, self._signed({"found": told}))

    async def cancel(self, order: str) -> Answer:
        """Take off what is still open."""
        mishap = self._mishap()
        if mishap is Mishap.DROP:
            return Answer(0, {}, mishap)
        if mishap is Mishap.LIMIT:
            return self.too_fast()
        held = self._exchange.orders.get(order)
        word = _cancelling(held)
        self._matching.write("message", verb="cancel", order=order, answer={"answer": word})
        if held is not None and held.open:
            self._matching.end(order, held, "cancelled")
        await self._ledger.settle()
        self._matching.news.set()
        return Answer(404 if held is None else 200, self._signed({"answer": word}), mishap)

    async def reports(self, after: int, wait: timedelta) -> Answer:
        """The next page after a cursor; waits for news where there is none yet."""
        lines = self._page(after)
        if not lines and wait > AT_ONCE:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait.total_seconds()):
                    while not lines:
                        self._matching.news.clear()
                        await self._matching.news.wait()
                        lines = self._page(after)
        cursor = lines[-1]["seq"] if lines else after
        told = answers.page(lines, self._exchange.faults, self._maker.seed)
        return Answer(200, self._signed({"reports": told, "cursor": str(cursor)}))

    def cleared(self, after: int) -> Answer:
        """The next page as whoever clears here has it: no copy, no stranger, in order."""
        lines = self._page(after)
        cursor = lines[-1]["seq"] if lines else after
        told = [answers.report(line) for line in lines]
        return Answer(200, self._signed({"reports": told, "cursor": str(cursor)}))

    def newest(self) -> Answer:
        return Answer(200, self._signed({"cursor": str(self._exchange.newest(until=self._ledger.durable))}))

    def quotes(self, symbols: Sequence[str]) -> Answer:
        listed = [Symbol(symbol) for symbol in symbols if symbol in self._listings]
        day = self._exchange.day
        taken_at = self._matching.stamp() - timedelta(seconds=self._exchange.faults.stale_s)
        told = [answers.quote(symbol, self._matching.book(symbol), day, taken_at) for symbol in listed]
        return Answer(200, self._signed({"quotes": told}))

    def health(self) -> Answer:
        day = self._exchange.day
        told = {"open": day.open, "session": day.session.isoformat(), "step": self._exchange.step}
        return Answer(200, self._signed(told))

    def capabilities(self) -> Answer:
        told = answers.capabilities(self._character, self._listings, self._exchange.faults)
        return Answer(200, self._signed(told))

    async def control(self, given: Any) -> Answer:
        """What the simulation is told: `faults`, `day`, `step`, `bust`, `correct`. No customer could say it.

        Raises:
            BadInput: names the field; nothing changed.
        """
        if not isinstance(given, dict) or set(given) - CONTROLS:
            raise BadInput(
                f"control {given!r} is unknown", fix=f"give {', '.join(sorted(CONTROLS))}", field="control"
            )
        step, faults = given.get("step", 0), given.get("faults", {})
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise BadInput(f"step {step!r} is not a count", fix="give a whole number from 0", field="step")
        if not isinstance(faults, dict):
            raise BadInput(f"faults {faults!r} is not an object", fix='give {"paused": true}', field="faults")
        changed(self._exchange.faults, faults)
        day, orders = self._exchange.day, self._exchange.orders.values()
        taken_back = asked(given, orders, fees=self._character.fees, day=day)
        if "day" in given:
            self._matching.leave_day_for(read_day(given["day"]))
        for kind, fields in taken_back:
            self._matching.write(kind, **fields)
        self._matching.write("simulation", control=given)
        await self._ledger.settle()
        self._matching.news.set()
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

    async def _take(self, verb: str, body: bytes) -> Answer:
        mishap = self._mishap()
        if mishap is Mishap.DROP:
            return Answer(0, {}, mishap)
        if mishap is Mishap.LIMIT:
            return self.too_fast()
        digest = sha256(body).hexdigest()
        order = read_id(body)
        known = self._exchange.answers.get(order) if order is not None else None
        more = _NO_FIELDS
        if known is None:
            answer, more = self._first_answer(verb, order, body, forced=mishap is Mishap.REJECT)
        elif known.body_digest == digest:
            answer = known.answer
        else:
            answer = {"answer": "id_taken", "reason": "this id has another body"}
        text = body.decode("utf-8", "backslashreplace")
        self._matching.write(
            "message", verb=verb, order=order, body_digest=digest, body=text, answer=answer, **more
        )
        if known is None and order is not None and order in self._exchange.orders:
            self._matching.look_at(order, self._character.latency)
        await self._ledger.settle()
        if "ends" in more:
            self._matching.news.set()
        return Answer(_STATUS[answer["answer"]], self._signed(answer), mishap)

    def _first_answer(
        self, verb: str, order: str | None, body: bytes, *, forced: bool
    ) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """The answer, and what else its ledger line says."""
        if order is None:
            return _rejected("malformed message"), _NO_FIELDS
        if forced:
            return _rejected("rejected by the simulation"), _NO_FIELDS
        try:
            ticket = read_ticket(body)
        except BadInput as no:
            return _rejected(no.says), _NO_FIELDS
        if (ticket.replaces is None) != (verb == "send"):
            return _rejected("malformed message"), _NO_FIELDS
        reason = reason_against(
            ticket,
            listings=self._listings,
            fractions=self._character.takes_fractions,
            is_open=self._exchange.day.open,
        ) or self._reason_against_replacing(ticket)
        if reason is not None:
            return _rejected(reason), _NO_FIELDS
        self._exchange.read[order] = ticket
        answer = {"answer": "accepted", "venue_order": self._matching.id_for("order", order)}
        if ticket.replaces is None:
            return answer, _NO_FIELDS
        executed = self._exchange.orders[ticket.replaces].resting.executed
        return {**answer, "replaced": format(executed, "f")}, self._replacing(
            ticket, ticket.replaces, executed
        )

    def _replacing(self, ticket: Ticket, old: str, executed: Decimal) -> dict[str, Any]:
        """What is left for the new order, and which orders end with this line: the old one, and a new one to
        which nothing is left."""
        left = max(ticket.quantity - (executed - ticket.executed_before), Decimal(0))
        ends = [self._matching.ending(old, "replaced", executed, by=ticket.id)]
        if not left:
            ends.append(self._matching.ending(ticket.id, "cancelled", Decimal(0)))
        return {"left": format(left, "f"), "ends": ends}

    def _reason_against_replacing(self, ticket: Ticket) -> str | None:
        if ticket.replaces is None:
            return None
        if not self._character.replaces:
            return "replacing is not offered"
        old = self._exchange.orders.get(ticket.replaces)
        if old is None:
            return f"there is no order {ticket.replaces} to replace"
        if not old.open:
            return f"nothing of {ticket.replaces} is open"
        same = (old.ticket.account, old.ticket.symbol, old.ticket.side)
        if (ticket.account, ticket.symbol, ticket.side) != same:
            return f"another account, symbol or side than {ticket.replaces}"
        if not 0 <= ticket.executed_before <= old.resting.executed:
            return f"{ticket.executed_before:f} shares of {ticket.replaces} were not executed"
        return None

    def _has_room(self, per_second: int, tokens: int) -> bool:
        """A bucket as large as one second's tokens."""
        moment = now()
        grown = Decimal((moment - self._filled_at) // timedelta(microseconds=1)) * per_second / 1_000_000
        self._tokens = min(self._tokens + grown, Decimal(per_second))
        self._filled_at = moment
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True

    def _page(self, after: int) -> list[Any]:
        return list(self._exchange.reports(after=after, until=self._ledger.durable, most=PAGE))

    def _mishap(self) -> Mishap | None:
        exchange = self._exchange
        mishap, exchange.faults = exchange.faults.of(self._maker.seed, self._messages)
        return mishap

    def _signed(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {**told, "venue": self.name, "simulated": True}


def _cancelling(held: Held | None) -> str:
    if held is None:
        return "not_known"
    if held.open:
        return "cancelled"
    return "cancelled" if held.ended is not None and held.ended["how"] == "cancelled" else "too_late"


def _rejected(reason: str) -> dict[str, Any]:
    return {"answer": "rejected", "reason": reason}
