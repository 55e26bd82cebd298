"""A market that is read again and again is what reading all of it gives, whatever moved in between."""

from __future__ import annotations

from typing import Final

import psycopg
import pytest

from core.database.pools import async_pool
from core.projections.market import LastMarket, read_market
from tests.core.gate.deal import close_day, open_day
from tests.fixtures.firm import Firm

MOVES: Final = {
    "a bid": "update gatehouse.quote set bid = bid - 1 where symbol = 'AAPL'",
    "when a quote was taken": "update gatehouse.quote set taken_at = taken_at + interval '1 second'",
    "a venue that quotes no more": "delete from gatehouse.quote"
    " where symbol = 'AAPL' and venue = (select min(venue) from gatehouse.quote)",
    "nobody quotes": "delete from gatehouse.quote",
    "an instrument": """update gatehouse.reference set state = state || '{"tradable": false}'"""
    " where kind = 'instrument' and id = 'AAPL'",
    "an instrument that is gone": "delete from gatehouse.reference where kind = 'instrument' and id = 'AAPL'",
    "a restriction": "insert into gatehouse.reference (kind, id, state, as_of_seq)"
    """ values ('restriction', 'KO', '{"symbol": "KO"}', 1)""",
    "a halt": "insert into gatehouse.halt (halt, scope, cause, halted_at, seq)"
    " values ('hlt-1', 'all', 'person', clock_timestamp(), 1)",
    "the moment of the day": "update gatehouse.market_day set at = at + interval '1 minute'",
}
QUOTED: Final = (
    "insert into gatehouse.quote (symbol, venue, bid, ask, session, taken_at, synthetic)"
    " select s.symbol, v.venue, 99, 101, d.session, d.at, true from gatehouse.market_day d,"
    " (values ('AAPL'), ('KO')) as s (symbol), (values ('ARCADIA'), ('BOREAL')) as v (venue)"
)


@pytest.fixture
async def quoted(firm: Firm) -> Firm:
    await firm.fold()
    firm.ask("superuser", QUOTED)
    return firm


@pytest.mark.anyio
@pytest.mark.parametrize("what", MOVES)
async def test_what_moved_is_seen_and_what_did_not_is_the_same_object(quoted: Firm, what: str) -> None:
    async with (
        async_pool(quoted.database.intake, name="test", most=1) as pool,
        pool.connection() as connection,
    ):
        last = LastMarket()
        before = await last.read(connection)
        assert before == (await read_market(connection))[0]
        assert await last.read(connection) is before
        quoted.ask("superuser", MOVES[what])
        now = await last.read(connection)
        assert now == (await read_market(connection))[0]
        assert now != before
        assert await last.read(connection) is now


@pytest.mark.anyio
async def test_another_days_market_is_another(quoted: Firm) -> None:
    async with (
        async_pool(quoted.database.intake, name="test", most=1) as pool,
        pool.connection() as connection,
    ):
        last = LastMarket()
        before = await last.read(connection)
        close_day(quoted)
        open_day(quoted, "2022-12-30")
        await quoted.fold()
        now = await last.read(connection)
        assert now.session > before.session
        assert now == (await read_market(connection))[0]


@pytest.mark.anyio
async def test_a_question_that_failed_is_asked_again_in_full(quoted: Firm) -> None:
    async with (
        async_pool(quoted.database.intake, name="test", most=1) as pool,
        pool.connection() as connection,
    ):
        last = LastMarket()
        before = await last.read(connection)
        quoted.ask("superuser", MOVES["a bid"])
        quoted.ask("superuser", "revoke select on gatehouse.quote from gh_intake")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await last.read(connection)
        await connection.rollback()
        quoted.ask("superuser", "grant select on gatehouse.quote to gh_intake")
        now = await last.read(connection)
        assert now == (await read_market(connection))[0]
        assert now != before
