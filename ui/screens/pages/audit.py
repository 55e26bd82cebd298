"""The audit trail: one trace id, from the prompt to the fill."""

from __future__ import annotations

import json

import streamlit as st

from ui.screens import figures as f
from ui.screens.session import client, problems_shown
from ui.screens.timeline import timeline


def page() -> None:
    st.title("Audit trail")
    with problems_shown():
        proposals = client().proposals()
    labels = {
        p[
            "trace"
        ]: f"{p['household_name']} · {f.kind_of(p)} · {f.status(p['status'])} · {f.moment(p['drafted_at'])}"
        for p in proposals
    }
    left, right = st.columns([3, 2])
    picked = (
        left.selectbox("Trade proposal", list(labels), format_func=lambda t: labels[t]) if labels else None
    )
    typed = right.text_input("Or a trace id", value=st.query_params.get("trace", ""), max_chars=64)
    trace = typed.strip() or picked
    if not trace:
        st.info("There is no trade proposal yet. Paste a trace id to look one up.")
        return
    with problems_shown():
        entries = client().trace(trace)
    st.caption(f"{len(entries)} entries under trace {trace}. Names and free text are sealed in the record.")
    st.html(timeline(entries))
    st.download_button(
        "Download as JSON",
        json.dumps(entries, indent=1, ensure_ascii=False),
        f"trace-{trace}.json",
        "application/json",
    )


page()
