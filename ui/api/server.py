"""One process, one port: the API and the screens.

Rule 1: the API's paths never reach the screens, and a page is shown only to a browser that signed in.
Rule 2: this process holds the logins for messages and for decisions, and the key store; no model, no venue.
Rule 3: what is slow to load is loaded before the port opens.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.clock import WallClock
from core.database.pools import async_pool
from core.gate.approval import Approval
from core.halts.beside import Beside
from core.halts.door import Halting
from core.intake import Intake
from core.ledger.journal import Journal
from core.people.keystore import KeyStore
from core.settings import FrontSettings
from ui.api.doors import Doors
from ui.api.edge import SecurityHeaders, is_api
from ui.api.feed import Feeds
from ui.api.front import create_app
from ui.api.relay import CopilotLine, Turns
from ui.api.sign_in import COOKIE
from ui.api.tries import Tries

SELDOM: Final = (20_000, 20, 20)  # an order makes a thousand objects and no circle: look at them rarely
NOT_STARTED: Final = 3  # as uvicorn's own command ends
SCREENS: Final = Path(__file__).parents[1] / "screens" / "app.py"

# Streamlit's own defaults send usage statistics and offer to deploy to its makers' cloud.
STREAMLIT: Final[Mapping[str, Any]] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showSidebarNavigation": True,
    "global.developmentMode": False,
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.enableStaticServing": False,
    "server.maxUploadSize": 1,
    "server.maxMessageSize": 20,
    "server.disconnectedSessionTTL": 30,
    "server.xsrfCookieSameSite": "strict",
    "runner.magicEnabled": False,
    "logger.level": "warning",
    "theme.base": "light",
    "theme.primaryColor": "#173b63",
    "theme.backgroundColor": "#ffffff",
    "theme.secondaryBackgroundColor": "#f3f5f8",
    "theme.textColor": "#16202e",
    "theme.linkColor": "#1f5a9c",
    "theme.borderColor": "#d9dfe7",
    "theme.baseRadius": "0.4rem",
    "theme.baseFontSize": 14,
    "theme.showWidgetBorder": True,
    "theme.headingFontSizes": ["1.5rem", "1.2rem", "1.05rem", "1rem", "0.95rem", "0.9rem"],
}


@asynccontextmanager
async def opened(settings: FrontSettings) -> AsyncIterator[Doors]:
    """The doors of this process, with their pools; closed again at the end.

    Raises:
        WorldFailed: the database does not answer.
    """
    clock = WallClock()
    async with AsyncExitStack() as stack:
        pools = [
            await stack.enter_async_context(async_pool(dsn.reveal(), name=name, most=most))
            for dsn, name, most in ((settings.intake, "intake", 6), (settings.approver, "approver", 3))
        ]
        journals = [await stack.enter_async_context(Journal(pool, clock)) for pool in pools]
        keys = KeyStore(settings.keystore)
        copilot = CopilotLine(settings.copilot_url, settings.loopback)
        stack.push_async_callback(copilot.close)
        turns = Turns()
        stack.push_async_callback(turns.stop)
        yield Doors(
            intake=Intake(pools[0], journals[0], keys, clock),
            approval=Approval(pools[1], journals[1], keys, clock),
            halting=Halting(
                pools[1],
                journals[1],
                keys,
                clock,
                Beside(settings.halts, bytes.fromhex(settings.halt_key.reveal()), clock),
            ),
            copilot=copilot,
            turns=turns,
            tries=Tries(clock),
            clock=clock,
            loopback=settings.loopback,
        )


class Front:
    """Sends each request to the API or to the screens; a page without a session goes to the sign-in."""

    def __init__(self, api: FastAPI, screens: ASGIApp) -> None:
        self.api = api
        self.screens = screens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and (is_api(path) or path in {"/sign-in", "/sign-out"}):
            await self.api(scope, receive, send)
        elif scope["type"] == "http" and _is_a_page(scope) and not _has_ticket(scope):
            await RedirectResponse("/sign-in", status_code=303)(scope, receive, send)
        else:
            await self.screens(scope, receive, send)


def _is_a_page(scope: Scope) -> bool:
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")


def _has_ticket(scope: Scope) -> bool:
    try:
        return COOKIE in SimpleCookie(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return False


class Server(uvicorn.Server):
    """Told to stop, it ends the live feeds first: what is under way is waited for, and a feed has no end."""

    def __init__(self, config: uvicorn.Config, feeds: Feeds) -> None:
        super().__init__(config)
        self._feeds = feeds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._feeds.stop()
        super().handle_exit(sig, frame)


def with_screens(settings: FrontSettings) -> Front:
    """API and screens. Takes a second: it loads the screens' framework."""
    import streamlit
    from streamlit import config

    for name, chosen in STREAMLIT.items():
        config.set_option(name, chosen)
    api = create_app()

    @asynccontextmanager
    async def lifespan(_: streamlit.App) -> AsyncIterator[None]:
        async with opened(settings) as doors:
            api.state.doors = doors
            yield

    screens = streamlit.App(
        SCREENS, lifespan=lifespan, secrets={"api": f"http://{_reachable(settings.host)}:{settings.port}"}
    )
    return Front(api, SecurityHeaders(screens))


def without_screens(settings: FrontSettings) -> FastAPI:
    """The API alone."""
    api = create_app()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with opened(settings) as doors:
            api.state.doors = doors
            yield

    api.router.lifespan_context = lifespan
    return api


def _reachable(host: str) -> str:
    """Where our own screens find the API: an address that means "all" is not one to call."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104  compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def serve(settings: FrontSettings, *, screens: bool) -> None:
    """Serve in the foreground until the process is told to stop."""
    gc.set_threshold(*SELDOM)
    app = with_screens(settings) if screens else without_screens(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=32_768,
        ws_max_size=4 * 1024 * 1024,
        lifespan="on",
    )
    api = app.api if isinstance(app, Front) else app
    server = Server(config, api.state.feeds)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(NOT_STARTED)
