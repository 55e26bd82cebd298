"""Advisors' books in memory, for deciding on an order without reading the database for it.

Rule 1: a book is read with the ticket of whoever asks, under the row policies: nobody's order is assessed on
    what she may not read, and a process that serves nobody holds no book.
Rule 2: it is optimistic. What moved is read again at most every half second, the market every second, the
    whole book every half minute. What binds are the reservations in the append and the worker's question at
    release.
Rule 3: where an account stands is worked out when it is first asked about in a market, and kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.picture import Market, Picture
from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import one
from core.direct.askers import SQL, Asker, reading
from core.errors import NotFound
from core.ids import AccountId, HouseholdId, PersonId
from core.projections.activity import read_lately
from core.projections.market import read_market
from core.projections.reader import read_pictures
from core.risk.standing import Ground

LOOKS_EVERY: Final = timedelta(milliseconds=500)
MARKET_EVERY: Final = timedelta(seconds=1)
ANEW_EVERY: Final = timedelta(seconds=30)
AT_MOST: Final = 200  # books

Connection = AsyncConnection[DictRow]


class Book:
    """One advisor's households, each with its ground in the market that `Books` gives."""

    def __init__(self, pictures: Iterable[Picture], as_of_seq: int) -> None:
        self.pictures = {picture.household.id: picture for picture in pictures}
        self.as_of_seq = as_of_seq
        self._homes = {
            account.id: home
            for home, picture in self.pictures.items()
            for account in picture.household.accounts
        }
        self._grounds: dict[HouseholdId, Ground] = {}

    def ground(self, account: AccountId, market: Market) -> Ground:
        """Where the account's household stands in that market.

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
        if known is None or known.market is not market:
            known = Ground(replace(self.pictures[home], market=market))
            self._grounds[home] = known
        return known

    def put(self, picture: Picture) -> None:
        self.pictures[picture.household.id] = picture
        self._grounds.pop(picture.household.id, None)


@dataclass(slots=True)
class _Kept:
    book: Book
    looked: int  # monotonic nanoseconds
    read: int


class Books:
    """One for each process that takes orders."""

    def __init__(self, pool: AsyncPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._kept: dict[PersonId, _Kept] = {}
        self._reading: dict[PersonId, asyncio.Lock] = {}
        self._market: Market | None = None
        self._market_read = 0
        self._market_lock = asyncio.Lock()

    async def ground(self, asker: Asker, account: AccountId) -> Ground:
        """Where the household of that account stands, for an order of this asker's.

        Raises:
            NotFound: the account is not in her book.
            SignInRequired: her session has ended.
            WorldFailed: the database does not answer.
        """
        market = self._market
        if market is None or self._old(self._market_read, MARKET_EVERY):
            market = await self._fresh_market()
        kept = self._kept.get(asker.advisor)
        if kept is None or self._old(kept.looked, LOOKS_EVERY):
            kept = await self._looked(asker)
        return kept.book.ground(account, market)

    def _old(self, at: int, most: timedelta) -> bool:
        return self._clock.monotonic_ns() - at > most // timedelta(microseconds=1) * 1000

    async def _fresh_market(self) -> Market:
        """The market as it is now. While one reads, the others go on with what there was."""
        if self._market is not None and self._market_lock.locked():
            return self._market
        async with self._market_lock:
            if self._market is None or self._old(self._market_read, MARKET_EVERY):
                async with lend(self._pool) as connection, connection.transaction():
                    found, _ = await read_market(connection)
                self._market_read = self._clock.monotonic_ns()
                if found != self._market:  # an equal one is the same one: what was worked out in it stays
                    self._market = found
            return self._market

    async def _looked(self, asker: Asker) -> _Kept:
        """The book, with what moved read again. While one reads, the others go on with what there was."""
        lock = self._reading.setdefault(asker.advisor, asyncio.Lock())
        kept = self._kept.get(asker.advisor)
        if kept is not None and lock.locked():
            return kept
        async with lock:
            kept = self._kept.get(asker.advisor)
            if kept is not None and not self._old(kept.looked, LOOKS_EVERY):
                return kept
            begun = self._clock.monotonic_ns()
            async with reading(self._pool, asker.ticket) as (connection, _):
                if kept is None or self._old(kept.read, ANEW_EVERY):
                    kept = await self._anew(connection, asker.advisor, begun)
                else:
                    await _read_moved(connection, kept.book, asker.advisor)
            kept.looked = begun
            return kept

    async def _anew(self, connection: Connection, advisor: PersonId, begun: int) -> _Kept:
        found = [p for p in await read_pictures(connection, None) if p.household.advisor == advisor]
        if len(self._kept) >= AT_MOST:
            self._kept.clear()
        as_of = found[0].as_of_seq if found else 0
        kept = self._kept[advisor] = _Kept(Book(found, as_of), begun, begun)
        return kept


async def _read_moved(connection: Connection, book: Book, advisor: PersonId) -> None:
    """Read again the households in which something moved. What the advisor and the firm asked for today is of
    all of them, and the moment against which its windows are measured is now."""
    row = await one(connection, SQL["moved"], {"advisor": advisor, "after": book.as_of_seq})
    moved = [HouseholdId(home) for home in row["households"]]
    if moved:
        for picture in await read_pictures(connection, moved):
            book.put(picture)
    book.as_of_seq = row["as_of_seq"]
    busy = bool(moved) or any(p.activity.advisor_orders for p in book.pictures.values())
    if busy:
        lately = await read_lately(connection, None, without=None)
        for home, picture in book.pictures.items():
            book.put(replace(picture, activity=lately.of(home, advisor)))
