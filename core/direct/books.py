"""Advisors' books in memory, for deciding on an order without reading the database for it.

Rule 1: a book is read with the ticket of whoever asks, under the row policies: nobody's order is assessed on
    what she may not read, and a process that serves nobody holds no book.
Rule 2: it is optimistic. Which households moved is asked every half second for all books at once, the market
    and the limits are read every second, everything every ten minutes. What binds are the reservations in the
    append and the worker's question at release.
Rule 3: where an account stands is worked out when it is first asked about in a market, and kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.picture import Market, Picture
from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.direct.askers import SQL, Asker, reading
from core.errors import NotFound
from core.ids import AccountId, HouseholdId, PersonId
from core.limits.reading import read_limits
from core.projections.activity import read_lately
from core.projections.market import LastMarket
from core.projections.reader import read_pictures
from core.risk.limits import DEFAULT_LIMITS, Limits
from core.risk.standing import Ground

LOOKS_EVERY: Final = timedelta(milliseconds=500)
MARKET_EVERY: Final = timedelta(seconds=1)
ANEW_EVERY: Final = timedelta(minutes=10)
AT_MOST: Final = 200  # books

Connection = AsyncConnection[DictRow]


class Book:
    """One advisor's households, each with its ground in the market that `Books` gives."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self.pictures = {picture.household.id: picture for picture in pictures}
        self.moved: set[HouseholdId] = set()  # since they were read
        self._homes = {
            account.id: home
            for home, picture in self.pictures.items()
            for account in picture.household.accounts
        }
        self._grounds: dict[HouseholdId, Ground] = {}

    def ground(self, account: AccountId, market: Market, now: datetime) -> Ground:
        """Where the account's household stands in that market, at that wall time.

        Raises:
            NotFound: the account is not of this book.
        """
        home = self._homes.get(account)
        if home is None:
            raise NotFound(
                f"there is no account {account!r} in this book",
                fix="name one of its accounts",
                field="account_id",
            )
        known = self._grounds.get(home)
        if known is None or known.market is not market or self._late(known, now):
            picture = self.pictures[home]
            activity = replace(picture.activity, taken_at=max(picture.activity.taken_at, now))
            known = Ground(replace(picture, market=market, activity=activity))
            self._grounds[home] = known
        return known

    @staticmethod
    def _late(known: Ground, now: datetime) -> bool:
        """Whether what was asked for a moment ago is no moment ago any more."""
        busy = known.activity.asked or known.activity.advisor_orders
        return bool(busy) and now - known.taken_at > MARKET_EVERY

    def put(self, picture: Picture) -> None:
        self.pictures[picture.household.id] = picture
        self._grounds.pop(picture.household.id, None)


class Books:
    """One for each process that takes orders."""

    def __init__(self, pool: AsyncPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._books: dict[PersonId, Book] = {}
        self._reading: dict[PersonId, asyncio.Lock] = {}
        self._looking = asyncio.Lock()
        self._looked = self._market_read = self._begun = clock.monotonic_ns()
        self._after = 0  # as far as what moved is known
        self._markets = LastMarket()
        self._market: Market | None = None
        self.limits: Limits = DEFAULT_LIMITS  # those in force, from the first look at the market on

    async def ground(self, asker: Asker, account: AccountId) -> Ground:
        """Where the household of that account stands, for an order of this asker's.

        Raises:
            NotFound: the account is not in her book.
            SignInRequired: her session has ended.
            WorldFailed: the database does not answer.
        """
        market = self._market
        if market is None or self._old(self._looked, LOOKS_EVERY):
            market = await self._look()
        book = self._books.get(asker.advisor)
        if book is None or book.moved:
            book = await self._read(asker)
        return book.ground(account, market, self._clock.now())

    def _old(self, at: int, most: timedelta) -> bool:
        return self._clock.monotonic_ns() - at > most // timedelta(microseconds=1) * 1000

    async def _look(self) -> Market:
        """The market, and which books moved. While one looks, the others go on with what there was."""
        if self._market is not None and self._looking.locked():
            return self._market
        async with self._looking:
            if self._market is None or self._old(self._looked, LOOKS_EVERY):
                now = self._clock.monotonic_ns()
                async with lend(self._pool) as connection, connection.transaction():
                    await self._mark_moved(connection)
                    if self._market is None or self._old(self._market_read, MARKET_EVERY):
                        # An equal one is the same one: what stands in it stays.
                        self._market = await self._markets.read(connection)
                        self.limits = (await read_limits(connection)).limits
                        self._market_read = now
                if self._old(self._begun, ANEW_EVERY):
                    self._books.clear()
                    self._begun = now
                self._looked = now
            return self._market

    async def _mark_moved(self, connection: Connection) -> None:
        for row in await rows(connection, SQL["moved"], {"after": self._after}):
            book = self._books.get(row["advisor"])
            if book is not None:
                book.moved.add(row["household"])
            self._after = row["as_of_seq"]

    async def _read(self, asker: Asker) -> Book:
        """The book, or what moved in it, with this asker's own ticket."""
        lock = self._reading.setdefault(asker.advisor, asyncio.Lock())
        book = self._books.get(asker.advisor)
        if book is not None and lock.locked():
            return book
        async with lock:
            book = self._books.get(asker.advisor)
            if book is None:
                if len(self._books) >= AT_MOST:
                    self._books.clear()
                async with reading(self._pool, asker.ticket) as (connection, _):
                    found = await read_pictures(connection, None)
                mine = (picture for picture in found if picture.household.advisor == asker.advisor)
                book = self._books[asker.advisor] = Book(mine)
            elif book.moved:
                moved, book.moved = book.moved, set()
                async with reading(self._pool, asker.ticket) as (connection, _):
                    await _read_moved(connection, book, moved, asker.advisor)
            return book


async def _read_moved(
    connection: Connection, book: Book, moved: Iterable[HouseholdId], advisor: PersonId
) -> None:
    """Read those households again. What the advisor and the firm asked for today is told to all of them."""
    for picture in await read_pictures(connection, sorted(moved)):
        book.put(picture)
    lately = await read_lately(connection, None, without=None)
    for home, picture in list(book.pictures.items()):
        book.put(replace(picture, activity=lately.of(home, advisor)))
