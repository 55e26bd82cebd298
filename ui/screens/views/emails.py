"""Held e-mails to clients: the advisor edits and adopts one, a principal reviews or returns it. None is sent.

Rule 1: whoever acts does it on the fingerprint of the text on the screen; a text that changed is refused.
Rule 2: what the advisor types stays in her page until she adopts it: nothing is kept in between.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.screens import letters
from ui.screens.session import client, me, problems_shown, tell_after_rerun

Json = dict[str, Any]
FIRST = {"principal": ("ADOPTED", "HELD")}
OPEN = ("ADOPTED", "HELD", "RETURNED")


def act(email: Json, step: str, body: Json, done: str) -> None:
    with problems_shown(stop=False):
        client().act_on_email(email["email"], step, body)
        tell_after_rerun(done)
        st.rerun()


def pick(found: list[Json]) -> Json | None:
    """The list at the side; the first is chosen until another one is."""
    known = {one["email"]: one for one in found}
    chosen = st.session_state.get("email/chosen")
    if chosen not in known:
        chosen = next(iter(known), None)
    with st.container(key="list"):
        for one in found:
            words, _ = letters.STATES[one["status"]]
            key = "chosen" if one["email"] == chosen else f"one/{one['email']}"
            with st.container(key=key):
                subject = one["subject"].replace("[", "\\[") or "(not to be read)"
                if st.button(
                    f"**{one['household_name']}**  \n{subject}  \n{words}",
                    key=f"pick/{one['email']}",
                    width="stretch",
                ):
                    st.session_state["email/chosen"] = one["email"]
                    st.rerun()
    return known.get(str(chosen))


def editing(email: Json) -> None:
    """Her text: she starts from what stands, and what she adopts is exactly what is in the fields."""
    with st.form(f"adopt/{email['email']}/{email['digest']}", border=True, enter_to_submit=False):
        subject = st.text_input("Subject", value=email["subject"], max_chars=200)
        text = st.text_area("Text", value=email["text"], max_chars=8_000, height=420)
        pressed = st.form_submit_button("Adopt this text as mine", type="primary")
    if pressed and subject.strip() and text.strip():
        body = {"seen": email["digest"], "subject": subject.strip(), "text": text.strip()}
        act(email, "adopt", body, "Adopted. It waits for a principal.")
    elif pressed:
        st.warning("Subject and text: write a few words first.")
    if email["status"] != "REVIEWED" and st.button("Drop it", key="withdraw"):
        act(email, "withdraw", {}, "Dropped.")


def hers(email: Json) -> None:
    if email["forgotten"] or email["damaged"]:
        st.html(letters.letter(email))
        if email["status"] in OPEN and st.button("Drop it", key="withdraw"):
            act(email, "withdraw", {}, "Dropped.")
        return
    if email["status"] == "REVIEWED":
        st.success(f"A principal has reviewed exactly this text. {letters.NEVER_SENT}")
        st.code(f"{email['subject']}\n\n{email['text']}", language=None, wrap_lines=True)
        with st.expander("Edit it: it goes to a principal again"):
            editing(email)
    elif email["status"] == "ADOPTED":
        st.info("It waits for a principal. An edit now is another text, and waits anew.")
        st.html(letters.letter(email))
        with st.expander("Edit it"):
            editing(email)
    elif email["status"] in OPEN:
        st.markdown("Edit it, put in your name and the firm's, and adopt it. It goes to a principal.")
        editing(email)
    else:
        st.html(letters.letter(email))


def supervised(email: Json) -> None:
    st.html(letters.letter(email))
    if me()["role"] != "principal" or email["status"] not in ("ADOPTED", "HELD"):
        return
    if email["advisor"] == me()["person"]:
        st.info("It is your own: another principal reviews it.")
        return
    adopted = email["status"] == "ADOPTED"
    found = bool(email["found"])
    if not adopted:
        st.info("It is still the copilot's draft. You can return it; its advisor adopts it before a review.")
    title = "Comment" + (" (needed: the rules found something)" if adopted and found else "")
    with st.form(f"review/{email['email']}/{email['digest']}", border=False, enter_to_submit=False):
        comment = st.text_area(title, max_chars=4_000, height=90).strip()
        first, second, _ = st.columns([1.3, 1.5, 2])
        reviewed = first.form_submit_button(
            "Mark as reviewed", type="primary", width="stretch", disabled=not adopted
        )
        returned = second.form_submit_button("Return with the comment", width="stretch")
    if reviewed and found and not comment:
        st.warning("The rules found something: say in writing why it passes, or return it.")
    elif reviewed:
        body = {"digest": email["digest"], "comment": comment or None}
        act(email, "review", body, "Reviewed. Nothing was sent.")
    elif returned and not comment:
        st.warning("Comment: write a few words first.")
    elif returned:
        act(email, "return", {"digest": email["digest"], "comment": comment}, "Returned to its advisor.")


def page() -> None:
    st.title("Client e-mails")
    st.caption(f"Drafts of the copilot, held for people. {letters.NEVER_SENT}")
    every = st.toggle("Show those that are done", key="email/done")
    with problems_shown():
        found = [one for one in client().emails() if every or one["status"] in OPEN]
    if me()["role"] == "principal" and not every:
        found = [one for one in found if one["status"] in FIRST["principal"]]
    if not found:
        asked = 'Ask the copilot: "draft an e-mail to the Delgados about our next meeting".'
        st.success(f"No e-mail waits. {asked if me()['role'] == 'advisor' else ''}")
        return
    side, main = st.columns([1.15, 3.4], gap="medium")
    with side:
        email = pick(found)
    if email is None:
        return
    with main:
        st.html(letters.facts_of(email))
        if email["comment"]:
            who = f"{email['decided_by_name']}: "
            st.html(f'<div class="said">{letters.marked(who + email["comment"], ())}</div>')
        st.html(letters.findings(email))
        hers(email) if me()["person"] == email["advisor"] else supervised(email)
        with st.expander("Fingerprint of this text"):
            st.code(email["digest"], language=None, wrap_lines=True)


page()
