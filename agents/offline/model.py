"""The chat model itself: messages in; text or tool calls out, streamed. Deterministic.

Rule 1: which role it plays it knows by the tools that it was given, and what to do by the advisor's message.
Rule 2: a tool's answer is only ever spoken of. Nothing in it is read for what to do next, but for whether
    it refused.
Rule 3: one question to one tool a message; then it answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolMessage,
    UsageMetadata,
    message_chunk_to_message,
)
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from typing_extensions import override

from agents.offline import plans, speech
from agents.offline.conversation import wanted
from agents.offline.intents import ABOUT, Intent, Wish, parts, read
from agents.offline.live import LiveWords
from agents.offline.orders import OrderWords
from agents.offline.plans import Change, PlanWords
from agents.parts import part_told

NAME: Final = "offline"
_EVERY: Final = re.compile(r"^(?!.*\b(?:open|pending|waiting)\b).*\ball\b", re.IGNORECASE | re.DOTALL)
SHORTEST_TOPIC: Final = 4
_LEAD: Final = re.compile(
    r"^\W*(?:and |please |tell me )*(?:what|anything|something)?\s*(?:does|do|did|has|have|is)?\s*"
    r"(?:there |we have )?(?:anything |something )?(?:in )?(?:our|the|your|any)?\s*(?:firm['’]?s? |house )?"
    r"(?:research|library|notes?|view|house view|documents?)\s+(?:say|says|have|think|hold|write|written)?\s*"
    r"(?:to say )?(?:about|on|of|regarding)\s+",
    re.IGNORECASE,
)
AGENT_FOR: Final[Mapping[Intent, str]] = {
    Intent.WORKLIST: "portfolio",
    Intent.OVERVIEW: "portfolio",
    Intent.DRIFT: "portfolio",
    Intent.HOLDINGS: "portfolio",
    Intent.CASH: "portfolio",
    Intent.PERFORMANCE: "portfolio",
    Intent.RISK: "portfolio",
    Intent.TAXES: "portfolio",
    Intent.WHAT_IF: "portfolio",
    Intent.RESEARCH: "research",
    Intent.PLAN: "proposal",
    Intent.REBALANCE_ALL: "proposal",
    Intent.REBALANCE: "proposal",
    Intent.ORDER: "proposal",
    Intent.CANCEL: "proposal",
    Intent.REPLACE: "proposal",
    Intent.REMAINDER: "proposal",
    Intent.CONCENTRATION: "portfolio",
    Intent.EXPOSURE: "portfolio",
    Intent.STATUS: "proposal",
    Intent.PROPOSALS: "proposal",
    Intent.ORDERS: "proposal",
}


class OfflineModel(BaseChatModel):
    """Reads the request by rule."""

    @property
    @override
    def _llm_type(self) -> str:
        return NAME

    @override
    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(tools=list(tools), **kwargs)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        pieces = self._stream(messages, stop, run_manager, **kwargs)
        whole = add_ai_message_chunks(
            *(piece.message for piece in pieces if isinstance(piece.message, AIMessageChunk))
        )
        return ChatResult(generations=[ChatGeneration(message=message_chunk_to_message(whole))])

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        offered = {tool["function"]["name"] for tool in kwargs.get("tools", ())}
        written = 0
        for chunk in _thoughts(messages, offered):
            written += _words(chunk.text) + sum(_words(call["args"] or "") for call in chunk.tool_call_chunks)
            if run_manager:
                run_manager.on_llm_new_token(str(chunk.text))
            yield ChatGenerationChunk(message=chunk)
        read = sum(_words(message.text) for message in messages)
        usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage))

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        """At once, in the loop: the framework's own way hands every word to a thread and back."""
        for chunk in self._stream(messages, stop, None, **kwargs):
            if run_manager:
                await run_manager.on_llm_new_token(str(chunk.message.text), chunk=chunk)
            yield chunk


def _words(text: str) -> int:
    """Its own count of tokens: what stands between blanks."""
    return len(text.split())


def _thoughts(messages: Sequence[BaseMessage], offered: set[str]) -> Iterator[AIMessageChunk]:
    asked, told = _last_request(messages)
    if "hand_over" in offered:
        yield from _routes(messages, asked)
        return
    wish = wanted(messages, asked, part_told(messages))
    call = question(wish)
    if told:
        yield from _text(_answer(wish, told[-1]))
    elif call is None or call[0] not in offered:
        yield from _text(speech.without_tools(Wish(Intent.UNSUPPORTED, wish.text)))
    else:
        yield from _call(*call)


def _routes(messages: Sequence[BaseMessage], asked: int) -> Iterator[AIMessageChunk]:
    """A hand-over for each part of her message; its own words where no specialist serves it."""
    text = str(messages[asked].text) if asked >= 0 else ""
    cut = parts(text) if asked >= 0 else []
    if len(cut) > 1:
        wishes = [(part, read(part, text)) for part in cut]
        served = [(part, wish, agent) for part, wish in wishes if (agent := _agent_for(wish))]
        for place, (part, wish, agent) in enumerate(served):
            handed = {"agent": agent, "part": part, "why": f"Her words are read as: {wish.name}."}
            yield from _call("hand_over", handed, place=place)
        return
    wish = wanted(messages, asked)
    agent = _agent_for(wish)
    if agent is None:
        yield from _text(speech.without_tools(wish))
    else:
        yield from _call("hand_over", {"agent": agent, "why": f"Her words are read as: {wish.name}."})


def _agent_for(wish: Wish) -> str | None:
    intent = Intent.ORDER if wish.intent is Intent.UNCLEAR and wish.order else wish.intent
    return wish.by.agent if wish.by else AGENT_FOR.get(intent)


def _last_request(messages: Sequence[BaseMessage]) -> tuple[int, list[ToolMessage]]:
    """Where the advisor's last message is, and what tools told since."""
    at = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)
    return at, [m for m in messages[at + 1 :] if isinstance(m, ToolMessage)]


def question(wish: Wish) -> tuple[str, dict[str, Any]] | None:
    """The one tool call that serves the wish."""
    about = {k: v for k, v in (("household", wish.household), ("account", wish.account)) if v}
    match wish.intent:
        case Intent.RECOGNISED:
            return wish.asks
        case Intent.WORKLIST:
            return "worklist", {}
        case Intent.CONCENTRATION:
            return "concentration", about
        case Intent.EXPOSURE:
            return "risk", about
        case intent if intent in ABOUT and intent is not Intent.REBALANCE:
            return wish.intent.value, about
        case Intent.RESEARCH:
            return "search_library", {"question": topic(wish.text)[:600]}
        case Intent.REBALANCE:
            whose = {"account_words": [wish.account]} if wish.account else {"household_words": wish.household}
            tax, spend = plans.tax_aware(wish.text), plans.budget(wish.text)
            return "propose_rebalance", {**whose, "tax_words": tax, "budget_words": spend}
        case Intent.REBALANCE_ALL:
            return "propose_set", {"set_words": plans.everybody(wish.text)}
        case Intent.PLAN if wish.plan:
            return "propose_plan", _plan_fields(wish.plan, wish)
        case Intent.WHAT_IF if wish.change:
            return "what_if", _change_fields(wish.change, wish)
        case Intent.ORDER | Intent.UNCLEAR if wish.order:
            return "propose_order", _order_fields(wish.order, wish.account, wish.text)
        case Intent.CANCEL if wish.live:
            return "propose_cancel", {"order_words": wish.live.named}
        case Intent.REPLACE | Intent.REMAINDER if wish.live:
            return f"propose_{wish.intent.value}", _live_fields(wish.live)
        case Intent.STATUS:
            whose = {"household": wish.household, "account": wish.account}
            return "proposal_status", {"proposal": wish.proposal, **whose}
        case Intent.ORDERS:
            return "open_orders", {"household": wish.household}
        case Intent.PROPOSALS:
            return "list_proposals", {"open_only": not _EVERY.search(wish.text)}
    return None


def topic(text: str) -> str:
    """What a question for the library is about: its own lead says nothing of what is looked for."""
    found = _LEAD.match(text)
    rest = text[found.end() :].strip() if found else ""
    return rest if len(rest) >= SHORTEST_TOPIC else text


def _order_fields(order: OrderWords, account: str | None, text: str) -> dict[str, Any]:
    return {
        "account_words": account or order.account,
        "side_words": order.side,
        "quantity_words": order.quantity,
        "symbol_words": order.symbol,
        "limit_words": order.limit,
        "lot_words": plans.lots(text),
        "time_words": plans.over(text),
        "parts_words": plans.parts(text),
    }


def _live_fields(live: LiveWords) -> dict[str, Any]:
    return {"order_words": live.named, "limit_words": live.limit, "quantity_words": live.shares}


def _plan_fields(plan: PlanWords, wish: Wish) -> dict[str, Any]:
    return {
        "kind": plan.kind,
        "kind_words": plan.asked,
        "household_words": None if wish.account else wish.household,
        "account_words": wish.account,
        "symbol_words": plan.symbol,
        "dollars_words": plan.dollars,
        "budget_words": plan.budget,
        "replacement_words": plan.replacement,
    }


def _change_fields(change: Change, wish: Wish) -> dict[str, Any]:
    return {
        "account": wish.account or wish.household,
        "household": wish.household,
        "side": change.side,
        "quantity": change.quantity.replace(",", ""),
        "symbol": change.symbol,
    }


def _answer(wish: Wish, told: ToolMessage) -> str:
    said: dict[str, Any] = json.loads(str(told.content))
    if "refused" in said:
        return speech.refused(said["refused"])
    if wish.by and told.name in wish.by.speaks:
        return wish.by.speaks[str(told.name)](wish.text, said["answer"], said["cite"])
    speaks: Callable[[Wish, dict[str, Any], str], str] | None = speech.SPEAKS.get(str(told.name))
    return speaks(wish, said["answer"], said["cite"]) if speaks else speech.without_tools(wish)


def _call(name: str, fields: Mapping[str, Any], *, place: int = 0) -> Iterator[AIMessageChunk]:
    """A native tool call, streamed in two pieces as endpoints do."""
    text = json.dumps({key: value for key, value in fields.items() if value is not None})
    first, second = text[: len(text) // 2], text[len(text) // 2 :]
    key = f"offline-{name}-{place}" if place else f"offline-{name}"
    yield AIMessageChunk(content="", tool_call_chunks=[_piece(first, place, name=name, key=key)])
    yield AIMessageChunk(content="", tool_call_chunks=[_piece(second, place, name=None, key=None)])


def _piece(args: str, place: int, *, name: str | None, key: str | None) -> Any:
    return {"name": name, "args": args, "id": key, "index": place, "type": "tool_call_chunk"}


def _text(text: str) -> Iterator[AIMessageChunk]:
    """A few words at a time."""
    for words_at_once in re.findall(r"(?:\S+\s*){1,6}", text) or [text]:
        yield AIMessageChunk(content=words_at_once)
