"""The board: many who ask are one question, an old answer is no answer, and silence is not kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import WallClock
from core.errors import WorldFailed
from core.execution.board import WANTED_FOR, Board, Kept
from core.execution.lease import Alone
from core.execution.line import PATIENCE, Line
from core.halts.file import HaltFile
from core.halts.watch import Watch
from core.ids import Symbol, VenueName
from core.venues.venue import Quote
from evals.bench.instant import InstantVenue


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


class Asked(InstantVenue):
    """A venue that remembers what quotes were asked of it."""

    def __init__(self) -> None:
        super().__init__(VenueName("ARCADIA"))
        self.asked: list[Sequence[Symbol]] = []

    async def quotes(self, symbols: Sequence[Symbol], *, timeout: timedelta) -> Mapping[Symbol, Quote]:
        self.asked.append(symbols)
        await asyncio.sleep(0)
        return await super().quotes(symbols, timeout=timeout)


def board_of(venue: Asked, wanted_for: timedelta) -> Board:
    stops = Watch(HaltFile(Path("/nowhere"), b"k", WallClock()))  # reading asks for no leave
    return Board({venue.name: Line(venue, PATIENCE, stops, Alone())}, wanted_for=wanted_for)


@pytest.mark.anyio
async def test_what_is_wanted_is_asked_for_together() -> None:
    venue = Asked()
    board = board_of(venue, WANTED_FOR)
    names = [Symbol(name) for name in ("AAPL", "KO", "MSFT")]
    for views in await asyncio.gather(*(board.views(name) for name in reversed(names))):
        assert [view.quote is not None for view in views] == [True]
    assert venue.asked[-1] == names
    assert len(venue.asked) == 2  # the first was asked for alone
    await asyncio.gather(*(board.views(name) for name in names * 100))
    assert len(venue.asked) == 2  # they are fresh


@pytest.mark.anyio
async def test_a_symbol_that_nobody_wants_any_more_is_not_asked_for() -> None:
    venue = Asked()
    board = board_of(venue, timedelta(0))
    for number in range(50):
        (view,) = await board.views(Symbol(f"S{number}"))
        assert view.quote is not None
    assert venue.asked == [[f"S{number}"] for number in range(50)]
