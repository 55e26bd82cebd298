"""The house research notes as they are packaged: front matter, then text.

Rule 1: the front matter says title, date and source; the text is everything after it, unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from core.errors import BadInput

FOLDER: Final = Path(__file__).with_name("notes")
_FENCE: Final = "---\n"


@dataclass(frozen=True, slots=True)
class Note:
    title: str
    source: str
    dated: date
    text: str


def house_notes() -> tuple[Note, ...]:
    """The notes that come with the demo firm, by file name."""
    return tuple(read_note(path) for path in sorted(FOLDER.glob("*.md")))


def read_note(path: Path) -> Note:
    """One note.

    Raises:
        BadInput: no front matter, or one without title, date or source.
    """
    text = path.read_text(encoding="utf-8")
    opening, _, rest = text.partition(_FENCE)
    front, fence, body = rest.partition(_FENCE)
    fields = _fields(front)
    if opening or not fence or not {"title", "source", "dated"} <= set(fields):
        raise BadInput(
            f"the note {path.name!r} has no front matter that can be read",
            fix="begin it with title, dated and source between two lines of ---",
            field="front matter",
        )
    return Note(fields["title"], fields["source"], date.fromisoformat(fields["dated"]), body.strip() + "\n")


def _fields(front: str) -> Mapping[str, str]:
    pairs = (line.partition(":") for line in front.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}
