"""Conversations with the copilot: the message is journaled first, then the copilot hears it.

Rule 1: what the copilot gets is a ticket of its own for this thread, and the words of the message.
Rule 2: the same Idempotency-Key is the same message: the second time, its answer is repeated, not made again.
Rule 3: whoever reads or nudges a conversation also wakes the copilot where something moved (`ui.api.nudges`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from core.errors import NotFound
from core.ids import HouseholdId, ThreadId
from core.intake import MessageView
from ui.api.cited import Source, cited_by, sources_of
from ui.api.doors import At, Doors, Key, Ticket
from ui.api.fields import Ask, Id, PathId, Text, Told
from ui.api.nudges import journals, look_again, stated
from ui.sse import Event, written

router = APIRouter(tags=["conversations"])

LOOKS_FOR_RUN: Final = 20
BETWEEN_LOOKS: Final = 0.1  # seconds

Sources = Mapping[tuple[str, ...], tuple[Source, ...]]


class Open(Ask):
    """`household` pins the conversation to one household; without it, it is about the whole book."""

    household: Id | None = None


class Said(Ask):
    text: Text


class Thread(Told):
    thread: str
    household: str | None
    opened_at: datetime | None = None


class CitedSource(Told):
    """Sentence number, from 0, and its source: `passage/<id>` or `tool/<call>`."""

    sentence: int
    source: str


class Message(Told):
    message: str
    role: str
    text: str
    at: datetime
    cited: tuple[CitedSource, ...]
    sources: tuple[Source, ...]
    model: str | None


class Stopping(Told):
    """Whether something was under way."""

    stopping: bool


class Nudged(Told):
    """`moved`: there was something to look at; `answered`: the copilot said something new about it."""

    moved: bool
    answered: bool


STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "server-sent events: step {agent, says}, token {text}, parked {proposal}, "
        "answer {message, round, text, cited, sources, model}, error {says, fix}",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.post("/v1/threads", status_code=201, response_model=Thread, summary="Open a conversation")
async def open_thread(ask: Open, at: At, ticket: Ticket) -> Thread:
    household = HouseholdId(ask.household) if ask.household else None
    thread = await at.intake.open_thread(ticket, household)
    return Thread(thread=thread, household=household)


@router.get("/v1/threads", response_model=tuple[Thread, ...], summary="One's own conversations")
async def threads(at: At, ticket: Ticket) -> tuple[Thread, ...]:
    lines = await at.intake.threads(ticket)
    return tuple(Thread(thread=t.thread, household=t.household, opened_at=t.opened_at) for t in lines)


@router.get("/v1/threads/{thread}/messages", response_model=tuple[Message, ...], summary="What was said")
async def messages(thread: PathId, at: At, ticket: Ticket) -> tuple[Message, ...]:
    """Oldest first. Reading also wakes the copilot where something moved: its answer is there soon after."""
    mine = ThreadId(thread)
    said = await at.intake.messages(ticket, mine)
    sources = await sources_of(at, ticket, said)
    await look_again(at, ticket, mine)
    return tuple(
        Message(
            message=m.message,
            role=m.role,
            text=m.text,
            at=m.at,
            model=m.model,
            cited=tuple(CitedSource(sentence=c.sentence, source=c.source) for c in m.cited),
            sources=sources.get(cited_by(m), ()),
        )
        for m in said
    )


@router.post(
    "/v1/threads/{thread}/messages",
    responses=STREAM,
    response_class=StreamingResponse,
    summary="Ask the copilot",
)
async def say(thread: PathId, ask: Said, at: At, ticket: Ticket, key: Key) -> StreamingResponse:
    """Journals the message, then streams what the copilot does and its answer."""
    mine = ThreadId(thread)
    household = await _household_of(at, ticket, mine)
    received = await at.intake.receive(ticket, mine, ask.text, key=key)
    said = await at.intake.messages(ticket, mine)
    answers = [m for m in said if m.role == "copilot" and m.message == received.message]
    if answers:
        return _streamed(_again(answers, await sources_of(at, ticket, answers)))
    body = {
        "ticket": await at.intake.thread_ticket(ticket, mine),
        "thread": mine,
        "message": received.message,
        "text": ask.text,
        "trace": received.trace,
        "household": household,
        "preferences": await stated(at, ticket, household),
    }
    asked = {m.message: m.trace for m in said if m.role == "advisor"} | {received.message: received.trace}
    hears = journals(at, ticket, mine, asked)
    return _streamed(at.turns.begin(mine, at.copilot.events("/turns", body), hears))


@router.post("/v1/threads/{thread}/nudge", response_model=Nudged, summary="Look again at what was decided")
async def nudge(thread: PathId, at: At, ticket: Ticket) -> Nudged:
    """Wakes the copilot when a trade proposal of this conversation moved, or when an answer never arrived.
    Safe to call often."""
    looking = await look_again(at, ticket, ThreadId(thread))
    if looking is None:
        return Nudged(moved=False, answered=False)
    said = [event async for event in looking]
    return Nudged(moved=True, answered=any(event.name == "answer" for event in said))


@router.post("/v1/threads/{thread}/stop", response_model=Stopping, summary="Stop what is being answered")
async def stop(thread: PathId, at: At, ticket: Ticket) -> Stopping:
    """The copilot does nothing further; its answer says what was done. A draft that was made stays one."""
    mine = ThreadId(thread)
    await _household_of(at, ticket, mine)
    pass_on = await at.intake.thread_ticket(ticket, mine)
    for _ in range(LOOKS_FOR_RUN):
        if await at.copilot.stop(pass_on, mine):
            return Stopping(stopping=True)
        if not at.turns.busy(mine):
            break
        await asyncio.sleep(BETWEEN_LOOKS)  # begun here, and not yet there
    return Stopping(stopping=False)


async def _household_of(at: Doors, ticket: str, thread: ThreadId) -> HouseholdId | None:
    for line in await at.intake.threads(ticket):
        if line.thread == thread:
            return line.household
    raise NotFound(f"there is no conversation {thread!r} of yours", fix="open one with POST /v1/threads")


async def _again(answers: Sequence[MessageView], sources: Sources) -> AsyncIterator[Event]:
    """What was answered before, as it was said then."""
    for place, answer in enumerate(answers):
        data = {
            "message": answer.message,
            "round": place,
            "text": answer.text,
            "cited": [{"sentence": c.sentence, "source": c.source} for c in answer.cited],
            "sources": [{"source": s.source, "says": s.says} for s in sources.get(cited_by(answer), ())],
            "model": answer.model,
        }
        yield Event("answer", data)


def _streamed(said: AsyncIterator[Event]) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        async for event in said:
            yield written(event)

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
