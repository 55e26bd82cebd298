"""A server that dies at any moment under a crowd, again and again."""

from __future__ import annotations

import os
import random
import signal

import psycopg
import pytest

from tests.core.ledger.faults.callers import crowd, every_answer_was_true, names, talk_of, until_told
from tests.core.ledger.faults.own import OwnServer

ROUNDS = [3, pytest.param(25, marks=[pytest.mark.long, pytest.mark.timeout(600)])]


def a_backend(own: OwnServer, draw: random.Random) -> int:
    with psycopg.connect(own.superuser, autocommit=True) as connection:
        found = connection.execute(
            "select pid from pg_stat_activity where usename = 'gh_agent' and pid <> pg_backend_pid()"
        ).fetchall()
    return int(draw.choice(found)[0])


@pytest.mark.anyio
@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("whom", ["postmaster", "backend"])
async def test_nothing_acknowledged_is_lost_and_nothing_keyed_happens_twice(
    own: OwnServer, whom: str, rounds: int
) -> None:
    draw = random.Random(rounds)
    voice = talk_of(own.firm)
    async with voice.journal() as journal:
        async with crowd(voice, journal, *names(keyed=12, bare=12)):
            for _ in range(rounds):
                await until_told(voice, recorded=draw.randrange(20, 150))
                os.kill(own.postmaster() if whom == "postmaster" else a_backend(own, draw), signal.SIGKILL)
                await until_told(voice, recorded=150)  # of which the dead server can have said a few
        own.start_again()
        await every_answer_was_true(own.firm, voice.told)
        await voice.repeat_the_keyed(journal)
    assert voice.told.keyed_without_entry() == []
    await every_answer_was_true(own.firm, voice.told)
