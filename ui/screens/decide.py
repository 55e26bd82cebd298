"""A trade proposal in full, for whoever looks at it: what changes, what was checked, what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.screens import cards
from ui.screens import figures as f
from ui.screens.words import plain, words

Json = Mapping[str, Any]


def title(proposal: Json) -> None:
    st.subheader(f"{f.kind_of(proposal)} · {proposal['household_name']}", anchor=False)
    st.html(cards.summary(proposal))


def what_was_said(proposal: Json) -> None:
    """Why it ended, or which reasons people wrote."""
    if proposal["closing"]:
        st.html(
            f'<div class="said"><strong>{f.status(proposal["status"])}</strong>'
            f"{words(proposal['closing'])}</div>"
        )
    for written in proposal["reasons"]:
        who = proposal["people"].get(written["person"], written["person"])
        st.html(
            f'<p class="small"><strong>{f.esc(f.check_name(written["policy"]))}</strong> · reason by '
            f"{f.esc(who)}: {f.esc(written['text'])}</p>"
        )
    if proposal["denied_at"]:
        st.error(f"Denied by risk at {proposal['denied_at']}. Nothing was sent.", icon=":material/block:")
    for difference in proposal["differences"]:
        st.html(f'<p class="small">Moved since it was approved: {f.esc(difference)}</p>')


def in_full(proposal: Json) -> None:
    """Before and after, order tickets, checks, fingerprint, orders."""
    if proposal["preview"] is None and proposal["denied_at"] is None:
        st.caption("The checks are running; the figures appear in a moment.")
    if proposal["preview"]:
        st.markdown("**By account**")
        st.html(cards.accounts(proposal["preview"]))
        st.markdown("**Current and proposed**")
        st.html(cards.changes(proposal["preview"]))
    if proposal["legs"]:
        st.markdown("**Order tickets**")
        st.html(cards.tickets(proposal["legs"]))
    if proposal["findings"]:
        st.markdown("**Checks**")
        st.html(cards.checks(proposal["findings"], proposal["legs"]))
    if proposal["orders"] and any(
        order["status"].lower() not in {"new", "held", "validated"} for order in proposal["orders"]
    ):
        st.markdown("**Orders**")
        st.html(cards.orders(proposal["orders"]))
    if proposal["digest"]:
        left, right = st.columns([3, 2])
        with left:
            st.caption("Fingerprint: what you decide on, to the last byte")
            st.code(proposal["digest"], language=None, wrap_lines=True)
        with right:
            st.caption("Trace: from the request to the settlement")
            st.code(proposal["trace"], language=None, wrap_lines=True)


def label(proposal: Json) -> str:
    """A proposal in a list: three short lines of markdown."""
    worth = f.dollars(proposal["dollars"]).replace("$", "\\$")
    return (
        f"**{plain(proposal['household_name'])}**  \n{f.kind_of(proposal)} · {worth} · "
        f"{proposal['order_count']} tickets  \n{f.state(proposal)}"
    )


def pick(proposals: list[dict[str, Any]], name: str) -> str | None:
    """A list to choose from; the choice survives reruns. None: the list is empty."""
    if not proposals:
        return None
    ids = [p["proposal"] for p in proposals]
    if st.session_state.get(name) not in ids:
        st.session_state[name] = ids[0]
    with st.container(key="list", gap="xsmall"):
        for proposal in proposals:
            chosen = st.session_state[name] == proposal["proposal"]
            place = st.container(key="chosen") if chosen else st.container()
            if place.button(label(proposal), key=f"{name}/{proposal['proposal']}", width="stretch"):
                st.session_state[name] = proposal["proposal"]
                st.rerun()
    return str(st.session_state[name])
