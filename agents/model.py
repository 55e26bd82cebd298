"""The model behind the agents: the offline one, or any OpenAI-compatible endpoint by setting.

Rule 1: nothing of the vendor's package is imported until an endpoint is configured: it costs seconds and
    memory.
Rule 2: a model that is down, late, or answers rubbish is one clear `WorldFailed`; none of its errors escape.
Rule 3: tools are called natively; the answer streams as it is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, message_chunk_to_message

from core.errors import WorldFailed

ANSWERS_WITHIN: Final = timedelta(seconds=90)
CONNECTS_WITHIN: Final = timedelta(seconds=10)
LONGEST_THOUGHT: Final = 40_000  # characters; a model that runs on is stopped
MOST_TOKENS: Final = 4_096
MILLION: Final = Decimal(1_000_000)
RUBBISH: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError)
"""What vendor code raises when an endpoint's answer has another shape than the protocol says."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars per million tokens, as the firm was told them."""

    read: Decimal
    written: Decimal


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible endpoint. `key` is called where it is used: it stays out of every `repr`."""

    model: str
    base_url: str
    key: Callable[[], str]
    prices: Prices | None = None


@dataclass(frozen=True, slots=True)
class Thinker:
    """A chat model with its name, and whether it is the offline one."""

    name: str
    chat: BaseChatModel
    offline: bool
    failures: tuple[type[Exception], ...] = ()
    prices: Prices | None = None

    def cost(self, read: int, written: int) -> Decimal | None:
        """Dollars for that many tokens, exactly. The offline one costs nothing; None: nobody set a price."""
        if self.offline:
            return Decimal(0)
        if self.prices is None:
            return None
        return (self.prices.read * read + self.prices.written * written) / MILLION


def offline() -> Thinker:
    from agents.offline.model import NAME, OfflineModel

    return Thinker(NAME, OfflineModel(), offline=True)


def at(endpoint: Endpoint) -> Thinker:
    """The model behind an endpoint. Nothing is asked of it yet."""
    import openai
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    chat = ChatOpenAI(
        model=endpoint.model,
        base_url=endpoint.base_url,
        api_key=SecretStr(endpoint.key() or "none"),
        timeout=ANSWERS_WITHIN.total_seconds(),
        max_retries=1,
        streaming=True,
        stream_usage=True,
        temperature=0,
        max_completion_tokens=MOST_TOKENS,
    )
    return Thinker(
        endpoint.model, chat, offline=False, failures=(openai.OpenAIError,), prices=endpoint.prices
    )


async def think(
    thinker: Thinker,
    messages: Sequence[AnyMessage],
    schemas: Sequence[dict[str, Any]],
    heard: Callable[[str], None],
) -> AIMessage:
    """One thought: text, tool calls, or both. `heard` is given the text as it comes.

    Raises:
        WorldFailed: the endpoint is down, too slow, or answered nothing that can be used.
    """
    runnable = thinker.chat.bind_tools(list(schemas)) if schemas else thinker.chat
    whole: AIMessageChunk | None = None
    length = 0
    try:
        async with asyncio.timeout(ANSWERS_WITHIN.total_seconds()):
            async for chunk in runnable.astream(list(messages)):
                piece = _chunk(chunk)
                whole = piece if whole is None else whole + piece
                length += len(piece.text)
                if length > LONGEST_THOUGHT:
                    raise _failed(thinker, f"it wrote more than {LONGEST_THOUGHT} characters")
                if piece.text:
                    heard(str(piece.text))
    except TimeoutError as late:
        raise _failed(thinker, f"it did not answer within {ANSWERS_WITHIN}") from late
    except thinker.failures as bad:
        raise _failed(thinker, f"it answered {type(bad).__name__}{_status(bad)}") from bad
    except RUBBISH as bad:
        raise _failed(thinker, "its answer cannot be read") from bad
    return _usable(thinker, whole)


def _chunk(chunk: object) -> AIMessageChunk:
    if not isinstance(chunk, AIMessageChunk):
        raise TypeError(f"a {type(chunk).__name__} came where a message was due")
    return chunk


def _usable(thinker: Thinker, whole: AIMessageChunk | None) -> AIMessage:
    if whole is None:
        raise _failed(thinker, "it answered nothing")
    message = message_chunk_to_message(whole)
    if not isinstance(message, AIMessage):
        raise _failed(thinker, "its answer cannot be read")
    if not (message.text.strip() or message.tool_calls or message.invalid_tool_calls):
        raise _failed(thinker, "it answered nothing")
    return message


def _status(bad: Exception) -> str:
    status = getattr(bad, "status_code", None)
    return f" ({status})" if isinstance(status, int) else ""


def _failed(thinker: Thinker, why: str) -> WorldFailed:
    return WorldFailed(
        f"the model {thinker.name!r} cannot be used: {why}",
        fix="ask again, or check OPENAI_BASE_URL, OPENAI_API_KEY and GATEHOUSE_MODEL",
    )
