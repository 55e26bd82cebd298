"""A held e-mail as people read it: its text with what the rules found marked in it. Pure.

Rule 1: every word of the text is escaped; nothing in it becomes a link or a picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ui.screens import figures as f
from ui.screens.look import Cell, Raw, badge, facts

Json = Mapping[str, Any]

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "HELD": ("copilot’s draft, not adopted", "amber"),
    "ADOPTED": ("waits for a principal", "blue"),
    "REVIEWED": ("reviewed", "green"),
    "RETURNED": ("returned", "red"),
    "WITHDRAWN": ("dropped", "quiet"),
}
NEVER_SENT: Final = "Gatehouse sends no e-mail. A reviewed text is copied and sent by a person."


def state(email: Json) -> Raw:
    return badge(*STATES[email["status"]])


def facts_of(email: Json) -> str:
    """Who wrote it and with what, in which version, and what a principal did."""
    pairs: dict[str, Cell] = {
        "To": email["household_name"],
        "State": state(email),
        "Drafted by": f"{email['agent'].capitalize()} agent, for {email['advisor_name']}",
        "Drafted": f.minute(email["drafted_at"]),
    }
    if email["model"]:
        made = f" · {f.fingerprint(email['manifest'])}" if email["manifest"] else ""
        pairs["Model and release"] = f"{email['model']}{made}"
    if email["adopted_by"]:
        pairs["Adopted by"] = f"{email['adopted_by_name']}, version {email['version']}"
    if email["decided_by"]:
        done = "Reviewed by" if email["status"] == "REVIEWED" else "Returned by"
        pairs[done] = f"{email['decided_by_name']}, {f.minute(email['decided_at'])}"
    return facts(pairs)


def letter(email: Json) -> str:
    """Subject and text on one sheet."""
    if email["damaged"]:
        return (
            '<div class="letter quiet">This draft does not open: what was put into it was not sealed for '
            "this household. Drop it or return it.</div>"
        )
    if email["forgotten"]:
        return (
            '<div class="letter quiet">Its words are gone: they were about somebody who was forgotten.</div>'
        )
    words = [one["words"] for one in email["found"] if one["words"]]
    return (
        f'<div class="letter"><div class="subject">{marked(email["subject"], words)}</div>'
        f"{marked(email['text'], words)}</div>"
    )


def marked(text: str, words: Sequence[str]) -> str:
    """The text, escaped, with the first place of each of these words marked."""
    told = f.esc(text)
    for each in words:
        told = told.replace(f.esc(each), f"<mark>{f.esc(each)}</mark>", 1)
    return told


def findings(email: Json) -> str:
    """What the rules found, and which disclosures are there."""
    if email["forgotten"] or email["damaged"]:
        return ""
    rows = [
        f'<li class="red">{f.esc(one["says"][:1].upper() + one["says"][1:])}'
        + (f": <b>{f.esc(one['words'])}</b>" if one["words"] else "")
        + "</li>"
        for one in email["found"]
    ]
    lacks = f.esc(" ".join(email["missing"]))
    missing = f'<p class="small"><b>Not in it:</b> {lacks}</p>' if lacks else ""
    there = len(email["disclosures"])
    found = (
        f'<ul class="line">{"".join(rows)}</ul>'
        if rows
        else '<p class="small up">✓ The rules find nothing.</p>'
    )
    held = f"{there} of {there + len(email['missing'])} disclosures that policy demands are in it."
    return f'{found}<p class="small quiet">{held}</p>{missing}'
