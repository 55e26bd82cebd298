"""Spans follow the GenAI conventions, stand under the journal's trace, and hold no content."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, ToolCall, ToolCallChunk
from langchain_core.outputs import ChatGenerationChunk

from agents.model import Thinker, offline
from agents.run import start
from agents.telemetry import Lines, tracer
from core.errors import WorldFailed
from core.ids import MessageId, TraceId
from tests.agents.running import QUICK, memory
from tests.tools.book import TRACE, Axes, SimulatedDesk, turn

OURS = {"gen_ai", "error", "gatehouse"}


async def spans_of(text: str, thinker: Thinker | None = None) -> list[dict[str, Any]]:
    out = io.StringIO()
    at = start(memory(), thinker or offline(), QUICK, tracer(out))
    asking = replace(turn(SimulatedDesk(), embedder=Axes()), trace=TraceId(TRACE[:-1] + "7"))
    try:
        async for _ in at.asked(asking, MessageId("msg-1"), text):
            pass
    except WorldFailed:
        pass
    return [json.loads(line) for line in out.getvalue().splitlines()]


def named(spans: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    [one] = [span for span in spans if span["name"] == name]
    return one


@pytest.mark.anyio
async def test_agents_thoughts_and_tools_are_spans_under_the_journals_trace() -> None:
    spans = await spans_of("How much cash does the Okafor household have?")
    assert [span["name"] for span in spans] == [
        *("chat offline", "invoke_agent orchestrator"),
        *("chat offline", "execute_tool cash", "chat offline", "invoke_agent portfolio"),
    ]
    assert {int(span["context"]["trace_id"], 16) for span in spans} == {7}
    agent, tool = named(spans, "invoke_agent portfolio"), named(spans, "execute_tool cash")
    assert tool["parent_id"] == agent["context"]["span_id"]
    assert agent["attributes"]["gen_ai.operation.name"] == "invoke_agent"
    assert agent["attributes"]["gen_ai.conversation.id"] == "thr-1"
    assert tool["attributes"]["gen_ai.tool.call.id"].startswith("call-")
    assert spans[0]["attributes"]["gen_ai.usage.input_tokens"] > 0


@pytest.mark.anyio
async def test_no_word_of_hers_or_of_a_client_is_in_a_span() -> None:
    spans = await spans_of("Rebalance the Okafor household")
    text = json.dumps(spans)
    assert named(spans, "execute_tool propose_rebalance")
    for word in ("Okafor", "Rebalance", "hh-1", "acc-1001", "household"):
        assert word not in text.replace("propose_rebalance", "")
    assert {key.split(".")[0] for span in spans for key in span["attributes"]} <= OURS


@pytest.mark.anyio
async def test_a_refusal_is_no_error_and_a_tool_that_nobody_holds_has_no_name() -> None:
    calls = [
        [ToolCall(name="hand_over", args={"agent": "portfolio"}, id="1")],
        [ToolCall(name="Lindgren owes tax", args={}, id="2")],
    ]
    said = [AIMessage("", tool_calls=one) for one in calls] + [AIMessage("No.")]
    thinker = Thinker("m", Calls(messages=iter(said)), offline=False)
    spans = await spans_of("What of Lindgren?", thinker)
    tool = named(spans, "execute_tool unknown")
    assert tool["attributes"]["gatehouse.refusal"] == "not_held"
    assert tool["status"]["status_code"] == "UNSET"
    assert "Lindgren" not in json.dumps(spans)


@pytest.mark.anyio
async def test_a_model_that_is_down_is_an_error_by_its_class_alone() -> None:
    thinker = Thinker("m", Calls(messages=iter(())), offline=False)
    spans = await spans_of("What of Lindgren?", thinker)
    chats = [span for span in spans if span["name"] == "chat m"]
    assert len(chats) == 2, "what cannot be read is asked for once more"
    for chat in chats:
        assert chat["kind"] == "SpanKind.CLIENT"
        assert chat["status"] == {"status_code": "ERROR"}
        assert chat["attributes"]["error.type"] == "Unusable"
        assert chat["events"] == []


class Calls(GenericFakeChatModel):
    """Says its messages whole, tool calls and all."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _stream(self, *_: Any, **__: Any) -> Any:
        said = next(self.messages, None)
        if not isinstance(said, AIMessage):
            raise ValueError("Lindgren's endpoint is down")
        pieces = [
            ToolCallChunk(name=c["name"], args=json.dumps(c["args"]), id=c["id"], index=n)
            for n, c in enumerate(said.tool_calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content=said.content, tool_call_chunks=pieces))


def test_a_file_of_spans_is_its_owners_and_begins_anew_when_it_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.telemetry.MOST_BYTES", 200)
    to = tmp_path / "spans.jsonl"
    for n in range(3):
        tracer(to).start_span(f"span-{n}").end()
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert [json.loads(line)["name"] for line in to.read_text().splitlines()] == ["span-2"]
    assert "span-1" in (tmp_path / "spans.jsonl.1").read_text()


def test_a_place_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    tracer(tmp_path / "no-such-folder" / "spans.jsonl").start_span("x").end()
    assert Lines(tmp_path / "no" / "x").export(()).name == "FAILURE"
