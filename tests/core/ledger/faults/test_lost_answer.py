"""The line breaks after the commit and before the answer, for a crowd: the one moment that nobody can see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.core.ledger.faults.callers import (
    Voice,
    crowd,
    every_answer_was_true,
    names,
    talk_of,
    until_told,
    words_in,
)
from tests.core.ledger.faults.own import OwnServer

DROPS: Final = 4
ENTRY: Final = b"StepTaken"


class Line:
    """Carries bytes between client and server. At a drop, an append's answer is read and thrown away: it was
    committed, because the server answers after its commit, and the client hears that the line is gone.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self.drops = 0
        self.dropped = 0

    async def carry(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        appending = asyncio.Event()

        async def answers() -> None:
            while data := await from_server.read(1 << 20):
                if appending.is_set() and self.drops > 0:
                    self.drops -= 1
                    self.dropped += 1
                    break
                appending.clear()
                back.write(data)
            back.close()
            to_server.close()

        answering = asyncio.create_task(answers())
        try:
            while data := await client.read(1 << 20):
                if ENTRY in data:  # the statement itself is prepared after a few times and no longer named
                    appending.set()
                to_server.write(data)
        except ConnectionError:
            answering.cancel()
        to_server.close()
        await asyncio.gather(answering, return_exceptions=True)


@asynccontextmanager
async def lossy(voice: Voice, folder: Path) -> AsyncIterator[Line]:
    """That voice through such a line."""
    parts = conninfo_to_dict(voice.dsn)
    line = Line(f"{parts['host']}/.s.PGSQL.{parts['port']}")
    folder.chmod(0o755)
    listening = await asyncio.start_unix_server(line.carry, folder / ".s.PGSQL.5432")
    straight, voice.dsn = voice.dsn, make_conninfo(voice.dsn, host=str(folder), port=5432)
    async with listening:
        yield line
    voice.dsn = straight


@pytest.mark.anyio
async def test_an_answer_lost_after_the_commit_is_found_by_the_key_and_unknown_without(
    own: OwnServer, tmp_path: Path
) -> None:
    voice = talk_of(own.firm)
    async with lossy(voice, tmp_path) as line:
        async with voice.journal() as journal, crowd(voice, journal, *names(keyed=8, bare=8)):
            for _ in range(DROPS):
                await until_told(voice, recorded=30)
                before, line.drops = line.dropped, 1
                while line.dropped == before:
                    await asyncio.sleep(0.005)
            await until_told(voice, recorded=30)
        assert line.dropped == DROPS
    there = words_in(own.firm)
    lost = voice.told.unknown
    assert lost
    assert {word for word in lost if word.startswith("keyed")} == set()
    assert lost & set(there)  # committed, and its caller does not know: so "nothing" would have been wrong
    assert voice.told.nothing == set(), dict(voice.told.raised)
    await every_answer_was_true(own.firm, voice.told)
