"""Answers to questions over tables and text, as they should be said, and the same with one thing wrong.

Rule 1: passages, question, answer and scale are the data set's; only the sentence around them is ours.
Rule 2: of what had to be worked out, the sentence is true only where core worked it out: once it comes with
    core's figure as a tool's answer, and once without.
Rule 3: the same seed, the same changes. A change that happens to be true elsewhere in the passage counts as
    missed all the same.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

from agents.grounding.check import Checking
from agents.grounding.sources import Grounds

DATA: Final = Path(__file__).resolve().parents[2].parent / "shared/data/finance_qa/tatqa_dev.json.gz"
POWERS: Final = {"": 0, "percent": 0, "thousand": 3, "million": 6, "billion": 9}
OTHER_SCALE: Final = {"thousand": "million", "million": "billion", "billion": "million"}
_ASKS: Final = re.compile(r"^(?:what|how much|how many)\s+(?:is|are|was|were|did|does|do)\s+", re.IGNORECASE)
_FIGURE: Final = re.compile(r"(?<![\w.,])[-−]?\(?[$€£]?\s?-?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)")
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Case:
    """`kind` says what was changed; `true` is what was not."""

    kind: str
    sentence: str
    passage: int
    question: str
    computed: tuple[str, str] | None = None  # field and value of core's own figure


@dataclass(frozen=True, slots=True)
class Cases:
    passages: tuple[str, ...]
    cases: tuple[Case, ...]
    _read: dict[tuple[int, str], Grounds] = field(default_factory=dict, repr=False)

    def checking(self, case: Case) -> Checking:
        """What its sentence is checked against. What was read once is not read again."""
        place = (case.passage, case.question if case.computed else "")
        if place not in self._read:
            self._read[place] = self._grounds(case)
        said = Grounds()
        said.add_passage("the advisor", case.question)
        return Checking(self._read[place], said.ready())

    def _grounds(self, case: Case) -> Grounds:
        grounds = Grounds()
        grounds.add_passage("passage/1", self.passages[case.passage])
        if case.computed:
            grounds.add_told("tool/call-1", {"what": case.question, case.computed[0]: case.computed[1]})
        return grounds.ready()


def cases(*, seed: int = 1, every: int = 1, path: Path = DATA) -> Cases:
    """Of all documents, or of each so-many-th, in the data set's order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        documents = json.load(lines)[::every]
    draw = Random(seed)  # noqa: S311 (changes to sentences, no secret)
    passages = tuple(_passage(one) for one in documents)
    found = [
        case
        for place, one in enumerate(documents)
        for question in one["questions"]
        for case in _of(question, place, passages[place], draw)
    ]
    return Cases(passages, tuple(found))


def _passage(document: Any) -> str:
    paragraphs = [p["text"] for p in sorted(document["paragraphs"], key=lambda p: p["order"])]
    rows = [
        "| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |"
        for row in document["table"]["table"]
    ]
    return "\n\n".join([*paragraphs, "\n".join(rows)])


def _of(question: Any, place: int, passage: str, draw: Random) -> Iterator[Case]:
    said = _said(question)
    asks = question["question"]
    true = f"{_lead(question['question'])} {said}."
    derived = question["answer_type"] in ("arithmetic", "count")
    computed = _computed(question) if derived else None
    yield Case("true, worked out by core" if derived else "true", true, place, asks, computed)
    if derived and question["answer_type"] == "arithmetic":
        yield Case("worked out by the model", true, place, asks)
    for kind, changed in _changed(question, said, passage, draw):
        if changed != true:
            yield Case(kind, changed, place, asks, computed)


def _lead(question: str) -> str:
    bare = question.strip().rstrip("?. ")
    asked = _ASKS.sub("", bare)
    return f"{asked[:1].upper()}{asked[1:]} was" if asked != bare else f"{bare}:"


def _said(question: Any, scale: str | None = None) -> str:
    answers = question["answer"] if isinstance(question["answer"], list) else [question["answer"]]
    return ", ".join(_scaled(str(one), question["scale"] if scale is None else scale) for one in answers)


def _scaled(answer: str, scale: str) -> str:
    bare = answer.strip()
    if not scale or not re.search(r"\d", bare):
        return bare
    if scale == "percent":
        return bare if "%" in bare else f"{bare}%"
    return bare if re.search(r"[mb]illion|thousand", bare, re.IGNORECASE) else f"{bare} {scale}"


def _computed(question: Any) -> tuple[str, str]:
    answer = question["answer"][0] if isinstance(question["answer"], list) else question["answer"]
    number = Decimal(str(answer).replace(",", "").strip("$%"))
    if question["scale"] == "percent":
        return "percent", str(number)
    return "worked_out", f"{number.scaleb(POWERS[question['scale']]):f}"


def _changed(question: Any, said: str, passage: str, draw: Random) -> Iterator[tuple[str, str]]:
    lead = _lead(question["question"])
    figure = _FIGURE.search(said)
    if figure and not _YEAR.fullmatch(figure[1]):
        yield "digit", f"{lead} {_digit(said, figure, draw)}."
        if not re.search(r"[A-Za-z]{2}", said.replace(question["scale"] or "-", "").replace("percent", "")):
            yield "sign", f"{lead} {_sign(said, figure)}."
        if question["scale"] in OTHER_SCALE:
            other = OTHER_SCALE[question["scale"]]
            yield (
                "scale",
                f"{lead} {said.replace(question['scale'], other) if question['scale'] in said else said}.",
            )
        if question["scale"] == "percent":
            yield "scale", f"{lead} {said.replace('%', ' million').replace('percent', 'million')}."
        asked = set(_YEAR.findall(lead))
        others = sorted(set(_YEAR.findall(passage)) - asked - set(_YEAR.findall(said)))
        if len(asked) == 1 and others and question["answer_type"] != "count":
            yield "period", f"{_YEAR.sub(draw.choice(others), lead)} {said}."


def _digit(said: str, figure: re.Match[str], draw: Random) -> str:
    places = [place for place in range(figure.start(1), figure.end(1)) if said[place].isdigit()]
    place = draw.choice(places)
    other = draw.choice([digit for digit in "123456789" if digit != said[place]])
    return f"{said[:place]}{other}{said[place + 1 :]}"


def _sign(said: str, figure: re.Match[str]) -> str:
    head = said[: figure.start(1)]
    if re.search(r"[-−(]", figure[0]):
        bare = re.sub(r"[-−(]", "", figure[0])
        return f"{said[: figure.start()]}{bare}{said[figure.end() :]}".replace(")", "", 1)
    return f"{head.rstrip('$€£ ')}-{head[len(head.rstrip('$€£ ')) :]}{said[figure.start(1) :]}"
