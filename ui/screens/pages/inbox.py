"""The principal's inbox: what waits for a decision, the riskiest first, and all that one decides on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.screens import cards, decide
from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.session import client, problems_shown, tell_after_rerun


def send(proposal: dict[str, Any], step: str, body: dict[str, Any], done: str) -> None:
    with problems_shown(stop=False):
        client().decide(proposal["proposal"], step, body)
        tell_after_rerun(done)
        st.rerun()


@st.dialog("Approve this trade proposal?")
def approve(proposal: dict[str, Any]) -> None:
    worth = f.dollars(proposal["dollars"]).replace("$", "\\$")
    st.markdown(f"**{proposal['order_count']} order tickets, {worth}** for {proposal['household_name']}.")
    st.markdown("They are released as soon as every condition holds. You approve exactly this fingerprint:")
    st.code(proposal["digest"], language=None, wrap_lines=True)
    policies = cards.needs_reasons(proposal["findings"])
    reasons = {policy: st.text_area(f"Your reason: {f.check_name(policy)}", height=68) for policy in policies}
    missing = [policy for policy, text in reasons.items() if not text.strip()]
    if st.button("Approve", type="primary", disabled=bool(missing), key="approve/sure"):
        send(proposal, "approve", {"digest": proposal["digest"], "reasons": reasons}, "Approved.")
    if missing:
        st.caption("Each finding needs your written reason.")


@st.dialog("Return with comments")
def give_back(proposal: dict[str, Any]) -> None:
    st.markdown("It ends; the advisor drafts its successor with your comments.")
    comment = st.text_area("Comments for the advisor", max_chars=4000)
    if st.button("Return", type="primary", disabled=not comment.strip(), key="return/sure"):
        send(
            proposal, "return", {"digest": proposal["digest"], "comment": comment}, "Returned to the advisor."
        )


@st.dialog("Decline")
def decline(proposal: dict[str, Any]) -> None:
    st.markdown("It ends. The advisor and the record keep your reason.")
    reason = st.text_area("Reason", max_chars=4000)
    if st.button("Decline", type="primary", disabled=not reason.strip(), key="decline/sure"):
        send(proposal, "decline", {"digest": proposal["digest"], "reason": reason}, "Declined.")


def acts(proposal: dict[str, Any]) -> None:
    first, second, third, _ = st.columns([1, 1.6, 1, 3])
    if first.button("Approve", type="primary", width="stretch", key="approve"):
        approve(proposal)
    if second.button("Return with comments", width="stretch", key="return"):
        give_back(proposal)
    if third.button("Decline", width="stretch", key="decline"):
        decline(proposal)


@st.fragment(run_every=2)
def watch(seen: tuple[str, ...]) -> None:
    """Redraws the page when another proposal came or one went."""
    try:
        now = client().proposals(waits_for="principal")
    except (Problem, Unreachable):
        return
    if tuple(sorted(p["proposal"] for p in now)) != seen:
        st.rerun(scope="app")


def page() -> None:
    st.title("Inbox")
    with problems_shown():
        waiting = sorted(client().proposals(waits_for="principal"), key=cards.risk_order)
    seen = tuple(sorted(p["proposal"] for p in waiting))
    if not waiting:
        st.success("Nothing waits for a principal.")
        watch(seen)
        return
    st.caption(f"{len(waiting)} waiting, findings and larger amounts first.")
    side, main = st.columns([1.15, 4], gap="medium")
    with side:
        chosen = decide.pick(waiting, "inbox")
    if chosen is not None:
        with main:
            with problems_shown():
                proposal = client().proposal(chosen)
            decide.title(proposal)
            acts(proposal)
            decide.what_was_said(proposal)
            decide.in_full(proposal)
    watch(seen)


page()
