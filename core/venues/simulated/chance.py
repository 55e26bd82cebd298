"""Chance from a seed: the same question, the same answer, in any process and any order."""

from __future__ import annotations

from hashlib import sha256


def draw(seed: int, below: int, *about: str | int) -> int:
    """From 0 to `below` - 1, evenly, decided by the seed and by what it is about."""
    text = "/".join([str(seed), *map(str, about)])
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") % below
