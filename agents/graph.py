"""The graph: the orchestrator routes, a specialist thinks and asks, drafts are assessed, it parks.

    orchestrate -> portfolio | research | proposal -> ask -> (the same agent) -> answer -> park
    ask -> assess -> answer;  park -> read_decision -> park | report -> park

Rule 1: the graph neither decides nor executes. It believes the desk, and a resume value is only a nudge.
Rule 2: `park` writes nothing: an interrupted node runs again from its first line.
Rule 3: every effect has a key made of thread, message and position: a step that runs twice happens once.
Rule 4: compiled once a process.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any, Final, Literal

from langchain_core.messages import AIMessage, RemoveMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph
from langgraph.graph.message import REMOVE_ALL_MESSAGES
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from agents import bind, router
from agents.answer import Composed, compose
from agents.evidence import Decided, decision_taken, step_taken
from agents.guarded import answered, notices
from agents.proposal import assessed, looked_up, outcome
from agents.specialist import ORCHESTRATOR, OUT_OF_STEPS, says, thought
from agents.state import MOST_THOUGHTS, Context, Conversation, Waiting, remembered, said, since_asked
from core.ids import ProposalId
from tools.contract import Agent, Call, Effect
from tools.proposals import waits_for

Graph = CompiledStateGraph[Conversation, Context, Conversation, Conversation]

SAYS: Final = {
    Agent.PORTFOLIO: "looks at the book",
    Agent.RESEARCH: "searches the library",
    Agent.PROPOSAL: "works on a proposal",
}
LEFT_FOR_LATER: Final = 900  # positions from here on are the graph's own look-ups, not a model's questions


def build(saver: BaseCheckpointSaver[Any]) -> Graph:
    """The graph, ready to run, kept by `saver`."""
    graph = StateGraph(Conversation, context_schema=Context)
    graph.add_node("orchestrate", orchestrate)
    for agent in Agent:
        graph.add_node(agent.value, _specialist(agent), destinations=("ask", "answer"))
    graph.add_node("ask", ask, destinations=(*(agent.value for agent in Agent), "assess", "answer"))
    graph.add_node("assess", assess)
    graph.add_node("answer", answer)
    graph.add_node("park", park)
    graph.add_node("read_decision", read_decision)
    graph.add_node("report", report)
    graph.add_edge(START, "orchestrate")
    return graph.compile(checkpointer=saver)


async def orchestrate(
    state: Conversation, runtime: Runtime[Context]
) -> Command[Literal["portfolio", "research", "proposal", "answer"]]:
    """Route the new message; what is no longer read is dropped from the state."""
    says("orchestrator", "reads the request")
    kept = remembered(state["messages"])
    fresh = {"position": 0, "thoughts": 0, "drafts": [], "looked": {}, "agent": ""}
    trimmed = [RemoveMessage(id=REMOVE_ALL_MESSAGES), *kept] if len(kept) < len(state["messages"]) else []
    message = await thought(
        runtime.context, ORCHESTRATOR, router.reads(kept), [router.HAND_OVER], decides=router.decided
    )
    agent = router.routed(message)
    if agent is None:
        return Command(goto="answer", update={**fresh, "messages": [*trimmed, _spoken(message)]})
    return Command(goto=agent.value, update={**fresh, "messages": trimmed, "agent": agent.value})


def _spoken(message: AIMessage) -> AIMessage:
    """Only what it said: a call of a tool that nobody answers would spoil the thread."""
    return AIMessage(message.text or "I did not understand that; please say it in other words.")


def _specialist(agent: Agent) -> Any:
    async def run(state: Conversation, runtime: Runtime[Context]) -> Command[Any]:
        if state["thoughts"] == 0:
            says(agent, SAYS[agent])
        if state["thoughts"] >= MOST_THOUGHTS:
            await decision_taken(runtime.context, agent, Decided("stop", "too_many_thoughts"))
            return Command(goto="answer", update={"messages": [AIMessage(OUT_OF_STEPS)]})
        message = await thought(
            runtime.context,
            agent,
            remembered(state["messages"]),
            bind.schemas(agent),
            decides=partial(bind.decided, agent),
        )
        asks = bool(message.tool_calls or message.invalid_tool_calls)
        update = {"messages": [message], "thoughts": state["thoughts"] + 1}
        return Command(goto="ask" if asks else "answer", update=update)

    return run


async def ask(state: Conversation, runtime: Runtime[Context]) -> Command[Any]:
    """Put the agent's questions to its tools."""
    agent = Agent(state["agent"])
    message = state["messages"][-1]
    if not isinstance(message, AIMessage):
        return Command(goto="answer")
    for call in message.tool_calls[: bind.MOST_AT_ONCE]:
        does = bind.effect(agent, call["name"])
        named = call["name"].replace("_", " ") if does else "for a tool that it does not hold"
        says(agent, f"{'drafts' if does is Effect.PROPOSE else 'asks'}: {named}")
    told, drafts = await bind.ask_all(
        message,
        turn=runtime.context.turn,
        agent=agent,
        said=said(state["messages"]),
        position=state["position"],
    )
    update = {
        "messages": told,
        "position": state["position"] + len(message.tool_calls),
        "drafts": [*state["drafts"], *drafts],
    }
    return Command(goto="assess" if drafts else agent.value, update=update)


async def assess(state: Conversation, runtime: Runtime[Context]) -> Command[Literal["answer"]]:
    """Wait, within bounds, until each draft has its figures; then say them."""
    says(Agent.PROPOSAL, "waits for the figures")
    texts: list[str] = []
    looked: dict[str, str] = {}
    waiting = [one for one in state.get("waiting", []) if one["proposal"] not in state["drafts"]]
    for place, draft in enumerate(state["drafts"]):
        now = await _assessed(draft, runtime.context)
        texts.append(await _told(state, runtime.context, draft, LEFT_FOR_LATER + place, looked))
        if now != "nobody":
            waiting.append(Waiting(proposal=draft, message=state["asked"], told=now))
    update = {"messages": [AIMessage("\n".join(texts))], "waiting": waiting, "looked": looked}
    return Command(goto="answer", update=update)


async def _told(
    state: Conversation, context: Context, proposal: str, position: int, looked: dict[str, str]
) -> str:
    """What to say of a proposal now; its source is added to `looked`."""
    call = Call(context.turn, Agent.PROPOSAL, said(state["messages"]), position)
    found, cite = await looked_up(call, proposal)
    looked[cite] = f"proposal_status: {found.source}"
    return outcome(found, cite) if found.ended else assessed(found, cite)


async def _assessed(draft: str, context: Context) -> str:
    """Whom the proposal waits for, once assessed or once patience has ended."""
    left = context.patience.assessment
    while True:
        now = await waits_for(context.turn, ProposalId(draft))
        if now != "assessment" or left <= timedelta(0):
            return now
        await asyncio.sleep(context.patience.looks_every.total_seconds())
        left -= context.patience.looks_every


async def answer(state: Conversation, runtime: Runtime[Context]) -> Command[Literal["park", "__end__"]]:
    """Compose what the advisor reads, with its sources."""
    context = runtime.context
    recent = since_asked(state["messages"])
    allowed = {**bind.sources(recent), **state.get("looked", {})}
    guard = answered(context, state["messages"], ours=bool(state.get("looked")))
    text = str(recent[-1].text)
    composed = compose(
        f"{text}\n{notices(recent, text)}".rstrip(),
        allowed,
        check_figures=not context.thinker.offline,
        checking=guard.checking,
        allows=guard.allows,
    )
    out = _out(state["asked"], composed, context, round_no=0)
    waiting = tuple(one["proposal"] for one in state.get("waiting", []))
    parks = [Decided("park", "people_must_decide", waiting)] if waiting else []
    await step_taken(context, state["agent"] or ORCHESTRATOR, "answer", *parks)
    get_stream_writer()({"event": "answer", **out})
    goto: Literal["park", "__end__"] = "park" if waiting else "__end__"
    return Command(goto=goto, update={"answered": state["asked"], "answer": out})


def park(state: Conversation) -> Command[Literal["read_decision"]]:
    """Pause until somebody decides. Writes nothing."""
    interrupt(
        {
            "proposal_id": state["waiting"][-1]["proposal"],
            "waiting": [w["proposal"] for w in state["waiting"]],
        }
    )
    return Command(goto="read_decision")


async def read_decision(state: Conversation, runtime: Runtime[Context]) -> Command[Literal["park", "report"]]:
    """Believe the desk, not the message that woke us."""
    for one in state["waiting"]:
        now = await waits_for(runtime.context.turn, ProposalId(one["proposal"]))
        if now == "nobody" or (one["told"] == "assessment" and now != "assessment"):
            return Command(goto="report")
    return Command(goto="park")


async def report(state: Conversation, runtime: Runtime[Context]) -> Command[Literal["park", "__end__"]]:
    """Tell what happened since, one answer for all that moved."""
    context = runtime.context
    texts: list[str] = []
    looked: dict[str, str] = {}
    still: list[Waiting] = []
    moved_on: list[str] = []
    answers = int(state.get("answer", {}).get("round", 0)) + 1
    for place, one in enumerate(state["waiting"]):
        now = await waits_for(context.turn, ProposalId(one["proposal"]))
        moved = now == "nobody" or (one["told"] == "assessment" and now != "assessment")
        if moved:
            moved_on.append(one["proposal"])
            texts.append(
                await _told(state, context, one["proposal"], LEFT_FOR_LATER + 100 * answers + place, looked)
            )
        if now != "nobody":
            still.append(
                Waiting(proposal=one["proposal"], message=one["message"], told=now if moved else one["told"])
            )
    if not texts:
        return Command(goto="park")
    says(Agent.PROPOSAL, "saw a decision")
    composed = compose("\n".join(texts), looked, check_figures=False)
    out = _out(state["waiting"][0]["message"], composed, context, round_no=answers)
    told = Decided("report", "people_decided", tuple(moved_on))
    await step_taken(context, Agent.PROPOSAL, "resume", told)
    get_stream_writer()({"event": "answer", **out})
    update = {"waiting": still, "answer": out, "messages": [AIMessage(composed.text)]}
    return Command(goto="park" if still else "__end__", update=update)


def _out(message: str, composed: Composed, context: Context, *, round_no: int) -> dict[str, Any]:
    """An answer as it leaves. `round` counts what was said later on; 0 is the first answer to a message."""
    return {
        "message": message,
        "round": round_no,
        "text": composed.text,
        "cited": [{"sentence": one.sentence, "source": one.source} for one in composed.cited],
        "sources": [{"source": source, "says": what} for source, what in composed.sources],
        "model": context.thinker.name,
    }
