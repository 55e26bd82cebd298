"""Oneself: the authenticator, who stands in for whom, and what the copilot keeps of what one prefers."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.look import Column, Row, badge, table
from ui.screens.session import client, done_with, key_for, me, problems_shown, tell_after_rerun

COLUMNS: Final = (
    Column("Advisor"),
    Column("Stands in"),
    Column("From"),
    Column("Until"),
    Column("State"),
    Column("Asked for by"),
)
STATES: Final = {
    "ASKED": ("waits to be confirmed", "amber"),
    "NAMED": ("named", "green"),
    "ENDED": ("ended", "quiet"),
}
SUPERVISES: Final = frozenset({"principal", "compliance"})


def enrolling() -> None:
    """First the password, then the picture, then the first code. The secret is shown once and kept
    nowhere."""
    offered = st.session_state.get("offered")
    if offered is None:
        st.markdown("Decisions of tier 3 ask for your code instead of your password once you have one.")
        with st.form("offer", clear_on_submit=True):
            password = st.text_input("Your password", type="password")
            pressed = st.form_submit_button("Add an authenticator", type="primary")
        if pressed and password:
            with problems_shown(stop=False):
                st.session_state["offered"] = client().offer_authenticator(password)
                st.rerun()
        return
    left, right = st.columns([1, 2])
    with left:
        st.image(offered["picture"], width=260)
    with right:
        st.markdown("Scan this with your authenticator, or type the secret. It is shown once.")
        st.code(secret_of(offered["uri"]), language=None)
        with st.form("enrol", clear_on_submit=True):
            code = st.text_input("The six digits that it shows now", max_chars=9)
            pressed = st.form_submit_button("Confirm", type="primary")
    if pressed and code:
        with problems_shown(stop=False):
            client().enrol_authenticator(code)
            st.session_state.pop("offered")
            tell_after_rerun("Your authenticator is asked for from now on.")
            st.rerun()
    if st.button("Cancel", key="offer/cancel"):
        st.session_state.pop("offered")
        st.rerun()


def secret_of(uri: str) -> str:
    """The secret in groups of four, for typing."""
    secret = uri.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))


def removing() -> None:
    st.success("You have an authenticator. Decisions of tier 3 ask for its code.")
    with st.form("remove", clear_on_submit=True):
        code = st.text_input("The six digits that it shows now", max_chars=9)
        pressed = st.form_submit_button("Remove it")
    if pressed and code:
        with problems_shown(stop=False):
            client().remove_authenticator(code)
            tell_after_rerun("Removed. Your password is asked for instead.")
            st.rerun()


def standing_in(rows: list[dict[str, Any]]) -> None:
    if not rows:
        st.caption("Nobody stands in for anybody that you work with.")
        return
    lines = []
    for one in rows:
        words, tone = STATES[one["status"]]
        lines.append(
            Row(
                (
                    one["advisor"],
                    one["delegate"],
                    f.day(one["from_day"]),
                    f.day(one["until_day"]),
                    badge(words, tone),
                    one["named_by"],
                )
            )
        )
    st.html(table(COLUMNS, lines))
    for one in rows:
        if one["status"] == "ASKED" and me()["role"] in SUPERVISES:
            step(one, "confirm", f"Confirm {one['delegate']} for {one['advisor']}")
        if one["status"] != "ENDED":
            step(one, "end", f"End {one['delegate']} for {one['advisor']}")


def step(one: dict[str, Any], what: str, words: str) -> None:
    if st.button(words, key=f"{what}/{one['delegation']}"):
        with problems_shown(stop=False):
            client().decide_delegate(one["delegation"], what)
            tell_after_rerun("Done.")
            st.rerun()


def naming(today: date) -> None:
    """An advisor names for herself; operations asks for somebody who is away."""
    with st.form("delegate"):
        for_whom = st.text_input("Advisor (id)") if me()["role"] == "operations" else ""
        who = st.text_input("Who stands in (id of another advisor)")
        first, last = st.columns(2)
        begins = first.date_input("From", value=today)
        ends = last.date_input("Until, included", value=today)
        pressed = st.form_submit_button("Name", type="primary")
    if pressed and who:
        with problems_shown(stop=False):
            days = (begins.isoformat(), ends.isoformat())
            client().name_delegate(who, *days, advisor=for_whom or None, key=key_for("delegate"))
            done_with("delegate")
            tell_after_rerun("Recorded.")
            st.rerun()


def preferring() -> None:
    """What the copilot is shown of what she stated, with where she said it, and a button that erases it."""
    st.subheader("What you prefer", anchor=False)
    st.caption(
        "Stated by you, in your words, and shown to the copilot as data. It changes no limit and approves "
        "nothing."
    )
    with problems_shown():
        kept = client().preferences()
        names = {one["household"]: one["name"] for one in client().households()} if kept else {}
    if not kept:
        st.caption('You have stated none. Tell the copilot: "remember that I prefer ..."')
    for one in kept:
        words, button = st.columns([6, 1], vertical_alignment="center")
        about = (
            f"about {names.get(one['household'], one['household'])}"
            if one["household"]
            else "about everybody"
        )
        words.html(
            f'<div class="said">{f.esc(one["text"])}</div><div class="small quiet">You said so on '
            f"{f.minute(one['kept_at'])}, {f.esc(about)}: "
            f'<span class="mono" title="{f.esc(one["message"])}">{f.esc(one["message"][:12])}…</span> in '
            f'<span class="mono" title="{f.esc(one["thread"])}">{f.esc(one["thread"][:12])}…</span></div>'
        )
        if button.button("Erase", key=f"erase/{one['preference']}", width="stretch"):
            with problems_shown(stop=False):
                client().erase_preference(one["preference"])
                tell_after_rerun("Erased. The message in which you said it stays in the record.")
                st.rerun()


def page() -> None:
    st.title("You")
    with problems_shown():
        has_one, rows, day = client().authenticator(), client().delegations(), client().day()
    st.subheader("Your authenticator", anchor=False)
    removing() if has_one["enrolled"] else enrolling()
    if me()["role"] == "advisor":
        preferring()
    if me()["role"] in {"advisor", "operations", *SUPERVISES}:
        st.subheader("Standing in", anchor=False)
        st.caption("Whoever stands in may submit, withdraw and record consents there, and never approve.")
        standing_in(rows)
        if me()["role"] in {"advisor", "operations"}:
            naming(date.fromisoformat(day["session"]))


page()
