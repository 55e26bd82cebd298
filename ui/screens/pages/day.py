"""Operations: where the business day stands, and asking for the close or the next day."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.look import Column, Row, badge, facts, table
from ui.screens.session import client, me, problems_shown, tell_after_rerun

COLUMNS: Final = (
    Column("Household"),
    Column("What"),
    Column("State"),
    Column("Waits for"),
    Column("Advisor"),
    Column("Order tickets", figures=True),
    Column("Dollar value", figures=True),
    Column("Drafted"),
)


@st.dialog("Move the business day?")
def sure(step: str, undecided: int) -> None:
    if step == "close":
        st.markdown(f"**{undecided} undecided trade proposals lapse** at the close. Nothing is carried over.")
    else:
        st.markdown("The next business day opens, and what settles then settles.")
    if st.button(
        "Close the business day" if step == "close" else "Open the next business day", type="primary"
    ):
        with problems_shown(stop=False):
            client().move_day(step)
            tell_after_rerun("Asked for. The worker moves the day in a moment.")
            st.rerun()


def lapsing(undecided: list[dict[str, Any]]) -> str:
    rows = [
        Row(
            (
                p["household_name"],
                f.kind_of(p),
                badge(f.state(p), f.tone(p["status"])),
                f.WAITS_WORDS.get(p["waits_for"], p["waits_for"]),
                p["people"].get(p["advisor"], p["advisor"]),
                str(p["order_count"]),
                f.dollars(p["dollars"]),
                f.minute(p["drafted_at"]),
            )
        )
        for p in undecided
    ]
    return table(COLUMNS, rows)


@st.fragment(run_every=2)
def watch(seen: tuple[str, str]) -> None:
    try:
        now = client().day()
    except (Problem, Unreachable):
        return
    if (now["session"], now["state"]) != seen:
        st.rerun(scope="app")


def page() -> None:
    st.title("Business day")
    with problems_shown():
        day, proposals = client().day(), client().proposals()
    undecided = [
        p for p in proposals if p["status"].lower() in {"drafted", "assessed", "submitted", "approved"}
    ]
    st.html(
        facts(
            {
                "Business day": f.day(day["session"]),
                "State": badge("open", "green") if day["state"] == "open" else badge("closed", "quiet"),
                "Market clock": f.moment(day["at"]),
                "Undecided trade proposals": str(len(undecided)),
            }
        )
    )
    if undecided and day["state"] == "open":
        st.html(f'<div class="section">These lapse at the close</div>{lapsing(undecided)}')
    step = "close" if day["state"] == "open" else "open"
    words = "Close the business day" if step == "close" else "Open the next business day"
    if me()["role"] == "operations" and st.button(words, type="primary", key="move"):
        sure(step, len(undecided))
    watch((day["session"], day["state"]))


page()
