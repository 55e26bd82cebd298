"""The audit trail: one trace from the prompt to the fill, the record as it grows, an account as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping

import streamlit as st

from ui.screens import figures as f
from ui.screens.as_of import as_it_was
from ui.screens.session import client, problems_shown
from ui.screens.timeline import CHOICES, timeline

ONE, ALL, PAST = "One trade proposal", "The whole record", "An account as it was"
SHOWN = 60  # entries
LOOKS_EVERY = 2  # seconds


def page() -> None:
    st.title("Audit trail")
    chosen = st.segmented_control(
        "What to follow", [ONE, ALL, PAST], default=ONE, label_visibility="collapsed"
    )
    if chosen == ALL:
        record()
    elif chosen == PAST:
        as_it_was()
    else:
        one_trace()


def one_trace() -> None:
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


def record() -> None:
    """The newest entries of one's book, of those that are asked for."""
    kind, actor, account, live = st.columns([2, 2, 2, 1], vertical_alignment="bottom")
    asked = {
        "type": CHOICES[kind.selectbox("What happened", list(CHOICES))],
        "actor": actor.text_input("By", placeholder="a user name, or worker", max_chars=80).strip(),
        "account": account.text_input("Account", placeholder="acc-1001", max_chars=80).strip(),
    }
    follow = live.toggle("Live", value=True)
    query = {name: word for name, word in asked.items() if word}
    st.fragment(run_every=LOOKS_EVERY if follow else None)(newest)(query)


def newest(query: Mapping[str, str]) -> None:
    with problems_shown(stop=False):
        found = client().entries(last=SHOWN, **query)
        entries = found["entries"]
        reach = f"the record has {found['head']:,} entries"
        if not entries:
            st.info(f"Nothing like that lately; {reach}.")
            return
        st.caption(f"The newest {len(entries)}, newest first; {reach}. Names and free text are sealed in it.")
        st.html(timeline(entries, newest_first=True))


page()
