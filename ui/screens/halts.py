"""Trading stopped: the banner on every page, stopping from the sidebar, resuming, and alerts that wait.

Rule 1: the banner says for what, since when, by whom and why. It redraws itself: nobody has to click to see
    it.
Rule 2: a button is shown to whoever may press it; whether she may is the API's answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.session import client, done_with, key_for, me, problems_shown, tell_after_rerun

Json = Mapping[str, Any]

SUPERVISE: Final = ("principal", "compliance", "operations")
LOOKS_EVERY: Final = 5  # seconds
KINDS: Final = {
    "Everything": "all",
    "A venue": "venue",
    "A symbol": "symbol",
    "A household": "household",
    "An account": "account",
    "An advisor": "advisor",
    "An agent of the copilot": "agent",
    "A tool of the copilot": "tool",
    "A strategy": "strategy",
}
EXAMPLES: Final = {
    "venue": "ARCADIA",
    "symbol": "AAPL",
    "household": "hh-101",
    "account": "acc-1001",
    "advisor": "adv-1",
    "agent": "proposal",
    "tool": "propose_order",
    "strategy": "its name",
}


def words(halts: Sequence[Json]) -> str:
    """The banner's own HTML; empty where nothing is stopped."""
    told = ""
    for one in halts:
        named = f.esc(one["says"][:1].upper() + one["says"][1:])
        why = f": {f.esc(one['reason'])}" if one["reason"] else ""
        told += f"<div><b>{named}</b> since {f.moment(one['since'])}, {f.esc(f.stopped_by(one))}{why}</div>"
    if not told:
        return ""
    return (
        f'<div class="stopped" role="alert"><strong>Trading stopped</strong>{told}'
        '<div class="quiet">New orders wait. Cancels, look-ups and bookings go on. Another person resumes '
        "it.</div></div>"
    )


def covering(proposal: Json, halts: Sequence[Json]) -> list[Json]:
    """The halts for which nothing of this proposal leaves, or not all of it."""
    scopes = {"all", f"household:{proposal['household']}", f"advisor:{proposal['advisor']}"}
    scopes |= {f"agent:{proposal['agent']}"} if proposal.get("agent") else set()
    for leg in proposal.get("legs") or ():
        scopes |= {f"account:{leg['account']}", f"symbol:{leg['symbol']}"}
    return [one for one in halts if one["scope"] in scopes]


def why_it_waits(proposal: Json) -> None:
    """On a proposal that is not over: that a halt keeps it back, and which."""
    if str(proposal["status"]).lower() not in {"assessed", "submitted", "approved", "released"}:
        return
    if proposal["waits_for"] == "nobody":
        return
    try:
        found = covering(proposal, client().halts()["halts"])
    except (Problem, Unreachable):
        return
    if found:
        named = ", ".join(dict.fromkeys(str(one["says"]) for one in found))
        st.warning(
            f"Trading is stopped for {named}: no new order of it leaves. Nothing is lost: it goes on, "
            "checked again, when another person resumes trading, and lapses at the close.",
            icon=":material/front_hand:",
        )


def banner() -> None:
    """What is stopped, above every page, with what this person may do about it."""
    try:
        now = client().halts()
    except (Problem, Unreachable):
        return
    if now["halts"]:
        st.html(words(now["halts"]))
    answer = st.session_state.get("stopped")
    if answer is not None and any(one["halt"] == answer["halt"] for one in now["halts"]):
        _answered(answer)
    if str(me()["role"]) in SUPERVISE:
        _resuming(now["halts"])
    for alert in now["alerts"]:
        _alert(alert)
    watch(_seen(now))


@st.fragment(run_every=LOOKS_EVERY)
def watch(seen: tuple[str, ...]) -> None:
    """Redraws the page when something was stopped or resumed, or an alert came or went."""
    try:
        now = client().halts()
    except (Problem, Unreachable):
        return
    if _seen(now) != seen:
        st.rerun(scope="app")


def _seen(now: Json) -> tuple[str, ...]:
    halts = [str(one["halt"]) for one in now["halts"]]
    return (*halts, *(f"{one['alert']}/{one['halted']}" for one in now["alerts"]))


def _resuming(halts: Sequence[Json]) -> None:
    """One button for each scope that she has not stopped herself."""
    scopes = list(dict.fromkeys(one["scope"] for one in halts))
    mine = {one["scope"] for one in halts if one["by"] == me()["person"]}
    others = [scope for scope in scopes if scope not in mine]
    if not others:
        return
    with st.container(horizontal=True):
        for scope in others:
            says = next(one["says"] for one in halts if one["scope"] == scope)
            if st.button(f"Resume trading for {says}", key=f"resume/{scope}"):
                sure_to_resume(scope, says)


def _alert(alert: Json) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"{alert['says']}. "
            + (
                "Trading was stopped for it."
                if alert["halted"]
                else f"Unacknowledged, it stops trading for {alert['scope'].replace(':', ' ', 1)}."
            ),
            icon=":material/notification_important:",
        )
        if st.button("Acknowledge", key=f"acknowledge/{alert['alert']}"):
            with problems_shown(stop=False):
                client().acknowledge(alert["alert"])
                tell_after_rerun("Acknowledged.")
                st.rerun(scope="app")


@st.dialog("Resume trading?")
def sure_to_resume(scope: str, says: str) -> None:
    st.markdown(f"Orders leave again for **{says}**, each checked anew. You answer for that by your name.")
    with problems_shown(stop=False):
        _left(client().left_in(scope))
    if st.button("Resume trading", type="primary"):
        with problems_shown(stop=False):
            client().resume(scope)
            tell_after_rerun("Trading is resumed.")
            st.rerun(scope="app")


def stop_button() -> None:
    """In the sidebar, for whoever may stop anything."""
    role = str(me()["role"])
    if role in (*SUPERVISE, "advisor") and st.button(
        "Stop trading", icon=":material/front_hand:", key="stop-trading", width="stretch"
    ):
        stop(role)


@st.dialog("Stop trading?")
def stop(role: str) -> None:
    st.markdown(
        "New orders wait at once. Cancels, look-ups and bookings go on. **Another person** resumes it."
    )
    scope = _hers() if role == "advisor" else _anything()
    reason = st.text_input("Why (for those who resume it)", max_chars=200, key="stop-why").strip()
    if st.button("Stop trading now", type="primary", disabled=not scope):
        with problems_shown(stop=False):
            st.session_state["stopped"] = client().halt(scope, reason or None, key=key_for("halt"))
            done_with("halt")
            st.rerun(scope="app")


def _answered(answer: Json) -> None:
    """What somebody who stopped it was told, for as long as she is here and it is stopped."""
    with st.expander(f"You stopped it. {answer['says']}.", expanded=True, icon=":material/front_hand:"):
        _left(answer["left"])


def _hers() -> str:
    """All that is hers, or one household of it."""
    choices = {"All my clients": f"advisor:{me()['person']}"}
    with problems_shown(stop=False):
        choices |= {row["name"]: f"household:{row['household']}" for row in client().households()}
    return choices[st.selectbox("Stop for", list(choices), key="stop-hers")]


def _anything() -> str:
    kind = KINDS[st.selectbox("Stop for", list(KINDS), key="stop-kind")]
    if kind == "all":
        return kind
    named = st.text_input("Which", placeholder=EXAMPLES[kind], key="stop-which").strip()
    return f"{kind}:{named}" if named else ""


def _left(left: Json) -> None:
    """What is out and what is due, which no halt holds back."""
    for order in left["orders"]:
        at = f" at {order['venue']}" if order["venue"] else ""
        st.html(
            f'<p class="small">{f.esc(order["side"])} {f.shares(order["quantity"])} '
            f"{f.esc(order['symbol'])} for {f.esc(order['account'])}: {f.shares(order['filled'])} filled, "
            f"{f.esc(f.status(order['status']).lower())}{f.esc(at)}</p>"
        )
    for due in left["cash_due"]:
        st.html(
            f'<p class="small">Due today, not held back: {f.esc(due["what"])} of {f.dollars(due["amount"])} '
            f"from {f.esc(due['account'])}</p>"
        )
    if not left["orders"]:
        st.caption("No order is out there.")
