"""What the copilot did as spans, for whoever watches machines: OpenTelemetry's GenAI conventions, off by
default.

Rule 1: a span stands under the journal's own trace id, so that both are read side by side. The journal is the
    record; a lost span is no loss.
Rule 2: no span holds content: no prompt, no message, no argument, no answer, no name of a client. What stands
    there are names of ours, numbers, and ids of conversations, calls and models.
Rule 3: spans never stop a run. Nothing is exported unless somebody chose a file, and that file has an end.
Source: OpenTelemetry semantic conventions 1.41, GenAI agent spans and client spans (`invoke_agent`, `chat`,
    `execute_tool`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from langchain_core.messages import AIMessage
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from agents.model import Thinker
from tools.contract import Refusal, Turn

MOST_BYTES: Final = 64_000_000  # of one file; then it begins anew, and the one before is kept beside it
LONGEST_NAME: Final = 100

Attributes = Mapping[str, AttributeValue]


class Lines(SpanExporter):
    """One span a line of JSON, in a file that only its owner reads; or on a stream that is open already."""

    def __init__(self, to: Path | IO[str]) -> None:
        self._to = to

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        text = "".join(f"{span.to_json(indent=None)}\n" for span in spans)
        try:
            self._write(text)
        except OSError:
            return SpanExportResult.FAILURE  # a full disk stops no run
        return SpanExportResult.SUCCESS

    def _write(self, text: str) -> None:
        if not isinstance(self._to, Path):
            self._to.write(text)
            self._to.flush()
            return
        if self._to.exists() and self._to.stat().st_size > MOST_BYTES:
            self._to.replace(self._to.with_suffix(f"{self._to.suffix}.1"))
        with os.fdopen(os.open(self._to, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as lines:
            lines.write(text)


def tracer(to: Path | IO[str]) -> Tracer:
    """Spans on their way to that file or stream. One a process."""
    provider = TracerProvider(resource=Resource({"service.name": "gatehouse-copilot"}))
    provider.add_span_processor(SimpleSpanProcessor(Lines(to)))
    return provider.get_tracer("gatehouse")


@dataclass(slots=True)
class Watch:
    """The spans of one run. Without `of`, a tracer and whose run it is, it does nothing."""

    of: tuple[Tracer, Turn] | None = None
    _agent: str = ""
    _span: Span | None = field(default=None, repr=False)

    def agent(self, name: str, model: str) -> None:
        """From here on that agent works; the span of the one before ends."""
        if self.of is None or name == self._agent:
            return
        self.end()
        said = {"gen_ai.agent.name": name, "gen_ai.request.model": model}
        self._span = _begin(self.of, "invoke_agent", name, said, SpanKind.INTERNAL, under=None)
        self._agent = name

    def end(self, failed: BaseException | None = None) -> None:
        """Nobody works any more."""
        if self._span is not None:
            _ended(self._span, failed)
        self._agent, self._span = "", None

    @contextmanager
    def chat(self, thinker: Thinker) -> Iterator[Said]:
        """One thought of a model."""
        if self.of is None:
            yield Said(None)
            return
        kind = SpanKind.INTERNAL if thinker.offline else SpanKind.CLIENT
        said = {
            "gen_ai.provider.name": "gatehouse" if thinker.offline else "openai",
            "gen_ai.request.model": thinker.name,
        }
        with _during(_begin(self.of, "chat", thinker.name, said, kind, under=self._span)) as span:
            yield Said(span)

    @contextmanager
    def tool(self, name: str, call: str) -> Iterator[None]:
        """One question to one tool. A refusal is an answer; what ends the run is an error."""
        if self.of is None:
            yield
            return
        said = {"gen_ai.tool.name": name, "gen_ai.tool.call.id": call, "gen_ai.tool.type": "function"}
        with _during(_begin(self.of, "execute_tool", name, said, SpanKind.INTERNAL, under=self._span)):
            yield


@contextmanager
def _during(span: Span) -> Iterator[Span]:
    try:
        yield span
    except Refusal as no:
        span.set_attribute("gatehouse.refusal", no.code)
        _ended(span, None)
        raise
    except BaseException as failed:
        _ended(span, failed)
        raise
    _ended(span, None)


def _begin(
    of: tuple[Tracer, Turn],
    operation: str,
    what: str,
    said: Attributes,
    kind: SpanKind,
    *,
    under: Span | None,
) -> Span:
    tracer, turn = of
    above = under or NonRecordingSpan(_of_the_journal(turn))
    return tracer.start_span(
        f"{operation} {what[:LONGEST_NAME]}",
        set_span_in_context(above),
        kind=kind,
        attributes={"gen_ai.operation.name": operation, "gen_ai.conversation.id": turn.thread, **said},
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A thought on its way into its span: what was counted of it, and nothing of what it says."""

    span: Span | None

    def counted(self, message: AIMessage) -> None:
        if self.span is None:
            return
        named = message.response_metadata.get("model_name")
        if isinstance(named, str):
            self.span.set_attribute("gen_ai.response.model", named[:LONGEST_NAME])
        if message.usage_metadata:
            self.span.set_attribute("gen_ai.usage.input_tokens", message.usage_metadata["input_tokens"])
            self.span.set_attribute("gen_ai.usage.output_tokens", message.usage_metadata["output_tokens"])


def _ended(span: Span, failed: BaseException | None) -> None:
    """By its class alone: an error's words may quote somebody."""
    if failed is not None:
        span.set_attribute("error.type", type(failed).__name__)
        span.set_status(Status(StatusCode.ERROR))
    span.end()


def _of_the_journal(turn: Turn) -> SpanContext:
    """The place in the journal's trace under which a run's spans stand."""
    above = int.from_bytes(sha256(f"journal/{turn.trace}".encode()).digest()[:8])
    return SpanContext(
        trace_id=int(turn.trace, 16),
        span_id=above,
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
