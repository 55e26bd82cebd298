"""The worker's part in reconciliation: it asks venues and custodians, and writes down what differs.

Rule 1: at the start, at each close, when a person asks, and every few seconds between. The last kind leaves
    an entry only where something came or went: an entry each time would bury the others.
    It asks about orders that have not ended; the others about all of the business day.
Rule 2: a difference counts when it is still there a moment later: what was on its way is none.
Rule 3: a party that gives no answer is named; its silence clears nothing. So is a custodian of the firm's
    that nobody has set an address for.
Rule 4: nothing here corrects anything, and no order waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.errors import Conflict, OutcomeUnknown, Refused, WorldFailed
from core.fact import Entry, Fact
from core.ids import AccountId, OrderId, fresh_trace_id
from core.ledger.journal import Journal
from core.orders.order import ENDED, Status
from core.reconcile import comparing
from core.reconcile.comparing import Comparison, Item, Word
from core.reconcile.custody import BY_THE_CALENDAR, Custody, Settlement
from core.reconcile.events import DifferenceCleared, DifferenceFound, Kind, ReconciliationFinished, Why
from core.reconcile.reading import SQL
from core.venues.custody.custodian import Custodian, Statement
from core.venues.venue import MOST_LOOKED_UP, Busted, Execution, Found, Looking, NotKnown, Venue

LOOKS_EVERY: Final = timedelta(seconds=1)  # for a close, or a person who asks
COMPARES_EVERY: Final = timedelta(seconds=15)
SETTLES_DOWN: Final = timedelta(milliseconds=700)  # between the two looks that a difference is there in
TIMEOUT: Final = timedelta(seconds=5)
KEPT: Final[tuple[Kind, ...]] = ("position", "cash", "settled_cash")  # by custodians

log = structlog.get_logger(__name__)
Connection = AsyncConnection[DictRow]


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found, and who gave no answer."""

    comparisons: tuple[Comparison, ...]
    unread: tuple[str, ...]
    orders: frozenset[str]  # that venues were asked about

    @property
    def differences(self) -> Mapping[str, DifferenceFound]:
        return {one.difference: one for c in self.comparisons for one in c.differences}

    def asked(self, row: DictRow) -> bool:
        """Whether that difference's item was asked about, and answered."""
        return row["party"] not in self.unread and (row["order_id"] is None or row["order_id"] in self.orders)


class Reconciling:
    """One for each worker that is at work. Without `custodians` trades settle by the calendar."""

    def __init__(
        self,
        pool: AsyncPool,
        journal: Journal,
        venues: Sequence[Venue],
        clock: Clock,
        custodians: Sequence[Custodian],
    ) -> None:
        self._pool = pool
        self._journal = journal
        self._venues = venues
        self._clock = clock
        self._custody = Custody(pool, custodians) if custodians else None

    def settlement(self, due: Sequence[str], session: date) -> Settlement:
        """What custodians have said of the trades that are due, as `order/trade date`, by that business day.

        What nobody has said yet is asked a moment later."""
        return BY_THE_CALENDAR if self._custody is None else self._custody.settlement(due, session)

    async def run(self) -> None:
        """Until it is cancelled. Nothing that is sent or booked waits for it, but settlement."""
        why: Why = "start"
        waited = COMPARES_EVERY
        while True:
            try:
                if self._custody is not None:
                    await self._custody.ask_what_settled()
                if why == "start" or waited >= COMPARES_EVERY:
                    await self.compare(why)
                    why, waited = "day", timedelta(0)
                await self._when_due()
            except (WorldFailed, OutcomeUnknown) as away:
                log.warning("reconciliation_waits", says=away.says)
            await asyncio.sleep(LOOKS_EVERY.total_seconds())
            waited += LOOKS_EVERY

    async def compare(self, why: Why, run: str | None = None) -> None:
        """One comparison, and the entries that it asks for."""
        looked = await self._look(whole=why != "day")
        async with lend(self._pool) as connection:
            known = {row["difference"]: row for row in await rows(connection, SQL["open"])}
        if looked.differences.keys() != known.keys():
            await asyncio.sleep(SETTLES_DOWN.total_seconds())
            looked = await self._look(whole=why != "day")
        found = [one for name, one in looked.differences.items() if name not in known]
        gone = [name for name, row in known.items() if name not in looked.differences and looked.asked(row)]
        if why == "day" and not found and not gone:
            return
        await self._write(why, run, looked, found, gone, len(known) + len(found) - len(gone))

    async def _when_due(self) -> None:
        async with lend(self._pool) as connection:
            day = await one(connection, SQL["day"])
            closed = (await one(connection, SQL["closed"], {"session": day["session"]}))["done"]
            asked = [row["run"] for row in await rows(connection, SQL["asked"])]
        if day["state"] == "closed" and not closed:
            await self.compare("close")
        for run in asked:
            await self.compare("asked", run)

    async def _look(self, *, whole: bool) -> Looked:
        async with lend(self._pool) as connection:
            day = await one(connection, SQL["day"])
            orders = await rows(connection, SQL["orders"], {"whole": whole})
            done = await rows(connection, SQL["executions"], {"orders": [row["order_id"] for row in orders]})
            held, dollars = await rows(connection, SQL["held"]), await rows(connection, SQL["cash"])
        found, unread = list[Comparison](), list[str]()
        for venue in self._venues:
            party = f"venue:{venue.name}"
            mine = [row for row in orders if row["venue"] == venue.name]
            try:
                theirs = await _at_venue(venue, mine)
                found.append(comparing.compare(party, _our_orders(mine, done), theirs))
            except WorldFailed as away:
                log.info("party_away", party=party, says=away.says)
                unread.append(party)
        for statement in await self._statements(day["session"], unread):
            party = f"custodian:{statement.custodian}"
            ours = _our_books(statement.custodian, held, dollars)
            found.append(comparing.compare(party, ours, _their_books(statement), KEPT))
        return Looked(tuple(found), tuple(sorted(unread)), frozenset(row["order_id"] for row in orders))

    async def _statements(self, session: date, unread: list[str]) -> Sequence[Statement]:
        """Every custodian's word. Who gives none, or has no address, is added to `unread`."""
        found = () if self._custody is None else await self._custody.statements(session)
        async with lend(self._pool) as connection:
            kept = {str(row["custodian"]) for row in await rows(connection, SQL["custodians"])}
        unread += [f"custodian:{one}" for one in sorted(kept - {str(said.custodian) for said in found})]
        return found

    async def _write(
        self,
        why: Why,
        run: str | None,
        looked: Looked,
        found: Sequence[DifferenceFound],
        gone: Sequence[str],
        left: int,
    ) -> None:
        trace = fresh_trace_id(self._clock)
        name = run or f"rec-{trace}"
        async with lend(self._pool) as connection:
            session = (await one(connection, SQL["day"]))["session"].isoformat()
        facts: list[tuple[str, Fact]] = [(f"difference/{one.difference}", one) for one in found]
        facts += [(f"difference/{one}", DifferenceCleared(difference=one, run=name)) for one in gone]
        finished = ReconciliationFinished(
            run=name,
            why=why,
            session=session,
            compared=comparing.parties(looked.comparisons),
            unread=looked.unread,
            differences=left,
        )
        facts.append((f"reconciliation/{name}", finished))
        try:
            for stream, fact in facts:
                await self._journal.record(Entry(stream, fact, trace))
        except (Refused, Conflict) as no:
            log.warning(
                "reconciliation_not_recorded", run=name, says=no.says
            )  # another worker's came between


async def _at_venue(venue: Venue, orders: Sequence[DictRow]) -> dict[Item, Word]:
    """The venue's word on each of these orders.

    Raises:
        WorldFailed: it gave no answer that can be read.
    """
    ids, told = [OrderId(row["order_id"]) for row in orders], dict[OrderId, Looking]()
    for at in range(0, len(ids), MOST_LOOKED_UP):
        told |= await venue.lookups(ids[at : at + MOST_LOOKED_UP], timeout=TIMEOUT)
    said = dict[Item, Word]()
    for row in orders:
        order, account = OrderId(row["order_id"]), AccountId(row["account"])
        answer = told[order]
        if isinstance(answer, NotKnown):
            continue
        executions = standing(answer) if isinstance(answer, Found) else ()
        executed = sum((done.quantity for done in executions), Decimal(0))
        over = not isinstance(answer, Found) or answer.ended is not None or row["status"] == Status.FILLED
        words = comparing.order_words(over=over, executed=executed)
        said["order", order] = Word(words, account, order)
        for done in executions:
            figures = comparing.execution_words(done.quantity, done.price, done.fee)
            said["execution", f"{order}/{done.id}"] = Word(figures, account, order)
    return said


def standing(answer: Found) -> Sequence[Execution]:
    """What it executed as it stands: without what it took back, and as it corrected the rest."""
    stands = {done.id: done for done in answer.executions}
    for change in answer.changes:
        if isinstance(change, Busted):
            stands.pop(change.execution, None)
        elif change.execution in stands:
            stands[change.execution] = replace(
                stands[change.execution], quantity=change.quantity, price=change.price, fee=change.fee
            )
    return tuple(stands.values())


def _our_orders(orders: Sequence[DictRow], done: Sequence[DictRow]) -> dict[Item, Word]:
    accounts = {row["order_id"]: AccountId(row["account"]) for row in orders}
    said = dict[Item, Word]()
    for row in orders:
        words = comparing.order_words(over=Status(row["status"]) in ENDED, executed=row["filled"])
        said["order", row["order_id"]] = Word(words, accounts[row["order_id"]], OrderId(row["order_id"]))
    for row in done:
        if row["order_id"] in accounts:
            figures = comparing.execution_words(row["quantity"], row["price"], row["fee"])
            order = OrderId(row["order_id"])
            said["execution", f"{order}/{row['execution']}"] = Word(figures, accounts[order], order)
    return said


def _our_books(custodian: str, held: Sequence[DictRow], dollars: Sequence[DictRow]) -> dict[Item, Word]:
    at = [row for row in dollars if row["custodian"] == custodian]
    return {
        **comparing.held_words(
            "position",
            ((r["account"], r["symbol"], r["quantity"]) for r in held if r["custodian"] == custodian),
        ),
        **comparing.held_words("cash", ((r["account"], "dollars", r["whole"]) for r in at)),
        **comparing.held_words("settled_cash", ((r["account"], "dollars", r["settled"]) for r in at)),
    }


def _their_books(said: Statement) -> dict[Item, Word]:
    return {
        **comparing.held_words("position", ((a, symbol, n) for (a, symbol), n in said.positions.items())),
        **comparing.held_words("cash", ((a, "dollars", n) for a, n in said.cash.items())),
        **comparing.held_words("settled_cash", ((a, "dollars", n) for a, n in said.settled.items())),
    }
