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


DIFFERS: Final = (
    Column("Venue or custodian"),
    Column("What"),
    Column("The record says"),
    Column("They say"),
    Column("Open for"),
    Column("Owner"),
)


def counted(many: int, what: str) -> str:
    """`1 item`, `1,204 items`."""
    return f"{many:,} {what}{'' if many == 1 else 's'}"


def what_of(counts: dict[str, Any]) -> str:
    """As `3 orders, 5 executions, 1,465 positions, 280 amounts of cash`."""
    kinds = ("order", "execution", "position")
    told = [counted(counts[kind], kind) for kind in kinds]
    return ", ".join([*told, f"{counts['cash'] + counts['settled_cash']:,} amounts of cash"])


def age(one: dict[str, Any]) -> str:
    minutes = int(one["age_seconds"]) // 60
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


@st.dialog("Move the business day?")
def sure(step: str, undecided: int) -> None:
    if step == "close":
        lapse = "undecided trade proposal lapses" if undecided == 1 else "undecided trade proposals lapse"
        st.markdown(f"**{undecided} {lapse}** at the close. Nothing is carried over.")
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


def reconciled(told: dict[str, Any]) -> None:
    """What venues and custodians say otherwise, oldest first."""
    run, found = told["run"], told["differences"]
    if run is None:
        st.html('<div class="section">Reconciliation</div>Nothing was compared yet.')
        return
    silent = f" No answer from {', '.join(run['unread'])}." if run["unread"] else ""
    when = f"for {f.day(run['session'])} at {f.moment(run['finished_at'])}"
    counts = told["counts"]
    who = f"{counted(counts['venues'], 'venue')} and {counted(counts['custodians'], 'custodian')} answered"
    says = f"{counted(run['items'], 'item')} compared {when}: {what_of(counts)}; {who}."
    rows = [
        Row(
            (
                one["party"].partition(":")[2],
                f"{one['kind'].replace('_', ' ')} {one['key']}",
                one["ours"],
                one["theirs"],
                age(one),
                one["taken_by"] or one["owner"],
            )
        )
        for one in found
    ]
    agreed = "Of the others nothing differs." if run["unread"] else "Nothing differs."
    left = table(DIFFERS, rows) if rows else agreed
    st.html(f'<div class="section">Reconciliation</div><p>{says}{silent}</p>{left}')


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
        compared = client().reconciliation()
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
    reconciled(compared)
    if me()["role"] in ("operations", "principal", "compliance") and st.button("Compare now", key="compare"):
        with problems_shown(stop=False), st.spinner("The worker asks every venue and custodian"):
            client().reconcile()
            st.rerun()
    watch((day["session"], day["state"]))


page()
