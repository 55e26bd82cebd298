"""A request to cancel that the copilot drafted: a card with the one button that makes it the reader's own."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.screens import figures as f
from ui.screens.session import client, problems_shown, tell_after_rerun


def told(draft: dict[str, Any]) -> str:
    """The order in one line: `Sell 40 AAPL at $130.00 in acc-1001 · 10 of 40 filled`."""
    limit = f" at {f.price(draft['limit_price'])}" if draft["limit_price"] else ""
    what = f"{draft['side'].capitalize()} {f.shares(draft['quantity'])} {draft['symbol']}{limit}"
    filled = f"{f.shares(draft['filled'])} of {f.shares(draft['quantity'])} filled"
    return f"{what} in {draft['account_id']} · {filled}"


def card(draft: dict[str, Any]) -> None:
    """Nothing is stopped by the draft: the button asks, and its venue has the last word."""
    with st.container(border=True):
        st.html(f"<strong>Cancel this order?</strong><br>{f.esc(told(draft))}")
        st.caption("The copilot drafted this request. It stops nothing until you ask.")
        if st.button("Ask to cancel", key=f"cancel/{draft['order_id']}", type="primary"):
            with problems_shown(stop=False):
                client().cancel_order(draft["order_id"])
                tell_after_rerun("Asked for. Its venue has the last word.")
                st.rerun(scope="app")
