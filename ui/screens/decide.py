"""A trade proposal in full, for whoever looks at it: what changes, what was checked, what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ui.screens import cards, deciding, halts
from ui.screens import figures as f
from ui.screens.words import plain, words

Json = Mapping[str, Any]


def title(proposal: Json) -> None:
    st.subheader(f"{f.kind_of(proposal)} · {proposal['household_name']}", anchor=False)
    st.html(cards.summary(proposal))
    halts.why_it_waits(proposal)


def what_was_said(proposal: Json) -> None:
    """Where it comes from, why it is done, why it ended, or which reasons people wrote."""
    comes_from(proposal)
    why(proposal)
    if proposal["closing"]:
        st.html(
            f'<div class="said"><strong>{f.status(proposal["status"])}</strong>'
            f"{words(proposal['closing'])}</div>"
        )
    told = ""
    for written in proposal["reasons"]:
        policy = f.esc(f.check_name(written["policy"]))
        who = f.esc(proposal["people"].get(written["person"], written["person"]))
        told += f"<div><strong>{policy}</strong> · reason by {who}: {f.esc(written['text'])}</div>"
    if told:
        st.html(f'<div class="small">{told}</div>')
    if proposal["denied_at"]:
        st.error(f"Denied by risk at {proposal['denied_at']}. Nothing was sent.", icon=":material/block:")
    for difference in proposal["differences"]:
        st.html(f'<p class="small">Moved since it was approved: {f.esc(difference)}</p>')


def comes_from(proposal: Json) -> None:
    """Of what is no request of its own: which order it corrects and why, or that a plan left it over."""
    if proposal["corrects"] is not None:
        about = f.esc(f"About order {proposal['corrects']['order']}, as operations wrote")
        cause = words(proposal["corrects"]["cause"])
        st.html(f'<div class="said"><strong>{about}</strong>{cause}</div>')
    if proposal["remainder_of"] is not None:
        why_left = (
            "The time of an earlier order was over before all of it was executed. This asks for the shares "
            "that are left, at once."
            if proposal["kind"] == "order"
            else "The sales of an earlier plan brought too little for all that it was to buy. This is the "
            "same request once more, for the one account."
        )
        st.info(f"{why_left} It moves nothing: submit or withdraw it.")


def why(proposal: Json) -> None:
    """Whose idea it was, and why it is done: in the advisor's words, or as a model's draft of them."""
    said = proposal["rationale"]
    told = f"<div>{f.esc(str(proposal['solicited']).capitalize())}, as submitted.</div>"
    html = told if proposal["solicited"] else ""
    if said is not None:
        who = f.esc(proposal["people"].get(said["by"], said["by"])) if said["by"] else ""
        adopted = ", drafted by the copilot and adopted" if said["drafted_in"] else ""
        head = f"Rationale by {who}{adopted}" if who else "The copilot’s draft of a rationale: nobody’s yet"
        html += f'<div class="said"><strong>{head}</strong>{words(said["text"])}</div>'
    if html:
        st.html(html)


def saying(proposal: Json) -> dict[str, Any]:
    """Fields for what whoever submits says of it, as the API takes it."""
    key, draft = proposal["proposal"], proposal["rationale"]
    idea = st.selectbox("Whose idea it was", ("not said", "solicited", "unsolicited"), key=f"idea/{key}")
    adopts = draft is not None and st.checkbox("Adopt the copilot’s draft as my own", key=f"adopt/{key}")
    text = st.text_area("Rationale, in your words", key=f"rationale/{key}", height=68, max_chars=4000)
    said: dict[str, Any] = {} if idea == "not said" else {"solicited": idea}
    if text.strip():
        said["rationale"] = text
    elif adopts and draft is not None:
        said["rationale"] = draft["text"][:4000]
    if adopts and draft is not None:
        said["rationale_drafted_in"] = draft["drafted_in"]
    return said


def in_full(proposal: Json, names: Mapping[str, str]) -> None:
    """Orders, before and after, order tickets, checks, holdings, fingerprint."""
    if proposal["preview"] is None and proposal["denied_at"] is None:
        st.caption("The checks are running; the figures appear in a moment.")
    if any(order["status"].lower() not in {"new", "held", "validated"} for order in proposal["orders"]):
        section("Orders", cards.orders(proposal["orders"], names))
    if proposal["tier"] == 3 and (proposal["approvals"] or proposal["needs"]):
        section("Approvals", deciding.approvals(proposal))
    if proposal["changes"]:
        section("Against the one that it replaces", deciding.changes(proposal["changes"], names))
    if proposal["consents"] and proposal["needs_consent"]:
        section("Clients’ consent", cards.consents(proposal["consents"], names))
    if proposal["preview"]:
        section("By account", cards.accounts(proposal["preview"], names))
        if proposal["preview"]["alternatives"]:
            section("Alternatives", cards.beside(proposal["preview"]))
    if proposal["legs"]:
        section("Order tickets", cards.tickets(proposal["legs"], names, proposal["comments"]))
    if proposal["findings"]:
        section("Checks", cards.checks(proposal["findings"], proposal["legs"], names))
    if proposal["preview"]:
        holdings(proposal, names)
    if proposal["digest"]:
        proof(proposal)


def section(title: str, html: str) -> None:
    st.html(f'<div class="section">{f.esc(title)}</div>{html}')


def holdings(proposal: Json, names: Mapping[str, str]) -> None:
    """Current and proposed side by side: what moves, and on demand what stays."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.html('<div class="section">Current and proposed</div>')
    unmoved = right.toggle("Show what stays as it is", key=f"unmoved/{proposal['proposal']}")
    st.html(cards.changes(proposal["preview"], names, unmoved=unmoved))


def proof(proposal: Json) -> None:
    left, right = st.columns([3, 2])
    with left:
        st.caption("Fingerprint: what you decide on, to the last byte")
        st.code(proposal["digest"], language=None, wrap_lines=True)
    with right:
        st.caption("Trace: from the request to the settlement")
        st.code(proposal["trace"], language=None, wrap_lines=True)


def reasons(proposal: Json, policies: Sequence[str]) -> dict[str, str]:
    """A field for each finding's written reason, under what the check found; the words by policy."""
    written = {}
    for policy in policies:
        found = [
            c["says"] for c in proposal["findings"] if c["policy"] == policy and c["result"] == "finding"
        ]
        told = "; ".join(dict.fromkeys(found))
        st.html(f'<div class="small"><strong>{f.esc(f.check_name(policy))}</strong>: {f.esc(told)}</div>')
        written[policy] = st.text_area(
            f"Your reason: {f.check_name(policy)}",
            key=f"why/{proposal['proposal']}/{policy}",
            height=68,
            max_chars=4000,
        )
    return written


def label(proposal: Json) -> str:
    """A proposal in a list: three short lines of markdown."""
    count = proposal["order_count"]
    worth = f.dollars(proposal["dollars"]).replace("$", "\\$")
    late = f" · waits since {f.minute(proposal['waits_since'])}" if proposal["escalated_to"] else ""
    return (
        f"**{plain(proposal['household_name'])}**  \n{f.kind_of(proposal)} · {worth}"
        f"{f' · {count} tickets' if count > 1 else ''}  \n{f.state(proposal)}{late}"
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
