"""Wishes that other files read: which words, which specialist, which tool, and what is said of its answer.

Rule 1: a recogniser reads the advisor's own words and nothing else, as `agents.offline.intents` does.
Rule 2: it is asked after what nobody may have, and before trades: an e-mail on one is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.offline.figures import Answer

Asked = tuple[str, dict[str, Any]]  # a tool and its fields


@dataclass(frozen=True, slots=True)
class Recogniser:
    """`reads` gives the one question to a tool, or None where the words are no such wish.

    `speaks` gives, by tool, what is said of its answer: the advisor's words, the answer, its source.
    """

    name: str  # as the record says it: "her words are read as: brief"
    agent: str
    reads: Callable[[str], Asked | None]
    speaks: Mapping[str, Callable[[str, Answer, str], str]]
