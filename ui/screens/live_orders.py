"""What the advisor may ask of an order that is live: that another takes its place, or that it ends.

Rule 1: both only ask. A replacement is a trade proposal, checked and decided on like any other; until then
    the order stays as it is. A cancel is carried to the venue, which has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.session import client, done_with, key_for, problems_shown, tell_after_rerun

Json = Mapping[str, Any]

LIVE: Final = frozenset({"RELEASED", "IN_BLOCK", "ROUTED", "SENT", "UNKNOWN", "ACCEPTED", "PARTIALLY_FILLED"})


def left(order: Json) -> Decimal:
    """Shares that are not executed yet."""
    return Decimal(order["quantity"]) - Decimal(order["filled"])


def live(proposal: Json, person: Json) -> Sequence[Json]:
    """The orders that this person may ask something of: the account's advisor, of those that are not over."""
    if person["person"] != proposal["advisor"]:
        return ()
    return [order for order in proposal["orders"] if order["status"] in LIVE and left(order) > 0]


def asked(order: Json, *, advisor: str, quantity: str, limit: str, client_order_id: str) -> dict[str, Any]:
    """The replacement, as the API takes it. Without a limit it is a market order."""
    return {
        "account_id": order["account"],
        "symbol": order["symbol"],
        "side": order["side"],
        "quantity": quantity.strip().replace(",", ""),
        "order_type": "limit" if limit.strip() else "market",
        "time_in_force": "day",
        "advisor_id": advisor,
        "client_order_id": client_order_id,
        "replaces": order["order"],
        **({"limit_price": limit.strip().lstrip("$").replace(",", "")} if limit.strip() else {}),
    }


def said(answer: Json) -> str:
    """What came of it, in a line."""
    against = [one["says"] for one in answer["risk_decisions"] if one["result"] == "breach"]
    if answer["status"] == "BLOCKED":
        return f"It was not let in: {'; '.join(against) or 'a check denies it'}."
    if answer["says"]:
        return f"Proposed. {str(answer['says']).capitalize()}: see Trade proposals."
    return "Proposed. The order stays as it is until a principal has decided."


def card(proposal: Json, person: Json) -> None:
    """A line for each of them with both buttons."""
    found = live(proposal, person)
    if not found:
        return
    with st.expander("Replace or cancel an order"):
        names = {
            one["order"]: f"{one['side'].capitalize()} {f.shares(one['quantity'])} {one['symbol']}, "
            f"{f.shares(str(left(one)))} left"
            for one in found
        }
        chosen = st.selectbox(
            "Live order", list(names), format_func=lambda o: names[o], key=f"live/{proposal['proposal']}"
        )
        order = next(one for one in found if one["order"] == chosen)
        _form(order, str(person["person"]))


def _form(order: Json, advisor: str) -> None:
    what = f"replace/{order['order']}"
    with st.form(what, border=False):
        shares, price = st.columns(2)
        quantity = shares.text_input("Shares from now on", value=f"{left(order):f}", max_chars=20)
        price_now = order["limit_price"] or ""
        limit = price.text_input("Limit in dollars; empty: at market", value=price_now, max_chars=20)
        replaces, cancels = st.columns(2)
        to_replace = replaces.form_submit_button("Propose the replacement", type="primary")
        to_cancel = cancels.form_submit_button("Ask to cancel")
    if to_replace:
        with problems_shown(stop=False):
            body = asked(
                order, advisor=advisor, quantity=quantity, limit=limit, client_order_id=f"scr-{key_for(what)}"
            )
            answer = client().place_order(body)
            done_with(what)
            tell_after_rerun(said(answer))
            st.rerun()
    if to_cancel:
        with problems_shown(stop=False):
            client().cancel_order(order["order"])
            tell_after_rerun("Asked for. Its venue has the last word.")
            st.rerun()
