"""The principal's inbox: what waits for a decision, the riskiest first, and all that one decides on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.screens import batch, cards, decide
from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.session import account_names, client, me, problems_shown, tell_after_rerun


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
    if me()["role"] not in {"principal", "compliance"}:
        return
    first, second, third, _ = st.columns([1, 1.6, 1, 3])
    if me()["role"] == "principal" and first.button(
        "Approve", type="primary", width="stretch", key="approve"
    ):
        approve(proposal)
    if second.button("Return with comments", width="stretch", key="return"):
        give_back(proposal)
    if third.button("Decline", width="stretch", key="decline"):
        decline(proposal)


def to_me(proposal: dict[str, Any]) -> bool:
    return me()["person"] in proposal["escalated_to"]


def mine() -> list[dict[str, Any]]:
    """All that waits, to a principal; to others what was escalated to them. What was, first."""
    together = {
        row for one in client().batches(status="submitted") if one["whole"] for row in one["proposals"]
    }
    found = [one for one in client().proposals(waits_for="principal") if one["proposal"] not in together]
    if me()["role"] != "principal":
        found = [one for one in found if to_me(one)]
    return sorted(found, key=lambda one: (not to_me(one), cards.risk_order(one)))


def marks(waiting: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted(f"{p['proposal']}/{len(p['escalated_to'])}" for p in waiting))


def batches_now() -> tuple[str, ...]:
    return tuple(sorted(f"{b['batch']}/{b['whole']}" for b in client().batches(status="submitted")))


@st.fragment(run_every=2)
def watch(seen: tuple[str, ...]) -> None:
    """Redraws the page when another proposal came, one went, or one was escalated."""
    try:
        now = (*marks(mine()), *batches_now())
    except (Problem, Unreachable):
        return
    if now != seen:
        st.rerun(scope="app")


def lists_to_review() -> None:
    """Days of standing approvals whose trades a principal has not looked at yet."""
    if me()["role"] != "principal":
        return
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
        batches = batch.to_decide() if me()["role"] in {"principal", "compliance"} else []
    batch.inbox(batches)
    with problems_shown():
        waiting = mine()
        seen = (*marks(waiting), *batches_now())
    if not waiting and batches:
        watch(seen)
        return
    if not waiting:
        principal = me()["role"] == "principal"
        st.success("Nothing waits for a principal." if principal else "Nothing was escalated to you.")
        watch(seen)
        return
    late = sum(1 for one in waiting if to_me(one))
    told = f" {late} escalated to you, because nobody has decided." if late else ""
    st.caption(f"{len(waiting)} waiting, findings and larger amounts first.{told}")
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
