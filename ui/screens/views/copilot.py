"""The conversation: client pinned at the top, steps and sources visible, the parked proposal below.

Rule 1: another household is another conversation; nothing crosses clients.
Rule 2: an answer's markdown loads nothing and links nowhere.
Rule 3: a message is sent once: its key is made when it is written.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.screens import cancels, cards
from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.session import (
    account_names,
    client,
    household_names,
    problems_shown,
    tell_after_rerun,
)
from ui.screens.sources import listed, named
from ui.screens.words import words

BOOK: Final = ""
DONE: Final = frozenset({"returned", "declined", "withdrawn", "lapsed", "denied", "superseded"})
AGENTS: Final = {
    "orchestrator": "Copilot",
    "portfolio": "Portfolio",
    "research": "Research",
    "proposal": "Trade proposal",
}


def bubble(who: str) -> DeltaGenerator:
    """The frame of what somebody said."""
    icon = ":material/person:" if who == "advisor" else ":material/auto_awesome:"
    return st.chat_message("user" if who == "advisor" else "assistant", avatar=icon)


def thread_for(household: str) -> str:
    """The conversation of this session about that household, opened when it is first needed."""
    threads = st.session_state.setdefault("threads", {})
    if household not in threads:
        with problems_shown():
            mine = [t for t in client().threads() if (t["household"] or BOOK) == household]
            threads[household] = mine[-1]["thread"] if mine else client().open_thread(household or None)
    return str(threads[household])


def said(message: dict[str, Any]) -> None:
    with bubble("advisor" if message["role"] == "advisor" else "copilot"):
        st.html(words(message["text"], [named(source) for source in message["sources"]]))
        if message["role"] == "copilot":
            made = f"{f.moment(message['at'])} · model {f.esc(message['model'])}"
            st.html(f'{listed(message)}<div class="note">{made}</div>')


def stopped(thread: str) -> None:
    """She pressed Stop: the copilot does nothing further, and its answer says what was done."""
    with problems_shown(stop=False):
        client().stop(thread)


def turn(thread: str, text: str) -> None:
    """Send a message and show what comes as it comes."""
    with bubble("advisor"):
        st.html(words(text))
    with bubble("copilot"):
        steps = st.status("Working …", expanded=True)
        stop, answer, heard = st.empty(), st.empty(), ""
        stop.button(
            "Stop", key=f"stop/{thread}", icon=":material/stop_circle:", on_click=stopped, args=(thread,)
        )
        try:
            for event in client().say(thread, text, key=uuid4().hex):
                if event.name == "step":
                    agent = str(event.data.get("agent", ""))
                    who = AGENTS.get(agent, agent.capitalize())
                    steps.html(words(f"**{who}** – {event.data['says']}"))
                elif event.name == "token":
                    heard += str(event.data["text"])
                    answer.html(words(heard))
                elif event.name == "answer":
                    answer.html(words(str(event.data["text"])))
                elif event.name == "error":
                    steps.update(label="Not answered", state="error")
                    st.warning(str(event.data["says"])[:1].upper() + str(event.data["says"])[1:] + ".")
                    return
        except (Problem, Unreachable) as no:
            steps.update(label="Not answered", state="error")
            st.warning(str(no)[:1].upper() + str(no)[1:] + ".")
            return
        stop.empty()
        steps.update(label="Steps", state="complete", expanded=False)
    st.rerun()


def parked(proposal: dict[str, Any]) -> None:
    """The trade proposal that the conversation waits for."""
    with st.container(border=True):
        st.html(f"<strong>{f.esc(f.kind_of(proposal))} · {f.esc(proposal['household_name'])}</strong>")
        st.html(cards.summary(proposal))
        if proposal["preview"]:
            st.html(cards.accounts(proposal["preview"], account_names(proposal["household"])))
        reasons = cards.needs_reasons(proposal["findings"])
        ready = proposal["status"].lower() == "assessed"
        with st.container(horizontal=True):
            if (
                ready
                and not reasons
                and st.button("Submit", key=f"submit/{proposal['proposal']}", type="primary")
            ):
                with problems_shown(stop=False):
                    client().decide(proposal["proposal"], "submit", {"digest": proposal["digest"]})
                    tell_after_rerun("Submitted. A principal decides now.")
                    st.rerun()
            if st.button("Open the proposal", key=f"open/{proposal['proposal']}"):
                st.session_state["proposal"] = proposal["proposal"]
                st.switch_page("views/proposals.py")
        if ready and reasons:
            st.caption("A check found something: open the proposal and write your reason before you submit.")


@st.fragment(run_every=2)
def waiting(thread: str, heard: int) -> None:
    """Keeps the parked proposals fresh. Reading the messages wakes the conversation where something moved."""
    try:
        mine = client().proposals(thread=thread)
        to_cancel = [one for one in client().cancel_drafts() if one["thread_id"] == thread]
        if len(client().messages(thread)) != heard:
            st.rerun(scope="app")
    except (Problem, Unreachable):
        return
    for line in mine:
        if line["status"].lower() not in DONE and line["waits_for"] != "nobody":
            parked(client().proposal(line["proposal"]))
    for draft in to_cancel:
        cancels.card(draft)


def page() -> None:
    names = household_names()
    st.title("Copilot")
    asked = st.query_params.get("household") or st.session_state.get("chat_about", BOOK)
    options = [BOOK, *names]
    about = st.selectbox(
        "About",
        options,
        index=options.index(asked) if asked in options else 0,
        format_func=lambda h: names.get(h, "The whole book of business"),
        help="Another household is another conversation",
    )
    st.session_state["chat_about"] = about
    st.html(
        '<div class="pin"><span><span class="quiet">Client</span> '
        f"<strong>{f.esc(names.get(about, 'whole book'))}</strong></span>"
        '<span class="quiet small">The copilot drafts; you submit; a principal decides. It cannot trade.'
        "</span></div>"
    )
    thread = thread_for(about)
    with problems_shown():
        history = client().messages(thread)
    for message in history:
        said(message)
    if not history:
        st.caption(
            "For example: “Which of my households need me?”, “What do our notes say about energy?”, "
            "“Rebalance the … household”."
        )
    text = st.chat_input("Ask, or ask for a trade proposal", max_chars=4000)
    if text:
        turn(thread, text)
    waiting(thread, len(history))


page()
