"""Operations says who settles a confirmed trade in our stead: a form for each that may be passed on.

Rule 1: what may be, and by whom, is the append's answer. Here is only the asking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.session import client, me, problems_shown, tell_after_rerun

Json = Mapping[str, Any]
WAYS: Final[Mapping[str, str]] = {
    "step-out": "Step out: another broker clears and settles it",
    "give-up": "Give up: it was executed in another broker’s name",
}


def may_be(trades: Sequence[Json]) -> list[Json]:
    """Those that are confirmed and have not settled."""
    return [one for one in trades if one["status"] == "CONFIRMED"]


def card(trades: Sequence[Json], *, key: str) -> None:
    """For operations alone, where anything can be passed on."""
    found = may_be(trades)
    if me()["role"] != "operations" or not found:
        return
    names = {
        f"{one['order_id']}/{one['trade_date']}": f"{one['side'].capitalize()} {f.shares(one['quantity'])} "
        f"{one['symbol']} of {one['account_id']}, {f.day(one['trade_date'])}"
        for one in found
    }
    with st.expander("Step a trade out, or give it up"), st.form(f"pass/{key}", border=False):
        chosen = st.selectbox("Trade", list(names), format_func=lambda named: names[named])
        way = st.selectbox("How", list(WAYS), format_func=lambda one: WAYS[one])
        broker = st.text_input("The other broker’s participant or clearing number", max_chars=11)
        pressed = st.form_submit_button("Record it", type="primary")
    if pressed:
        one = next(t for t in found if f"{t['order_id']}/{t['trade_date']}" == chosen)
        with problems_shown(stop=False):
            body = {"broker": broker.strip().upper(), "custodian": one["custodian"]}
            client().pass_on(one["order_id"], one["trade_date"], way, body)
            tell_after_rerun(f"Recorded. {broker.strip().upper()} settles it at {one['custodian']}.")
            st.rerun()
