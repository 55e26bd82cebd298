"""Orders and trades: what was released, where it went and why, what was filled and at what price."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.screens import cards
from ui.screens import figures as f
from ui.screens.session import client, problems_shown


def one(proposal: dict[str, Any], *, open_first: bool) -> None:
    worth = f.dollars(proposal["dollars"]).replace("$", "\\$")
    heading = (
        f"**{proposal['household_name']}** · {f.kind_of(proposal)} · {worth} · {f.status(proposal['status'])}"
    )
    with st.expander(heading, expanded=open_first):
        st.html(cards.orders(proposal["orders"]))
        routed = [order for order in proposal["orders"] if order["scores"]]
        if routed:
            names = {
                o["order"]: f"{o['side'].capitalize()} {f.shares(o['quantity'])} {o['symbol']}"
                for o in routed
            }
            chosen = st.selectbox(
                "Why this venue",
                list(names),
                format_func=lambda o: names[o],
                key=f"why/{proposal['proposal']}",
            )
            st.html(cards.scores(next(o for o in routed if o["order"] == chosen)))
        st.caption(f"Trace {proposal['trace']}")


st.title("Orders and trades")
st.caption("Venues, spreads and volumes are simulated. An order goes out only after submission and approval.")
with problems_shown():
    traded = [
        p
        for p in client().proposals()
        if any(o["status"].lower() not in {"new", "validated", "held"} for o in p["orders"])
    ]
if not traded:
    st.info("No order has been released yet.")
for place, proposal in enumerate(traded):
    one(proposal, open_first=place == 0)
