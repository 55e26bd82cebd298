"""A batch as a table: each row with its checks, what it comes to together, and one fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from ui.screens import cards
from ui.screens import figures as f
from ui.screens.look import Column, Row, badge, facts, link, table
from ui.screens.session import client, done_with, key_for, me, problems_shown, tell_after_rerun

ROWS: Final = (
    Column("Household"),
    Column("What"),
    Column("Checks"),
    Column("Client’s consent"),
    Column("State"),
    Column("Tier", figures=True),
    Column("Order tickets", figures=True),
    Column("Dollar value", figures=True),
)
TIER_OF_TWO: Final = 3
PROOF: Final = {"totp": "The code that your authenticator shows", "password": "Your password"}

Json = Mapping[str, Any]


def show(batch: Json) -> None:
    """The rows, the sum, and the fingerprint."""
    named = {person: name for row in batch["rows"] for person, name in row["people"].items()}
    signed = ", ".join(named.get(person, person) for person in batch["approved_by"])
    st.html(
        facts(
            {
                "Batch of": f"{len(batch['rows'])} trade proposals",
                "Advisor": named.get(batch["advisor"], batch["advisor"]),
                "Dollar value": f.dollars(batch["dollars"]),
                "Tier": str(batch["tier"]),
                "Approved by": signed or f.DASH,
            }
        )
        + table(ROWS, [_row(row) for row in batch["rows"]])
    )
    st.caption("Fingerprint: every row with its own, to the last byte")
    st.code(batch["digest"], language=None, wrap_lines=True)


def _row(row: Json) -> Row:
    consent = "not needed" if not row["needs_consent"] else "recorded" if row["consented"] else "needed"
    return Row(
        (
            link(row["household_name"], f"/proposals?proposal={row['proposal']}"),
            f.kind_of(row),
            cards.check_line(row["findings"]),
            consent,
            badge(f.state(row), f.state_tone(row)),
            str(row["tier"] or f.DASH),
            str(row["order_count"]),
            f.dollars(row["dollars"]),
        )
    )


def policies(batch: Json) -> tuple[str, ...]:
    """Each policy that some row has a finding of, once."""
    return tuple(
        dict.fromkeys(policy for row in batch["rows"] for policy in cards.needs_reasons(row["findings"]))
    )


def decide(batch: Json, step: str, body: Mapping[str, Any], done: str) -> None:
    with problems_shown(stop=False):
        client().decide_batch(batch["batch"], step, {"digest": batch["digest"], **body})
        tell_after_rerun(done)
        st.rerun()


def _reasons(batch: Json) -> dict[str, str]:
    """One reason a policy: it is written for each row that has such a finding."""
    return {
        policy: st.text_area(f"Your reason: {f.check_name(policy)}", key=f"why/{batch['batch']}/{policy}")
        for policy in policies(batch)
    }


@st.dialog("Approve every row?")
def approve(batch: Json) -> None:
    asked_for = None
    st.markdown(f"**{len(batch['rows'])} trade proposals** are released as soon as every condition holds.")
    if batch["tier"] == TIER_OF_TWO:
        st.markdown("Together they are of tier 3: compliance approves before the principal.")
        with problems_shown():
            asked_for = "totp" if client().authenticator()["enrolled"] else "password"
    st.code(batch["digest"], language=None, wrap_lines=True)
    with st.form(f"approve/{batch['batch']}", border=False):
        reasons = _reasons(batch)
        typed = st.text_input(PROOF[asked_for], type="password", max_chars=200) if asked_for else ""
        pressed = st.form_submit_button("Approve all", type="primary")
    if not pressed:
        return
    if not all(text.strip() for text in reasons.values()):
        st.warning("Each kind of finding needs your written reason.")
    elif asked_for and not typed:
        st.warning(f"{PROOF[asked_for]}: it is asked for once more.")
    else:
        proven = {"step_up": {asked_for: typed}} if asked_for else {}
        decide(batch, "approve", {"reasons": reasons, **proven}, "Approved.")


@st.dialog("Turn down every row?")
def turn_down(batch: Json, step: str) -> None:
    with st.form(f"{step}/{batch['batch']}", border=False):
        words = st.text_area("Comments for the advisor" if step == "return" else "Reason", max_chars=4000)
        pressed = st.form_submit_button("Return all" if step == "return" else "Decline all", type="primary")
    if pressed and words.strip():
        decide(batch, step, {"words": words}, "Returned." if step == "return" else "Declined.")


@st.dialog("Submit every row?")
def submit(batch: Json) -> None:
    show(batch)
    with st.form(f"submit/{batch['batch']}", border=False):
        reasons = _reasons(batch)
        pressed = st.form_submit_button("Submit all", type="primary")
    if pressed and all(text.strip() for text in reasons.values()):
        decide(batch, "submit", {"reasons": reasons}, "Submitted.")


def to_decide() -> list[Json]:
    """Submitted batches, in full; those of which a row has changed or ended are decided row by row."""
    return [client().batch(one["batch"]) for one in client().batches(status="submitted") if one["whole"]]


def inbox(batches: Sequence[Json]) -> None:
    """Each with its rows and what one may do."""
    for batch in batches:
        show(batch)
        first, second, third, _ = st.columns([1, 1, 1, 3])
        if first.button("Approve all", type="primary", key=f"approve/{batch['batch']}"):
            approve(batch)
        if second.button("Return all", key=f"return/{batch['batch']}"):
            turn_down(batch, "return")
        if third.button("Decline all", key=f"decline/{batch['batch']}"):
            turn_down(batch, "decline")


def put_together(proposals: Sequence[Json]) -> None:
    """For an advisor: several of hers that wait for her, assembled and submitted as one."""
    hers = {
        one["proposal"]: one
        for one in proposals
        if one["waits_for"] == "advisor" and one["advisor"] == me()["person"]
    }
    with problems_shown(stop=False):
        for one in client().batches(status="assembled"):
            if one["whole"] and st.button(
                f"Submit a batch of {len(one['proposals'])}", key=f"submit/{one['batch']}"
            ):
                submit(client().batch(one["batch"]))
    if len(hers) > 1:
        with st.expander("Put several together"):
            chosen = st.multiselect(
                "Trade proposals",
                list(hers),
                format_func=lambda one: f"{hers[one]['household_name']} · {f.kind_of(hers[one])}",
            )
            if st.button("Put together", disabled=len(chosen) < 2) and len(chosen) > 1:
                with problems_shown(stop=False):
                    client().assemble_batch(chosen, key=key_for("batch"))
                    done_with("batch")
                    tell_after_rerun("Put together. Submit them as one.")
                    st.rerun()
