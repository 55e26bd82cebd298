"""What a setting is, what a secret is, and how a value that cannot be used is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import BadInput

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: what it is for, and what holds without it (None: it must be set)."""

    name: str
    says: str
    default: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that is not printed. `reveal` where it is used, and nowhere else."""

    _text: str

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"


def is_http(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def refused(name: str, what: str, example: str) -> BadInput:
    """What is wrong with the setting of that name, and how one that can be used looks."""
    return BadInput(f"{name} cannot be used: {what}", fix=f"set it like {example}", field=name)
