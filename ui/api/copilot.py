"""The copilot's own HTTP, for `front` alone: turns, nudges and embeddings, streamed as server-sent events.

Rule 1: it listens on the loopback, or not at all; without the shared secret there is nothing here.
Rule 2: it holds the agents' login, its checkpoint key and the model's key. It has no session of its own:
    every request brings the ticket of a person and a thread.
Rule 3: an expected no is an `error` event with one sentence and its fix; no frame or address leaves.
"""

from __future__ import annotations

import asyncio
import hmac
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
import uvicorn
from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import StreamingResponse
from opentelemetry.trace import Tracer
from pydantic import Field

from agents.checkpoints import CheckpointStore
from agents.run import Copilot, start
from agents.state import Patience
from agents.telemetry import tracer
from core.clock import Clock, WallClock
from core.database.pools import AsyncPool, async_pool
from core.desk import Desk
from core.errors import BadInput, GatehouseError, NotFound
from core.ids import HouseholdId, MessageId, ThreadId, TraceId
from core.ledger.journal import Journal
from core.settings import CopilotSettings
from tools.contract import Embedder, Preference, Turn
from tools.library.embed import MiniLm
from tools.library.index import index_new
from ui.api import problems
from ui.api.fields import Ask, Id, Text, Told
from ui.api.front_client import FrontLine
from ui.api.relay import SECRET_HEADER
from ui.api.thinkers import thinker_of
from ui.sse import KEEP_ALIVE, Event, written

SILENT_FOR: Final = 15.0  # seconds; then a comment keeps the line open
POOL: Final = 6

Ticket = Annotated[str, Field(min_length=1, max_length=512)]


class Stated(Ask):
    """A preference of hers, in her own words."""

    preference: Id
    text: Text


Preferences = Annotated[tuple[Stated, ...], Field(max_length=100)]


class TurnAsked(Ask):
    ticket: Ticket
    thread: Id
    message: Id
    text: Text
    trace: Id
    household: Id | None = None
    preferences: Preferences = ()


class Nudge(Ask):
    """`unanswered`: a message whose answer never arrived; it is said again."""

    ticket: Ticket
    thread: Id
    trace: Id
    unanswered: Id | None = None
    preferences: Preferences = ()


class Stop(Ask):
    ticket: Ticket
    thread: Id


class Stopping(Told):
    """Whether there was a run to stop."""

    stopping: bool


class Embed(Ask):
    ticket: Ticket


class Embedded(Told):
    embedded: int


@dataclass(frozen=True, slots=True)
class House:
    """What the process holds while it runs."""

    copilot: Copilot
    pool: AsyncPool
    journal: Journal
    front: FrontLine
    embedder: Embedder | None
    clock: Clock
    secret: str
    running: set[
        asyncio.Task[None]
    ]  # runs under way: a task that nobody holds may be collected before its end
    indexing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def desk(self, ticket: str) -> Desk:
        return Desk(self.pool, self.journal, ticket, self.clock)

    def turn(self, ask: TurnAsked | Nudge, household: str | None) -> Turn:
        ticket = ask.ticket
        return Turn(
            desk=self.desk(ticket),
            people=self.front.words(ticket),
            embedder=self.embedder,
            clock=self.clock,
            thread=ThreadId(ask.thread),
            household=HouseholdId(household) if household else None,
            trace=TraceId(ask.trace),
            preferences=tuple(Preference(one.preference, one.text) for one in ask.preferences),
        )


def house(
    request: Request, secret: Annotated[str, Header(alias=SECRET_HEADER, max_length=200)] = ""
) -> House:
    """Lets `front` in.

    Raises:
        NotFound: the secret is wrong, or it is not the loopback.
    """
    found: House = request.app.state.house
    client = request.client.host if request.client else ""
    if not is_loopback(client) or not hmac.compare_digest(secret.encode(), found.secret.encode()):
        raise NotFound("there is nothing here", fix="the copilot answers the front alone")
    return found


At = Annotated[House, Depends(house)]


def create_app(opened: Callable[[], Any]) -> FastAPI:
    """The application; `opened` is the context manager that makes its `House`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened() as made:
            app.state.house = made
            yield

    app = FastAPI(
        title="Gatehouse copilot", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None
    )
    problems.install(app)
    app.add_api_route("/turns", turns, methods=["POST"])
    app.add_api_route("/nudges", nudges, methods=["POST"])
    app.add_api_route("/stops", stops, methods=["POST"], response_model=Stopping)
    app.add_api_route("/embeddings", embeddings, methods=["POST"], response_model=Embedded)
    app.add_api_route("/healthz", healthz, methods=["GET"])
    return app


async def turns(ask: TurnAsked, at: At) -> StreamingResponse:
    """Answer one message of an advisor."""
    turn = at.turn(ask, ask.household)
    return _streamed(at, at.copilot.asked(turn, MessageId(ask.message), ask.text))


async def nudges(ask: Nudge, at: At) -> StreamingResponse:
    """Look again at what a conversation waits for."""
    turn = at.turn(ask, None)
    unanswered = MessageId(ask.unanswered) if ask.unanswered else None
    return _streamed(at, at.copilot.nudged(turn, unanswered=unanswered))


async def stops(ask: Stop, at: At) -> Stopping:
    """End what is under way in a conversation. Its run still answers with what was done."""
    return Stopping(stopping=at.copilot.stop(ThreadId(ask.thread)))


async def embeddings(ask: Embed, at: At) -> Embedded:
    """Give every stored passage that has none its vector."""
    if at.embedder is None:
        return Embedded(embedded=0)
    async with at.indexing:  # several documents at once: the second call finds what the first has done
        return Embedded(embedded=await index_new(at.desk(ask.ticket), at.embedder))


async def healthz(at: At) -> dict[str, str]:
    """Alive, and which model it thinks with."""
    return {"status": "ok", "model": at.copilot.thinker.name}


def _streamed(at: House, source: AsyncIterator[dict[str, Any]]) -> StreamingResponse:
    return StreamingResponse(
        _lines(at, source), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _lines(at: House, source: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """The events as bytes. A run goes on to its end even where nobody listens any more."""
    said: asyncio.Queue[bytes | None] = asyncio.Queue()
    running = asyncio.create_task(_run(source, said))
    at.running.add(running)
    running.add_done_callback(at.running.discard)
    while True:
        try:
            line = await asyncio.wait_for(said.get(), SILENT_FOR)
        except TimeoutError:
            yield KEEP_ALIVE
            continue
        if line is None:
            return
        yield line


async def _run(source: AsyncIterator[dict[str, Any]], said: asyncio.Queue[bytes | None]) -> None:
    try:
        async for event in source:
            name, data = event["event"], {key: value for key, value in event.items() if key != "event"}
            said.put_nowait(written(Event(name, data)))
    except GatehouseError as no:
        said.put_nowait(written(Event("error", {"says": no.says, "fix": no.fix})))
    except Exception as bug:  # noqa: BLE001 - the outermost loop of a run: recorded, and the run ends
        structlog.get_logger("copilot").error("unhandled", kind=type(bug).__name__, exc_info=bug)
        says = "the copilot ran into a defect of ours and stopped"
        said.put_nowait(written(Event("error", {"says": says, "fix": "its log has the cause; ask again"})))
    finally:
        said.put_nowait(None)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@asynccontextmanager
async def opened(
    settings: CopilotSettings, *, patience: Patience | None = None, spans: str = ""
) -> AsyncIterator[House]:
    """The process's pool, journal, graph and line to `front`; closed again at the end. `spans`: as `serve`.

    Raises:
        WorldFailed: the database does not answer.
    """
    clock = WallClock()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            async_pool(settings.agent.reveal(), name="copilot", most=POOL, asks_first=False)
        )
        journal = await stack.enter_async_context(Journal(pool, clock))
        front = FrontLine(settings.front_url, settings.loopback)
        stack.push_async_callback(front.close)
        saver = CheckpointStore(pool, bytes.fromhex(settings.checkpoint.reveal()))
        yield House(
            copilot=start(saver, thinker_of(settings.model), patience, _tracer(spans)),
            pool=pool,
            journal=journal,
            front=front,
            embedder=MiniLm() if settings.model.embeddings == "minilm" else None,
            clock=clock,
            secret=settings.loopback.reveal(),
            running=set(),
        )


def _tracer(spans: str) -> Tracer | None:
    if not spans:
        return None
    return tracer(sys.stdout if spans == "-" else Path(spans))


def serve(settings: CopilotSettings, *, spans: str = "") -> None:
    """Serve in the foreground until the process is told to stop. `spans`: a file for them, `-` for the
    output.

    Raises:
        BadInput: the address is not on the loopback.
    """
    if not is_loopback(settings.host):
        raise BadInput(
            f"the copilot would listen on {settings.host!r}, which is not the loopback",
            fix="set GATEHOUSE_COPILOT_URL like http://127.0.0.1:8081",
            field="GATEHOUSE_COPILOT_URL",
        )
    uvicorn.run(
        create_app(lambda: opened(settings, spans=spans)),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
