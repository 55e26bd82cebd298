"""An endpoint as real ones are: it streams, calls tools, keeps to schemas, counts, refuses what is too long.

By `defects` it has the faults that we have met, one by one, so that each item of the conformance test is seen
to fail for that fault and for no other.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CONTEXT = 400_000  # characters


@dataclass
class Real:
    defects: frozenset[str] = frozenset()
    keys: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def has(self, defect: str) -> bool:
        return defect in self.defects


@contextmanager
def real(*defects: str) -> Iterator[str]:
    """Its base URL."""
    played = Real(frozenset(defects))
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if played.has("goes_on_alone"):
                with one_at_a_time:
                    answer(self, played, body)
            else:
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


def answer(at: BaseHTTPRequestHandler, played: Real, body: dict[str, Any]) -> None:
    text = str(body["messages"][0]["content"])
    if played.has("silent"):
        played.over.wait(60)
        at.close_connection = True
        return
    if body["model"] != "real" and not played.has("any_model"):
        _problem(at, 404, "no such model sk-echoed-key")
        return
    if len(text) > CONTEXT and not played.has("cuts"):
        _problem(at, 500 if played.has("breaks") else 400, "context length exceeded")
        return
    message = _message(played, body, text[-CONTEXT:])
    if body.get("stream"):
        _streamed(at, played, body, str(message["content"]))
    else:
        told = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
        _whole(
            at,
            200,
            {"id": "c", "object": "chat.completion", "created": 1, "model": "real"} | {"choices": [told]},
        )


def _message(played: Real, body: dict[str, Any], text: str) -> dict[str, Any]:
    if body["messages"][-1]["role"] == "tool":
        told = "I do not know." if played.has("deaf") else f"It is {body['messages'][-1]['content']}."
        return {"content": told}
    if "response_format" in body:
        return {"content": _constrained(played)}
    if "tools" in body:
        return _calls(played, text)
    if text.startswith("Repeat"):
        said = text.partition(": ")[2]
        return {"content": said.encode("ascii", "replace").decode() if played.has("ascii") else said}
    if text.startswith("Count"):
        return {"content": " ".join(str(number) for number in range(1, 21))}
    return {"content": "" if played.has("mute") else "ready"}


def _constrained(played: Real) -> str:
    if played.has("free_json"):
        return 'Here it is: {"household": "Okafor"}'
    arguments = {"household": "Okafor", "kind": "settled", "days": 3}
    return json.dumps({"says": "", "calls": [{"tool": "cash_of", "arguments": arguments}]})


def _calls(played: Real, text: str) -> dict[str, Any]:
    if played.has("no_tools"):
        return {"content": 'cash_of({"household": "Okafor"})'}
    names = ["Okafor", "Nguyen"] if "Nguyen" in text and not played.has("one_call") else ["Okafor"]
    return {"content": None, "tool_calls": [_call(played, place, name) for place, name in enumerate(names)]}


def _call(played: Real, place: int, name: str) -> dict[str, Any]:
    days: Any = "three" if played.has("loose") else 3
    arguments = json.dumps({"household": name, "kind": "settled", "days": days})
    if played.has("broken_arguments"):
        arguments = arguments[:-2]
    called = "cash_of" if not played.has("other_tool") else "transfer_cash"
    return {
        "id": "call_0" if played.has("same_ids") else f"call_{place}",
        "type": "function",
        "function": {"name": called, "arguments": arguments},
    }


def _streamed(at: BaseHTTPRequestHandler, played: Real, body: dict[str, Any], text: str) -> None:
    at.send_response(200)
    at.send_header("content-type", "text/event-stream")
    at.end_headers()
    pieces = [text] if played.has("at_once") else [word + " " for word in text.split(" ")]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "real"}
    chunks: list[dict[str, Any]] = [
        {**head, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
        for piece in pieces
    ]
    if not played.has("no_end"):
        chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if body.get("stream_options", {}).get("include_usage") and not played.has("no_usage"):
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        chunks.append({**head, "choices": [], "usage": usage})
    with suppress(OSError):  # whoever asked has left
        for chunk in chunks:
            at.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            at.wfile.flush()
    if played.has("goes_on_alone") and "500" in str(body["messages"][0]["content"]):
        played.over.wait(60)  # as one that writes to its end for nobody
    with suppress(OSError):
        at.wfile.write(b"data: [DONE]\n\n")
    at.close_connection = True


def _problem(at: BaseHTTPRequestHandler, status: int, says: str) -> None:
    _whole(at, status, {"error": {"message": says}})


def _whole(at: BaseHTTPRequestHandler, status: int, told: dict[str, Any]) -> None:
    body = json.dumps(told).encode()
    at.send_response(status)
    at.send_header("content-type", "application/json")
    at.send_header("content-length", str(len(body)))
    at.end_headers()
    at.wfile.write(body)
