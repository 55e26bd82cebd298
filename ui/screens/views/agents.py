"""The agents of the copilot: what each may do, which person stands behind it, how it is stopped.

Rule 1: the table is the API's; a button is shown to whoever may press it, and the answer says if she may.
"""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.halts import SUPERVISE, sure_to_resume
from ui.screens.look import Column, Raw, Row, badge, table
from ui.screens.session import client, done_with, key_for, me, problems_shown, tell_after_rerun

Json = dict[str, Any]

COLUMNS: Final = (
    Column("Agent"),
    Column("Now"),
    Column("Autonomy and what it may do"),
    Column("Person in between"),
    Column("Risk tier"),
    Column("What stops it"),
    Column("Without it"),
    Column("Owner"),
)
RISK: Final = {"low": "quiet", "medium": "amber", "high": "red"}


def rows(agents: list[Json]) -> list[Row]:
    return [
        Row(
            (
                Raw(f"<b>{f.esc(one['agent'].capitalize())}</b>"),
                now(one),
                Raw(f"<b>{f.esc(one['autonomy'].capitalize())}</b>: {f.esc(one['may'])}"),
                one["between"],
                badge(one["risk"], RISK[one["risk"]]),
                Raw(f'<span class="mono small">{f.esc(one["scope"])}</span>'),
                one["fallback"],
                one["owner"],
            )
        )
        for one in agents
    ]


def now(one: Json) -> Raw:
    stopped = one["stopped"]
    if stopped is None:
        return badge("works", "green")
    who = f.esc(stopped["by_name"] or "")
    return Raw(
        f'{badge("stopped", "red").html}<div class="small quiet">{who} {f.moment(stopped["since"])}</div>'
    )


def buttons(agents: list[Json]) -> None:
    """One for each agent: stop it, or resume it where another person had stopped it."""
    with st.container(horizontal=True):
        for one in agents:
            name, stopped = one["agent"], one["stopped"]
            if stopped is None and st.button(
                f"Stop the {name} agent", icon=":material/front_hand:", key=f"stop/{name}"
            ):
                stop(one)
            hers = stopped is not None and stopped["by"] == me()["person"]
            if (
                stopped is not None
                and not hers
                and st.button(f"Resume the {name} agent", key=f"resume-agent/{name}")
            ):
                sure_to_resume(one["scope"], one["scope_says"])


@st.dialog("Stop this agent?")
def stop(one: Json) -> None:
    st.markdown(
        f"The **{one['agent']}** agent is asked nothing from now on. People go on with {one['fallback']}. "
        "Its drafts stay, and no order of one leaves until **another person** resumes it."
    )
    reason = st.text_input("Why (for those who resume it)", max_chars=200, key="stop-agent-why").strip()
    if st.button("Stop it now", type="primary"):
        with problems_shown(stop=False):
            client().halt(one["scope"], reason or None, key=key_for(f"halt/{one['agent']}"))
            done_with(f"halt/{one['agent']}")
            tell_after_rerun(f"The {one['agent']} agent is stopped.")
            st.rerun(scope="app")


def page() -> None:
    st.title("Agents")
    st.caption(
        "No agent submits, approves, releases or sends anything. With all of them stopped the other pages "
        "work."
    )
    with problems_shown():
        agents = client().governance()
    st.html(f'<div class="agents">{table(COLUMNS, rows(agents))}</div>')
    if str(me()["role"]) in SUPERVISE:
        buttons(agents)
    with st.expander("Tools that each may ask"):
        for one in agents:
            words = ", ".join(name.replace("_", " ") for name in one["tools"]) or "none"
            st.markdown(f"**{one['agent'].capitalize()}**: {words}")


page()
