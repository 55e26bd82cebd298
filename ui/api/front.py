"""The API, whole: every route, under `/v1`, OpenAPI 3.1 at /openapi.json, problems as RFC 9457.

Rule 1: a route parses, asks one door, and names the fields of the answer. It decides nothing.
Rule 2: what a browser's page could do without a ticket, it cannot do here: no route reads a cookie.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

from ui.api import (
    as_of,
    audit,
    batches,
    blocks,
    corrections,
    day,
    decisions,
    deputies,
    emails,
    execution_quality,
    forgetting,
    governance,
    halts,
    health,
    households,
    internal,
    library,
    limits,
    metrics,
    orders,
    people,
    placing,
    preferences,
    problems,
    programs,
    proposals,
    reconciliation,
    routing,
    session,
    sign_in,
    signals,
    standing,
    steps,
    threads,
    venues,
    watch,
    worklist,
)
from ui.api.bare import Shortcut
from ui.api.edge import BodyLimit, SecurityHeaders
from ui.api.feed import Feeds

ROUTERS: Final = (
    session.router,
    threads.router,
    worklist.router,
    preferences.router,
    emails.router,
    governance.router,
    households.router,
    proposals.router,
    decisions.router,
    people.router,
    day.router,
    forgetting.router,
    halts.router,
    limits.router,
    reconciliation.router,
    routing.router,
    watch.router,
    standing.router,
    deputies.router,
    batches.router,
    blocks.router,
    corrections.router,
    audit.router,
    as_of.router,
    placing.router,
    signals.router,
    orders.router,
    execution_quality.router,
    programs.router,
    venues.router,
    steps.router,
    library.router,
    health.router,
    internal.router,
    sign_in.router,
)

SAYS: Final = (
    "Amounts are strings. Times are UTC. Unknown fields are refused. A POST that creates something takes an "
    "Idempotency-Key; a decision carries the fingerprint that was seen. Problems are RFC 9457 documents with "
    "`code`, `fix` and the `field` in question."
)


def create_app() -> FastAPI:
    """The application. Set `state.doors` before the first request."""
    app = FastAPI(
        title="Gatehouse",
        version="1",
        description=SAYS,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=_problem_responses(),
    )
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(metrics.router)
    app.state.meters = metrics.Meters()
    app.state.feeds = Feeds()
    app.add_middleware(BodyLimit)
    app.add_middleware(metrics.Metered, meters=app.state.meters)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(
        Shortcut, routes=placing.SHORTCUTS | signals.SHORTCUTS, counted=app.state.meters.posted
    )
    return app


def _problem_responses() -> dict[int | str, dict[str, Any]]:
    """What every operation may answer instead."""
    schema = {problems.MEDIA_TYPE: {"schema": problems.Problem.model_json_schema()}}
    return {"4XX": {"description": "A problem document", "content": schema}}
