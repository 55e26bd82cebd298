"""A household: its accounts first, then each account's holdings, lots and cash, with every price's source."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.look import Cell, Column, Raw, Row, against, badge, facts, marked, signed, table
from ui.screens.session import (
    client,
    done_with,
    household_names,
    key_for,
    me,
    problems_shown,
    tell_after_rerun,
)

ACCOUNTS: Final = (
    Column("Account"),
    Column("Type"),
    Column("Authority"),
    Column("Model portfolio"),
    Column("Value", figures=True),
    Column("Cash free", figures=True),
    Column("Largest drift", figures=True),
    Column("Tolerance", figures=True),
    Column("Custodian"),
    Column("Status"),
)
HOLDINGS: Final = (
    Column("Holding"),
    Column("Shares", figures=True),
    Column("Price", figures=True),
    Column("Value", figures=True),
    Column("Weight", figures=True),
    Column("Target", figures=True),
    Column("Drift", figures=True),
    Column("Price of"),
)
LOTS: Final = (
    Column("Lot"),
    Column("Acquired"),
    Column("Shares", figures=True),
    Column("Cost a share", figures=True),
    Column("Gain", figures=True),
)


def account_line(row: dict[str, Any]) -> Row:
    drift, tolerance = f.number(row["drift"]), f.number(row["tolerance"])
    over = row["in_tolerance"] is False
    shown: Cell = f.percent(row["drift"])
    if drift is not None and tolerance:
        shown = Raw(
            f"{'▲ ' if over else ''}{f.percent(drift)}{against(float(drift / tolerance / 2), over=over)}"
        )
    authority = (
        f"{row['capacity'].capitalize()}, {'discretionary' if row['discretionary'] else 'client’s consent'}"
    )
    status = (
        badge("open", "green") if row["status"] == "open" else badge(row["status"].replace("_", " "), "red")
    )
    return Row(
        (
            row["account"],
            f.ACCOUNT_KINDS.get(row["kind"], row["kind"]),
            authority,
            row["model"] or f.DASH,
            f.dollars(row["value"]),
            f.dollars(row["cash"]["available"]),
            shown,
            f.tolerance(row),
            row["custodian"],
            status,
        )
    )


def holding_line(row: dict[str, Any]) -> Row:
    marks = [
        word
        for word, holds in (
            ("synthetic", row["synthetic"]),
            ("restricted", row["restricted"]),
            ("do not trade", row["do_not_trade"]),
            ("held only", not row["tradable"]),
        )
        if holds
    ]
    name: Cell = Raw(
        f"<strong>{f.esc(row['symbol'])}</strong> <span class='quiet'>{f.esc(row['name'])}</span>"
        + "".join(marked("", mark).html for mark in marks)
    )
    price = row["price"]
    return Row(
        (
            name,
            f.shares(row["quantity"]),
            f.price(price["price"]) if price else f.DASH,
            f.dollars(row["value"]),
            f.percent(row["weight"]),
            f.percent(row["target"]),
            f.points(row["drift"]),
            Raw(f'<span class="quiet small">{f.day(price["session"])}, {f.esc(price["source"])}</span>')
            if price
            else f.DASH,
        )
    )


def lots_of(rows: list[dict[str, Any]]) -> str:
    lines: list[Row] = []
    for row in rows:
        if row["lots"]:
            lines.append(Row((row["symbol"],), "head"))
            lines += [
                Row(
                    (
                        lot["lot"],
                        f.day(lot["acquired_on"]),
                        f.shares(lot["quantity"]),
                        f.price(lot["cost_per_share"]),
                        signed(f.change(lot["gain"])),
                    )
                )
                for lot in row["lots"]
            ]
    return table(LOTS, lines)


def cash_line(cash: dict[str, str], outflows: list[dict[str, str]]) -> str:
    due = sum((Decimal(o["amount"]) for o in outflows), Decimal(0))
    return facts(
        {
            "Settled cash": f.dollars(cash["settled"]),
            "Unsettled": f.dollars(cash["unsettled"]),
            "Held deposits": f.dollars(cash["held"]),
            "Reserved by orders": f.dollars(cash["reserved"]),
            "Free": f.dollars(cash["available"]),
            "Scheduled outflows": f.dollars(due),
        }
    )


def draft(request: dict[str, Any], what: str) -> None:
    with problems_shown(stop=False):
        made = client().draft(request, key=key_for(what))
        done_with(what)
        tell_after_rerun("Drafted. Checks are running.")
        st.session_state["proposal"] = made["proposal"]
        st.switch_page("views/proposals.py")


def order_ticket(household: str, account: str, symbols: list[str]) -> None:
    """One order by the advisor herself; it takes the same way as every other proposal."""
    with st.expander("Order ticket"), st.form(f"ticket/{account}", border=False):
        one, two, three, four, five = st.columns(5)
        side = one.selectbox("Side", ["buy", "sell"], format_func=str.capitalize)
        symbol = two.selectbox("Security", symbols)
        quantity = three.text_input("Shares", placeholder="100")
        kind = four.selectbox("Type", ["limit", "market"], format_func=str.capitalize)
        limit = five.text_input("Limit price", placeholder="130.00")
        if st.form_submit_button("Draft the order"):
            request = {
                "kind": "order",
                "household": household,
                "accounts": [account],
                "symbol": symbol,
                "side": side,
                "quantity": quantity.strip(),
                "order_type": kind,
                **({"limit_price": limit.strip()} if kind == "limit" else {}),
            }
            draft(request, f"order/{account}/{symbol}/{side}/{quantity}/{kind}/{limit}")


def account_view(household: str, account: str, mine: bool) -> None:
    with problems_shown():
        held = client().positions(account)
    st.html(cash_line(held["cash"], held["outflows"]))
    st.html(table(HOLDINGS, [holding_line(row) for row in held["positions"]]))
    with st.expander("Tax lots"):
        st.caption("Costs are adjusted closes of the day acquired, not historical tickets.")
        st.html(lots_of(held["positions"]))
    if held["outflows"]:
        due = ", ".join(
            f"{o['what']} {f.dollars(o['amount'])} on {f.day(o['due_on'])}" for o in held["outflows"]
        )
        st.caption(f"Scheduled: {due}".replace("$", "\\$"))
    if mine:
        order_ticket(household, account, [p["symbol"] for p in held["positions"] if p["tradable"]])


def page() -> None:
    names = household_names()
    st.title("Households")
    wanted = st.query_params.get("household")
    ids = list(names)
    if not ids:
        st.info("There is no household in your book.")
        return
    chosen = st.columns([2, 3])[0].selectbox(
        "Household", ids, index=ids.index(wanted) if wanted in ids else 0, format_func=lambda h: names[h]
    )
    with problems_shown():
        home = client().household(chosen)
    mine = me()["person"] == home["advisor"]
    st.html(
        facts(
            {
                "Value": f.dollars(home["value"]),
                "Accounts": str(len(home["accounts"])),
                "Clients": ", ".join(c["name"] for c in home["clients"]),
                "Objective": (home["objective"] or f.DASH).capitalize(),
                "Profile of": f.day(home["profile_recorded_on"]),
                "Business day": f.day(home["session"]),
                "As of entry": str(home["as_of_seq"]),
            }
        )
    )
    st.html(table(ACCOUNTS, [account_line(row) for row in home["accounts"]]))
    if mine:
        left, aware, losses, right, _ = st.columns([1.3, 1.5, 1.3, 1.3, 1.2])
        if left.button("Draft a rebalance", type="primary", width="stretch"):
            draft({"kind": "rebalance", "household": chosen}, f"rebalance/{chosen}")
        if aware.button("Draft it tax-aware", width="stretch"):
            how = {"kind": "rebalance", "household": chosen, "planning": {"weigh_tax": True}}
            draft(how, f"rebalance/tax-aware/{chosen}")
        if losses.button("Harvest losses", width="stretch"):
            draft({"kind": "harvest", "household": chosen}, f"harvest/{chosen}")
        if right.button("Ask the copilot", width="stretch"):
            st.session_state["chat_about"] = chosen
            st.switch_page("views/copilot.py")
    accounts = {row["account"]: f.account_name(row) for row in home["accounts"]}
    account = st.segmented_control(
        "Account",
        list(accounts),
        default=next(iter(accounts)),
        format_func=lambda a: accounts[a],
        label_visibility="collapsed",
        key=f"account/{chosen}",
    )
    if account:
        account_view(chosen, account, mine)


page()
