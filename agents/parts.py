"""The parts of a plan: which specialist answers which words of the advisor's message.

Rule 1: the words are hers, letter by letter; "" is all of the message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypedDict

from langchain_core.messages import BaseMessage, SystemMessage

MOST_PARTS: Final = 4
_TOLD: Final = "Answer only this part of her message; other specialists answer the rest of it: «%s»"
_READ: Final = re.compile(re.escape(_TOLD).replace("%s", "(.*)"), re.DOTALL)


class Part(TypedDict):
    agent: str
    words: str


def outline(plan: Sequence[Part]) -> str:
    """The plan in a line, for the screen."""
    return "plans: " + "; ".join(
        f"{number}. {part['agent']}: “{part['words'] or 'all of it'}”" for number, part in enumerate(plan, 1)
    )


def told(part: Part) -> list[SystemMessage]:
    """What a specialist is told of its part."""
    return [SystemMessage(_TOLD % part["words"])] if part["words"] else []


def part_told(messages: Sequence[BaseMessage]) -> str:
    """The part that a specialist was told of; "" where it answers all of the message."""
    told_of = (_READ.fullmatch(str(m.text)) for m in messages if isinstance(m, SystemMessage))
    return next((found[1] for found in told_of if found), "")
