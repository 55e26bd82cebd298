"""Who is at this browser, and the client that acts for them.

Rule 1: the ticket is the person's own; it lives in this browser session and its HttpOnly cookie.
Rule 2: a page that meets a problem says it in one line with its fix; an ended session leads to the sign-in.
Rule 3: a write has a key that was made when its form was first shown: a second click is the same write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast
from uuid import uuid4

import streamlit as st

from ui.screens.client import Client, Problem, Unreachable
from ui.screens.figures import account_name
from ui.screens.look import STYLE

COOKIE: Final = "gatehouse_ticket"
Json = Any


def client() -> Client:
    """The client of whoever signed in; the page stops at the sign-in where nobody did."""
    state = st.session_state
    if "client" not in state:
        ticket = state.get("ticket") or st.context.cookies.get(COOKIE)
        if not ticket:
            sign_in_again()
        state["client"] = Client(str(st.secrets["api"]), ticket)
    return cast(Client, state["client"])


def me() -> Mapping[str, Json]:
    """Who signed in."""
    if "me" not in st.session_state:
        with problems_shown():
            st.session_state["me"] = client().me()
    return cast(Mapping[str, Json], st.session_state["me"])


def sign_in_again() -> None:
    """Says that there is no session, with the way in, and ends the page."""
    for name in ("client", "me"):
        st.session_state.pop(name, None)
    st.html(f'{STYLE}<p>Your session has ended. <a href="/sign-in" target="_self">Sign in</a></p>')
    st.stop()


@contextmanager
def problems_shown(*, stop: bool = True) -> Iterator[None]:
    """Shows what the API said no to. `stop` ends the page there, as a read that failed must."""
    try:
        yield
    except Problem as no:
        if no.status == 401:
            sign_in_again()
        st.error(sentence(no), icon=":material/block:")
        if stop:
            st.stop()
    except Unreachable as no:
        st.warning(str(no).capitalize() + ".", icon=":material/warning:")
        if stop:
            st.stop()


def sentence(no: Problem) -> str:
    """What and how to mend it, as two sentences."""
    parts = [part[:1].upper() + part[1:] for part in (no.says, no.fix) if part]
    return ". ".join(parts) + "."


def key_for(what: str) -> str:
    """The idempotency key of one write, the same until `done_with(what)`."""
    return cast(str, st.session_state.setdefault(f"key/{what}", uuid4().hex))


def done_with(what: str) -> None:
    """The next write of this kind is another one."""
    st.session_state.pop(f"key/{what}", None)


def tell_after_rerun(text: str) -> None:
    """A short message that survives the rerun after a write."""
    st.session_state["told"] = text


def tell() -> None:
    """Show the message that a write left."""
    if text := st.session_state.pop("told", None):
        st.toast(text, icon=":material/check_circle:")


def account_names(household: str) -> Mapping[str, str]:
    """What its accounts are called, by id, as `Joint acc-1001`."""
    with problems_shown():
        rows = client().household(household)["accounts"]
    return {row["account"]: account_name(row) for row in rows}


def household_names() -> Mapping[str, str]:
    """Clear name by household, read once a run."""
    with problems_shown():
        rows = client().households()
    return {row["household"]: row["name"] for row in rows}
