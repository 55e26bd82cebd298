"""An OpenAI-compatible endpoint on the loopback: a real HTTP server that streams chunks and tool calls.

It plays a weak but honest model: hands over, asks one tool, then speaks and cites. By `mode` it plays every
way of going wrong that we have met.
"""

from __future__ import annotations

import json
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
        server.shutdown()
        server.server_close()
        thread.join()


def answer(at: BaseHTTPRequestHandler, played: Played, body: dict[str, Any]) -> None:
    match played.mode:
        case "refuses":
            _whole(at, 500, b'{"error": {"message": "secret stack frame /srv/app.py"}}')
        case "unauthorized":
            _whole(at, 401, b'{"error": {"message": "Incorrect API key provided: sk-secret"}}')
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
    if "hand_over" in offered:
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


def _stream(at: BaseHTTPRequestHandler, chunks: list[str]) -> None:
    at.send_response(200)
    at.send_header("content-type", "text/event-stream")
    at.end_headers()
    for chunk in [*chunks, "[DONE]"]:
        at.wfile.write(f"data: {chunk}\n\n".encode())
        at.wfile.flush()
    at.close_connection = True


def _whole(at: BaseHTTPRequestHandler, status: int, body: bytes, *, kind: str = "application/json") -> None:
    at.send_response(status)
    at.send_header("content-type", kind)
    at.send_header("content-length", str(len(body)))
    at.end_headers()
    at.wfile.write(body)
