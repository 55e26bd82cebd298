"""What a request names: households, accounts, symbols, numbers, as the very words that stand in it.

Rule 1: every answer here is a piece of the text, letter by letter, so that a draft can prove it.
Rule 2: this file knows no client: whether a name is one, the tools say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rapidfuzz.distance import OSA

from agents.offline.wordlists import WORDLISTS

ACCOUNT: Final = re.compile(r"\b(?!prp-)[A-Za-z]{2,4}-\d{2,8}\b")
PROPOSAL: Final = re.compile(r"\bprp-[0-9a-f]{32}\b")
HOUSEHOLD_ID: Final = re.compile(r"\bhh-\d+\b", re.IGNORECASE)
TICKER: Final = re.compile(r"\b[A-Z]{1,5}(?:\.[A-Z])?\b(?!['’-])")
NO_TICKER: Final = frozenset(
    {
        "I",
        "A",
        "IRA",
        "FIFO",
        "HIFO",
        "USD",
        "ETF",
        "IPS",
        "RMD",
        "OK",
        "US",
        "K",
        "M",
        "MM",
        "VS",
        "AND",
        "YTD",
    }
)
_NAME: Final = r"[^\W\d_][\w'’\-]*"
_KIND: Final = r"roth ira|roth|ira|trust|joint|taxable|individual"
_BEFORE_NOUN: Final = re.compile(
    rf"({_NAME}(?:\s+(?:and\s+)?{_NAME}){{0,3}})\s+(?:household|houshold|family|clients?)\b", re.IGNORECASE
)
_POSSESSIVE: Final = re.compile(rf"({_NAME}(?:\s+{_NAME})?)['’]s?\s+(?:{_KIND}|\w+)", re.IGNORECASE)
_WITH_KIND: Final = re.compile(
    rf"\b({_NAME}(?:\s+{_NAME})?(?:['’]s?)?\s+(?:{_KIND}))\b(?:\s+account)?", re.IGNORECASE
)
_PINNED_KIND: Final = re.compile(rf"\b(?:the|this|her|his|their)\s+({_KIND})\b", re.IGNORECASE)
_PINNED: Final = re.compile(
    r"\b(?:this|the) (?:household|family|client)\b|\b(?:her|his|their) (?:household|accounts?)\b", re.I
)
_PLURAL: Final = re.compile(r"\b[Tt]he\s+([A-Z][\w'’\-]+s)\b(?!['’]s)")
_CAPITAL: Final = re.compile(r"\b[A-Z][a-zà-ÿ'’\-]*[\w'’\-]*(?:\s+[A-Z][\w'’\-]+)*")
_LOWER: Final = re.compile(r"\b[a-z]{5,}\b")
_OF_WHOM: Final = re.compile(r"^.*\b(?:of|for|in|with|to|at|on) the\s+(?=\S)")  # `sectors of the Sato`
_WHOSE: Final = re.compile(r"(?:the|this|her|his|their) |(?:acc|hh)-", re.IGNORECASE)
_NOUN: Final = re.compile(r"\b(?:household|family)\b", re.IGNORECASE)

MOST_LOWER: Final = 5  # words of a message whose last one may be a name in small letters
KINDS: Final = frozenset(_KIND.split("|"))
NOT_NAMES: Final = WORDLISTS["not_names"]
COMPANIES: Final = WORDLISTS["companies"]
_KEYWORDS: Final = WORDLISTS["keywords"]
_KNOWN: Final = NOT_NAMES | WORDLISTS["common"] | _KEYWORDS


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
    for match in _PLURAL.finditer(text):
        if _trimmed(match[1]):
            return match[0]
    for match in _POSSESSIVE.finditer(text):
        if named := _trimmed(match[1]):
            return named
    if named := _capitalised(text):
        return named
    pinned = _PINNED.search(text)
    return pinned[0] if pinned else None


def whole(named: str) -> str:
    """A household as it stands in a request: `the Okafor household`, `the Satos`, `Ruth Sato`."""
    if _WHOSE.match(named) or (" " in named and not _NOUN.search(named)):
        return named
    return f"the {named}" if _NOUN.search(named) else f"the {named} household"


def after(text: str, verb: re.Pattern[str]) -> str | None:
    """The names that follow a verb, whatever their case: `rebalance okafor`."""
    found = verb.search(text)
    return _trimmed(text[found.end() :].strip(" .!?")) if found else None


def pinned(words: str) -> bool:
    """They name nobody: `their accounts`, `this household`."""
    return _PINNED.fullmatch(words.strip()) is not None


def lower_case(text: str) -> str | None:
    """A last word that may be a name, where nothing else names anybody: `drift okafor`."""
    if len(text.split()) > MOST_LOWER:
        return None
    last = re.search(r"([^\W\d_]{3,})\W*$", text)
    return last[1] if last and _is_name(last[1]) and last[1].lower() not in _KNOWN else None


def tickers(text: str) -> list[str]:
    return [word for word in TICKER.findall(text) if word not in NO_TICKER]


def mended(text: str) -> str:
    """The text with slips of the keyboard in the words that the rules read put right, letter count aside.

    For reading alone: what a draft quotes is taken from the text as it was written.
    """
    return _LOWER.sub(lambda found: _mended(found[0]), text)


def _mended(word: str) -> str:
    if word in _KNOWN:
        return word
    most = 1 if len(word) < 8 else 2
    near = [
        (slips, known)
        for known in _KEYWORDS
        if known[0] == word[0] and (slips := OSA.distance(word, known, score_cutoff=most)) <= most
    ]
    return min(near)[1] if near else word


def _capitalised(text: str) -> str | None:
    """The longest name in words; of equals the first."""
    names = [named for part in _capitals(text) if (named := _trimmed(part))]
    return max(names, key=lambda name: len(name.split()), default=None)


def _capitals(text: str) -> Iterator[str]:
    for match in _CAPITAL.finditer(text):
        for part in re.split(r"\s+(?=[A-Z]{2,5}\b(?!['’]))", match[0]):  # a symbol ends a name
            if not part.isupper():
                yield part


def _trimmed(words: str) -> str | None:
    """Without what cannot be a name, at either end."""
    parts = list(re.finditer(r"\S+", words))
    while parts and not _is_name(parts[0][0]):
        parts.pop(0)
    while parts and not _is_name(parts[-1][0]) and not _ends_kind(parts[-1][0]):
        parts.pop()
    if not parts or not _is_name(parts[0][0]):
        return None
    named = _OF_WHOM.sub("", words[parts[0].start() : parts[-1].end()]).strip(" .,!?")
    return named.removesuffix("'s").removesuffix("’s") if len(parts) == 1 else named


def _ends_kind(word: str) -> bool:
    return word.lower() in ("ira", "roth", "trust", "joint", "taxable", "individual")


def _is_name(word: str) -> bool:
    bare = word.strip(".,!?:;\"'’").lower()
    known = bare in NOT_NAMES or bare.removesuffix("'s").removesuffix("’s") in NOT_NAMES | COMPANIES
    return not known and bool(re.match(r"[^\W\d_]", bare))
