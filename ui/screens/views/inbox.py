"""The inbox of whoever decides: what waits for her role or was escalated to her, the riskiest first, and all
that one decides on. Batches stand above single proposals.

Rule 1: of tier 3 the approval asks for a code, or the password, in the same act; what is typed is kept
nowhere.
"""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.screens import batch, cards, decide, deciding
from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.session import account_names, client, me, problems_shown, tell_after_rerun

BOTH: Final = 3  # the tier that takes a principal and compliance
FEW: Final = 4  # order tickets whose comment fields are shown at once
DECIDE: Final = ("principal", "compliance")


def to_me(proposal: dict[str, Any]) -> bool:
    return me()["person"] in proposal["escalated_to"]


def mine() -> list[dict[str, Any]]:
    """What waits for this person's role, and what was escalated to her: that first. No row of a batch."""
    role = str(me()["role"])
    found = {one["proposal"]: one for one in client().proposals(waits_for=role)} if role in DECIDE else {}
    found |= {one["proposal"]: one for one in client().proposals(waits_for="principal") if to_me(one)}
    for one in client().batches(status="submitted"):
        for row in one["proposals"] if one["whole"] else ():
            found.pop(row, None)
    return sorted(found.values(), key=lambda one: (not to_me(one), cards.risk_order(one)))


def marks(waiting: list[dict[str, Any]]) -> tuple[str, ...]:
    told = (f"{p['proposal']}/{p['waits_for']}/{len(p['escalated_to'])}" for p in waiting)
    return tuple(sorted(told))


def batches_now() -> tuple[str, ...]:
    return tuple(sorted(f"{b['batch']}/{b['whole']}" for b in client().batches(status="submitted")))


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
    both = proposal["tier"] == BOTH
    with problems_shown():
        asked_for = ("totp" if client().authenticator()["enrolled"] else "password") if both else None
    if both:
        st.markdown(f"It is of tier 3 and {deciding.missing(proposal)}. Prove that it is you:")
    with st.form("approve/why", border=False):
        reasons = decide.reasons(proposal, cards.needs_reasons(proposal["findings"]))
        typed = st.text_input(batch.PROOF[asked_for], type="password", max_chars=200) if asked_for else ""
        pressed = st.form_submit_button("Approve", type="primary")
    if not pressed:
        return
    if not all(text.strip() for text in reasons.values()):
        st.warning("Each finding needs your written reason.")
    elif asked_for and not typed:
        st.warning(f"{batch.PROOF[asked_for]}: it is asked for once more.")
    else:
        body = {"digest": proposal["digest"], "reasons": reasons}
        proven = {"step_up": {asked_for: typed}} if asked_for else {}
        last = len(proposal["needs"]) < 2
        send(proposal, "approve", {**body, **proven}, "Approved." if last else "Approved. It needs one more.")


@st.dialog("Return with comments")
def give_back(proposal: dict[str, Any]) -> None:
    st.markdown("It ends; the advisor drafts its successor with your comments.")
    with st.form("Return/why", border=False, enter_to_submit=False):
        comment = st.text_area("Comments for the advisor", max_chars=4000)
        with st.expander("On single order tickets", expanded=len(proposal["legs"]) <= FEW):
            lines = {
                str(leg["leg"]): st.text_input(
                    deciding.ticket_name(leg), max_chars=4000, key=f"line/{proposal['proposal']}/{leg['leg']}"
                )
                for leg in proposal["legs"]
            }
        pressed = st.form_submit_button("Return", type="primary")
    if pressed and not comment.strip():
        st.warning("Comments for the advisor: write a few words first.")
    elif pressed:
        said = {leg: text.strip() for leg, text in lines.items() if text.strip()}
        body = {"digest": proposal["digest"], "comment": comment.strip(), "comments": said}
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
    if me()["role"] not in DECIDE:
        return
    bar = proposal["bar"]
    if bar:
        says, fix = (f"{part[:1].upper()}{part[1:]}." for part in (bar["says"], bar["fix"]))
        st.info(f"You cannot approve this one. {says} {fix}", icon=":material/info:")
    first, second, third, _ = st.columns([1, 1.6, 1, 3])
    if first.button("Approve", type="primary", width="stretch", key="approve", disabled=bool(bar)):
        approve(proposal)
    if second.button("Return with comments", width="stretch", key="return"):
        give_back(proposal)
    if third.button("Decline", width="stretch", key="decline"):
        decline(proposal)


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


def nothing() -> str:
    role = str(me()["role"])
    return f"Nothing waits for {deciding.ROLES[role]}." if role in DECIDE else "Nothing was escalated to you."


def page() -> None:
    st.title("Inbox")
    lists_to_review()
    with problems_shown():
        batches = batch.to_decide() if me()["role"] in DECIDE else []
    batch.inbox(batches)
    with problems_shown():
        waiting = mine()
        seen = (*marks(waiting), *batches_now())
    if not waiting:
        if not batches:
            st.success(nothing())
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
