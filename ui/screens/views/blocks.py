"""Blocks: orders that went to a venue as one, how each was shared, what is changed of it, how it settles."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.screens import figures as f
from ui.screens import passing_on, sharing
from ui.screens.client import Problem, Unreachable
from ui.screens.session import client, me, problems_shown, tell_after_rerun

Json = dict[str, Any]


def may_change(block: Json, day: Json, session: str) -> bool:
    """Whether there is anything to change, and it is still that day, of a block that is over."""
    due = block["status"] == "SHARED" and day["trade_date"] == session
    return due and sharing.some_want(block) and me()["role"] == "operations"


def ask_for_change(block: Json, day: Json) -> None:
    """Operations: other shares of the day, and why."""
    asked = {one["order_id"]: one for one in block["orders"]}
    with (
        st.expander("Ask for other shares"),
        st.form(f"change/{block['order_id']}/{day['trade_date']}", border=False),
    ):
        st.caption(
            f"Whole shares that add up to {f.shares(day['quantity'])}; nobody gets more than was asked for. "
            "Compliance confirms, or nothing moves."
        )
        wanted = {
            one["order_id"]: st.text_input(
                f"{asked[one['order_id']]['account_id']}, {one['order_id']}, "
                f"asked for {f.shares(asked[one['order_id']]['quantity'])}",
                value=f.shares(one["quantity"]).replace(",", ""),
                max_chars=12,
            )
            for one in day["shares"]
        }
        reason = st.text_area("Why, in writing", max_chars=4000)
        pressed = st.form_submit_button("Ask compliance", type="primary")
    if pressed:
        body = {
            "trade_date": day["trade_date"],
            "revision": day["revision"],
            "shares": {order: text.strip().replace(",", "") for order, text in wanted.items()},
            "reason": reason,
        }
        with problems_shown(stop=False):
            client().draft_allocation(block["order_id"], body)
            tell_after_rerun("Asked for. Nothing moves before compliance confirms.")
            st.rerun()


def decide(block: Json, one: Json) -> None:
    """Compliance: confirm what waits, or say what it makes of what was overtaken."""
    order, change = block["order_id"], one["change_id"]
    if me()["role"] != "compliance":
        return
    if one["state"] == "WAITS" and st.button("Confirm these shares", type="primary", key=f"confirm/{change}"):
        with problems_shown(stop=False):
            client().confirm_allocation(order, change)
            tell_after_rerun("Confirmed. What is booked is corrected in a moment.")
            st.rerun()
    if one["state"] == "OVERTAKEN":
        with st.form(f"review/{change}", border=False):
            words = st.text_area("What you make of the day as the rule shares it", max_chars=4000)
            pressed = st.form_submit_button("Record the review", type="primary")
        if pressed:
            with problems_shown(stop=False):
                client().review_allocation(order, change, words)
                tell_after_rerun("Recorded. Operations may draft another change while it is that day.")
                st.rerun()


def one_block(block: Json, trades: list[Json], session: str) -> None:
    st.subheader(sharing.name_of(block), anchor=False)
    if any(one["state"] == "OVERTAKEN" for one in block["changes"]):
        st.error(
            "Its venue took back or corrected something after compliance had confirmed the shares, and they "
            "no longer add up. The day is shared by the rule until compliance has looked at it."
        )
    st.html(sharing.head(block))
    for day in block["allocations"]:
        st.html(sharing.shared(block, day))
        if may_change(block, day, session):
            ask_for_change(block, day)
    if not block["allocations"]:
        st.info("Nothing of it is shared yet: that is when it is over, or the day is.")
    for one in reversed(block["changes"]):
        st.html(sharing.change(block, one))
        decide(block, one)
    if trades:
        st.html(sharing.settling(trades))
        passing_on.card(trades, key=block["order_id"])


@st.fragment(run_every=2)
def watch(chosen: str | None, seen: tuple[object, ...]) -> None:
    """Redraws the page when something of a block moved."""
    try:
        now = sharing.moved(client().blocks(), client().trades(chosen) if chosen else [])
    except (Problem, Unreachable):
        return
    if now != seen:
        st.rerun(scope="app")


def page() -> None:
    st.title("Blocks")
    st.caption("Orders of one batch that went to their venue together, and how what was executed is shared.")
    with problems_shown():
        blocks, session = client().blocks(), str(client().day()["session"])
    if not blocks:
        st.info("No orders went to a venue together yet.")
        watch(None, sharing.moved([], []))
        return
    waits = [one for one in blocks if one["needs_compliance"]]
    if waits:
        named = ", ".join(sharing.name_of(one) for one in waits)
        st.warning(f"Compliance has to look at {named}.")
    side, main = st.columns([1.15, 4], gap="medium")
    names = {one["order_id"]: one for one in blocks}
    with side:
        chosen = st.radio(
            "Block",
            list(names),
            format_func=lambda order: (
                sharing.name_of(names[order])
                + (" · needs compliance" if names[order]["needs_compliance"] else "")
            ),
            label_visibility="collapsed",
        )
    if chosen is None:
        return
    with problems_shown():
        trades = client().trades(chosen)
    with main:
        one_block(names[chosen], trades, session)
    watch(chosen, sharing.moved(blocks, trades))


page()
