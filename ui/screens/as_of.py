"""An account as it was: what was known at one moment, what was true at another."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.look import Column, Row, facts, table
from ui.screens.session import account_names, client, household_names, problems_shown

LOTS: Final = (
    Column("Holding"),
    Column("Lot"),
    Column("Acquired"),
    Column("Shares", figures=True),
    Column("Cost a share", figures=True),
)
ORDERS: Final = (
    Column("Open order"),
    Column("State"),
    Column("Shares", figures=True),
    Column("Filled", figures=True),
    Column("Average price", figures=True),
)
ON_THE_WALL: Final = "2026-11-21T15:00:00Z"
ON_THE_MARKET: Final = "2022-12-29T15:00:00Z"


def as_it_was() -> None:
    """The choice of an account and of the two moments, and what it held then."""
    names = household_names()
    if not names:
        st.info("There is no household in your book.")
        return
    one, two, three, four = st.columns([2, 2, 2, 2])
    household = one.selectbox(
        "Household", sorted(names, key=lambda h: names[h]), format_func=names.__getitem__
    )
    called = account_names(household)
    account = two.selectbox("Account", list(called), format_func=called.__getitem__)
    known = three.text_input("Known at (empty: now)", placeholder=ON_THE_WALL, max_chars=40)
    true = four.text_input(
        "True at, market clock (empty: all known)", placeholder=ON_THE_MARKET, max_chars=40
    )
    moments = {name: text.strip() for name, text in (("known_at", known), ("true_at", true)) if text.strip()}
    with problems_shown():
        _show(client().as_of("accounts", account, **moments))


def _show(then: Any) -> None:
    as_of = then["as_of"]
    held = "" if as_of["true_at"] is None else f", true at {f.moment(as_of['true_at'])}"
    st.caption(f"Known at {f.moment(as_of['known_at'])}{held}. It rests on entry {as_of['as_of_seq']:,}.")
    for word in as_of["says"]:
        st.info(word)
    cash, limits = then["cash"], then["limits"]
    st.html(
        facts(
            {
                "Business day": f.day(then["session"]),
                "Settled cash": f.dollars(cash["settled"]),
                "Unsettled": f.dollars(cash["unsettled"]),
                "Held deposits": f.dollars(cash["held"]),
                "Cash floor": f.dollars(limits["cash_floor"]),
                "One issuer at most": f.percent(limits["max_issuer_weight"]),
                "Model portfolio": limits["model"] or f.DASH,
                "Tolerance": f.tolerance(limits),
                "Do not trade": ", ".join(limits["do_not_trade"]) or f.DASH,
            }
        )
    )
    st.html(table(LOTS, _holdings(then)))
    if then["orders"]:
        st.html(table(ORDERS, [_order(order) for order in then["orders"]]))
    for one in then["proposals"]:
        st.caption(f"Open trade proposal {one['proposal']}: {f.status(one['status'])}")


def _holdings(then: Any) -> list[Row]:
    rows = []
    for position in then["positions"]:
        rows.append(Row((position["symbol"], "", "", f.shares(position["quantity"]), ""), "head"))
        rows += [
            Row(
                (
                    "",
                    lot["lot"],
                    f.day(lot["acquired_on"]),
                    f.shares(lot["quantity"]),
                    f.average(lot["cost_per_share"]),
                )
            )
            for lot in then["lots"]
            if lot["symbol"] == position["symbol"]
        ]
    return rows


def _order(order: Any) -> Row:
    return Row(
        (
            f"{order['side'].capitalize()} {order['symbol']}",
            f.status(order["status"]),
            f.shares(order["quantity"]),
            f.shares(order["filled"]),
            f.average(order["average_price"]),
        )
    )
