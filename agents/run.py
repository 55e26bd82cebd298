"""One run of the graph for one request or nudge, as events that a screen can follow.

Rule 1: one run a thread at a time. A second message is told that the first is still being answered; a nudge
    waits for its turn and then finds nothing new.
Rule 2: a message that the thread already has is not asked again: the run goes on where it was killed.
Rule 3: a run has an end: a number of steps and a time.
Rule 4: an answer leaves once the run that gave it is kept: a thread knows every answer that went out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final
from weakref import WeakValueDictionary

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import GraphRecursionError
from langgraph.types import Command
from opentelemetry.trace import Tracer

from agents.checkpoints import CheckpointStore
from agents.evidence import held_again
from agents.graph import Graph, build
from agents.manifest import in_use
from agents.model import Thinker
from agents.state import Context, Patience
from agents.telemetry import Watch
from core.errors import Conflict, WorldFailed
from core.ids import MessageId, ThreadId
from tools.contract import Turn
from tools.record import steps

MOST_STEPS: Final = 40
RUNS_WITHIN: Final = timedelta(minutes=4)
NUDGE_WAITS: Final = timedelta(seconds=60)

Event = dict[str, Any]  # {"event": "step" | "token" | "answer" | "parked", ...}


@dataclass(slots=True)
class Copilot:
    """The compiled graph with its model. One a process."""

    graph: Graph
    thinker: Thinker
    patience: Patience
    instructions: Mapping[str, str] = field(default_factory=dict)  # in place of an agent's own: a replay's
    tracer: Tracer | None = None  # where spans go; None: nobody chose a place
    _running: WeakValueDictionary[ThreadId, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _stops: dict[ThreadId, asyncio.Event] = field(default_factory=dict)

    def stop(self, thread: ThreadId) -> bool:
        """Tell the run of that thread to stop; whether there is one. It still says what was done."""
        found = self._stops.get(thread)
        if found is not None:
            found.set()
        return found is not None

    async def asked(self, turn: Turn, message: MessageId, text: str) -> AsyncIterator[Event]:
        """Answer a message.

        Raises:
            Conflict: the thread is busy with another one.
            WorldFailed: a model, database or front that does not answer, or a run without an end.
        """
        if self._lock(turn.thread).locked():
            raise Conflict("the copilot is still answering in this conversation", fix="wait for its answer")
        async with (
            self._alone(turn.thread, timedelta(seconds=1)),
            _left(self.graph.checkpointer, turn.thread) as left,
        ):
            if left.get("asked") == message:
                state = await self.graph.aget_state(_config(turn.thread))
                async for event in self._go_on(turn, state, unanswered=message):
                    yield event
                return
            await _put_again(turn, left)
            asked: Any = {
                "messages": [HumanMessage(text, id=message)],
                "asked": message,
                "household": turn.household,
            }
            async for event in self._run(asked, turn, message):
                yield event

    async def nudged(self, turn: Turn, *, unanswered: MessageId | None = None) -> AsyncIterator[Event]:
        """Look again. Answers only what happened since; `unanswered` names a message whose answer got lost.

        Raises: as `asked`.
        """
        async with self._alone(turn.thread, NUDGE_WAITS):
            state = await self.graph.aget_state(_config(turn.thread))
            async for event in self._go_on(turn, state, unanswered=unanswered):
                yield event

    async def _go_on(self, turn: Turn, state: Any, *, unanswered: MessageId | None) -> AsyncIterator[Event]:
        turn = replace(turn, household=state.values.get("household"))
        if unanswered is not None and state.values.get("answered") == unanswered:
            yield {"event": "answer", **state.values["answer"]}
        await _put_again(turn, state.values)
        # Not `next`: that leaves out a task that was killed between its writes and the step's end.
        if not state.tasks:
            return
        parked = any(task.interrupts for task in state.tasks)
        goes_on = None if parked else state.values.get("asked")
        async for event in self._run(Command(resume={"nudge": True}) if parked else None, turn, goes_on):
            yield event

    async def _run(self, asked: Any, turn: Turn, message: MessageId | None) -> AsyncIterator[Event]:
        made_of = in_use(self.thinker.name).digest
        watch = Watch((self.tracer, turn) if self.tracer else None)
        keeping, turn = _keeping(self.graph.checkpointer, turn, by_rule=self.thinker.offline)
        context = Context(
            turn, self.thinker, self.patience, made_of, message, watch=watch, instructions=self.instructions
        )
        self._stops[turn.thread] = context.stop
        last: list[Event] = []
        try:
            async with asyncio.timeout(RUNS_WITHIN.total_seconds()), keeping:
                streamed: AsyncIterator[Any] = self.graph.astream(
                    asked,
                    _config(turn.thread),
                    context=context,
                    stream_mode=["custom", "updates"],
                    durability="sync",
                )
                async for kind, part in streamed:
                    if kind == "updates":
                        last += _parked(part)
                    elif last or part["event"] == "answer":
                        last.append(part)
                    else:
                        yield part
            for event in last:
                yield event
        except GraphRecursionError as long:
            raise WorldFailed(f"this took more than {MOST_STEPS} steps", fix="ask for less at once") from long
        except TimeoutError as late:
            raise WorldFailed(f"this took longer than {RUNS_WITHIN}", fix="ask for less at once") from late
        finally:
            self._stops.pop(turn.thread, None)
            watch.end()

    def _lock(self, thread: ThreadId) -> asyncio.Lock:
        return self._running.setdefault(thread, asyncio.Lock())

    @asynccontextmanager
    async def _alone(self, thread: ThreadId, patience: timedelta) -> AsyncIterator[None]:
        lock = self._lock(thread)
        try:
            await asyncio.wait_for(lock.acquire(), patience.total_seconds())
        except TimeoutError as busy:
            raise Conflict(
                "the copilot is still answering in this conversation", fix="wait for its answer"
            ) from busy
        try:
            yield
        finally:
            lock.release()


def start(
    saver: BaseCheckpointSaver[Any],
    thinker: Thinker,
    patience: Patience | None = None,
    tracer: Tracer | None = None,
) -> Copilot:
    """The copilot of this process."""
    return Copilot(build(saver), thinker, patience or Patience(), tracer=tracer)


@asynccontextmanager
async def _left(saver: Any, thread: ThreadId) -> AsyncIterator[Mapping[str, Any]]:
    """How the thread was left; a run of it within does not read that again, where its saver is ours."""
    if isinstance(saver, CheckpointStore):
        async with saver.left(thread) as found:
            yield found.checkpoint["channel_values"] if found else {}
        return
    found = await saver.aget_tuple(_config(thread))
    yield found.checkpoint["channel_values"] if found else {}


def _parked(update: Mapping[str, Any]) -> list[Event]:
    """What waits for somebody, of what a step did."""
    stops = update.get("__interrupt__", ())
    return [{"event": "parked", "proposal": one} for stop in stops for one in stop.value["waiting"]]


def _keeping(saver: Any, turn: Turn, *, by_rule: bool) -> tuple[AbstractAsyncContextManager[None], Turn]:
    """How a run is kept, and its turn, which can wait for that. A step after a model by rule begins while the
    one before is written: what a kill loses in that moment, the same rules think again. What an endpoint
    thought is paid for, and is kept before the next step begins."""
    if by_rule and isinstance(saver, CheckpointStore):
        return saver.behind(turn.thread), replace(turn, kept=partial(saver.kept, turn.thread))
    return nullcontext(), turn


async def _put_again(turn: Turn, left: Mapping[str, Any]) -> None:
    """What the last checkpoint held for the record, where it may not have come there. By themselves: they are
    on record all, or none is."""
    turn.held.extend(held_again(left.get("held", ())))
    if turn.held:
        await steps(turn)


def _config(thread: ThreadId) -> RunnableConfig:
    return {"configurable": {"thread_id": thread}, "recursion_limit": MOST_STEPS}
