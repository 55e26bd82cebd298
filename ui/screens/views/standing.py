"""Standing approvals: what is in force and how much of it is used, the lists to review, and offering one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.look import Column, Raw, Row, against, badge, facts, link, table
from ui.screens.session import client, done_with, key_for, me, problems_shown, tell_after_rerun

DECIDERS: Final = frozenset({"principal", "compliance"})
TONES: Final = {"CONFIRMED": "green", "PROPOSED": "amber"}
STATES: Final = {
    "CONFIRMED": "in force",
    "PROPOSED": "waits for another person",
    "EXPIRED": "over",
    "REVOKED": "revoked",
}
DRAWS: Final = (
    Column("Household"),
    Column("Advisor"),
    Column("Trade proposal"),
    Column("State"),
    Column("Dollar value at worst", figures=True),
)
USED: Final = (Column("Bound"), Column("Used", figures=True), Column("Of", figures=True), Column(""))


def act(words: str, standing: str, step: str, digest: str | None) -> None:
    with problems_shown(stop=False):
        client().decide_standing(standing, step, {"digest": digest} if digest else None)
        tell_after_rerun(words)
        st.rerun()


@st.dialog("Confirm this standing approval?")
def confirm(one: dict[str, Any]) -> None:
    st.markdown("Routine trade proposals within these terms then need no principal of their own.")
    st.html(terms(one))
    st.code(one["digest"], language=None, wrap_lines=True)
    if st.button("Confirm", type="primary"):
        act("Confirmed.", one["standing"], "confirm", one["digest"])


@st.dialog("Revoke this standing approval?")
def revoke(one: dict[str, Any]) -> None:
    st.markdown("It ends at once. What was drawn on it and is not out comes back for a principal.")
    if st.button("Revoke", type="primary"):
        act("Revoked.", one["standing"], "revoke", None)


@st.dialog("Reviewed?")
def reviewed(day: dict[str, Any]) -> None:
    st.markdown(f"You have looked at each of {len(day['draws'])} trades of {f.day(day['session'])}.")
    st.code(day["digest"], language=None, wrap_lines=True)
    if st.button("I have reviewed them", type="primary"):
        act("Reviewed.", day["standing"], f"days/{day['session']}/review", day["digest"])


def terms(one: dict[str, Any]) -> str:
    told = one["terms"]
    named = [one["people"].get(person, person) for person in told["advisors"]] + list(told["households"])
    return facts(
        {
            "For": f.status(told["kind"]),
            "Of": ", ".join(named),
            "Symbols": ", ".join(told["symbols"]) or "in the account’s model portfolio",
            "From": f.day(told["valid_from"]),
            "Until the close of": f.day(told["valid_until"]),
            "Given by": one["people"].get(one["given_by"], one["given_by"]),
            "Confirmed by": one["people"].get(one["confirmed_by"], one["confirmed_by"]) or f.DASH,
        }
    )


def used(one: dict[str, Any]) -> str:
    told = one["terms"]
    rows = [
        Row(("Dollars of one proposal", None, f.dollars(told["dollars_each"], cents=True), None)),
        _bound("Dollars today", one["dollars_today"], told["dollars_a_day"]),
        _bound("Dollars in all", one["dollars"], told["dollars_in_all"]),
        Row(("Proposals today", str(one["drawn_today"]), str(told["proposals_a_day"]), None)),
    ]
    return table(USED, rows)


def _bound(name: str, drawn: str, of: str) -> Row:
    share = float(Decimal(drawn) / Decimal(of))
    bar = Raw(against(share, over=share > 1))
    return Row((name, f.dollars(drawn, cents=True), f.dollars(of, cents=True), bar))


def card(one: dict[str, Any]) -> None:
    state = badge(STATES.get(one["status"], one["status"]), TONES.get(one["status"], "quiet"))
    late = badge("review overdue: nothing is drawn", "red") if one["overdue"] else ""
    extra = late.html if isinstance(late, Raw) else ""
    st.html(
        f'<div class="section">{f.esc(one["standing"])} {state.html} {extra}</div>{terms(one)}{used(one)}'
    )
    if me()["role"] not in DECIDERS or one["status"] not in STATES or one["status"] == "REVOKED":
        return
    first, second, _ = st.columns([1, 1, 4])
    mine = one["status"] == "PROPOSED" and one["given_by"] != me()["person"]
    if mine and first.button("Confirm", type="primary", width="stretch", key=f"confirm/{one['standing']}"):
        confirm(one)
    if one["status"] != "EXPIRED" and second.button(
        "Revoke", width="stretch", key=f"revoke/{one['standing']}"
    ):
        revoke(one)


def day_list(day: dict[str, Any]) -> None:
    late = badge("overdue", "red") if day["overdue"] else badge("to review", "amber")
    shown = late if day["due"] else badge("its day is not over", "quiet")
    rows = [
        Row(
            (
                draw["household_name"],
                day["people"].get(draw["advisor"], draw["advisor"]),
                link(draw["proposal"][:12], f"/proposals?proposal={draw['proposal']}"),
                "came back for a principal" if draw["came_back"] else f.status(draw["status"]),
                f.dollars(draw["dollars"], cents=True),
            )
        )
        for draw in day["draws"]
    ]
    title = f"{f.day(day['session'])} · {f.dollars(day['dollars'])} · {f.esc(day['standing'])}"
    st.html(f'<div class="section">{title} {shown.html}</div>{table(DRAWS, rows)}')
    may = day["due"] and me()["role"] == "principal"
    if may and st.button("Reviewed", key=f"review/{day['standing']}/{day['session']}"):
        reviewed(day)


def offer() -> None:
    """A form for a principal. What it holds is checked by the record."""
    with st.form("offer"):
        kind = st.selectbox("Kind", ["rebalance", "order"], format_func=f.status)
        advisors = st.text_input("Advisors, by id", help="separated by commas")
        households = st.text_input("Households, by id", help="separated by commas")
        symbols = st.text_input("Symbols", help="none: purchases are in the account’s model portfolio")
        each, daily, whole, count = st.columns(4)
        body = {
            "dollars_each": each.text_input("Dollars of one proposal", "25000"),
            "dollars_a_day": daily.text_input("Dollars a day", "100000"),
            "dollars_in_all": whole.text_input("Dollars in all", "500000"),
            "proposals_a_day": int(count.number_input("Proposals a day", 1, 1000, 10)),
        }
        first, last = st.columns(2)
        today = client().day()["session"]
        body["valid_from"] = first.text_input("First business day", today)
        body["valid_until"] = last.text_input("Last business day", today)
        pressed = st.form_submit_button("Offer", type="primary")
    if pressed:
        named = {"advisors": advisors, "households": households, "symbols": symbols}
        body |= {"kind": kind} | {key: _several(text) for key, text in named.items()}
        with problems_shown(stop=False):
            client().propose_standing(body, key=key_for("standing"))
            done_with("standing")
            tell_after_rerun("Offered. Another person confirms it.")
            st.rerun()


def _several(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def page() -> None:
    st.title("Standing approvals")
    with problems_shown():
        given, lists = client().standing(), client().standing_to_review()
    st.caption("They stand in for a principal on routine proposals, and for nothing and nobody else.")
    for day in lists:
        day_list(day)
    if not given:
        st.info("There is none: a principal decides on every trade proposal.")
    for one in given:
        card(one)
    if me()["role"] == "principal":
        with st.expander("Offer one"):
            offer()


page()
