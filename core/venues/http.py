"""A venue over HTTP: a client of the interface that `core/venues/simulated/http.py` describes.

Rule 1: what fails before the request could leave is `WorldFailed`; every other failure is no answer.
Rule 2: a question is bounded as a whole: a venue that sends a byte a second does not hold us.
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote as quoted

import httpx

from core.ids import VenueName
from core.plain_http import trusted_for
from core.venues.asking import Ask, AskingVenue, NoAnswer, Told

NOTHING_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_CONNECTIONS: Final = httpx.Limits(max_connections=64, max_keepalive_connections=32)


class HttpVenue(AskingVenue):
    def __init__(self, name: VenueName, url: str, *, key: str) -> None:
        super().__init__(name)
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"authorization": f"Bearer {key}"},
            limits=_CONNECTIONS,
            trust_env=False,
            verify=trusted_for(url),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def carried(self, ask: Ask, *, timeout: timedelta) -> Told:
        seconds = timeout.total_seconds()
        verb, path = _where(ask)
        params, body = dict(ask.of) or None, ask.body
        if verb == "POST" and body is None:
            params, body = None, json.dumps(dict(ask.of)).encode()
        request = self._client.build_request(
            verb, path, params=params, content=body, timeout=httpx.Timeout(seconds)
        )
        if body is not None:
            request.headers["content-type"] = "application/json"
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.send(request)
        except NOTHING_LEFT as bad:
            raise self.away(str(bad) or type(bad).__name__) from bad
        except (httpx.HTTPError, TimeoutError) as bad:
            raise NoAnswer(str(bad) or type(bad).__name__) from bad
        return Told(response.status_code, _read(response.content))


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _where(ask: Ask) -> tuple[str, str]:
    order = quoted(ask.order or "", safe="")
    match ask.word:
        case "send":
            return "POST", "/orders"
        case "replace":
            return "PUT", "/orders"
        case "cancel":
            return "DELETE", f"/orders/{order}"
        case "lookup":
            return "GET", f"/orders/{order}"
        case "lookups" | "simulation":
            return "POST", f"/{ask.word}"
        case "newest":
            return "GET", "/reports/newest"
        case word:
            return "GET", f"/{word}"
