"""The word lists that the rules read: plain data in `wordlists.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

WORDLISTS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(words)
    for name, words in json.loads(
        Path(__file__).with_name("wordlists.json").read_text(encoding="utf-8")
    ).items()
}
