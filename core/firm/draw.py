"""Chance for the demo firm: every number is drawn by name from the seed.

Rule 1: a draw is a pure function of the seed and of its path, so no draw depends on how many came before,
and adding a household changes no other.
Rule 2: whole numbers only; nothing here depends on the machine or the version of Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

Option = TypeVar("Option")


@dataclass(frozen=True, slots=True)
class Draw:
    """A source of numbers. `path` says what is being drawn."""

    seed: int
    path: str = ""

    def under(self, part: str) -> Draw:
        """The same seed, one step further down the path."""
        return Draw(self.seed, f"{self.path}/{part}")

    def between(self, least: int, most: int, what: str) -> int:
        """A whole number, both ends included."""
        text = f"{self.seed}{self.path}/{what}"
        return least + int.from_bytes(sha256(text.encode()).digest()[:8], "big") % (most - least + 1)

    def one_of(self, options: Sequence[Option], what: str) -> Option:
        return options[self.between(0, len(options) - 1, what)]
