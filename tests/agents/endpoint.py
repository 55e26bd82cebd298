"""An OpenAI-compatible endpoint on the loopback: a real HTTP server that streams chunks and tool calls.

It plays a weak but honest model: hands over, asks one tool, then speaks and cites. By `mode` it plays every
way of going wrong that we have met.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Played:
    """What the endpoint does, and what it was asked."""

    mode: str = "honest"
    agent: str = "portfolio"
    tool: str = "overview"
    arguments: str = '{"household": "Okafor"}'
    says: str = "The household has $10,000.00 [{cite}]. See https://evil.example/x for 9 more."
    asked: list[dict[str, Any]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)  # what hangs is let go by it


@contextmanager
def endpoint(played: Played) -> Iterator[str]:
    """Its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            played.asked.append(body)
            answer(self, played, body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        played.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answer(at: BaseHTTPRequestHandler, played: Played, body: dict[str, Any]) -> None:
    match played.mode:
        case "refuses":
            _whole(at, 500, b'{"error": {"message": "secret stack frame /srv/app.py"}}')
        case "unauthorized":
            _whole(at, 401, b'{"error": {"message": "Incorrect API key provided: sk-secret"}}')
        case "busy":
            _whole(at, 429, b'{"error": {"message": "slow down"}}', after="60")
        case "too_long":
            _whole(at, 400, b'{"error": {"message": "context length exceeded", "code": "context_length"}}')
        case "hangs":
            played.over.wait(60)
            at.close_connection = True
        case "half_a_character":
            _stream(at, ['{"choices": [{"index": 0, "delta": {"content": "The \\ud83c house."}}]}'])
        case "too_deep":
            deep = json.dumps({"content": "[" * 20_000})
            _stream(at, ['{"choices": [{"index": 0, "delta": ' + deep + "}]}"])
        case "stalls":
            _stream(at, [json.dumps(_chunk({"content": "The household has"}))], ends=played.over)
        case "html":
            _whole(at, 200, b"<html>Welcome to the proxy</html>", kind="text/html")
        case "other_json":
            _whole(at, 200, b'{"hello": "world"}', kind="application/json")
        case "broken_chunk":
            _stream(at, ["{not json"])
        case "no_choices":
            _stream(at, [json.dumps({"id": "x", "object": "chat.completion.chunk", "choices": []})])
        case "hangs_up":
            at.connection.close()
        case "strange_chunk":
            _stream(at, [json.dumps({"choices": [{"delta": {"content": {"a": 1}}}]}), '"text"'])
        case _:
            _stream(at, [json.dumps(chunk) for chunk in _honest(played, body)])


def _honest(played: Played, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    offered = {tool["function"]["name"] for tool in body.get("tools", ())}
    told = [m for m in body["messages"] if m["role"] == "tool"]
    if "response_format" in body:
        yield from _constrained(played, body)
    elif "hand_over" in offered:
        yield from _tool("hand_over", json.dumps({"agent": played.agent}))
    elif not told or played.mode == "insists":
        yield from _tool(played.tool, played.arguments)
    else:
        cite = json.loads(told[-1]["content"]).get("cite", "tool/none")
        for word in played.says.format(cite=cite).split(" "):
            yield _chunk({"content": word + " "})
    yield {
        **_chunk({}, finish="stop"),
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def _constrained(played: Played, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """As an endpoint without native calls: the form names the tools, and users' turns hold their answers."""
    form = json.dumps(body["response_format"])
    told = [m["content"] for m in body["messages"] if "answer of the tool" in str(m["content"])]
    if played.mode == "rubbish" or (played.mode == "rubbish_once" and len(played.asked) == 1):
        text = "Sure! Here is the JSON you asked for: {"
    elif '"hand_over"' in form:
        text = json.dumps(
            {
                "says": "",
                "calls": [{"tool": "hand_over", "arguments": {"agent": played.agent, "why": None}}],
            }
        )
    elif not told:
        call = {"tool": played.tool, "arguments": {**json.loads(played.arguments), "account": None}}
        text = json.dumps({"says": "", "calls": [call]})
    else:
        cite = re.findall(r"tool/[\w-]+", told[-1])[0]
        text = json.dumps({"says": played.says.format(cite=cite), "calls": []})
    for start in range(0, len(text), 7):
        yield _chunk({"content": text[start : start + 7]})


def _tool(name: str, arguments: str) -> Iterator[dict[str, Any]]:
    half = len(arguments) // 2
    head = {"index": 0, "id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": ""}}
    yield _chunk({"role": "assistant", "content": None, "tool_calls": [head]})
    for part in (arguments[:half], arguments[half:]):
        yield _chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})


def _chunk(delta: dict[str, Any], *, finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "double",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def _stream(at: BaseHTTPRequestHandler, chunks: list[str], *, ends: threading.Event | None = None) -> None:
    at.send_response(200)
    at.send_header("content-type", "text/event-stream")
    at.end_headers()
    for chunk in [*chunks, *([] if ends else ["[DONE]"])]:
        at.wfile.write(f"data: {chunk}\n\n".encode())
        at.wfile.flush()
    if ends is not None:
        ends.wait(60)
    at.close_connection = True


def _whole(
    at: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    *,
    kind: str = "application/json",
    after: str | None = None,
) -> None:
    at.send_response(status)
    if after is not None:
        at.send_header("retry-after", after)
    at.send_header("content-type", kind)
    at.send_header("content-length", str(len(body)))
    at.end_headers()
    at.wfile.write(body)
