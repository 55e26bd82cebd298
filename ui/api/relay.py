"""The line to the copilot, and the turns that are under way on it.

Rule 1: a turn that was begun is finished and its answer journaled, whether or not anyone still listens.
Rule 2: an answer is journaled first and shown second.
Rule 3: without a copilot everything else works, and the person is told so in one sentence.
Rule 4: one turn at a time on a thread; a second one waits for nothing and is told so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from datetime import timedelta
from typing import Any, Final

import httpx

from core.errors import Conflict, GatehouseError, WorldFailed
from core.ids import ThreadId
from core.plain_http import trusted_for
from core.settings import Secret
from ui.sse import Event, events_async

SECRET_HEADER: Final = "X-Gatehouse-Loopback"  # noqa: S105  the header's name
CONNECTS_WITHIN: Final = timedelta(seconds=2)
SPEAKS_WITHIN: Final = timedelta(seconds=90)  # the longest silence inside a turn
TURN_WITHIN: Final = timedelta(minutes=5)
LOOKS_IN_VAIN: Final = 3
KNOWN: Final = frozenset({"step", "token", "parked", "answer", "error"})
DOWN: Final = "the copilot is not answering; proposals and decisions still work"

Hears = Callable[[Event], Awaitable[Event]]


def copilot_down() -> WorldFailed:
    return WorldFailed(DOWN, fix="try again in a moment; operations can look at the copilot's log")


class CopilotLine:
    """HTTP to the copilot on the loopback, with the shared secret."""

    def __init__(self, url: str, secret: Secret) -> None:
        patience = httpx.Timeout(
            SPEAKS_WITHIN.total_seconds(), connect=CONNECTS_WITHIN.total_seconds(), pool=5.0, write=5.0
        )
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=patience,
            trust_env=False,
            verify=trusted_for(url),
            headers={SECRET_HEADER: secret.reveal()},
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def healthy(self) -> bool:
        """Whether it answers now."""
        try:
            answer = await self._http.get("/healthz", timeout=CONNECTS_WITHIN.total_seconds())
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    async def stop(self, ticket: str, thread: ThreadId) -> bool:
        """Tell the run of that conversation to stop; whether there was one.

        Raises:
            WorldFailed: it does not answer.
        """
        try:
            answer = await self._http.post("/stops", json={"ticket": ticket, "thread": thread})
            return bool(answer.raise_for_status().json()["stopping"])
        except (httpx.HTTPError, ValueError, KeyError) as bad:
            raise copilot_down() from bad

    async def embed(self, ticket: str) -> None:
        """Ask it to look at new passages. Search finds them without vectors until it did.

        Raises:
            WorldFailed: it does not answer.
        """
        try:
            (await self._http.post("/embeddings", json={"ticket": ticket})).raise_for_status()
        except httpx.HTTPError as bad:
            raise copilot_down() from bad

    async def events(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[Event]:
        """What it says to one request, as it says it.

        Raises:
            WorldFailed: it does not answer, breaks off, or says what nobody can read.
        """
        try:
            async with self._http.stream("POST", path, json=dict(body)) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise copilot_down()
                async for event in events_async(answer.aiter_lines()):
                    if event.name in KNOWN:
                        yield event
        except (httpx.HTTPError, ValueError) as bad:
            raise copilot_down() from bad


class Turns:
    """The turns under way in this process, by thread."""

    def __init__(self) -> None:
        self._running: dict[ThreadId, asyncio.Task[None]] = {}
        self._seen: dict[
            ThreadId, tuple[Hashable, int]
        ] = {}  # a state, and how often it is still worth a look

    def moved(self, thread: ThreadId, state: Hashable) -> bool:
        """Whether this is another state than the one that the copilot last looked at."""
        seen, left = self._seen.get(thread, (None, 0))
        return seen != state or left > 0

    def looked(self, thread: ThreadId, state: Hashable) -> None:
        """The copilot has looked at this state."""
        self._seen[thread] = (state, 0)

    def in_vain(self, thread: ThreadId, state: Hashable) -> None:
        """The copilot looked and could not answer: a few more looks, then none until something moves."""
        seen, left = self._seen.get(thread, (None, 0))
        self._seen[thread] = (state, left - 1 if seen == state else LOOKS_IN_VAIN - 1)

    def busy(self, thread: ThreadId) -> bool:
        return thread in self._running

    def begin(self, thread: ThreadId, source: AsyncIterator[Event], hears: Hears) -> AsyncIterator[Event]:
        """Run a turn to its end in the background, and give its events as they come.

        Raises:
            Conflict: a turn is under way on this thread.
        """
        if self.busy(thread):
            raise Conflict(
                "the copilot is still working on this conversation", fix="wait for its answer, then ask again"
            )
        said: asyncio.Queue[Event | None] = asyncio.Queue()
        task = asyncio.create_task(_run(source, hears, said), name=f"turn {thread}")
        self._running[thread] = task
        task.add_done_callback(lambda _: self._running.pop(thread, None))
        return _heard(said)

    async def stop(self) -> None:
        """End what is under way. The copilot keeps its checkpoints: nothing is lost but the stream."""
        tasks = tuple(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(source: AsyncIterator[Event], hears: Hears, said: asyncio.Queue[Event | None]) -> None:
    try:
        async with asyncio.timeout(TURN_WITHIN.total_seconds()):
            async for event in source:
                said.put_nowait(await hears(event))
    except GatehouseError as no:
        said.put_nowait(Event("error", {"says": no.says, "fix": no.fix}))
    except TimeoutError:
        said.put_nowait(
            Event("error", {"says": "the copilot took too long", "fix": "ask again, more narrowly"})
        )
    finally:
        said.put_nowait(None)


async def _heard(said: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
    while (event := await said.get()) is not None:
        yield event
