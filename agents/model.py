"""The model behind the agents: the offline one, or any OpenAI-compatible endpoint by setting.

Rule 1: nothing of the vendor's package is imported until an endpoint is configured: it costs seconds and
    memory.
Rule 2: a model that is down, late, or answers rubbish is one `Unusable` with a reason in one word; none of
    its errors escape. Who thinks then is decided in `agents.chain`.
Rule 3: tools are called natively, or by constrained JSON where an endpoint knows no calls; what comes back
    is the same either way.
Rule 4: nothing is tried again here, and nothing is waited for longer than `Waits` says.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, message_chunk_to_message
from langchain_core.messages.ai import add_ai_message_chunks

from agents import json_calls
from agents.breaker import Breaker

LONGEST_THOUGHT: Final = 40_000  # characters; a model that runs on is stopped
MOST_TOKENS: Final = 4_096
MILLION: Final = Decimal(1_000_000)
RUBBISH: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)
"""What vendor code raises when an endpoint's answer has another shape than the protocol says."""
OURS: Final = frozenset(range(400, 500)) - {401, 403, 404, 407, 408, 409, 425, 429}
"""Statuses that speak of this one request and not of the endpoint: it may well answer the next."""

Mode = Literal["tools", "json"]
Why = Literal["unreachable", "late", "refused", "rubbish"]


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars per million tokens, as the firm was told them."""

    read: Decimal
    written: Decimal


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a thought may take: to be connected, to its first word, and in all."""

    connect: timedelta = timedelta(seconds=3)
    first: timedelta = timedelta(seconds=15)
    whole: timedelta = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible endpoint. `key` is called where it is used: it stays out of every `repr`."""

    model: str
    base_url: str
    key: Callable[[], str]
    prices: Prices | None = None
    mode: Mode = "tools"
    waits: Waits = Waits()


class Again(Protocol):
    """The next thought of a recorded run, and whose it was. `one` is what is to be thought."""

    async def __call__(self, one: Any, heard: Callable[[str], None]) -> tuple[AIMessage, Thinker]: ...


@dataclass(frozen=True, slots=True)
class Thinker:
    """A chat model with its name, and whether it is the offline one.

    `then` thinks where this one cannot. `steps` names another for an agent, by the agent's name. `again`
    thinks in all their places where a recorded run is replayed: each thought as it came, by whom it came.
    """

    name: str
    chat: BaseChatModel
    offline: bool
    failures: tuple[type[Exception], ...] = ()
    prices: Prices | None = None
    mode: Mode = "tools"
    waits: Waits = Waits()
    then: Thinker | None = None
    steps: Mapping[str, Thinker] = field(default_factory=dict)
    again: Again | None = None
    breaker: Breaker = field(default_factory=Breaker, compare=False, repr=False)

    def cost(self, read: int, written: int) -> Decimal | None:
        """Dollars for that many tokens, exactly. The offline one costs nothing; None: nobody set a price."""
        if self.offline:
            return Decimal(0)
        if self.prices is None:
            return None
        return (self.prices.read * read + self.prices.written * written) / MILLION


class Unusable(Exception):
    """This model gave no thought. `lasting`: the next request would fare no better just now."""

    def __init__(self, name: str, why: Why, says: str, *, lasting: bool) -> None:
        super().__init__(f"the model {name!r} cannot be used: {says}")
        self.why: Why = why
        self.lasting = lasting


def offline() -> Thinker:
    from agents.offline.model import NAME, OfflineModel

    return Thinker(NAME, OfflineModel(), offline=True)


def at(endpoint: Endpoint) -> Thinker:
    """The model behind an endpoint. Nothing is asked of it yet."""
    import openai
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    waits = endpoint.waits
    chat = ChatOpenAI(
        model=endpoint.model,
        base_url=endpoint.base_url,
        api_key=SecretStr(endpoint.key() or "none"),
        timeout=openai.Timeout(waits.whole.total_seconds(), connect=waits.connect.total_seconds()),
        max_retries=0,  # who thinks next is the chain's to say, at once
        streaming=True,
        stream_usage=True,
        temperature=0,
        max_completion_tokens=MOST_TOKENS,
    )
    return Thinker(
        endpoint.model,
        chat,
        offline=False,
        failures=(openai.OpenAIError,),
        prices=endpoint.prices,
        mode=endpoint.mode,
        waits=waits,
    )


async def think(
    thinker: Thinker,
    messages: Sequence[AnyMessage],
    schemas: Sequence[dict[str, Any]],
    heard: Callable[[str], None],
) -> AIMessage:
    """One thought: text, tool calls, or both. `heard` is given the text as it comes.

    Raises:
        Unusable: the endpoint is down, too slow, or answered nothing that can be used.
    """
    constrained = thinker.mode == "json" and bool(schemas)
    speech = json_calls.Speech(heard)
    try:
        whole = await _streamed(
            thinker,
            json_calls.asked(messages, schemas) if constrained else list(messages),
            {"extra_body": json_calls.constraint(schemas)} if constrained else {},
            [] if constrained else schemas,
            speech.add if constrained else heard,
        )
        message = _usable(thinker, whole)
        message = json_calls.read(message, schemas) if constrained else message
        _writable(message)
        return message
    except thinker.failures as bad:
        raise _failed(thinker, bad) from bad
    except RUBBISH as bad:
        raise _rubbish(thinker, "its answer cannot be read") from bad


async def _streamed(
    thinker: Thinker,
    messages: Sequence[AnyMessage],
    bound: Mapping[str, Any],
    schemas: Sequence[dict[str, Any]],
    heard: Callable[[str], None],
) -> AIMessageChunk | None:
    runnable = thinker.chat.bind_tools(list(schemas), **bound) if schemas else thinker.chat.bind(**bound)
    pieces: list[AIMessageChunk] = []
    length = 0
    begun = asyncio.timeout(thinker.waits.first.total_seconds())
    try:
        async with (
            asyncio.timeout(thinker.waits.whole.total_seconds()),
            begun,
            aclosing(runnable.astream(list(messages))) as chunks,  # type: ignore[type-var]
        ):
            async for chunk in chunks:
                piece = _chunk(chunk)
                pieces.append(piece)
                length += len(piece.text) + sum(len(call["args"] or "") for call in piece.tool_call_chunks)
                if length > LONGEST_THOUGHT:
                    raise _rubbish(thinker, f"it wrote more than {LONGEST_THOUGHT} characters")
                if length:
                    begun.reschedule(None)
                if piece.text:
                    heard(str(piece.text))
    except TimeoutError as late:
        within = thinker.waits.first if begun.expired() else thinker.waits.whole
        what = "say a word" if begun.expired() else "come to an end"
        raise _late(thinker, f"it did not {what} within {within.total_seconds():.0f} s") from late
    return add_ai_message_chunks(*pieces) if pieces else None


def _chunk(chunk: object) -> AIMessageChunk:
    if not isinstance(chunk, AIMessageChunk):
        raise TypeError(f"a {type(chunk).__name__} came where a message was due")
    return chunk


def _usable(thinker: Thinker, whole: AIMessageChunk | None) -> AIMessage:
    if whole is None:
        raise _rubbish(thinker, "it answered nothing")
    message = message_chunk_to_message(whole)
    if not isinstance(message, AIMessage):
        raise _rubbish(thinker, "its answer cannot be read")
    if not (message.text.strip() or message.tool_calls or message.invalid_tool_calls):
        raise _rubbish(thinker, "it answered nothing")
    return message


def _writable(message: AIMessage) -> None:
    """Raises UnicodeEncodeError, RecursionError: it holds half a character, or is too deep to be put on
    record."""
    calls = [(call["name"], call["args"], call["id"]) for call in message.tool_calls]
    broken = [(call["name"], call["args"], call["id"]) for call in message.invalid_tool_calls]
    json.dumps([str(message.text), calls, broken], ensure_ascii=False, default=str).encode()


def _failed(thinker: Thinker, bad: Exception) -> Unusable:
    """What a vendor's error says of the endpoint. Its own words may hold anything and are left out."""
    status = getattr(bad, "status_code", None)
    if isinstance(status, int):
        says = f"it answered {type(bad).__name__} ({status})"
        return Unusable(thinker.name, "refused", says, lasting=status not in OURS)
    kinds, causes = {one.__name__ for one in type(bad).__mro__}, {type(one).__name__ for one in _causes(bad)}
    if "APITimeoutError" in kinds and "ConnectTimeout" not in causes:
        return _late(thinker, f"it did not answer within {thinker.waits.whole.total_seconds():.0f} s")
    if "APIConnectionError" in kinds:
        return Unusable(thinker.name, "unreachable", "it cannot be reached", lasting=True)
    return _rubbish(thinker, f"it answered {type(bad).__name__}")


def _causes(bad: BaseException) -> Iterator[BaseException]:
    cause = bad.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _late(thinker: Thinker, says: str) -> Unusable:
    return Unusable(thinker.name, "late", says, lasting=True)


def _rubbish(thinker: Thinker, says: str) -> Unusable:
    return Unusable(thinker.name, "rubbish", says, lasting=False)
