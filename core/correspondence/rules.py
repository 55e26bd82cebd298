"""What an e-mail to a client must say and may not say, found by rule. Pure: the same text, the same findings.

Rule 1: nothing false, exaggerated, unwarranted or promissory (FINRA 2210(d)(1)(B)); no prediction of
    performance, nor that past performance will recur ((d)(1)(F)). Found with the very words.
Rule 2: the firm's name is in it ((d)(3)), and what a reader needs to weigh it ((d)(1)(A) and (D)).
Rule 3: it has no link and no address: to whom it goes, if anywhere, is the advisor's act, not this text's.
Rule 4: a rule reads words and not meanings. What it finds a principal judges; what it does not find, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.correspondence.events import Finding

NAME_PLACE: Final = "[your name and the firm's name]"
RISK: Final = (
    "Investing involves risk, including loss of principal. Past performance guarantees no future result."
)
NO_OFFER: Final = (
    "This is for information: no offer or solicitation for any security, and no tax or legal advice."
)
SOURCES: Final = (
    "Figures are as of the day beside them, from the firm's records and documents available on request."
)
DISCLOSURES: Final[Mapping[Finding, str]] = MappingProxyType(
    {"risk_missing": RISK, "no_offer_missing": NO_OFFER, "sources_missing": SOURCES}
)
SAYS: Final[Mapping[Finding, str]] = MappingProxyType(
    {
        "promise": "it promises or predicts (FINRA 2210(d)(1)(B) and (F))",
        "address": "it holds a link or an address",
        "risk_missing": "it does not say that investing has risk (FINRA 2210(d)(1)(A) and (D))",
        "no_offer_missing": "it does not say that it is no offer and no tax advice",
        "sources_missing": "it does not say of which day and from where its figures are",
        "name_missing": "the firm's name is not filled in (FINRA 2210(d)(3))",
    }
)

_RISES: Final = r"(?:rise|go up|grow|double|outperform|beat|return|recover|gain|earn|make you|deliver)"
PROMISES: Final = re.compile(
    r"\bguarantee(?:d|s)?\b|\brisk[- ]free\b|\bno risk\b|\bwithout (?:any )?risk\b"
    r"|\bcan(?:not|['’]t) (?:lose|fail)\b|\bsure (?:thing|bet)\b|\bcertain to\b|\b(?:we|I) promise\b"
    r"|\b(?:never|won['’]t|will not) lose\b"
    rf"|\bwill (?:surely |certainly |definitely |likely |probably )?{_RISES}\b"
    rf"|\b(?:is|are) (?:going|bound|set|sure|expected|projected) to {_RISES}\b"
    r"|\b(?:should|expect|project|forecast|predict|target)(?:s|ed|ing)?\b[^.]{0,60}"
    r"(?:\breturns?\b|\bgains?\b|\d ?%)"
    r"|\bbest investment\b|\bonce[- ]in[- ]a[- ]lifetime\b|\bact now\b|\bdon['’]t miss\b",
    re.IGNORECASE,
)
ADDRESS: Final = re.compile(r"https?://\S*|\bwww\.\S*|\S+@\S+\.\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """`words`: the place of the text that says so; empty for what is missing."""

    finding: Finding
    words: str = ""

    @property
    def says(self) -> str:
        return SAYS[self.finding]


def promise_in(text: str) -> str | None:
    """The first words that promise or predict."""
    found = PROMISES.search(_without_disclosures(text))
    return found[0] if found else None


def address_in(text: str) -> str | None:
    found = ADDRESS.search(text)
    return found[0] if found else None


def found_in(subject: str, text: str) -> tuple[Found, ...]:
    """All that the rules find, each kind once, in the order in which they are written above."""
    whole = f"{subject}\n{text}"
    bare = _plain(text)
    found: list[Found] = []
    if (words := promise_in(whole)) is not None:
        found.append(Found("promise", words))
    if (words := address_in(whole)) is not None:
        found.append(Found("address", words))
    found += [Found(missing) for missing, says in DISCLOSURES.items() if _plain(says) not in bare]
    if _plain(NAME_PLACE) in bare:
        found.append(Found("name_missing"))
    return tuple(found)


def laid_out(to: str, body: str) -> str:
    """A draft as a person edits it: greeting, body, a place for her and the firm's name, disclosures."""
    lines = "\n".join(line.rstrip() for line in body.strip().splitlines())
    disclosed = "\n".join(f"- {one}" for one in DISCLOSURES.values())
    return f"Dear {to},\n\n{lines}\n\n{NAME_PLACE}\n\nImportant information:\n{disclosed}"


def _without_disclosures(text: str) -> str:
    """They say "guarantees no": that is no promise. Only the very words are left out."""
    for says in DISCLOSURES.values():
        text = text.replace(says, "")
    return text


def _plain(text: str) -> str:
    """Line breaks and doubled spaces do not make a disclosure another one."""
    return " ".join(text.split())
