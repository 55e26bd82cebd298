"""A disk without room: what was not recorded is told, and what was told as recorded stays."""

from __future__ import annotations

import pytest

from tests.core.ledger.faults.breaking import disk_under, or_skip, to_the_last_segment
from tests.core.ledger.faults.callers import crowd, every_answer_was_true, names, talk_of, until_told
from tests.core.ledger.faults.own import OwnServer
from tests.core.ledger.faults.syscalls import NotHere

WAYS = ("mount", "kernel")

pytestmark = pytest.mark.timeout(400)  # three waits, each as patient as `until_told`


@pytest.mark.anyio
@pytest.mark.parametrize("way", WAYS)
async def test_no_room_for_the_tables_is_no_entry_and_later_there_is_room(own: OwnServer, way: str) -> None:
    try:
        with disk_under(own, "base", way) as disk:
            voice = talk_of(own.firm)
            async with voice.journal() as journal:
                async with crowd(voice, journal, *names(keyed=8, bare=8)):
                    await until_told(voice, recorded=40)
                    disk.fill()
                    await until_told(voice, raised=40)
                    assert voice.told.nothing
                    assert not voice.told.unknown  # the server said so itself: nobody is left in doubt
                    disk.free()
                    await until_told(voice, recorded=40)
                await every_answer_was_true(own.firm, voice.told)
                await voice.repeat_the_keyed(journal)
            assert voice.told.keyed_without_entry() == []
            await every_answer_was_true(own.firm, voice.told)
    except NotHere as lacking:
        or_skip(way, lacking)


@pytest.mark.anyio
@pytest.mark.parametrize("way", WAYS)
async def test_no_room_for_the_log_stops_the_server_and_no_answer_was_wrong(own: OwnServer, way: str) -> None:
    try:
        with disk_under(own, "pg_wal", way) as disk:
            voice = talk_of(own.firm)
            to_the_last_segment(own)
            async with voice.journal() as journal, crowd(voice, journal, *names(keyed=8, bare=8)):
                await until_told(voice, recorded=10)
                disk.fill()
                await until_told(voice, raised=16)
            disk.free()
            own.start_again()
            await every_answer_was_true(own.firm, voice.told)
            async with voice.journal() as journal:
                await voice.repeat_the_keyed(journal)
            assert voice.told.keyed_without_entry() == []
            await every_answer_was_true(own.firm, voice.told)
    except NotHere as lacking:
        or_skip(way, lacking)
