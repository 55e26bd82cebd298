"""The principal's inbox: what waits for a decision, the riskiest first, and all that one decides on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.screens import cards, decide
from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.session import account_names, client, problems_shown, tell_after_rerun


def send(proposal: dict[str, Any], step: str, body: dict[str, Any], done: str) -> None:
    with problems_shown(stop=False):
        client().decide(proposal["proposal"], step, body)
        tell_after_rerun(done)
        st.rerun()


@st.dialog("Approve this trade proposal?")
def approve(proposal: dict[str, Any]) -> None:
    worth = f.dollars(proposal["dollars"]).replace("$", "\\$")
    st.markdown(f"**{f.tickets(proposal['order_count'])}, {worth}** for {proposal['household_name']}.")
    st.markdown("They are released as soon as every condition holds. You approve exactly this fingerprint:")
    st.code(proposal["digest"], language=None, wrap_lines=True)
    # A form takes the words with the click; a button beside a field would not know them yet.
    with st.form("approve/why", border=False):
        reasons = decide.reasons(proposal, cards.needs_reasons(proposal["findings"]))
        pressed = st.form_submit_button("Approve", type="primary")
    if pressed and all(text.strip() for text in reasons.values()):
        send(proposal, "approve", {"digest": proposal["digest"], "reasons": reasons}, "Approved.")
    elif pressed:
        st.warning("Each finding needs your written reason.")


@st.dialog("Return with comments")
def give_back(proposal: dict[str, Any]) -> None:
    st.markdown("It ends; the advisor drafts its successor with your comments.")
    if comment := asked("Comments for the advisor", "Return"):
        body = {"digest": proposal["digest"], "comment": comment}
        send(proposal, "return", body, "Returned to the advisor.")


@st.dialog("Decline")
def decline(proposal: dict[str, Any]) -> None:
    st.markdown("It ends. The advisor and the record keep your reason.")
    if reason := asked("Reason", "Decline"):
        send(proposal, "decline", {"digest": proposal["digest"], "reason": reason}, "Declined.")


def asked(title: str, step: str) -> str:
    """The words that were written and sent; empty before that, or where there are none."""
    with st.form(f"{step}/why", border=False):
        text = st.text_area(title, max_chars=4000)
        pressed = st.form_submit_button(step, type="primary")
    if pressed and not text.strip():
        st.warning(f"{title}: write a few words first.")
    return text.strip() if pressed else ""


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


def lists_to_review() -> None:
    """Days of standing approvals whose trades a principal has not looked at yet."""
    with problems_shown(stop=False):
        due = [day for day in client().standing_to_review() if day["due"]]
        if late := sum(1 for day in due if day["overdue"]):
            words = "is overdue, and stops its standing approval" if late == 1 else "are overdue"
            st.error(f"{late} of {len(due)} lists of standing approvals {words}.", icon=":material/warning:")
        elif due:
            st.warning(f"Review what was drawn on standing approvals: {len(due)} to review.")


def page() -> None:
    st.title("Inbox")
    lists_to_review()
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
            decide.in_full(proposal, account_names(proposal["household"]))
    watch(seen)


page()
