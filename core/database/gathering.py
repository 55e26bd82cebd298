"""Questions of many, asked of the database as one.

Rule 1: whoever asks while another question is under way goes with the next one, together with all who wait.
Rule 2: each is told of its own; where the question fails, all that were in it are told why.
Rule 3: an answer is never kept: whoever asks later hears what is true later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

MOST: Final = 128  # in one question
Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Gathering(Generic[Key, Answer]):
    """`ask` answers for every key that it is given."""

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Answer]]]) -> None:
        self._ask = ask
        self._waiting: dict[Key, list[asyncio.Future[Answer]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def of(self, key: Key) -> Answer:
        """Raises what `ask` raises."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(answered)
        if self._asking is None:
            self._asking = asyncio.create_task(self._until_nobody_waits(), name="gathering")
        return await answered

    async def _until_nobody_waits(self) -> None:
        try:
            while self._waiting:
                keys = list(self._waiting)[:MOST]
                asked = {key: self._waiting.pop(key) for key in keys}
                await self._once(asked)
        finally:
            self._asking = None
            for waiting in self._waiting.values():  # only where this was broken off
                for answered in waiting:
                    answered.cancel()

    async def _once(self, asked: Mapping[Key, Sequence[asyncio.Future[Answer]]]) -> None:
        waiting = [one for some in asked.values() for one in some]
        try:
            found = await self._ask(list(asked))
            told = [(answered, found[key]) for key, some in asked.items() for answered in some]
        except Exception as no:  # noqa: BLE001 - whoever asked is told, whatever it was
            for answered in waiting:
                if not answered.done():
                    answered.set_exception(no)
            return
        except BaseException:
            for answered in waiting:
                answered.cancel()
            raise
        for answered, answer in told:
            if not answered.done():
                answered.set_result(answer)
