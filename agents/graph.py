"""The graph: the orchestrator plans, specialists think and ask in turn, drafts are assessed, it parks.

    orchestrate -> portfolio | research | proposal -> ask -> (the same agent) -> answer -> park
    ask -> assess -> answer;  park -> read_decision -> park | report -> park
    (before answer, the specialists of the plan's other parts, each in turn)

Rule 1: the graph neither decides nor executes. It believes the desk, and a resume value is only a nudge.
Rule 2: `park` writes nothing: an interrupted node runs again from its first line.
Rule 3: every effect has a key made of thread, message and position: a step that runs twice happens once.
Rule 4: compiled once a process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial, wraps
from types import MappingProxyType
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
from agents.chain import signed
from agents.evidence import Decided, begins, decision_taken, kept, step_taken
from agents.governance import ORCHESTRATOR, stopped
from agents.guarded import answered, notices
from agents.parts import outline, told
from agents.proposal import assessed, looked_up, outcome
from agents.specialist import OUT_OF_STEPS, says, thought
from agents.state import (
    MOST_THOUGHTS,
    Context,
    Conversation,
    Waiting,
    reads,
    remembered,
    said,
    since_asked,
    spoken,
)
from agents.stopping import STOPPED
from core.ids import ProposalId
from tools.contract import Agent, Call, Effect
from tools.proposals import waits_for

Graph = CompiledStateGraph[Conversation, Context, Conversation, Conversation]

SAYS: Final = {
    Agent.PORTFOLIO: "looks at the book",
    Agent.RESEARCH: "searches the library",
    Agent.PROPOSAL: "works on a proposal",
}
NOTHING_MOVED: Final[Mapping[str, Any]] = MappingProxyType({})
LOOKS_FIRST: Final = timedelta(milliseconds=15)  # for an assessment; then ever less often
LEFT_FOR_LATER: Final = 900  # positions from here on are the graph's own look-ups, not a model's questions


def build(saver: BaseCheckpointSaver[Any]) -> Graph:
    """The graph, ready to run, kept by `saver`."""
    graph = StateGraph(Conversation, context_schema=Context)
    graph.add_node("orchestrate", _keeping(orchestrate))
    for agent in Agent:
        others = (other.value for other in Agent)
        graph.add_node(agent.value, _keeping(_specialist(agent)), destinations=("ask", "answer", *others))
    asked = (*(agent.value for agent in Agent), "assess", "answer")
    graph.add_node("ask", _keeping(ask), destinations=asked)
    graph.add_node("assess", _keeping(assess), destinations=(*(agent.value for agent in Agent), "answer"))
    graph.add_node("answer", _keeping(answer))
    graph.add_node("park", park)
    graph.add_node("read_decision", read_decision)
    graph.add_node("report", report)
    graph.add_edge(START, "orchestrate")
    return graph.compile(checkpointer=saver)


def _keeping(node: Any) -> Any:
    """The node, and with its checkpoint what it holds for the record: whoever goes on puts it there."""

    @wraps(node)
    async def run(state: Conversation, runtime: Runtime[Context]) -> Command[Any]:
        went: Command[Any] = await node(state, runtime)
        held = kept(runtime.context)
        if held == state.get("held", []):
            return went
        update: Any = went.update or {}
        return replace(went, update={**update, "held": held})

    return run


async def orchestrate(
    state: Conversation, runtime: Runtime[Context]
) -> Command[Literal["portfolio", "research", "proposal", "answer"]]:
    """Plan the new message; what is no longer read is dropped from the state."""
    says("orchestrator", "reads the request")
    kept = remembered(state["messages"])
    asked = str(since_asked(kept)[0].text)
    fresh = {"position": 0, "thoughts": 0, "drafts": [], "looked": {}, "agent": ""}
    fresh |= {"plan": [], "at": 0, "heard": 1, "told": 0}
    trimmed = [RemoveMessage(id=REMOVE_ALL_MESSAGES), *kept] if len(kept) < len(state["messages"]) else []
    if no := await _halted(runtime.context, ORCHESTRATOR):
        return Command(goto="answer", update={**fresh, "messages": [*trimmed, no]})
    message = await thought(
        runtime.context,
        ORCHESTRATOR,
        router.reads(kept),
        [router.HAND_OVER],
        decides=partial(router.decided, asked),
    )
    plan = router.planned(message, asked)
    if runtime.context.stop.is_set():
        await decision_taken(runtime.context, ORCHESTRATOR, Decided("stop", "people_decided"))
        return Command(goto="answer", update={**fresh, "messages": [*trimmed, AIMessage(STOPPED)]})
    if not plan:
        return Command(goto="answer", update={**fresh, "messages": [*trimmed, _spoken(message)]})
    if len(plan) > 1:
        says(ORCHESTRATOR, outline(plan))
    first: Literal["portfolio", "research", "proposal"] = Agent(plan[0]["agent"]).value
    return Command(goto=first, update={**fresh, "messages": trimmed, "agent": first, "plan": plan})


async def _halted(context: Context, agent: str) -> AIMessage | None:
    """What is said in place of a thought where a person has stopped that agent."""
    why = await stopped(context.turn, agent)
    if why is None:
        return None
    await decision_taken(context, agent, Decided("stop", "people_decided"))
    return AIMessage(why)


def _spoken(message: AIMessage) -> AIMessage:
    """Only what it said: a call of a tool that nobody answers would spoil the thread."""
    said = message.text or "I did not understand that; please say it in other words."
    return AIMessage(said, response_metadata=message.response_metadata)


def _specialist(agent: Agent) -> Any:
    async def run(state: Conversation, runtime: Runtime[Context]) -> Command[Any]:
        if runtime.context.stop.is_set():
            return await _stopped(runtime.context, agent)
        if state["thoughts"] == 0:
            if no := await _halted(runtime.context, agent):
                return onward(state, [no])
            says(agent, SAYS[agent])
        if state["thoughts"] >= MOST_THOUGHTS:
            await decision_taken(runtime.context, agent, Decided("stop", "too_many_thoughts"))
            return onward(state, [AIMessage(OUT_OF_STEPS)])
        async with _reads_ahead(runtime.context, agent, first=state["thoughts"] == 0):
            message = await thought(
                runtime.context,
                agent,
                [*told(state["plan"][state["at"]]), *reads(state)],
                bind.schemas(agent),
                decides=partial(bind.decided, agent),
            )
        if runtime.context.stop.is_set() and not message.tool_calls:
            return await _stopped(runtime.context, agent)
        if not (message.tool_calls or message.invalid_tool_calls):
            return onward(state, [message])
        return Command(goto="ask", update={"messages": [message], "thoughts": state["thoughts"] + 1})

    return run


def _reads_ahead(context: Context, agent: Agent, *, first: bool) -> AbstractAsyncContextManager[None]:
    """A thread about one household has it read while the agent of portfolios thinks which question to put: by
    rule that takes milliseconds, and nearly every question of hers reads it."""
    turn = context.turn
    if turn.household is None or turn.answers is not None or not first or not context.thinker.offline:
        return nullcontext()
    return turn.desk.ahead(turn.household) if agent is Agent.PORTFOLIO else nullcontext()


async def _stopped(context: Context, agent: Agent) -> Command[Any]:
    """Her word ends the run, whatever the plan still holds."""
    await decision_taken(context, agent, Decided("stop", "people_decided"))
    return Command(goto="answer", update={"messages": [AIMessage(STOPPED)]})


async def ask(state: Conversation, runtime: Runtime[Context]) -> Command[Any]:
    """Put the agent's questions to its tools."""
    agent = Agent(state["agent"])
    message = state["messages"][-1]
    if not isinstance(message, AIMessage) or runtime.context.stop.is_set():
        return await _stopped(runtime.context, agent)
    for call in message.tool_calls[: bind.MOST_AT_ONCE]:
        does = bind.effect(agent, call["name"])
        named = call["name"].replace("_", " ") if does else "for a tool that it does not hold"
        says(agent, f"{'drafts' if does is Effect.PROPOSE else 'asks'}: {named}")
    answers, drafts = await bind.ask_all(
        message,
        turn=runtime.context.turn,
        agent=agent,
        said=said(state["messages"]),
        position=state["position"],
        watch=runtime.context.watch,
    )
    update = {
        "messages": answers,
        "position": state["position"] + len(message.tool_calls) + bool(message.invalid_tool_calls),
        "drafts": [*state["drafts"], *drafts],
    }
    return Command(goto="assess" if drafts else agent.value, update=update)


async def assess(state: Conversation, runtime: Runtime[Context]) -> Command[Any]:
    """Wait, within bounds, until each draft of this part has its figures; then say them."""
    says(Agent.PROPOSAL, "waits for the figures")
    await runtime.context.turn.kept()
    texts: list[str] = []
    looked = dict(state["looked"])
    fresh = state["drafts"][state["told"] :]
    waiting = [one for one in state.get("waiting", []) if one["proposal"] not in fresh]
    for place, draft in enumerate(fresh, state["told"]):
        now = await _assessed(draft, runtime.context)
        texts.append(await _told(state, runtime.context, draft, LEFT_FOR_LATER + place, looked))
        if now != "nobody":
            waiting.append(Waiting(proposal=draft, message=state["asked"], told=now))
    moved = {"waiting": waiting, "looked": looked, "told": len(state["drafts"])}
    return onward(state, [AIMessage("\n".join(texts))], moved)


def onward(
    state: Conversation, messages: list[AIMessage], moved: Mapping[str, Any] = NOTHING_MOVED
) -> Command[Any]:
    """To the plan's next part, or to the answer."""
    at = state["at"] + 1
    if at >= len(state["plan"]):
        return Command(goto="answer", update={"messages": messages, **moved})
    heard = len(since_asked(state["messages"])) + len(messages)
    agent = state["plan"][at]["agent"]
    get_stream_writer()({"event": "token", "text": "\n\n"})
    begun = {"at": at, "heard": heard, "agent": agent, "thoughts": 0}
    return Command(goto=agent, update={"messages": messages, **moved, **begun})


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
    left, pause = context.patience.assessment, min(LOOKS_FIRST, context.patience.looks_every)
    while not context.stop.is_set():
        now = await waits_for(context.turn, ProposalId(draft))
        if now != "assessment" or left <= timedelta(0):
            return now
        await asyncio.sleep(pause.total_seconds())
        left, pause = left - pause, min(pause * 5 // 4, context.patience.looks_every)
    return await waits_for(context.turn, ProposalId(draft))


async def answer(state: Conversation, runtime: Runtime[Context]) -> Command[Literal["park", "__end__"]]:
    """Compose what the advisor reads, with its sources."""
    context = runtime.context
    waiting = tuple(one["proposal"] for one in state.get("waiting", []))
    parks = [Decided("park", "people_must_decide", waiting)] if waiting else []
    on_record = asyncio.create_task(step_taken(context, state["agent"] or ORCHESTRATOR, "answer", *parks))
    try:
        await asyncio.sleep(0)  # it is under way while the answer is composed
        out = _composed(state, context)
    finally:
        await on_record
    get_stream_writer()({"event": "answer", **out})
    goto: Literal["park", "__end__"] = "park" if waiting else "__end__"
    return Command(goto=goto, update={"answered": state["asked"], "answer": out})


def _composed(state: Conversation, context: Context) -> dict[str, Any]:
    """The answer to her message, with its sources, as it leaves."""
    recent = since_asked(state["messages"])
    allowed = {**bind.sources(recent), **state.get("looked", {})}
    model, by_rule = signed(recent, context)
    guard = answered(state["messages"], context.turn.preferences, by_rule=by_rule)
    text = spoken(state)
    composed = compose(
        f"{text}\n{notices(recent, text)}".rstrip(),
        allowed,
        check_figures=not by_rule,
        checking=guard.checking,
        allows=guard.allows,
    )
    return _out(state["asked"], composed, model, round_no=0)


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
    await begins(context)
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
    out = _out(state["waiting"][0]["message"], composed, context.thinker.name, round_no=answers)
    reported = Decided("report", "people_decided", tuple(moved_on))
    await step_taken(context, Agent.PROPOSAL, "resume", reported)
    get_stream_writer()({"event": "answer", **out})
    update = {"waiting": still, "answer": out, "messages": [AIMessage(composed.text)]}
    return Command(goto="park" if still else "__end__", update=update)


def _out(message: str, composed: Composed, model: str, *, round_no: int) -> dict[str, Any]:
    """An answer as it leaves. `round` counts what was said later on; 0 is the first answer to a message."""
    return {
        "message": message,
        "round": round_no,
        "text": composed.text,
        "cited": [{"sentence": one.sentence, "source": one.source} for one in composed.cited],
        "sources": [{"source": source, "says": what} for source, what in composed.sources],
        "model": model,
    }
