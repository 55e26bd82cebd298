"""The chat model itself: messages in; text or tool calls out, streamed. Deterministic.

Rule 1: which role it plays it knows by the tools that it was given, and what to do by the advisor's message.
Rule 2: a tool's answer is only ever spoken of. Nothing in it is read for what to do next, but for whether
    it refused.
Rule 3: one question to one tool a message; then it answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from langchain_core.callbacks import CallbackManagerForLLMRun
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

from agents.offline import plans, preferences, speech, words
from agents.offline.intents import ABOUT, Intent, Wish, read
from agents.offline.orders import OrderWords
from agents.offline.plans import Change, PlanWords

NAME: Final = "offline"
ASKED_BACK: Final = re.compile(r"(?:Which one|the Smith household|Write the name)\W*$")
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
    Intent.STATUS: "proposal",
    Intent.PROPOSALS: "proposal",
    Intent.PREFER: "proposal",
    Intent.PREFERENCES: "proposal",
    Intent.ERASE: "proposal",
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


def _words(text: str) -> int:
    """Its own count of tokens: what stands between blanks."""
    return len(text.split())


def _thoughts(messages: Sequence[BaseMessage], offered: set[str]) -> Iterator[AIMessageChunk]:
    asked, told = _last_request(messages)
    wish = wanted(messages, asked)
    if "hand_over" in offered:
        agent = AGENT_FOR.get(wish.intent)
        why = f"Her words are read as: {wish.intent.value}."
        handed = {"agent": agent, "why": why}
        yield from _call("hand_over", handed) if agent else _text(speech.without_tools(wish))
        return
    call = question(wish)
    if told:
        yield from _text(_answer(wish, told[-1]))
    elif call is None or call[0] not in offered:
        yield from _text(speech.without_tools(Wish(Intent.UNSUPPORTED, wish.text)))
    else:
        yield from _call(*call)


def _last_request(messages: Sequence[BaseMessage]) -> tuple[int, list[ToolMessage]]:
    """Where the advisor's last message is, and what tools told since."""
    at = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)
    return at, [m for m in messages[at + 1 :] if isinstance(m, ToolMessage)]


def wanted(messages: Sequence[BaseMessage], at: int) -> Wish:
    """The wish of the message at `at`; where it answers our question, the earlier wish with its words."""
    if at < 0:
        return Wish(Intent.HELP, "")
    text = str(messages[at].text)
    wish = read(text)
    before = messages[:at]
    hers = [str(m.text) for m in before if isinstance(m, HumanMessage)]
    ours = [str(m.text) for m in before if isinstance(m, AIMessage) and not m.tool_calls]
    if wish.intent not in (Intent.UNSUPPORTED, Intent.RESEARCH, Intent.OVERVIEW) or not (hers and ours):
        return wish
    if not ASKED_BACK.search(re.sub(r"\s*\[\d+\]", "", ours[-1])) or len(text.split()) > 8:
        return wish
    earlier = read(hers[-1])
    account = words.ACCOUNT.search(text)
    named = None if account else words.household(text) or text.strip(" .!?")
    return Wish(
        earlier.intent, earlier.text, named, account[0] if account else None, earlier.order, earlier.proposal,
        earlier.cancels,
        earlier.plan, earlier.change,
    )  # fmt: skip


def question(wish: Wish) -> tuple[str, dict[str, Any]] | None:
    """The one tool call that serves the wish."""
    about = {k: v for k, v in (("household", wish.household), ("account", wish.account)) if v}
    match wish.intent:
        case Intent.WORKLIST:
            return "worklist", {}
        case intent if intent in ABOUT and intent is not Intent.REBALANCE:
            return wish.intent.value, about
        case Intent.RESEARCH:
            return "search_library", {"question": wish.text[:600]}
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
        case Intent.ORDER if wish.order:
            return "propose_order", _order_fields(wish.order, wish.account, wish.text)
        case Intent.CANCEL:
            return "propose_cancel", {"order_words": wish.cancels}
        case Intent.STATUS:
            return "proposal_status", {"proposal": wish.proposal, "household": wish.household}
        case Intent.PREFER:
            return "keep_preference", {"preference_words": preferences.stated(wish.text)[:500]}
        case Intent.PREFERENCES:
            return "preferences", {}
        case Intent.ERASE:
            return "erase_preference", {"preference": preferences.erased(wish.text)[:500]}
        case Intent.PROPOSALS:
            return "list_proposals", {"open_only": not re.search(r"\ball\b", wish.text, re.IGNORECASE)}
    return None


def _order_fields(order: OrderWords, account: str | None, text: str) -> dict[str, Any]:
    return {
        "account_words": account or order.account,
        "side_words": order.side,
        "quantity_words": order.quantity,
        "symbol_words": order.symbol,
        "limit_words": order.limit,
        "lot_words": plans.lots(text),
    }


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
    speaks: Callable[[Wish, dict[str, Any], str], str] | None = speech.SPEAKS.get(str(told.name))
    return speaks(wish, said["answer"], said["cite"]) if speaks else speech.without_tools(wish)


def _call(name: str, fields: Mapping[str, Any]) -> Iterator[AIMessageChunk]:
    """A native tool call, streamed in two pieces as endpoints do."""
    text = json.dumps({key: value for key, value in fields.items() if value is not None})
    first, second = text[: len(text) // 2], text[len(text) // 2 :]
    yield AIMessageChunk(content="", tool_call_chunks=[_piece(first, name=name, key=f"offline-{name}")])
    yield AIMessageChunk(content="", tool_call_chunks=[_piece(second, name=None, key=None)])


def _piece(args: str, *, name: str | None, key: str | None) -> Any:
    return {"name": name, "args": args, "id": key, "index": 0, "type": "tool_call_chunk"}


def _text(text: str) -> Iterator[AIMessageChunk]:
    """Word by word."""
    for word in re.findall(r"\S+\s*", text) or [text]:
        yield AIMessageChunk(content=word)
