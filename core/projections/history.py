"""What was known at one moment and true at another, for whoever asks and no further than her book.

Rule 1: *known at* K is what the journal held at K of the wall clock. *True at* T, with everything known at K
    (or now), is what had taken effect by T of the market clock. Decision 0020.
Rule 2: only the entries of the asked account, household or proposal are read, a page at a time; the answer
    says how many they were and at which sequence it stands.
Rule 3: a moment in front of the record is refused; one that has not come yet is answered with the newest, and
    the answer says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import BadInput, NotFound, WorldFailed
from core.ids import AccountId, HouseholdId, OrderId, ProposalId
from core.ledger.envelope import Stored, stored
from core.orders.events import OrderFilled
from core.people.asker import asking
from core.projections.account_index import SQL
from core.projections.as_of import AccountThen, HouseholdThen, OrderThen, ProposalThen, Then
from core.projections.effect import Line, effects

PAGE: Final = 2_000
INDEXED_WITHIN: Final = timedelta(seconds=3)
LOOKS_EVERY: Final = timedelta(milliseconds=25)

Connection = AsyncConnection[DictRow]
Take = Callable[[Then, Stored], None]
Seen = TypeVar("Seen", AccountThen, HouseholdThen, ProposalThen, OrderThen)


@dataclass(frozen=True, slots=True)
class When:
    """The two clocks of a question. `known_at` None: now. `true_at` None: all that is known."""

    known_at: datetime | None = None
    true_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What an answer rests on: the times that were used, the newest entry that counted, entries read.

    `says` tells where a time that was asked for is not the one that was used.
    """

    known_at: datetime
    true_at: datetime | None
    as_of_seq: int
    entries: int
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """How far an answer may read, and what is to be said of it."""

    seq: int
    at: datetime
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Whole:
    """One subject's entries, and what tells when each took effect."""

    entries: list[Stored]
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class _Read:
    """All that the database has to say. A long life takes seconds to fold: that is done in a thread, so that
    others are served meanwhile, and with the connection given back."""

    then: Then
    whole: _Whole
    days: Sequence[Stored]
    take: Take
    moment: Moment

    async def folded(self) -> tuple[Then, Moment]:
        await asyncio.to_thread(self._fold)
        return self.then, self.moment

    def _fold(self) -> None:
        until = self.moment.true_at
        for entry, at in zip(self.whole.entries, effects(self.whole.lines), strict=True):
            if until is None or at <= until:
                self.take(self.then, entry)
        for day in self.days:
            self.take(self.then, day)


class History:
    """The past of accounts, households, proposals and orders, for whoever presents a ticket."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def account(self, ticket: str, account: AccountId, when: When) -> tuple[AccountThen, Moment]:
        """What it held and what was open on it.

        Raises:
            NotFound: no such account in the asker's book, or it was not open then.
            BadInput: a time lies in front of the record.
        """
        async with asking(self._pool, ticket) as connection:
            row = await _found(connection, "account", account)
            abouts = [f"account/{account}", f"household/{row['household']}", "firm"]
            read = await _read(connection, abouts, when, Then.take)
        then, moment = await read.folded()
        return _was(then.account(account), "account", account), moment

    async def household(
        self, ticket: str, household: HouseholdId, when: When
    ) -> tuple[HouseholdThen, Moment]:
        """Its accounts and its open proposals. Raises as `account`."""
        async with asking(self._pool, ticket) as connection:
            row = await _found(connection, "household", household)
            abouts = [f"account/{account}" for account in row["accounts"]]
            read = await _read(connection, [f"household/{household}", "firm", *abouts], when, Then.take)
        then, moment = await read.folded()
        return _was(then.household(household, row["accounts"]), "household", household), moment

    async def proposal(self, ticket: str, proposal: ProposalId, when: When) -> tuple[ProposalThen, Moment]:
        """Its status and its orders. Raises as `account`."""
        async with asking(self._pool, ticket) as connection:
            await _found(connection, "proposal", proposal)
            read = await _read(connection, [f"proposal/{proposal}"], when, Then.take_life)
        then, moment = await read.folded()
        return _was(then.proposal(proposal), "proposal", proposal), moment

    async def order(self, ticket: str, order: OrderId, when: When) -> tuple[OrderThen, Moment]:
        """Its status and its trades. Raises as `account`."""
        async with asking(self._pool, ticket) as connection:
            row = await _found(connection, "order", order)
            read = await _read(connection, [f"proposal/{row['proposal']}"], when, Then.take_life)
        then, moment = await read.folded()
        return _was(then.order(order), "order", order), moment


async def _found(connection: Connection, kind: str, named: str) -> DictRow:
    found = await rows(connection, SQL[kind], {kind: named})
    if not found:
        raise NotFound(f"there is no {kind} {named!r} in your book", fix="choose one of your own", field=kind)
    return found[0]


def _was(then: Seen | None, kind: str, named: str) -> Seen:
    if then is None:
        raise NotFound(f"{kind} {named!r} did not exist then", fix="ask for a later time")
    return then


async def _read(connection: Connection, abouts: Sequence[str], when: When, take: Take) -> _Read:
    known = await _known(connection, when.known_at)
    if when.true_at is None:
        return await _as_known(connection, abouts, known, take)
    await _not_before_the_first_day(connection, when.true_at)
    whole = _Whole([], [])
    async for page in _pages(connection, abouts, known.seq):
        await asyncio.to_thread(_add, whole, page)
    newest = _newest(whole, await _days(connection, known.seq, None))
    true_at = min(when.true_at, newest)
    says = (*known.says, *_says_true(when.true_at, newest))
    days = [stored(row) for row in await _days(connection, known.seq, true_at)]
    moment = Moment(known.at, true_at, known.seq, len(whole.entries), says)
    return _Read(Then(), whole, days, take, moment)


async def _as_known(connection: Connection, abouts: Sequence[str], known: _Known, take: Take) -> _Read:
    """A prefix of the record, in its own order: no more than a page of it is in memory."""
    then, read = Then(), 0
    async for page in _pages(connection, abouts, known.seq):
        await asyncio.to_thread(_take_all, then, page, take)
        read += len(page)
    days = [stored(row) for row in await _days(connection, known.seq, None)]
    return _Read(then, _Whole([], []), days, take, Moment(known.at, None, known.seq, read, known.says))


def _take_all(then: Then, page: Sequence[DictRow], take: Take) -> None:
    for row in page:
        take(then, stored(row))


def _add(whole: _Whole, page: Sequence[DictRow]) -> None:
    for row in page:
        entry = stored(row)
        whole.entries.append(entry)
        whole.lines.append(Line(entry.fact, row["market_at"]))


async def _pages(connection: Connection, abouts: Sequence[str], until: int) -> AsyncIterator[list[DictRow]]:
    after = 0
    while page := await rows(
        connection, SQL["lines"], {"abouts": list(abouts), "after": after, "until": until, "page": PAGE}
    ):
        yield page
        after = page[-1]["seq"]


async def _days(connection: Connection, until: int, true_at: datetime | None) -> list[DictRow]:
    """The newest two steps of the business day: enough to know the session."""
    return await rows(connection, SQL["days"], {"until": until, "true_at": true_at})


async def _known(connection: Connection, moment: datetime | None) -> _Known:
    """The newest entry that counts.

    Raises:
        BadInput: the record begins later.
        WorldFailed: the index has not reached it yet.
    """
    row = await one(connection, SQL["known_at"], {"moment": moment})
    if row["seq"] is None and moment is None:
        raise WorldFailed("nothing is indexed yet", fix="see that the worker runs, then retry")
    if row["seq"] is None:
        raise BadInput("that is before the first entry of the record", fix=_from(row), field="known_at")
    if moment is None:
        return _Known(row["seq"], row["recorded_at"], ())
    await _indexed(connection, row["seq"])
    if row["ahead"]:
        says = (f"{_utc(moment)} has not come yet: this is what is known now",)
        return _Known(row["seq"], row["recorded_at"], says)
    return _Known(row["seq"], moment, ())


async def _indexed(connection: Connection, seq: int) -> None:
    try:
        async with asyncio.timeout(INDEXED_WITHIN.total_seconds()):
            while (await one(connection, SQL["place"]))["as_of_seq"] < seq:
                await asyncio.sleep(LOOKS_EVERY.total_seconds())
    except TimeoutError as bad:
        raise WorldFailed(
            f"entry {seq} is not indexed yet", fix="see that the worker runs, then retry"
        ) from bad


async def _not_before_the_first_day(connection: Connection, true_at: datetime) -> None:
    first = (await one(connection, SQL["first_day"]))["market_at"]
    if first is None or true_at < first:
        fix = "found the firm first" if first is None else f"ask for {_utc(first)} or later"
        raise BadInput("that is before the firm's first business day", fix=fix, field="true_at")


def _newest(whole: _Whole, days: Sequence[DictRow]) -> datetime:
    """How far the market clock and the executions known have come."""
    stood: list[datetime] = [*(day["market_at"] for day in days), *(line.market_at for line in whole.lines)]
    executed = [line.fact.executed_at for line in whole.lines if isinstance(line.fact, OrderFilled)]
    return max(*stood, *executed)


def _says_true(asked: datetime, newest: datetime) -> tuple[str, ...]:
    if asked <= newest:
        return ()
    return (f"the market clock has not come to {_utc(asked)}: this is what is true at {_utc(newest)}",)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _from(row: DictRow) -> str:
    first = row["first_at"]
    return "nothing is recorded yet" if first is None else f"ask for {_utc(first)} or later"
