"""Routes that answer without FastAPI between them and the socket, for where orders come in by the thousand.

Rule 1: such a route is in the same OpenAPI document, reads the same tickets, answers the same problems and
    carries the same headers. Its body is read by a typed struct, and the document's schema is drawn from it.
Rule 2: a body that does not fit is refused by its field, and nothing of it is echoed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
import structlog
from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import BadInput, GatehouseError, SignInRequired
from ui.api.doors import Doors, ticket
from ui.api.edge import API_POLICY, ARRIVES_WITHIN, BODY_LIMIT, EVERYWHERE, read_body
from ui.api.problems import MEDIA_TYPE, Malformed, Problem, problem_of, stopped

T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]

ROUTE_NEEDS_A_TICKET: Final = [Depends(ticket)]
UNSAID: Final = "see the field's description in /openapi.json"
_FIXED: Final[Headers] = [
    *((name.lower().encode(), value.encode()) for name, value in EVERYWHERE.items()),
    (b"content-security-policy", API_POLICY.encode()),
    (b"cache-control", b"no-store"),
]
_JSON: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", MEDIA_TYPE.encode())
_AT: Final = re.compile(r" - at `\$\.?([A-Za-z0-9_.\[\]]{0,80})`$")
_NAMED: Final = re.compile(r"`([A-Za-z0-9_]{1,40})`")


class Called:
    """One request, as a bare route sees it."""

    __slots__ = ("body", "doors", "headers")

    def __init__(self, doors: Doors, headers: Headers, body: bytes) -> None:
        self.doors: Final = doors
        self.headers: Final = headers
        self.body: Final = body

    def header(self, name: bytes) -> str | None:
        """The header of that lower-case name; None where there is none, or more than one."""
        found = [value for key, value in self.headers if key == name]
        return found[0].decode("latin-1") if len(found) == 1 else None

    @property
    def ticket(self) -> str:
        """The caller's ticket or key, not yet looked at.

        Raises:
            SignInRequired: there is none.
        """
        said = self.header(b"authorization") or ""
        if said[:7].lower() != "bearer " or not 0 < len(said) - 7 <= 512:
            raise SignInRequired(
                "no ticket was presented", fix="send 'Authorization: Bearer <ticket or key>'"
            )
        return said[7:]


Handler = Callable[[Called], Awaitable[tuple[int, bytes]]]
"""The status and the JSON body of an answer."""


class Bare(APIRoute):
    """Documented like any route, and answered by its handler alone: FastAPI gets a stand-in to describe."""

    def __init__(self, path: str, endpoint: Handler, **described: Any) -> None:
        async def stands_in() -> None:
            raise AssertionError("a bare route answers by its handler")

        stands_in.__name__, stands_in.__doc__ = endpoint.__name__, endpoint.__doc__
        super().__init__(path, stands_in, **described)
        self._answer = endpoint

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        scope["route"] = self
        try:
            async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
                body = await read_body(scope, receive, BODY_LIMIT)
            status, said = await self._answer(Called(scope["app"].state.doors, scope["headers"], body))
            headers = [_JSON]
        except TimeoutError:
            return  # the connection is dropped: whoever sends a byte a minute gets no document
        except GatehouseError as no:
            status, said, headers = _problem(problem_of(no, instance=self.path))
        except Exception as bad:  # noqa: BLE001  the outermost place: recorded, and the caller learns no more
            structlog.get_logger("front").error(
                "unhandled", route=self.path, kind=type(bad).__name__, exc_info=bad
            )
            status, said, headers = _problem(stopped(self.path))
        headers = [*headers, (b"content-length", str(len(said)).encode()), *_FIXED]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": said})


class Shortcut:
    """Takes a bare route's request to it at once; every other goes the way of all."""

    def __init__(self, app: ASGIApp, routes: Mapping[str, Bare], counted: Callable[[str, int], None]) -> None:
        self.app = app
        self._routes = routes
        self._counted = counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope.get("path", "")) if scope["type"] == "http" else None
        if route is None or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return

        async def counting(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._counted(route.path, message["status"])
            await send(message)

        await route.handle(scope, receive, counting)


def decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The body as its struct.

    Raises:
        Malformed: it is no JSON.
        BadInput: a field does not fit; names it.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as bad:
        raise _unfit(str(bad)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("the body is no JSON", fix="send one JSON object in UTF-8", field="body") from None


def documented(struct: type, answer: type, *, status: int, by_ticket: bool = True) -> dict[str, Any]:
    """What FastAPI is told of a bare route: its body and its answer, from their structs."""
    schemas, components = msgspec.json.schema_components((struct, answer), ref_template="#/$defs/{name}")
    body, said = ({**schema, "$defs": components} for schema in schemas)
    return {
        "status_code": status,
        "response_model": None,
        "dependencies": ROUTE_NEEDS_A_TICKET if by_ticket else [],
        "responses": {
            status: {"description": "The answer", "content": {"application/json": {"schema": said}}}
        },
        "openapi_extra": {
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}}
        },
    }


def _problem(problem: Problem) -> tuple[int, bytes, Headers]:
    said = msgspec.json.encode(problem.model_dump(mode="json", exclude_none=True))
    headers = [_PROBLEM]
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    return problem.status, said, headers


def _unfit(said: str) -> BadInput:
    """In our words, by the validator's kind of complaint: what was sent is not repeated."""
    at, named = _AT.search(said), _NAMED.search(said)
    where = (at[1] if at else "") or "body"
    name = named[1] if named else ""
    if said.startswith("Object contains unknown field"):
        return BadInput(
            f"a field is not known: {name or 'one that is no name'}", fix="remove it", field=name or where
        )
    if said.startswith("Object missing required field"):
        field = name if where == "body" else f"{where}.{name}"
        return BadInput(f"{field} is missing", fix="add it", field=field)
    if said.startswith("Invalid enum value"):
        return BadInput(f"{where} is none of its words", fix="use one of those in /openapi.json", field=where)
    if said.startswith("Expected `str` matching regex"):
        return BadInput(f"{where} is not of its form", fix=UNSAID, field=where)
    kind = re.match(r"Expected `[a-z| ]+`(?:, got `[a-z]+`)?", said)
    return BadInput(
        f"{where}: {kind[0].lower().replace('`', '') if kind else 'it does not fit'}", fix=UNSAID, field=where
    )
