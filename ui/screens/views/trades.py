"""Orders and trades: what was released, where it went and why, what was filled and at what price."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.screens import (
    cancels,
    cards,
    decide,
    execution_quality,
    in_block,
    live_orders,
    order_ticket,
    passing_on,
    sharing,
)
from ui.screens import figures as f
from ui.screens.client import Problem, Unreachable
from ui.screens.look import link, shown
from ui.screens.session import account_names, client, me, problems_shown

OUT: Final = frozenset({"RELEASED", "IN_BLOCK", "ROUTED", "SENT", "UNKNOWN"})
"""Let out, and not yet at work at a venue as far as it has said."""


def one(proposal: dict[str, Any], blocks: list[dict[str, Any]]) -> None:
    st.subheader(f"{f.kind_of(proposal)} · {proposal['household_name']}", anchor=False)
    st.html(cards.orders(proposal["orders"], account_names(proposal["household"]), blocks))
    for words in waiting(proposal["orders"]):
        st.warning(words)
    routed = [order for order in proposal["orders"] if order["scores"]]
    if routed:
        names = {
            o["order"]: f"{o['side'].capitalize()} {f.shares(o['quantity'])} {o['symbol']}" for o in routed
        }
        chosen = st.columns([2, 3])[0].selectbox(
            "Why this venue", list(names), format_func=lambda o: names[o], key=f"why/{proposal['proposal']}"
        )
        st.html(cards.scores(next(o for o in routed if o["order"] == chosen)))
    live_orders.card(proposal, me())
    _settling(proposal)
    _ticket(proposal)
    trace = shown(link("The whole trace, from the request on", f"audit?trace={proposal['trace']}"))
    st.html(f'<div class="gh">{trace}</div>')


def waiting(orders: list[dict[str, Any]]) -> list[str]:
    """Of each order that was let out and waits: why, and since when."""
    found = []
    for order in orders:
        if order["status"] not in OUT:
            continue
        now = client().order(order["order"])["waiting"]
        if now is not None:
            what = f"{order['side'].capitalize()} {f.shares(order['quantity'])} {order['symbol']}"
            since = f" since {f.moment(now['since'])}" if now["since"] else ""
            found.append(f"{what} waits{since}: {now['says']}.")
    return found


def _settling(proposal: dict[str, Any]) -> None:
    """For operations: how what was executed settles, and passing a confirmed trade on."""
    if me()["role"] != "operations":
        return
    with problems_shown(stop=False):
        filled = [one["order"] for one in proposal["orders"] if float(one["filled"]) > 0]
        trades = [trade for order in filled for trade in client().trades(order)]
        if trades:
            st.html(sharing.settling(trades))
            passing_on.card(trades, key=proposal["proposal"])


def _ticket(proposal: dict[str, Any]) -> None:
    """The order ticket of one order of the proposal, for whoever has to keep it."""
    names = {
        o["order"]: f"{o['side'].capitalize()} {f.shares(o['quantity'])} {o['symbol']}"
        for o in proposal["orders"]
    }
    with st.expander("Order ticket"):
        chosen = st.selectbox(
            "Order", list(names), format_func=lambda o: names[o], key=f"ticket/{proposal['proposal']}"
        )
        if chosen is not None:
            with problems_shown():
                about = proposal["corrects"]
                cause = about["cause"] if about else None
                st.html(order_ticket.whole(client().order_ticket(chosen), cause=cause))
            if any(o["scores"] for o in proposal["orders"] if o["order"] == chosen):
                st.subheader("Execution quality", anchor=False)
                with problems_shown(stop=False):
                    st.html(execution_quality.whole(client().execution_quality(chosen)))


def sent(proposals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [p for p in proposals if p["sent_count"]]


def state_of(
    traded: list[dict[str, Any]], proposal: dict[str, Any] | None, blocks: list[dict[str, Any]]
) -> tuple[object, ...]:
    """Equal means that nothing on this page has moved."""
    lines = tuple((p["proposal"], p["sent_count"], p["waits_for"]) for p in traded)
    orders = tuple((o["status"], o["filled"]) for o in proposal["orders"]) if proposal else ()
    return lines, orders, in_block.moved(blocks)


@st.fragment(run_every=2)
def watch(chosen: str | None, seen: tuple[object, ...]) -> None:
    """Redraws the page when an order was sent or filled."""
    try:
        proposal, blocks = (client().proposal(chosen), client().blocks(chosen)) if chosen else (None, [])
        now = state_of(sent(client().proposals()), proposal, blocks)
    except (Problem, Unreachable):
        return
    if now != seen:
        st.rerun(scope="app")


def page() -> None:
    st.title("Orders and trades")
    st.caption("Venues, spreads and volumes are simulated. Orders go out only after approval.")
    with problems_shown():
        traded = sent(client().proposals())
        to_cancel = client().cancel_drafts()
    for draft in to_cancel:
        cancels.card(draft)
    if not traded:
        st.info("No order has been sent yet.")
        watch(None, state_of(traded, None, []))
        return
    side, main = st.columns([1.15, 4], gap="medium")
    with side:
        chosen = decide.pick(traded, "trade")
    if chosen is not None:
        with main:
            with problems_shown():
                proposal, blocks = client().proposal(chosen), client().blocks(chosen)
            one(proposal, blocks)
        watch(chosen, state_of(traded, proposal, blocks))


page()
