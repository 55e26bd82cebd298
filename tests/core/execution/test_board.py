"""The board: many who ask are one question, an old answer is no answer, and silence is not kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.errors import WorldFailed
from core.execution.board import Kept


@pytest.mark.anyio
async def test_many_who_ask_at_once_are_one_question() -> None:
    asked = []

    async def ask() -> str:
        asked.append(1)
        await asyncio.sleep(0)
        return "here"

    kept: Kept[str] = Kept(timedelta(seconds=60))
    answers = await asyncio.gather(*(kept.of("ARCADIA", ask) for _ in range(300)))
    assert (set(answers), len(asked)) == ({"here"}, 1)


@pytest.mark.anyio
async def test_an_answer_that_is_too_old_is_asked_for_again() -> None:
    asked = []

    async def ask() -> int:
        asked.append(1)
        return len(asked)

    kept: Kept[int] = Kept(timedelta(microseconds=-1))
    assert [await kept.of("ARCADIA", ask), await kept.of("ARCADIA", ask)] == [1, 2]


@pytest.mark.anyio
async def test_silence_is_not_kept() -> None:
    answers = iter([WorldFailed("away", fix="later"), None])

    async def ask() -> str:
        no = next(answers)
        if no is not None:
            raise no
        return "back"

    kept: Kept[str] = Kept(timedelta(seconds=60))
    assert await kept.of("ARCADIA", ask) is None
    assert await kept.of("ARCADIA", ask) is None  # nobody waits for it a second time
    await asyncio.sleep(0)
    assert await kept.of("ARCADIA", ask) == "back"


@pytest.mark.anyio
async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    go = asyncio.Event()

    async def ask() -> str:
        await go.wait()
        return "here"

    kept: Kept[str] = Kept(timedelta(seconds=60))
    first, second = (asyncio.create_task(kept.of("ARCADIA", ask)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    go.set()
    assert await second == "here"
