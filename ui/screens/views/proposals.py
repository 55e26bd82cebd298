"""Trade proposals: the advisor reads the figures, writes reasons, submits, records consent, or withdraws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from ui.screens import batch, cards, decide
from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.session import account_names, client, key_for, me, problems_shown, tell_after_rerun

OPEN: Final = frozenset({"drafted", "assessed", "submitted", "approved"})
ENDED: Final = frozenset({"returned", "declined", "denied", "lapsed"})  # what may be drafted once more
CHANNELS: Final = {"phone": "Phone", "meeting": "Meeting", "letter": "Letter"}


def submit(proposal: dict[str, Any]) -> None:
    """Her own confirmation of exactly this fingerprint, with a reason for each finding."""
    policies = cards.needs_reasons(proposal["findings"])
    worth = f.dollars(proposal["dollars"]).replace("$", "\\$")
    words = f"Submit {f.tickets(proposal['order_count'])}, {worth}"
    done = "Submitted. A principal decides now."
    says = st.toggle("Say why, or whose idea it was", key=f"say/{proposal['proposal']}")
    if not policies and not says:
        if st.button(words, type="primary", key=f"submit/{proposal['proposal']}"):
            send(proposal, "submit", {"digest": proposal["digest"], "reasons": {}}, done)
        return
    with st.form(f"submit/{proposal['proposal']}"):
        reasons = decide.reasons(proposal, policies)
        said = decide.saying(proposal) if says else {}
        pressed = st.form_submit_button(words, type="primary")
    if pressed:
        missing = [f.check_name(policy) for policy, text in reasons.items() if not text.strip()]
        if missing:
            st.warning(f"Write a reason for {', '.join(missing)} first.")
            return
        send(proposal, "submit", {"digest": proposal["digest"], "reasons": reasons, **said}, done)


def consent(proposal: dict[str, Any], names: Mapping[str, str]) -> None:
    """What a client agreed to: the same account, security, side and quantity. One owner for each account."""
    missing = [one for one in proposal["consents"] if one["client"] is None]
    covers: dict[str, list[str]] = {}
    clients = {owner["client"]: owner["name"] for one in missing for owner in one["owners"]}
    for one in missing:
        for owner in one["owners"]:
            covers.setdefault(owner["client"], []).append(names.get(one["account"], one["account"]))
    with st.form(f"consent/{proposal['proposal']}"):
        st.markdown("**Record a client’s consent** to exactly these order tickets, good for today")
        left, right = st.columns(2)
        who = left.selectbox(
            "Client", list(clients), format_func=lambda c: f"{clients[c]} for {', '.join(covers[c])}"
        )
        how = right.selectbox("Given by", list(CHANNELS), format_func=lambda c: CHANNELS[c])
        if st.form_submit_button("Record consent"):
            body = {"digest": proposal["digest"], "client": who, "channel": how}
            send(proposal, "consent", body, "Consent recorded.")


def successor(proposal: dict[str, Any]) -> None:
    """The same request once more, or an order with another quantity; it names the one that it replaces."""
    request = {name: value for name, value in proposal["request"].items() if value is not None}
    what = f"successor/{proposal['proposal']}"
    with st.form(what, border=False):
        if "quantity" in request:
            request["quantity"] = st.text_input("Shares", value=request["quantity"], max_chars=20)
        pressed = st.form_submit_button("Draft its successor", type="primary")
    if pressed:
        with problems_shown(stop=False):
            made = client().draft({**request, "supersedes": proposal["proposal"]}, key=key_for(what))
            st.session_state["proposal"] = made["proposal"]
            tell_after_rerun("Drafted. The checks run now.")
            st.rerun()


def send(proposal: dict[str, Any], step: str, body: dict[str, Any], done: str) -> None:
    with problems_shown(stop=False):
        client().decide(proposal["proposal"], step, body)
        tell_after_rerun(done)
        st.rerun()


def acts(proposal: dict[str, Any], names: Mapping[str, str]) -> None:
    """What this person may do with it now."""
    if me()["role"] != "advisor":
        return  # another advisor's proposal is seen only by whoever stands in for her
    state = proposal["status"].lower()
    if state in {"submitted", "approved"} and any(one["client"] is None for one in proposal["consents"]):
        consent(proposal, names)
    with st.container(horizontal=not cards.needs_reasons(proposal["findings"])):
        if state == "assessed":
            submit(proposal)
        if state in ENDED and proposal["successor"] is None and me()["person"] == proposal["advisor"]:
            successor(proposal)
        if state in OPEN and st.button("Withdraw", key=f"withdraw/{proposal['proposal']}"):
            send(proposal, "withdraw", {}, "Withdrawn.")


@st.fragment(run_every=2)
def watch(proposal: str, seen: tuple[str, str, int]) -> None:
    """Redraws the page when the proposal has moved."""
    try:
        now = client().proposal(proposal)
    except (Problem, Unreachable):
        return
    if state_of(now) != seen:
        st.rerun(scope="app")


def state_of(proposal: dict[str, Any]) -> tuple[str, str, int]:
    moves = ";".join(f"{o['status']}{o['filled']}" for o in proposal["orders"])
    given = sum(1 for one in proposal["consents"] if one["client"] is not None)
    return (proposal["status"], proposal["waits_for"] + moves, given)


def page() -> None:
    st.title("Trade proposals")
    if wanted := st.query_params.get("proposal"):
        st.session_state["proposal"] = wanted
        st.query_params.clear()
    with problems_shown():
        everything = client().proposals()
    chosen = st.segmented_control("Show", ["Open", "All"], default="Open", label_visibility="collapsed")
    focus = st.session_state.get("proposal")
    rows = [
        p
        for p in everything
        if chosen == "All"
        or p["status"].lower() in OPEN
        or p["waits_for"] != "nobody"
        or p["proposal"] == focus
    ]
    if not rows:
        st.info("No trade proposals here. Draft one from the worklist, a household, or with the copilot.")
        return
    batch.put_together(everything)
    side, main = st.columns([1.15, 4], gap="medium")
    with side:
        chosen_one = decide.pick(rows, "proposal")
    if chosen_one is None:
        return
    with main:
        with problems_shown():
            proposal = client().proposal(chosen_one)
        decide.title(proposal)
        names = account_names(proposal["household"])
        decide.what_was_said(proposal)
        acts(proposal, names)
        decide.in_full(proposal, names)
    if proposal["status"].lower() in OPEN or proposal["waits_for"] != "nobody":
        watch(proposal["proposal"], state_of(proposal))


page()
