"""The advisor's day: which households need her, why, in dollars, and one click to start."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.look import link, shown
from ui.screens.session import client, done_with, key_for, problems_shown, tell_after_rerun

TALK: Final = frozenset({"blocked", "no_price", "stale_profile"})  # no trade mends these
WIDTHS: Final = [0.4, 2.3, 5.2, 1.3, 1.8]


def draft(household: str, name: str) -> None:
    """A rebalance of the household; the checks run while the next page opens."""
    with problems_shown():
        made = client().draft(
            {"kind": "rebalance", "household": household}, key=key_for(f"rebalance/{household}")
        )
        done_with(f"rebalance/{household}")
        tell_after_rerun(f"Rebalance of {name} drafted. Checks are running.")
        st.session_state["proposal"] = made["proposal"]
        st.switch_page("pages/proposals.py")


def heading() -> None:
    titles = (("#", ""), ("Household", ""), ("Why", ""), ("Dollar value", "text-align:right"), ("", ""))
    for place, (title, look) in zip(st.columns(WIDTHS, vertical_alignment="center"), titles, strict=True):
        place.html(f'<div class="quiet small" style="font-weight:600;{look}">{title}</div>')


def line(need: dict[str, Any], place: int) -> None:
    rank, who, why, amount, button = st.columns(WIDTHS, vertical_alignment="center")
    rank.html(f'<div class="quiet">{need["rank"]}</div>')
    where = f'<br><span class="quiet small">{f.esc(need["account"])}</span>' if need["account"] else ""
    page = f"household?household={need['household']}"
    who.html(f'<div class="gh">{shown(link(need["name"], page))}{where}</div>')
    why.html(f'<div style="font-size:.9rem">{f.esc(need["says"][:1].upper() + need["says"][1:])}</div>')
    amount.html(
        f'<div style="text-align:right;font-variant-numeric:tabular-nums">{f.dollars(need["dollars"])}</div>'
    )
    if need["reason"] in TALK:
        return
    if button.button("Draft a rebalance", key=f"draft/{place}", width="stretch"):
        draft(need["household"], need["name"])


st.title("Worklist")
with problems_shown():
    needs = client().worklist()
if not needs:
    st.success("Nobody needs you today: every account is within its tolerance.")
else:
    households = len({need["household"] for need in needs})
    st.caption(f"{households} households need you today, ranked. Households that need nobody are not listed.")
    with st.container(gap="xxsmall"):
        heading()
        for place, need in enumerate(needs):
            line(need, place)
