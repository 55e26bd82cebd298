"""A venue over HTTP: the port as a client of the interface that `core/venues/simulated/http.py` describes.

Rule 1: nothing left the house -> `WorldFailed`. Something may have -> `Unknown`. Never the other way round.
Rule 2: an answer that cannot be read is doubt for a send or a cancel, and `WorldFailed` for a read.
Rule 3: only the venue's own words accept, reject, or say that an id is not known.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote as quoted

import httpx

from core.errors import BadInput, IntegrityLost, WorldFailed
from core.ids import OrderId, Symbol, VenueName
from core.orders.released import ReleasedOrder
from core.venues import reading
from core.venues.venue import (
    Cancelled,
    Cancelling,
    Capabilities,
    Health,
    Looking,
    NotKnown,
    Page,
    Quote,
    Sending,
    TooLate,
    Unknown,
)

NOTHING_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
REFUSED_UNREAD: Final = frozenset({401, 403, 413, 429})
"""Statuses with which the venue says that it did not look at the order."""
_UNREADABLE: Final = (ValueError, TypeError, KeyError, BadInput, RecursionError, ArithmeticError)
_CONNECTIONS: Final = httpx.Limits(max_connections=64, max_keepalive_connections=32)
Read = TypeVar("Read")


class HttpVenue:
    """Use it as an async context manager, or call `close`."""

    def __init__(self, name: VenueName, url: str, *, key: str) -> None:
        self._name = name
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"authorization": f"Bearer {key}"},
            limits=_CONNECTIONS,
            trust_env=False,
        )

    async def __aenter__(self) -> HttpVenue:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    @property
    def name(self) -> VenueName:
        return self._name

    async def send(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Sending:
        begun = _now()
        answer = await self._told("POST", "/orders", timeout=timeout, body=body)
        if answer is None:
            return Unknown(waited=_since(begun))
        if answer.get("answer") == "id_taken":
            raise IntegrityLost(
                f"{self._name} holds another body under {order.id!r}",
                fix="look the order up at the venue before anything else is sent",
            )
        try:
            return reading.sending(answer)
        except _UNREADABLE:
            return Unknown(waited=_since(begun))

    async def lookup(self, order: OrderId, *, timeout: timedelta) -> Looking:
        return await self._read(f"/orders/{quoted(order, safe='')}", {}, reading.looking, timeout=timeout)

    async def cancel(self, order: OrderId, *, timeout: timedelta) -> Cancelling:
        begun = _now()
        answer = await self._told("DELETE", f"/orders/{quoted(order, safe='')}", timeout=timeout)
        words: Mapping[Any, Cancelling] = {
            "cancelled": Cancelled(),
            "too_late": TooLate(),
            "not_known": NotKnown(),
        }
        if answer is None or answer.get("answer") not in words:
            return Unknown(waited=_since(begun))
        return words[answer["answer"]]

    async def reports(self, after: str, *, wait: timedelta, timeout: timedelta) -> Page:
        asked = {"after": after, "wait_ms": str(wait // timedelta(milliseconds=1))}
        return await self._read("/reports", asked, reading.page, timeout=timeout + wait)

    async def newest(self, *, timeout: timedelta) -> str:
        return await self._read("/reports/newest", {}, reading.cursor, timeout=timeout)

    async def quotes(self, symbols: Sequence[Symbol], *, timeout: timedelta) -> Mapping[Symbol, Quote]:
        asked = frozenset(symbols)  # a venue has no say in what else is worth

        def read(answer: Mapping[str, Any]) -> Mapping[Symbol, Quote]:
            found = reading.quotes(self._name, answer)
            return {symbol: quote for symbol, quote in found.items() if symbol in asked}

        return await self._read("/quotes", {"symbols": ",".join(symbols)}, read, timeout=timeout)

    async def capabilities(self, *, timeout: timedelta) -> Capabilities:
        return await self._read("/capabilities", {}, reading.capabilities, timeout=timeout)

    async def health(self, *, timeout: timedelta) -> Health:
        return await self._read("/health", {}, reading.health, timeout=timeout)

    async def _told(
        self, verb: str, path: str, *, timeout: timedelta, body: bytes | None = None
    ) -> Mapping[str, Any] | None:
        """What this venue said to an order message; None is doubt."""
        try:
            response = await self._asked(verb, path, timeout=timeout, body=body)
        except NOTHING_LEFT as bad:
            raise self._away(str(bad)) from bad
        except (httpx.HTTPError, TimeoutError):
            return None
        answer = _object(response)
        if answer is None or not self._is_ours(answer):
            return None
        if response.status_code in REFUSED_UNREAD:
            raise self._away(f"it answered {response.status_code}")
        return answer

    async def _read(
        self,
        path: str,
        asked: Mapping[str, str],
        read: Callable[[Mapping[str, Any]], Read],
        *,
        timeout: timedelta,
    ) -> Read:
        try:
            response = await self._asked("GET", path, timeout=timeout, asked=asked)
        except (httpx.HTTPError, TimeoutError) as bad:
            raise self._away(str(bad) or type(bad).__name__) from bad
        answer = _object(response)
        if answer is None or not self._is_ours(answer):
            raise self._away(f"its answer to {path!r} cannot be read (status {response.status_code})")
        try:
            return read(answer)
        except _UNREADABLE as bad:
            raise self._away(f"its answer to {path!r} cannot be read") from bad

    async def _asked(
        self,
        verb: str,
        path: str,
        *,
        timeout: timedelta,
        asked: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> httpx.Response:
        """Bounded as a whole: a venue that sends a byte a second does not hold us."""
        seconds = timeout.total_seconds()
        request = self._client.build_request(
            verb, path, params=asked, content=body, timeout=httpx.Timeout(seconds)
        )
        if body is not None:
            request.headers["content-type"] = "application/json"
        async with asyncio.timeout(seconds):
            return await self._client.send(request)

    def _is_ours(self, answer: Mapping[str, Any]) -> bool:
        """Another venue on this address must not speak for this one."""
        return answer.get("venue") == self._name

    def _away(self, why: str) -> WorldFailed:
        return WorldFailed(f"venue {self._name} cannot be asked: {why}", fix="try again later")


def _object(response: httpx.Response) -> Mapping[str, Any] | None:
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())


def _since(begun: timedelta) -> timedelta:
    return _now() - begun
