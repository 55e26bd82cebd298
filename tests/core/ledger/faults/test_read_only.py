"""A database that only reads: nothing is recorded, everybody is told, and later it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import psycopg
import pytest

from tests.core.ledger.faults.callers import crowd, every_answer_was_true, names, talk_of, until_told
from tests.core.ledger.faults.own import OwnServer


def said(own: OwnServer, *statements: str) -> None:
    with psycopg.connect(own.superuser, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def read_only_by_setting(own: OwnServer) -> None:
    said(own, "alter system set default_transaction_read_only = on", "select pg_reload_conf()")


def back_from_the_setting(own: OwnServer) -> None:
    options = "-c default_transaction_read_only=off"
    with psycopg.connect(own.superuser, autocommit=True, options=options) as connection:
        connection.execute("alter system reset default_transaction_read_only")
        connection.execute("select pg_reload_conf()")


def standby(own: OwnServer) -> None:
    """A hot standby with no primary: it answers reads and takes nothing."""
    own.stop()
    (own.data / "standby.signal").touch()
    own.start()


def back_from_standby(own: OwnServer) -> None:
    said(own, "select pg_promote()")


WAYS: Final[dict[str, tuple[Callable[[OwnServer], None], Callable[[OwnServer], None]]]] = {
    "setting": (read_only_by_setting, back_from_the_setting),
    "standby": (standby, back_from_standby),
}


@pytest.mark.anyio
@pytest.mark.parametrize("way", WAYS)
async def test_a_database_that_only_reads_takes_nothing_and_says_so(own: OwnServer, way: str) -> None:
    turn, back = WAYS[way]
    voice = talk_of(own.firm)
    async with voice.journal() as journal, crowd(voice, journal, *names(keyed=4, bare=4)):
        await until_told(voice, recorded=40)
        turn(own)
        await until_told(voice, raised=8)
    told = voice.told
    recorded = dict(told.recorded)
    async with voice.journal() as journal, crowd(voice, journal, "keyed-later", "bare-later"):
        await until_told(voice, raised=8)
    assert recorded == told.recorded  # while it only read
    assert any("read-only" in says for says in told.raised), dict(told.raised)
    assert {word for word in told.unknown if "later" in word} == set()
    await every_answer_was_true(own.firm, told)
    back(own)
    async with voice.journal() as journal:
        async with crowd(voice, journal, "bare-again"):
            await until_told(voice, recorded=10)
        await voice.repeat_the_keyed(journal)
    assert told.keyed_without_entry() == []
    await every_answer_was_true(own.firm, told)
