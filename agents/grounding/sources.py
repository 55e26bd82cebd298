"""What an answer may rest on: the figures, dates and names of the tools' answers and passages of one turn.

Rule 1: a value of a tool's answer has the unit that its field says; where none does, any unit fits.
Rule 2: a figure of a table in a passage has the passage's scale ("in millions") and its column's years.
Rule 3: what can be counted in a tool's answer, rows and rows alike, is core's figure too. Nothing else that
    could be worked out is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from agents.grounding.dates import Clocked, Dated, dates, years
from agents.grounding.figures import SCALES, Figure, Unit, figures

MOST_VALUES: Final = 20_000  # of one turn; a turn has at most a dozen answers of 60,000 characters
_NUMBER: Final = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?(?:E[+-]?\d{1,3})?", re.IGNORECASE)
_MONEY_FIELD: Final = re.compile(
    r"value|gain|tax|cost|price|fee|dollar|amount|cash|loss|floor|settled|reserved|available|usable|deferred"
    r"|lost|realised|shortfall|carried|deductible|bought|trades|revenue|income"
)
_PERCENT_FIELD: Final = re.compile(r"percent|weight|points|tolerance|^largest$|^target$|^a_year$")
_SHARES_FIELD: Final = re.compile(r"^(?:shares|quantity|filled)$")
_DOWN_FIELD: Final = re.compile(r"loss|lost|shortfall|at_risk|outflow")
_HEADER: Final = re.compile(
    r"\b(?:in|of)\s+(?:(?:U\.?\s?S\.?|US)\s*)?(?:dollars?\s+|\$\s*)?(?:in\s+)?(thousands?|millions?"
    r"|billions?)\b"
    r"|\(\s*(?:(?:US)?[$€£]\s?)?(thousands|millions|billions)\b|[$€£¥]\s?(m|mn|bn|million|billion)\b(?!\w)"
    r"|(?:[$€£¥]|RMB|USD)\s?[‘’'`]?\s?(000)s?\b|[‘’'](000)s?\b",
    re.IGNORECASE,
)
_UNSCALED: Final = re.compile(
    r"per[\s-]+(?:\w+\s+)?(?:share|unit|barrel|day|ton|store)|%|percent|rate\b|ratio|margin|yield|shares?\b"
    r"|number|years?\b|months?\b|employees|days\b|basis points|multiple|headcount|weeks?\b|\bage\b|price",
    re.IGNORECASE,
)
NAMES: Final = frozenset({"symbol", "account", "household", "proposal", "order", "name", "period", "window"})
_COUNTS: Final = re.compile(r"\d|hundred|thousand|[mb]illion|percent|dozen|teen|ty\b", re.IGNORECASE)
PERIODS: Final = ("what", "concept", "period", "since", "until")
_CELLS: Final = re.compile(r"\s*\|\s*|\t+")
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+(?=[A-Z(“\"])|\n+")
_WORDS: Final = re.compile(r"[\w&'’.\-]*\w")


About = tuple[str, str]  # what kind of name, and the name: symbol, account, name


@dataclass(frozen=True, slots=True)
class Value:
    """One figure that was read. `about` names what it stands beside."""

    source: str
    number: Decimal
    unit: Unit
    fraction: bool = False  # could be a fraction that an answer says in per cent
    way: int = 0
    bracketed: bool = False
    years: frozenset[int] = frozenset()
    about: frozenset[About] = frozenset()
    scales: tuple[int, ...] = (0,)  # powers of ten that it may be meant in


@dataclass(slots=True)
class Grounds:
    """All of it, ready to be asked."""

    values: list[Value] = field(default_factory=list)
    days: dict[Dated, str] = field(default_factory=dict)
    clocks: list[tuple[Clocked, str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    named: frozenset[About] = frozenset()  # what values stand beside, all of it
    words: frozenset[str] = frozenset()
    _at: list[tuple[Decimal, int]] = field(default_factory=list)

    def ready(self) -> Grounds:
        """Sorted for search. Call once, when all is in."""
        at: list[tuple[Decimal, int]] = []
        for place, value in enumerate(self.values):
            at.extend((abs(value.number).scaleb(power), place) for power in value.scales)
        self._at = sorted(at)
        self.named = frozenset().union(*(value.about for value in self.values))
        self.words = frozenset(
            word.casefold() for text in self.texts.values() for word in _WORDS.findall(text)
        )
        return self

    def near(self, low: Decimal, high: Decimal) -> Iterator[tuple[Decimal, Value]]:
        """Values whose size lies between, with that size."""
        start = bisect_left(self._at, (low, -1))
        stop = bisect_right(self._at, (high, MOST_VALUES))
        for size, place in self._at[start:stop]:
            yield size, self.values[place]

    def add_told(self, source: str, answer: Mapping[str, Any]) -> None:
        """A tool's answer."""
        self._walk(source, answer, "", frozenset(), frozenset())

    def add_passage(self, source: str, text: str, *, title: str = "") -> None:
        """A passage of the library."""
        self.texts[source] = f"{title}\n{text}"
        self._dates(source, f"{title}\n{text}")
        scales = headed(f"{title}\n{text}")
        held: list[str] = []
        for line in [*text.split("\n"), ""]:
            if len(_CELLS.split(line.strip().strip("|"))) > 1:
                held.append(line)
                continue
            self._table(source, held, scales)
            held = []
            for sentence in _SENTENCE.split(line):
                self._prose(source, sentence, scales, frozenset())

    def _walk(self, source: str, node: Any, key: str, about: frozenset[About], of: frozenset[int]) -> None:
        if len(self.values) > MOST_VALUES:
            return
        if isinstance(node, Mapping):
            own = {(k, v) for k, v in node.items() if k in NAMES and isinstance(v, str) and len(v) <= 80}
            kinds = {kind for kind, _ in own}
            here = frozenset(one for one in about if one[0] not in kinds) | own
            spoken = _years(node) or of
            for name, part in node.items():
                self._walk(source, part, str(name), here, spoken)
        elif isinstance(node, list | tuple):
            here = about | {("label", node[0])} if _is_pair(node) else about
            self._counts(source, node)
            for part in node:
                self._walk(source, part, key, here, of)
        elif isinstance(node, str) and not _NUMBER.fullmatch(node):
            self.texts[source] = f"{self.texts.get(source, '')}\n{node}"
            self._dates(source, node)
            self._prose(source, node, (), about)
        elif node is not None and not isinstance(node, bool):
            self._leaf(source, node, key, about, of)

    def _leaf(self, source: str, node: Any, key: str, about: frozenset[About], of: frozenset[int]) -> None:
        try:
            number = Decimal(str(node))
        except InvalidOperation:
            return
        if not number.is_finite() or abs(number.adjusted()) > 40:
            return
        unit = _unit_of(key)
        way = -1 if number < 0 or _DOWN_FIELD.search(key) else 1
        if key == "year" and number == number.to_integral_value():
            self.days[Dated(0, 0, int(number), None, None)] = source
        self.values.append(
            Value(source, number, unit, unit is Unit.NONE and abs(number) < 10, way, False, of, about)
        )

    def _counts(self, source: str, rows: Sequence[Any]) -> None:
        """How many rows there are, and how many have the same word, yes or no, or anything but zero."""
        counted = {len(rows)}
        records = [row for row in rows if isinstance(row, Mapping)]
        for key in {key for row in records for key in row}:
            found = [row.get(key) for row in records if isinstance(row.get(key), str | bool | int)]
            counted.update(Counter(str(one) for one in found).values())
            counted.add(sum(1 for one in found if str(one).strip("0.") not in ("", "False", "-")))
        self.values.extend(Value(source, Decimal(one), Unit.SHARES) for one in sorted(counted))

    def _prose(self, source: str, text: str, scales: tuple[int, ...], about: frozenset[About]) -> None:
        if not _COUNTS.search(text):
            return
        days, _, rest = dates(text)
        said = frozenset(day.year for day in days if day.year is not None)
        for one in figures(rest):
            # A sentence says its own scale; the table's is only possible for it.
            may = (0,) if one.scaled or one.unit in (Unit.PERCENT, Unit.BASIS_POINTS) else (0, *scales)
            self.values.append(_value(source, one, said, about, may))

    def _table(self, source: str, lines: Sequence[str], scales: tuple[int, ...]) -> None:
        rows = [_CELLS.split(line.strip().strip("|").strip()) for line in lines]
        heads: dict[int, set[int]] = {}
        section: frozenset[int] = frozenset()
        names: dict[int, str] = {}
        for row in rows:
            if all(_is_head(cell) for cell in row):
                for column, cell in enumerate(row):
                    heads.setdefault(column, set()).update(_told_years(cell))
                    names[column] = f"{names.get(column, '')} {cell}"
                spoken = frozenset(years(" ".join(row)))
                section = (
                    spoken if len(spoken) == 1 and sum(bool(cell.strip()) for cell in row) == 1 else section
                )
                continue
            label = row[0]
            for column, cell in enumerate(row):
                of = frozenset(heads.get(column, ())) or frozenset(years(label)) or section
                plain = bool(_UNSCALED.search(f"{label} {names.get(column, '')}")) or not scales
                for one in figures(dates(cell)[2] if column == 0 else cell):
                    fixed = one.scaled or one.unit in (Unit.PERCENT, Unit.BASIS_POINTS)
                    may = (0,) if fixed else (0, *scales) if plain else scales
                    self.values.append(_value(source, one, of, frozenset(), may))

    def _dates(self, source: str, text: str) -> None:
        if not any(sign.isdigit() for sign in text):
            return
        days, clocks, _ = dates(text)
        for day in days:
            self.days.setdefault(Dated(0, 0, day.year, day.month, day.day), source)
        self.clocks.extend((clock, source) for clock in clocks)


def _value(
    source: str, one: Figure, said: frozenset[int], about: frozenset[About], scales: tuple[int, ...]
) -> Value:
    way = -1 if one.value < 0 else one.way
    return Value(source, one.value, one.unit, False, way, one.bracketed, said, about, scales)


def _is_head(cell: str) -> bool:
    """A cell that holds no figure but years."""
    return not any(True for _ in figures(dates(cell)[2]))


def _told_years(cell: str) -> frozenset[int]:
    """The years of a column's head. One that ends in January or February is the year before's too."""
    days = [day for day in dates(cell)[0] if day.year is not None]
    early = {(day.year or 0) - 1 for day in days if day.month in (1, 2) and day.day is not None}
    return frozenset(day.year or 0 for day in days) | early


def headed(text: str) -> tuple[int, ...]:
    """The powers of ten that a text says its figures to be in: "(in millions)" is 6."""
    return tuple(dict.fromkeys(_power(found) for found in _HEADER.finditer(text)))


def _power(found: re.Match[str]) -> int:
    said = next(part for part in found.groups() if part)
    return SCALES[said.casefold()]


def _unit_of(key: str) -> Unit:
    if _PERCENT_FIELD.search(key):
        return Unit.PERCENT
    if _SHARES_FIELD.search(key):
        return Unit.SHARES
    return Unit.MONEY if _MONEY_FIELD.search(key) else Unit.NONE


def _years(record: Mapping[str, Any]) -> frozenset[int]:
    """The years that a record says it is of; between two, those between."""
    said = [year for key in PERIODS if isinstance(record.get(key), str) for year in years(record[key])]
    return frozenset(range(min(said), max(said) + 1)) if said else frozenset()


def _is_pair(node: Sequence[Any]) -> bool:
    return (
        len(node) == 2
        and isinstance(node[0], str)
        and len(node[0]) <= 80
        and not isinstance(node[1], Mapping)
    )
