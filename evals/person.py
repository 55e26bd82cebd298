"""A person at the API: her own session, over HTTP, as a browser or a terminal would have it.

Rule 1: nothing of the product is imported here: what a person can do is what the API lets her.
Rule 2: a no is an answer (`No`), not an accident; only a front that does not answer raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx

from core.errors import WorldFailed
from core.plain_http import trusted_for

ANSWERS_WITHIN: Final = 30.0  # seconds
SPEAKS_WITHIN: Final = 120.0


@dataclass(frozen=True, slots=True)
class No:
    """A problem document."""

    status: int
    code: str
    says: str


@dataclass(slots=True)
class Turn:
    """What came of one message to the copilot."""

    steps: list[str] = field(default_factory=list)
    parked: str | None = None
    text: str = ""
    cited: tuple[str, ...] = ()
    model: str = ""
    error: str | None = None


class Person:
    """Signed in when made."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self.login = login
        self._http = httpx.Client(
            base_url=url, trust_env=False, verify=trusted_for(url), timeout=ANSWERS_WITHIN
        )
        session = self.post("/v1/sessions", {"login": login, "password": password})
        self._http.headers["Authorization"] = f"Bearer {session['ticket']}"

    @property
    def ticket(self) -> str:
        """Her session's secret."""
        return str(self._http.headers["Authorization"].removeprefix("Bearer "))

    def get(self, path: str, **asked: str) -> Any:
        """Raises WorldFailed on a no: what is read here, this person may read."""
        return _sure(self._send("GET", path, params=asked))

    def post(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> Any:
        """As `get`, for what must work."""
        return _sure(self.tries(path, body, key=key))

    def tries(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> Any:
        """The answer, or `No`."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._send("POST", path, json=dict(body), headers=headers)

    def decides(self, step: str, proposal: Mapping[str, Any], **more: Any) -> Any:
        """`step` is submit, consent, approve, decline: of the digest that is seen. The answer, or `No`."""
        body = {"digest": proposal["digest"], **more}
        return self.tries(f"/v1/proposals/{proposal['proposal']}/{step}", body)

    def thread(self, household: str | None = None) -> str:
        return str(self.post("/v1/threads", {"household": household})["thread"])

    def asks(self, thread: str, text: str) -> Turn:
        """One message, followed to the end of the stream."""
        turn = Turn()
        for name, data in self._events(thread, text):
            match name:
                case "step":
                    turn.steps.append(f"{data.get('agent', '')}: {data['says']}")
                case "parked":
                    turn.parked = str(data["proposal"])
                case "answer":
                    turn.text, turn.model = str(data["text"]), str(data.get("model", ""))
                    turn.cited = tuple(str(one["source"]) for one in data.get("cited", ()))
                case "error":
                    turn.error = str(data["says"])
        return turn

    def signs_out(self) -> None:
        """The session ends; so does every ticket that was made from it."""
        self._send("DELETE", "/v1/sessions")

    def close(self) -> None:
        self._http.close()

    def _events(self, thread: str, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        path, headers = f"/v1/threads/{thread}/messages", {"Idempotency-Key": uuid4().hex}
        wait = httpx.Timeout(SPEAKS_WITHIN)
        try:
            with self._http.stream(
                "POST", path, json={"text": text}, headers=headers, timeout=wait
            ) as answer:
                if answer.status_code != httpx.codes.OK:
                    answer.read()
                    _sure(_read(answer))
                name = ""
                for line in answer.iter_lines():
                    if line.startswith("event:"):
                        name = line.removeprefix("event:").strip()
                    elif line.startswith("data:"):
                        yield name, json.loads(line.removeprefix("data:"))
        except httpx.HTTPError as bad:
            raise _silent(bad) from bad

    def _send(self, method: str, path: str, **rest: Any) -> Any:
        try:
            return _read(self._http.request(method, path, **rest))
        except httpx.HTTPError as bad:
            raise _silent(bad) from bad


def _read(answer: httpx.Response) -> Any:
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        problem = answer.json()
        return No(answer.status_code, str(problem.get("code")), str(problem.get("detail")))
    return answer.json() if answer.content else None


def _sure(answer: Any) -> Any:
    if isinstance(answer, No):
        raise WorldFailed(f"the front said no ({answer.code}): {answer.says}", fix="see the front's log")
    return answer


def _silent(bad: httpx.HTTPError) -> WorldFailed:
    return WorldFailed(f"the front did not answer ({type(bad).__name__})", fix="see the front's log")
