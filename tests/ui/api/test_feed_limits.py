"""What a feed does when its reader is slow, gone or has too many, and when the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql
from starlette.types import Message, Receive, Scope

from core.database.pools import async_pool
from core.errors import Refused
from core.feed.chosen import Chosen
from core.feed.record import Page, Record
from core.ids import PersonId
from tests.core.gate.deal import Deal
from tests.fixtures.firm import Firm
from tests.fixtures.servers import TestServer
from ui.api import feed as feeding
from ui.api.feed import MOST, MOST_OF_ONE, FeedResponse, Feeds, Following, followed
from ui.sse import Event, events

MARIA = PersonId("adv-1")
SCOPE: Scope = {"type": "http", "asgi": {"spec_version": "2.4"}}


async def three() -> AsyncIterator[Sequence[Event]]:
    for number in (1, 2, 3):
        yield (Event("entry", {"seq": number}, str(number)),)


async def nobody_speaks() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def sent_to(feeds: Feeds, takes: list[bytes], receive: Receive = nobody_speaks) -> list[Event]:
    """What a reader that takes at once has got when the feed ended."""

    async def send(message: Message) -> None:
        takes.append(message.get("body", b""))

    await FeedResponse(feeds, MARIA, three())(SCOPE, receive, send)
    return list(events(b"".join(takes).decode().split("\n")))


@pytest.mark.anyio
async def test_a_reader_that_keeps_up_gets_all_of_it() -> None:
    feeds = Feeds()
    feeds.enter(MARIA)
    assert [event.id for event in await sent_to(feeds, [])] == ["1", "2", "3"]


@pytest.mark.anyio
async def test_a_slow_reader_is_told_so_and_keeps_the_id_to_come_back_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feeding, "TAKES_WITHIN", timedelta(microseconds=-1))
    feeds = Feeds()
    feeds.enter(MARIA)
    got = await sent_to(feeds, [])
    assert [(event.name, event.data.get("code")) for event in got] == [
        ("entry", None),
        ("end", "slow_reader"),
    ]
    assert got[-1].id == "1"


@pytest.mark.anyio
async def test_a_reader_that_takes_nothing_is_dropped_and_its_place_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feeding, "DROPPED_AFTER", timedelta(milliseconds=20))
    feeds = Feeds()
    for _ in range(MOST_OF_ONE):
        feeds.enter(MARIA)

    async def send(message: Message) -> None:
        if message.get("body"):
            await asyncio.Event().wait()

    await FeedResponse(feeds, MARIA, three())(SCOPE, nobody_speaks, send)
    feeds.enter(MARIA)
    with pytest.raises(Refused):
        feeds.enter(MARIA)


def test_a_process_has_so_many_feeds_whoever_opens_them() -> None:
    feeds = Feeds()
    for number in range(MOST):
        feeds.enter(PersonId(f"p-{number}"))
    with pytest.raises(Refused) as no:
        feeds.enter(PersonId("p-new"))
    assert no.value.code == "too_many"


@pytest.mark.anyio
async def test_a_database_that_is_away_is_said_once_and_the_feed_goes_on_without_a_gap(
    firm: Firm, server: TestServer
) -> None:
    ticket = firm.ticket("william.tran")
    async with async_pool(firm.database.intake, name="feed", most=2) as pool:
        pool.timeout = 0.3
        record = Record(pool)

        async def tell(page: Page) -> Sequence[Event]:
            return tuple(Event("entry", {"seq": line.seq}, str(line.seq)) for line in page.lines)

        begun = await record.head()
        first = Page((), begun, begun)
        portions = followed(Feeds(), Following(record, ticket, Chosen(), tell), first)
        assert [event.name for event in await anext(portions)] == ["heartbeat"]
        reach(server, firm, allowed=False)
        gone = [event for _ in range(3) for event in await anext(portions)]
        assert [event.name for event in gone] == ["trouble", "heartbeat", "heartbeat"]
        assert {event.id for event in gone} == {str(begun)}
        assert "did not answer" in gone[0].data["says"]
        reach(server, firm, allowed=True)
        Deal(firm).submitted()
        head = int(firm.value("superuser", "select seq from gatehouse.head"))
        seen: list[int] = []
        while not seen or seen[-1] < head:
            seen += [event.data["seq"] for event in await anext(portions) if event.name == "entry"]
        assert seen == list(range(begun + 1, head + 1))


def reach(server: TestServer, firm: Firm, *, allowed: bool) -> None:
    """Whether a feed can reach its database."""
    name = firm.database.name
    with psycopg.connect(server.superuser_dsn("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} with allow_connections {}").format(
                sql.Identifier(name), sql.Literal(allowed)
            )
        )
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = %s and application_name = 'gatehouse-feed' and not %s",
            [name, allowed],
        )
