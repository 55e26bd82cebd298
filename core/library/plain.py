"""A document's text as a person would see it: what no reader sees is not kept.

Rule 1: characters that show nothing are dropped: format and bidi controls, tags, fillers, variation
    selectors, halves of surrogate pairs. An instruction hidden in them reaches no model, and a word that they
    break is found.
Rule 2: every character that shows something stays as it is.
Source: Unicode Standard Annex 44, general categories Cf, Cc and Cs; Unicode Technical Standard 39, section 5.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LINES: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_KEPT_CONTROLS: Final = frozenset("\t\n")
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MAYBE: Final = re.compile(r"[^\t\n\x20-\x7e\xa1-\xac\xae-\u02ff]")  # most texts hold few such
_SELECTORS: Final = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))


def plain(text: str) -> str:
    """The text without what nobody sees; ends of lines are one character."""
    return _MAYBE.sub(lambda found: found[0] if _shows(found[0]) else "", _LINES.sub("\n", text))


def _shows(character: str) -> bool:
    if character in _KEPT_CONTROLS:
        return True
    if character in _FILLERS or unicodedata.category(character) in {"Cf", "Cc", "Cs", "Cn"}:
        return False
    return not any(first <= ord(character) <= last for first, last in _SELECTORS)
