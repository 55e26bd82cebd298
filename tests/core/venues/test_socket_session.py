"""A socket session outlives its connection: what never arrived is known, what was answered comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from core.errors import WorldFailed
from core.ids import VenueName
from core.venues.frames import line
from core.venues.tcp import TcpVenue
from core.venues.venue import Accepted, Found, NotKnown, Unknown, encode
from tests.fixtures.venues import KEY, VenueProcess, one_venue, released

PATIENCE = timedelta(seconds=5)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    yield from one_venue("ARCADIA", tmp_path_factory.mktemp("venue"), via="tcp")


class Wire:
    """Between a customer and the venue: it can be cut, and can swallow what the customer says."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: set[asyncio.StreamWriter] = set()
        self.swallows = False
        self.port = 0

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, back}
        await asyncio.gather(self._pass(reader, back, out=True), self._pass(there, writer, out=False))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, out: bool) -> None:
        try:
            while said := await reader.read(65_536):
                if not (out and self.swallows):
                    writer.write(said)
        except ConnectionError:
            return
        finally:
            writer.close()


@pytest.fixture
async def wire(stage: VenueProcess) -> AsyncIterator[Wire]:
    async with Wire(stage.socket_port) as found:
        yield found


@pytest.fixture
async def venue(wire: Wire) -> AsyncIterator[TcpVenue]:
    async with TcpVenue(VenueName("ARCADIA"), f"tcp://127.0.0.1:{wire.port}", key=KEY) as found:
        await found.health(timeout=PATIENCE)
        yield found


@pytest.mark.anyio
async def test_an_answer_that_the_break_held_back_comes_after_it(
    stage: VenueProcess, wire: Wire, venue: TcpVenue
) -> None:
    order = released(limit="60.00")
    stage.tell(faults={"answer_ms": 300})
    try:
        sending = asyncio.create_task(venue.send(order, encode(order), timeout=PATIENCE))
        while not any(one.get("order") == order.id for one in stage.ledger()):
            await asyncio.sleep(0.01)
        wire.cut()
        assert isinstance(await sending, Accepted)
    finally:
        stage.tell(faults={"answer_ms": 0})


@pytest.mark.anyio
async def test_a_question_that_never_arrived_is_known_to_have_accepted_nothing(
    wire: Wire, venue: TcpVenue
) -> None:
    order = released(limit="60.00")
    wire.swallows = True
    sending = asyncio.create_task(venue.send(order, encode(order), timeout=PATIENCE))
    await asyncio.sleep(0.05)
    wire.swallows = False
    wire.cut()
    with pytest.raises(WorldFailed):
        await sending
    assert await venue.lookup(order.id, timeout=PATIENCE) == NotKnown()


@pytest.mark.anyio
async def test_a_venue_that_starts_anew_knows_no_session_and_what_was_asked_is_doubt(
    stage: VenueProcess, wire: Wire, venue: TcpVenue
) -> None:
    order = released(limit="60.00")
    stage.tell(faults={"answer_ms": 600})
    sending = asyncio.create_task(venue.send(order, encode(order), timeout=PATIENCE))
    while not any(one.get("order") == order.id for one in stage.ledger()):
        await asyncio.sleep(0.01)
    stage.restart()
    assert isinstance(await sending, Unknown)
    assert isinstance(await venue.lookup(order.id, timeout=PATIENCE), Found)
    stage.tell(faults={"answer_ms": 0})


@pytest.mark.anyio
@pytest.mark.parametrize(
    "hello",
    [
        {"venue": "ARCADIA", "key": "wrong", "session": "s", "got": 0},
        {"venue": "BOREAL", "key": KEY, "session": "s", "got": 0},
        {"venue": "ARCADIA", "key": KEY, "session": "", "got": 0},
        {},
        [],
    ],
)
async def test_who_does_not_say_who_it_is_is_sent_away(stage: VenueProcess, hello: object) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.socket_port)
    writer.write(line(hello=hello))
    assert list(json.loads(await reader.readline())) == ["bye"]
    assert await reader.read() == b""
    writer.close()


@pytest.mark.anyio
async def test_a_gap_in_the_questions_ends_the_session(stage: VenueProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.socket_port)
    writer.write(line(hello={"venue": "ARCADIA", "key": KEY, "session": "gap", "got": 0}))
    writer.write(line(n=2, ask="health"))
    told = (await reader.read()).decode().splitlines()
    assert json.loads(told[-1]).get("bye")
    writer.close()
