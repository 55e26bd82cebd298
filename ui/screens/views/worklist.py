"""The advisor's day: which households need her, why, in dollars, and one click to start."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.screens import figures as f
from ui.screens.look import link, shown
from ui.screens.session import client, done_with, key_for, problems_shown, tell_after_rerun

TALK: Final = frozenset({"blocked", "no_price", "stale_profile"})  # no trade mends these
WIDTHS: Final = [9, 1.3]


MENDS: Final = {
    "harvestable_loss": ("harvest", "Draft a harvest", "Harvest"),
    "excess_cash": ("invest_cash", "Invest the cash", "Investment"),
}
REBALANCE: Final = ("rebalance", "Draft a rebalance", "Rebalance")


def draft(need: dict[str, Any], kind: str, what: str) -> None:
    """What mends it; the checks run while the next page opens."""
    asked = {"kind": kind, "household": need["household"]}
    if kind != "rebalance":
        asked["accounts"] = [need["account"]]
    with problems_shown():
        made = client().draft(asked, key=key_for(f"{kind}/{need['household']}"))
        done_with(f"{kind}/{need['household']}")
        tell_after_rerun(f"{what} of {need['name']} drafted. Checks are running.")
        st.session_state["proposal"] = made["proposal"]
        st.switch_page("views/proposals.py")


def heading() -> None:
    titles = (("#", ""), ("Household", ""), ("Account", ""), ("Why", ""), ("Dollar value", "n"))
    cells = "".join(f'<span class="{look}">{title}</span>' for title, look in titles)
    st.columns(WIDTHS)[0].html(f'<div class="need head">{cells}</div>')


def line(need: dict[str, Any], place: int) -> None:
    told, button = st.columns(WIDTHS, vertical_alignment="center")
    page = f"household?household={need['household']}"
    why = need["says"][:1].upper() + need["says"][1:]
    told.html(
        f'<div class="need gh"><span class="quiet">{need["rank"]}</span>'
        f"<span>{shown(link(need['name'], page))}</span>"
        f'<span class="quiet">{f.esc(need["account"] or f.DASH)}</span>'
        f"<span>{f.esc(f.minus(why))}</span>"
        f'<span class="n">{f.dollars(need["dollars"])}</span></div>'
    )
    if need["reason"] in TALK:
        return
    kind, says, what = MENDS.get(need["reason"], REBALANCE)
    if button.button(says, key=f"draft/{place}", width="stretch"):
        draft(need, kind, what)


st.title("Worklist")
with problems_shown():
    needs = client().worklist()
if not needs:
    st.success("Nobody needs you today: every account is within its tolerance.")
else:
    households = len({need["household"] for need in needs})
    st.caption(f"{households} households need you today, ranked. Households that need nobody are not listed.")
    with st.container(gap=None, key="worklist"):
        heading()
        for place, need in enumerate(needs):
            line(need, place)
