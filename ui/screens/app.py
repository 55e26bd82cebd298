"""The first script: who is here, which pages that role has, and what stands beside all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from ui.screens import figures as f
from ui.screens import halts
from ui.screens.look import STYLE
from ui.screens.session import client, me, problems_shown, tell

PAGES: Final = Path(__file__).parent / "views"  # a folder "pages" would be shown by its files' names
ICON: Final = Path(__file__).with_name("icon.svg")
PAGE: Final = {
    "worklist": ("Worklist", ":material/checklist:"),
    "inbox": ("Inbox", ":material/inbox:"),
    "copilot": ("Copilot", ":material/forum:"),
    "proposals": ("Trade proposals", ":material/receipt_long:"),
    "emails": ("Client e-mails", ":material/mail:"),
    "household": ("Households", ":material/home:"),
    "trades": ("Orders and trades", ":material/swap_horiz:"),
    "blocks": ("Blocks", ":material/view_module:"),
    "audit": ("Audit trail", ":material/manage_search:"),
    "standing": ("Standing approvals", ":material/verified:"),
    "day": ("Business day", ":material/event:"),
    "agents": ("Agents", ":material/smart_toy:"),
    "you": ("You", ":material/person:"),
}
BY_ROLE: Final = {
    "advisor": (
        *("worklist", "copilot", "proposals", "emails", "household", "trades", "blocks"),
        *("audit", "agents", "you"),
    ),
    "principal": (
        *("inbox", "emails", "standing", "proposals", "household", "trades", "blocks"),
        *("audit", "agents", "you"),
    ),
    "compliance": (
        *("inbox", "emails", "standing", "proposals", "household", "trades", "blocks"),
        *("audit", "agents", "you"),
    ),
    "operations": ("day", "inbox", "proposals", "trades", "blocks", "audit", "agents", "you"),
}
OTHERS: Final = ("proposals", "household", "trades", "blocks", "audit", "agents", "you")
ROLE_WORDS: Final = {"advisor": "Advisor", "principal": "Principal", "operations": "Operations"}


def sidebar() -> None:
    person = me()
    with problems_shown():
        today = client().day()
    with st.sidebar:
        st.html(
            f'<div class="small"><strong>{f.esc(person["name"])}</strong><br>'
            f'<span class="quiet">{ROLE_WORDS.get(person["role"], person["role"].capitalize())}</span></div>'
            f'<div class="small" style="margin-top:.8rem"><span class="quiet">Business day</span><br>'
            f"{f.day(today['session'])} · {'open' if today['state'] == 'open' else 'closed'}</div>"
            '<p class="note" style="margin-top:.8rem">Prices are adjusted closes. Volumes, spreads, '
            "households and executions are synthetic.</p>"
        )
        halts.stop_button()
        st.html('<form method="post" action="/sign-out"><button class="out">Sign out</button></form>')


def main() -> None:
    st.set_page_config(page_title="Gatehouse", page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    role = str(me()["role"])
    pages = [
        st.Page(
            PAGES / f"{name}.py", title=PAGE[name][0], icon=PAGE[name][1], url_path=name, default=place == 0
        )
        for place, name in enumerate(BY_ROLE.get(role, OTHERS))
    ]
    chosen = st.navigation(pages)
    sidebar()
    halts.banner()
    tell()
    chosen.run()


main()
