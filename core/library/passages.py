"""Cutting a document into passages, at paragraphs, so that each can be read and cited alone.

Rule 1: no text is lost or changed but for white space at a passage's ends.
Rule 2: a heading stays with what follows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

AT_MOST: Final = 1_200  # characters: fits the embedding model's 256 tokens with little cut off


def passages(text: str) -> Iterator[str]:
    """The document's paragraphs, short neighbours joined, long ones cut at a sentence or a space."""
    held = ""
    for paragraph in (p.strip() for p in text.replace("\r\n", "\n").split("\n\n")):
        if not paragraph:
            continue
        if held and not _is_heading(held) and len(held) + len(paragraph) + 2 > AT_MOST // 2:
            yield from _cut(held)
            held = paragraph
        else:
            held = f"{held}\n\n{paragraph}" if held else paragraph
    if held:
        yield from _cut(held)


def _is_heading(text: str) -> bool:
    return text.startswith("#") and "\n" not in text


def _cut(text: str) -> Iterator[str]:
    while len(text) > AT_MOST:
        at = text.rfind(". ", 0, AT_MOST) + 1 or text.rfind(" ", 0, AT_MOST) or AT_MOST
        yield text[:at].strip()
        text = text[at:].strip()
    if text:
        yield text
