"""What a request names: households, accounts, symbols, numbers, as the very words that stand in it.

Rule 1: every answer here is a piece of the text, letter by letter, so that a draft can prove it.
Rule 2: this file knows no client: whether a name is one, the tools say.
"""

from __future__ import annotations

import re
from typing import Final

from agents.offline.wordlists import WORDLISTS

ACCOUNT: Final = re.compile(r"\b(?!prp-)[A-Za-z]{2,4}-\d{2,8}\b")
PROPOSAL: Final = re.compile(r"\bprp-[0-9a-f]{32}\b")
HOUSEHOLD_ID: Final = re.compile(r"\bhh-\d+\b", re.IGNORECASE)
_NAME: Final = r"[^\W\d_][\w'’\-]*"
_KIND: Final = r"roth ira|roth|ira|trust|joint|taxable|individual"
_BEFORE_NOUN: Final = re.compile(
    rf"({_NAME}(?:\s+(?:and\s+)?{_NAME}){{0,3}})\s+(?:household|family|clients?)\b", re.IGNORECASE
)
_POSSESSIVE: Final = re.compile(
    rf"({_NAME}(?:\s+{_NAME})?)['’]s?\s+(?:{_KIND}|accounts?|cash|drift|\w+)", re.IGNORECASE
)
_WITH_KIND: Final = re.compile(
    rf"\b({_NAME}(?:\s+{_NAME})?(?:['’]s?)?\s+(?:{_KIND}))\b(?:\s+account)?", re.IGNORECASE
)
_PINNED_KIND: Final = re.compile(rf"\b(?:the|this|her|his|their)\s+({_KIND})\b", re.IGNORECASE)
_PINNED: Final = re.compile(
    r"\bthis (?:household|family|client)\b|\b(?:her|his|their) (?:household|accounts?)\b", re.I
)
_CAPITAL: Final = re.compile(r"\b[A-Z][a-zà-ÿ'’\-]*[\w'’\-]*(?:\s+[A-Z][\w'’\-]+)*")

NOT_NAMES: Final = WORDLISTS["not_names"]
_PLURAL: Final = re.compile(r"\bthe\s+([A-Z][\w'’\-]+s)\b")


def account(text: str) -> str | None:
    """An account's id, or a kind of account with whose it is."""
    found = ACCOUNT.search(text)
    if found and not HOUSEHOLD_ID.fullmatch(found[0]):
        return found[0]
    for match in _WITH_KIND.finditer(text):
        named = _trimmed(match[1])
        if named and _is_name(named.split()[0]):
            return named
    pinned = _PINNED_KIND.search(text)
    return pinned[1] if pinned else None


def household(text: str) -> str | None:
    """The words that name a household or client. None where the text names none."""
    found = HOUSEHOLD_ID.search(text)
    if found:
        return found[0]
    before = _BEFORE_NOUN.search(text)
    if before and (named := _trimmed(before[1])):
        return named
    if pinned := _PINNED.search(text):
        return pinned[0]
    for pattern in (_POSSESSIVE, _PLURAL):
        for match in pattern.finditer(text):
            if named := _trimmed(match[1]):
                return named.removesuffix("s") if pattern is _PLURAL else named
    return _capitalised(text)


def after(text: str, verb: re.Pattern[str]) -> str | None:
    """The names that follow a verb, whatever their case: `rebalance okafor`."""
    found = verb.search(text)
    return _trimmed(text[found.end() :].strip(" .!?")) if found else None


def _capitalised(text: str) -> str | None:
    names = [named for match in _CAPITAL.finditer(text) if (named := _trimmed(match[0]))]
    return max(names, key=len, default=None)


def _trimmed(words: str) -> str | None:
    """Without what cannot be a name, at either end."""
    parts = list(re.finditer(r"\S+", words))
    while parts and not _is_name(parts[0][0]):
        parts.pop(0)
    while parts and not _is_name(parts[-1][0]) and not _ends_kind(parts[-1][0]):
        parts.pop()
    if not parts or not _is_name(parts[0][0]):
        return None
    return words[parts[0].start() : parts[-1].end()].strip(" .,!?")


def _ends_kind(word: str) -> bool:
    return word.lower() in ("ira", "roth", "trust", "joint", "taxable", "individual")


def _is_name(word: str) -> bool:
    bare = word.strip(".,!?\"'’").lower()
    return bare not in NOT_NAMES and bool(re.match(r"[^\W\d_]", bare))
