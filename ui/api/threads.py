"""Conversations with the copilot: the message is journaled first, then the copilot hears it.

Rule 1: what the copilot gets is a ticket of its own for this thread, and the words of the message.
Rule 2: the same Idempotency-Key is the same message: the second time, its answer is repeated, not made again.
Rule 3: a nudge says only "look again"; the copilot believes what it reads and not who woke it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from core.errors import NotFound
from core.ids import HouseholdId, MessageId, ThreadId, TraceId
from core.intake import MessageView
from core.people.events import Cited
from ui.api.doors import At, Doors, Key, Ticket
from ui.api.fields import Ask, Id, PathId, Text, Told
from ui.api.relay import Hears
from ui.sse import Event, written

router = APIRouter(tags=["conversations"])


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
    """Sentence number and its source: `passage/<id>` or `tool/<call>`."""

    sentence: int
    source: str


class Message(Told):
    message: str
    role: str
    text: str
    at: datetime
    cited: tuple[CitedSource, ...]
    model: str | None


class Nudged(Told):
    """`moved`: the trade proposal that the conversation waits for has changed since the last look."""

    moved: bool
    answered: bool


STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "server-sent events: step {agent, says}, token {text}, parked {proposal}, "
        "answer {text, cited, model}, error {says}",
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
    said = await at.intake.messages(ticket, ThreadId(thread))
    return tuple(
        Message(
            message=m.message,
            role=m.role,
            text=m.text,
            at=m.at,
            model=m.model,
            cited=tuple(CitedSource(sentence=c.sentence, source=c.source) for c in m.cited),
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
    answered = _answer_to(await at.intake.messages(ticket, mine), received.message)
    if answered is not None:
        return _streamed(_once(answered))
    body = {
        "ticket": await at.intake.thread_ticket(ticket, mine),
        "thread": mine,
        "message": received.message,
        "text": ask.text,
        "trace": received.trace,
        "household": household,
    }
    hears = _journals(at, ticket, mine, received.message, received.trace)
    return _streamed(at.turns.begin(mine, at.copilot.events("/turns", body), hears))


@router.post("/v1/threads/{thread}/nudge", response_model=Nudged, summary="Look again at what was decided")
async def nudge(thread: PathId, at: At, ticket: Ticket) -> Nudged:
    """Wakes the copilot when a trade proposal of this conversation moved. Safe to call often."""
    mine = ThreadId(thread)
    proposals = [p for p in await at.intake.proposals(ticket) if p.thread == mine]
    state = tuple(sorted((p.proposal, p.status, p.waits_for) for p in proposals))
    if not proposals or not at.turns.moved(mine, state) or at.turns.busy(mine):
        return Nudged(moved=False, answered=False)
    last = max(proposals, key=lambda p: p.seq)
    asked = [m for m in await at.intake.messages(ticket, mine) if m.role == "advisor"]
    if not asked:
        return Nudged(moved=True, answered=False)
    body = {"ticket": await at.intake.thread_ticket(ticket, mine), "thread": mine, "trace": last.trace}
    hears = _journals(at, ticket, mine, asked[-1].message, last.trace)
    said = [event async for event in at.turns.begin(mine, at.copilot.events("/nudges", body), hears)]
    if not any(event.name == "error" for event in said):
        at.turns.looked(mine, state)
    return Nudged(moved=True, answered=any(event.name == "answer" for event in said))


async def _household_of(at: Doors, ticket: str, thread: ThreadId) -> HouseholdId | None:
    for line in await at.intake.threads(ticket):
        if line.thread == thread:
            return line.household
    raise NotFound(f"there is no conversation {thread!r} of yours", fix="open one with POST /v1/threads")


def _answer_to(said: Sequence[MessageView], message: MessageId) -> MessageView | None:
    """The copilot's answer that follows this message, where there is one."""
    after = [m for m in said if m.role == "copilot" and m.message == message]
    return after[-1] if after else None


def _journals(at: Doors, ticket: str, thread: ThreadId, message: MessageId, trace: TraceId) -> Hears:
    """What happens to each event before anybody sees it: an answer becomes an entry."""

    async def hears(event: Event) -> Event:
        if event.name == "answer":
            cited = tuple(Cited.model_validate(c) for c in event.data.get("cited", ()))
            text, model = str(event.data["text"]), str(event.data["model"])
            await at.intake.answer(ticket, thread, message, text, cited, model, trace)
        return event

    return hears


async def _once(answer: MessageView) -> AsyncIterator[Event]:
    cited = [{"sentence": c.sentence, "source": c.source} for c in answer.cited]
    yield Event("answer", {"text": answer.text, "cited": cited, "model": answer.model})


def _streamed(said: AsyncIterator[Event]) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        async for event in said:
            yield written(event)

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
