"""Preferences that the advisor states, asks for or wants erased: read by rule, and spoken of.

Rule 1: only what begins as a lasting preference is one. An order or a question in passing is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from core.people.sentences import in_sentences

STATES: Final = re.compile(
    r"(?:^|(?<=[.!?])\s+)\W*(?:please |and )*(?:remember\b|note that\b"
    r"|from now on\b|always\b|never\b|call me\b|by default\b"
    r"|(?:i|my clients?|the \w+s) (?:always |usually |generally |still )?prefers?\b)",
    re.IGNORECASE,
)
ERASES: Final = re.compile(
    r"^\W*(?:please |can you |could you )*(?:forget|erase|delete|remove|drop)\b.{0,60}?"
    r"(?:\bpreference\b|\bthat (?:i|the|my)\b|prf-[0-9a-f]{32})",
    re.IGNORECASE,
)
LISTS: Final = re.compile(
    r"\b(?:show|list|see|what are|which are|what)\b.{0,20}\bpreferences\b|\bmy preferences\b", re.IGNORECASE
)
NAMED: Final = re.compile(r"prf-[0-9a-f]{32}")
LEAD: Final = re.compile(
    r"^\W*(?:please |can you |could you )*(?:forget|erase|delete|remove|drop)\s+(?:the |my )?(?:preference )?"
    r"(?:that |about |for )?",
    re.IGNORECASE,
)


def asked(text: str) -> tuple[str, dict[str, Any]] | None:
    """The tool that such words want, and what it is asked. None: they are about no preference."""
    if ERASES.search(text):
        return "erase_preference", {"preference": erased(text)[:500]}
    if LISTS.search(text):
        return "preferences", {}
    return ("keep_preference", {"preference_words": stated(text)[:500]}) if STATES.search(text) else None


def stated(text: str) -> str:
    """The sentence that states it, as it stands in her message."""
    found = STATES.search(text)
    return in_sentences(text, found.end() - 1, found.end()) if found else ""


def erased(text: str) -> str:
    """What names the one to erase: its id, or her words of it."""
    found = NAMED.search(text)
    return found[0] if found else LEAD.sub("", text).strip(" .!")


def noted(_: object, answer: Mapping[str, Any], cite: str) -> str:
    return (
        f"Noted, in your words: “{answer['held']}” [{cite}] I am shown it from now on; it changes no limit "
        "and approves nothing. You see and erase it with “my preferences”."
    )


def gone(_: object, answer: Mapping[str, Any], cite: str) -> str:
    return f"Erased: “{answer['text']}” [{cite}] The message in which you said it stays in the record."


def listed(_: object, answer: Mapping[str, Any], cite: str) -> str:
    if not answer["preferences"]:
        return f"You have stated no preferences that this conversation is shown [{cite}]."
    lines = (f"- “{one['text']}” ({one['preference']}) [{cite}]" for one in answer["preferences"])
    return "\n".join([f"You stated these preferences [{cite}]:", *lines])
