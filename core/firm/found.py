"""Founding the demo firm: its entries appended by the owner's login, a page at a time, once for ever."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Final

from core.clock import Clock
from core.database.pools import async_pool
from core.firm.demo import founding
from core.ids import fresh_trace_id
from core.ledger.journal import Journal
from core.people.keystore import KeyStore

PAGE: Final = 100


async def found(
    owner_dsn: str, keys: KeyStore, clock: Clock, *, seed: int, told: Callable[[int], None]
) -> int:
    """Append what is not there yet; `told` hears how many entries are done. Answers how many there are.

    Raises:
        Conflict: this database holds a firm of another seed.
    """
    entries = founding(seed, keys.seal, fresh_trace_id(clock))
    done = 0
    async with async_pool(owner_dsn, name="founding", most=2) as pool, Journal(pool, clock) as journal:
        while page := tuple(islice(entries, PAGE)):
            await journal.record(*page)
            done += len(page)
            told(done)
    return done
