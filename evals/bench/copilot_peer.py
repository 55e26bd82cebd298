"""The bare graph of the same shape: the same thoughts and steps, and nothing of ours around them.

Rule 1: it has no tickets, policies, records or seals. Its tool is handed to it: one that tells at once what
    ours told, or ours.
Rule 2: its saver is LangGraph's own for PostgreSQL, as it comes; the result names it. It keeps a step before
    the next one begins, which measured no slower than its other way, to write one while the next begins.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from agents import bind, router
from agents.model import offline, think
from tools.contract import Agent


class State(MessagesState):
    answered: str


@dataclass(frozen=True, slots=True)
class Tool:
    """What answers its questions."""

    answers: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Peer:
    """The compiled graph."""

    graph: Any
    checkpointer: str

    async def answers(self, text: str, tool: Callable[[], Awaitable[str]]) -> None:
        """One turn in a thread of its own."""
        config: Any = {"configurable": {"thread_id": f"peer-{uuid4().hex}"}}
        asked: Any = {"messages": [HumanMessage(text, id="msg")]}
        async for _ in self.graph.astream(
            asked, config, context=Tool(tool), stream_mode=["custom", "updates"], durability="sync"
        ):
            pass


@asynccontextmanager
async def peer(superuser: str) -> AsyncIterator[Peer]:
    """It, on that server."""
    async with AsyncPostgresSaver.from_conn_string(superuser) as saver:
        await saver.setup()
        yield Peer(_graph(saver), f"{AsyncPostgresSaver.__module__}.{AsyncPostgresSaver.__name__}")


def _graph(saver: BaseCheckpointSaver[Any]) -> Any:
    graph = StateGraph(State, context_schema=Tool)
    graph.add_node("orchestrate", orchestrate)
    graph.add_node("portfolio", portfolio)
    graph.add_node("ask", ask)
    graph.add_node("answer", answer)
    graph.add_edge(START, "orchestrate")
    return graph.compile(checkpointer=saver)


async def orchestrate(state: State) -> Command[Literal["portfolio"]]:
    await think(offline(), state["messages"], [router.HAND_OVER], _heard)
    return Command(goto="portfolio")


async def portfolio(state: State) -> Command[Literal["ask", "answer"]]:
    message = await think(offline(), state["messages"], bind.schemas(Agent.PORTFOLIO), _heard)
    return Command(goto="ask" if message.tool_calls else "answer", update={"messages": [message]})


async def ask(state: State, runtime: Runtime[Tool]) -> Command[Literal["portfolio"]]:
    last = state["messages"][-1]
    calls = last.tool_calls if isinstance(last, AIMessage) else []
    told = [
        ToolMessage(await runtime.context.answers(), tool_call_id=call["id"], name=call["name"])
        for call in calls
    ]
    return Command(goto="portfolio", update={"messages": told})


async def answer(state: State) -> Command[Literal["__end__"]]:
    return Command(goto="__end__", update={"answered": str(state["messages"][-1].text)})


def _heard(_: str) -> None:
    """Nobody listens."""
