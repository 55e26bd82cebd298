"""Which whole sentences a place in a text touches."""

from __future__ import annotations

import re
from typing import Final

ENDS: Final = re.compile(r"[.!?](?=\s|$)|\n")


def in_sentences(text: str, first: int, past: int) -> str:
    """The whole sentences of `text` that the place from `first` to `past` touches; empty: it touches none."""
    if first >= len(text):
        return ""
    begins = max((m.end() for m in ENDS.finditer(text, 0, first)), default=0)
    ends = next((m.end() for m in ENDS.finditer(text, max(past - 1, first))), len(text))
    return text[begins:ends].strip()
