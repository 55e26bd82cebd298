"""What surrounds every request: its size, its headers and how long it may take to arrive.

Rule 1: a body is counted as it comes; a wrong Content-Length does not help.
Rule 2: every response carries the security headers, and none says what we run on.
Rule 3: a page may load from this address and from nowhere else; an image link in a text loads nothing.
Source: OWASP Secure Headers Project (headers to add, headers to remove).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.api.problems import TooLarge, answered, problem_of

BODY_LIMIT: Final = 64 * 1024  # bytes
DOCUMENT_LIMIT: Final = 8 * 1024 * 1024
ARRIVES_WITHIN: Final = timedelta(seconds=20)

EVERYWHERE: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "same-origin",  # with none at all, a form of ours could not show where it came from
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-read=()",
}
API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# The screens' own scripts carry inline parts and compile templates; everything comes from this address.
PAGE_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
API_PATHS: Final = ("/v1/", "/internal/", "/healthz", "/readyz", "/metrics", "/openapi.json")


def is_api(path: str) -> bool:
    """Whether a path belongs to the API and not to a page."""
    return path.startswith(API_PATHS) or path == "/v1"


class SecurityHeaders:
    """Adds the headers to every response of `app`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), api=is_api(scope["path"]))
            await send(message)

        await self.app(scope, receive, with_headers)


def _add(headers: MutableHeaders, *, api: bool) -> None:
    for name, value in EVERYWHERE.items():
        headers[name] = value
    headers["Content-Security-Policy"] = API_POLICY if api else PAGE_POLICY
    if api:
        headers["Cache-Control"] = "no-store"
    if "server" in headers:
        del headers["server"]


class BodyLimit:
    """Refuses a body that is too large or arrives too slowly, before a route sees it.

    The whole body is read here, at most the limit of its path, and handed on in one piece.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"} or not _ours(scope["path"]):
            await self.app(scope, receive, send)
            return
        limit = DOCUMENT_LIMIT if scope["path"] == "/v1/documents" else BODY_LIMIT
        try:
            async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
                body = await read_body(scope, receive, limit)
        except TimeoutError:
            return  # the connection is dropped: whoever sends a byte a minute gets no document
        except TooLarge as no:
            await answered(problem_of(no, instance=scope["path"]))(scope, receive, send)
            return
        await self.app(scope, _replayed(body, receive), send)


def _ours(path: str) -> bool:
    return is_api(path) or path in {"/sign-in", "/sign-out"}


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body, counted as it comes.

    Raises:
        TooLarge: it is larger than the limit.
    """
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        part: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) + len(part) > limit:
            raise _too_large(limit)
        if not body and not more:  # as most come: in one piece
            return part
        body += part
        if not more:
            return bytes(body)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes", fix="send less in one request", field="body")


def _replayed(body: bytes, receive: Receive) -> Receive:
    pending = [body]

    async def again() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return again
