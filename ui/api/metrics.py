"""Figures for whoever watches the processes: requests by route and status, the record, the open proposals.

Rule 1: a route is its pattern, never the path that was asked: no id becomes a label.
Rule 2: only this machine is answered; anybody else finds no such path.
Source: the Prometheus text exposition format.
"""

from __future__ import annotations

from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import NotFound
from ui.api.doors import At
from ui.api.internal import is_loopback

router = APIRouter(tags=["health"], include_in_schema=False)

NO_ROUTE: Final = "none"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
OTHER: Final = "other"
UNDECIDED: Final = ("DRAFTED", "ASSESSED", "SUBMITTED", "APPROVED")


class Meters:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "gatehouse_requests",
            "Requests answered, by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.head = Gauge("gatehouse_journal_head", "The record's last entry.", registry=self.registry)
        self.as_of = Gauge(
            "gatehouse_journal_as_of",
            "The last entry that what is shown has followed.",
            registry=self.registry,
        )
        self.undecided = Gauge(
            "gatehouse_proposals_open", "Trade proposals that are open.", ("status",), registry=self.registry
        )

    def posted(self, route: str, status: int) -> None:
        """One POST that a bare route answered."""
        self.requests.labels("POST", route, str(status)).inc()


class Metered:
    """Counts what `app` answers."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self.app = app
        self.meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", NO_ROUTE)
                method = scope["method"] if scope["method"] in METHODS else OTHER
                self.meters.requests.labels(method, route, str(message["status"])).inc()
            await send(message)

        await self.app(scope, receive, counted)


def on_this_machine(request: Request) -> None:
    """Lets this machine in.

    Raises:
        NotFound: it asks from elsewhere.
    """
    if request.client is None or not is_loopback(request.client.host):
        raise NotFound("there is nothing here", fix="check the path in /openapi.json")


def meters_of(request: Request) -> Meters:
    """The meters of the process that serves this request."""
    return cast(Meters, request.app.state.meters)


@router.get("/metrics", dependencies=[Depends(on_this_machine)])
async def metrics(at: At, meters: Annotated[Meters, Depends(meters_of)]) -> Response:
    now = await at.intake.standing()
    meters.head.set(now.head_seq)
    meters.as_of.set(now.as_of_seq)
    for status in UNDECIDED:
        meters.undecided.labels(status).set(now.undecided.get(status, 0))
    return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)
