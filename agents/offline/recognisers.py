"""Every recogniser of the offline model beside its own intents, in the order in which they are asked.

A file that reads more wishes adds its own here; `agents.offline.intents` and `.model` ask them all.
"""

from __future__ import annotations

from typing import Final

from agents.offline import book_wide, preferences, research
from agents.offline.recognise import Recogniser

RESEARCH: Final = Recogniser(
    "research",
    "research",
    research.asked,
    {
        "find_figure": lambda _, told, __: research.figure(told),
        "compare": lambda _, told, __: research.compared(told),
        "draft_email": lambda _, told, cite: research.held_draft(told, cite),
    },
)
PREFERENCES: Final = Recogniser(
    "preferences",
    "proposal",
    preferences.asked,
    {
        "keep_preference": preferences.noted,
        "erase_preference": preferences.gone,
        "preferences": preferences.listed,
    },
)
BOOK: Final = Recogniser(
    "book",
    "portfolio",
    book_wide.asked,
    {"book_summary": book_wide.summary, "who_holds": book_wide.holders, "coming_up": book_wide.due},
)
RECOGNISERS: Final[tuple[Recogniser, ...]] = (PREFERENCES, RESEARCH, BOOK)
