"""A disk that takes the bytes and cannot make them last: EIO at fsync, the error that programs forget.

PostgreSQL panics, because what the kernel then holds cannot be known. So nobody may be told that it happened,
and nobody that it did not.
"""

from __future__ import annotations

import errno

import pytest

from tests.core.ledger.faults.breaking import answered_by_us
from tests.core.ledger.faults.callers import (
    crowd,
    every_answer_was_true,
    names,
    talk_of,
    until_told,
    words_in,
)
from tests.core.ledger.faults.own import OwnServer
from tests.core.ledger.faults.syscalls import SYNCS, NotHere

MANY = [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 8))]


@pytest.mark.anyio
@pytest.mark.parametrize("after", MANY)
async def test_an_fsync_error_leaves_nobody_with_a_wrong_answer(own: OwnServer, after: int) -> None:
    try:
        with answered_by_us(own, SYNCS) as kernel:
            voice = talk_of(own.firm)
            async with voice.journal() as journal, crowd(voice, journal, *names(keyed=8, bare=8)):
                await until_told(voice, recorded=17 * after)
                kernel.fail(errno.EIO, under="/pg_wal/")
                await until_told(voice, raised=8)
                kernel.mend()
                own.start_again()
            assert kernel.failed
    except NotHere as lacking:
        pytest.skip(f"no fsync error on this machine: {lacking}")
    own.start()
    await every_answer_was_true(own.firm, voice.told)
    async with voice.journal() as journal:
        await voice.repeat_the_keyed(journal)
    assert voice.told.keyed_without_entry() == []
    await every_answer_was_true(own.firm, voice.told)


@pytest.mark.anyio
@pytest.mark.parametrize("word", ["keyed/0", "bare/0"])
async def test_whose_commit_could_not_be_made_to_last_is_in_doubt(own: OwnServer, word: str) -> None:
    """One caller alone, so that it is this one's commit that fails. The bytes are there after all."""
    try:
        with answered_by_us(own, SYNCS) as kernel:
            voice = talk_of(own.firm)
            async with voice.journal() as journal:
                await voice.say(journal, "bare/before")
                kernel.fail(errno.EIO, under="/pg_wal/")
                await voice.say(journal, word)
                kernel.mend()
            assert kernel.failed
            own.start_again()
    except NotHere as lacking:
        pytest.skip(f"no fsync error on this machine: {lacking}")
    assert voice.told.unknown == {word}, dict(voice.told.raised)
    own.start()
    assert set(words_in(own.firm)) >= {"bare/before", word}
    await every_answer_was_true(own.firm, voice.told)
    async with voice.journal() as journal:
        await voice.repeat_the_keyed(journal)
    assert voice.told.keyed_without_entry() == []
    await every_answer_was_true(own.firm, voice.told)
