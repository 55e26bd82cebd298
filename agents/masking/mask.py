"""What a model reads in place of people's names and numbers, and what its words mean when they come back.

Rule 1: a placeholder is made from the thread and the word, so the same word has the same one in its thread
    and another one in the next. Nothing is stored: the map is what was masked for this very thought.
Rule 2: only what was masked for this thought comes back. A placeholder that a model made up, or kept from
    elsewhere, opens nothing.
Rule 3: a tool's arguments get the advisor's own spelling back, letter by letter; an answer gets the book's.
Rule 4: in the record stands what the model read and said: placeholders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new as keyed
from pathlib import Path
from typing import Any, Final

from agents.masking.detect import personal
from core.ids import ThreadId

WITHHELD: Final = "(a name or number that was not read here)"
NOTE: Final = (
    "Words like NAME_0123456789 or SSN_0123456789 stand for names and numbers of people. Copy them letter by "
    "letter wherever you would write the name or number itself, in tools' fields too. Never make one up."
)
SHORTEST: Final = 2  # letters of a name
_PLACEHOLDER: Final = re.compile(
    r"\b(?:NAME|EMAIL|IBAN|SSN|CARD|PHONE|BIRTH|ADDRESS|ACCOUNT|ADDRESS_IP)_[0-9A-F]{10}\b"
)
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(words)
    for name, words in json.loads(Path(__file__).with_name("names.json").read_text(encoding="utf-8")).items()
}
_NOT_NAMES: Final = _WORDS["not_names"]
_WORDS_TOO: Final = _WORDS["words_too"]


@dataclass(slots=True)
class Mask:
    """One thought's. `names` are the words of the book's names, as the book spells them."""

    thread: ThreadId
    names: Mapping[str, str] = field(default_factory=dict)  # casefolded word: the book's spelling
    _shown: dict[str, str] = field(default_factory=dict)
    _hers: dict[str, str] = field(default_factory=dict)
    _form: re.Pattern[str] | None = None

    def masked(self, text: str, *, hers: bool = False) -> str:
        """What a model reads of it. `hers`: the advisor's own words, whose spelling tools ask for."""
        for one in reversed(list(personal(text))):
            found = text[one.start : one.end]
            text = f"{text[: one.start]}{self._placeholder(one.kind, found, found, hers)}{text[one.end :]}"
        if not self.names:
            return text
        return self._named().sub(lambda found: self._name(found, hers), text)

    @property
    def any(self) -> bool:
        """Whether anything was masked."""
        return bool(self._shown)

    def shown(self, text: str) -> str:
        """An answer's words with what was masked in place again."""
        return _PLACEHOLDER.sub(lambda found: self._shown.get(found[0], WITHHELD), text)

    def restored(self, value: Any) -> Any:
        """A tool's arguments with what was masked in place again. The rest stays as the model wrote it."""
        if isinstance(value, str):
            return _PLACEHOLDER.sub(
                lambda found: self._hers.get(found[0]) or self._shown.get(found[0], found[0]), value
            )
        if isinstance(value, Mapping):
            return {key: self.restored(part) for key, part in value.items()}
        return [self.restored(part) for part in value] if isinstance(value, list) else value

    def _name(self, found: re.Match[str], hers: bool) -> str:
        word = found[0]
        low = word.casefold()
        if low in _WORDS_TOO and not (word[:1].isupper() and _beside_a_name(found, self.names)):
            return word
        return self._placeholder("NAME", word, self.names[low], hers)

    def _named(self) -> re.Pattern[str]:
        if self._form is None:
            longest = sorted(self.names, key=lambda word: (-len(word), word))
            self._form = re.compile(rf"(?<![\w_])(?:{'|'.join(map(re.escape, longest))})(?![\w_])", re.I)
        return self._form

    def _placeholder(self, kind: str, found: str, shown: str, hers: bool) -> str:
        box = keyed(self.thread.encode(), f"{kind}/{found.casefold()}".encode(), sha256).hexdigest()
        placeholder = f"{kind}_{box[:10].upper()}"
        self._shown.setdefault(placeholder, shown)
        if hers:
            self._hers[placeholder] = found
        return placeholder


def words_of_names(names: Iterable[str]) -> dict[str, str]:
    """Each word of people's names, with its spelling."""
    found: dict[str, str] = {}
    for name in names:
        for word in re.findall(r"[^\W\d_][\w'’-]*[^\W_]", name):
            if len(word) >= SHORTEST and word.casefold() not in _NOT_NAMES:
                found.setdefault(word.casefold(), word)
    return found


def _beside_a_name(found: re.Match[str], names: Mapping[str, str]) -> bool:
    """A name that is a word too: a name where a title, a household or another name stands beside it."""
    before = re.search(r"([\w'’-]+)\.?\s$", found.string[: found.start()][-24:])
    after = re.match(r"(?:['’]s?)?\s([\w'’-]+)", found.string[found.end() : found.end() + 24])
    told = {one[1].casefold() for one in (before, after) if one}
    titles = {"mr", "mrs", "ms", "dr", "household", "family", "trust", "ira", "roth", "accounts", "account"}
    return bool(told & (titles | names.keys()) or re.match(r"['’]s\b", found.string[found.end() :]))
