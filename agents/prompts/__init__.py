"""The agents' instructions, one file each; the digest of what was used goes on record with each step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from core.ids import Digest


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    digest: Digest


@cache
def prompt(name: str) -> Prompt:
    """The instructions of the agent `name`."""
    text = (Path(__file__).parent / f"{name}.md").read_text(encoding="utf-8")
    return Prompt(text, Digest(sha256(text.encode()).hexdigest()))
