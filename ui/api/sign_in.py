"""The sign-in page, and the cookie by which the screens know a browser again after a reload.

Rule 1: the cookie is HttpOnly and SameSite=Strict; the screens read it, the API does not.
Rule 2: a form that comes from another origin is refused.
Rule 3: the page loads nothing: no script, no font, no picture from anywhere.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from core.errors import GatehouseError, NotPermitted, SignInRequired
from ui.api.doors import At
from ui.api.problems import TooManyTries
from ui.api.session import address_of, signed_in

router = APIRouter(include_in_schema=False)

COOKIE: Final = "gatehouse_ticket"

PAGE: Final = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))


def page(*, says: str = "", login: str = "") -> str:
    """The page; `says` is why the last try did not work."""
    notice = f'<p class="no" role="alert">{escape(says)}</p>' if says else ""
    return PAGE.substitute(
        notice=notice,
        login=escape(login, quote=True),
        focus_login="" if login else " autofocus",
        focus_password=" autofocus" if login else "",
    )


@router.get("/sign-in")
async def show() -> HTMLResponse:
    return HTMLResponse(page(), headers={"Cache-Control": "no-store"})


@router.post("/sign-in")
async def sign_in(
    request: Request,
    at: At,
    login: Annotated[str, Form(max_length=80)],
    password: Annotated[str, Form(max_length=200)],
) -> Response:
    """Signs in and goes to the first screen, or shows the page again with the reason."""
    _from_our_page(request)
    try:
        session = await signed_in(at, address_of(request), login.strip(), password)
    except (SignInRequired, TooManyTries) as no:
        return HTMLResponse(page(says=_in_words(no), login=login.strip()), _status(no))
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(
        COOKIE,
        session.ticket,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, at: At) -> Response:
    """Ends the session here and at the database."""
    _from_our_page(request)
    ticket = request.cookies.get(COOKIE, "")
    if ticket:
        await at.intake.sign_out(ticket)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def _from_our_page(request: Request) -> None:
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "")
    ours = site == "same-origin" if site else urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise NotPermitted("this form was sent from another page", fix="open /sign-in here and try again")


def _in_words(no: GatehouseError) -> str:
    if isinstance(no, SignInRequired):
        return "User name or password is not right."
    return f"{no.says[:1].upper()}{no.says[1:]}. {no.fix[:1].upper()}{no.fix[1:]}."


def _status(no: GatehouseError) -> int:
    return 401 if isinstance(no, SignInRequired) else 429
