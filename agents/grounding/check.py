"""Each figure, date and holding of a sentence against what was read for it.

Rule 1: a figure resolves where value, unit, scale and sign agree, within its own rounding and within a
    twentieth; beside a symbol, an account or a year only to what was read of that one.
Rule 2: what the advisor said herself may be said again; it is no source.
Rule 3: what resolves nowhere is taken out, before anybody reads it. So is the same thing while it streams.
Rule 4: a sentence that stands word for word in a passage is a quotation, and holds as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from agents.grounding.dates import Clocked, Dated, dates
from agents.grounding.figures import Figure, Unit, figures
from agents.grounding.holdings import Named, known, named
from agents.grounding.sources import About, Grounds, Value, headed

TAKEN_OUT: Final = "(no source)"
MOST_OFF: Final = Decimal("0.05")  # of the true value, however roughly a figure is written
TELLING: Final = 3  # significant digits from which a match is no accident
QUOTED_WORDS: Final = 4
_MARKS: Final = re.compile(r"\s*\[(?:(?:passage|tool)/[^\]]*|\d{1,3})\]")
_SPACE: Final = re.compile(r"[\s*_|•]+")


@dataclass(frozen=True, slots=True)
class Claim:
    """Something in a sentence that has to stand somewhere. `sources`: where it does; `hers`: she said it."""

    start: int
    end: int
    sources: frozenset[str]
    telling: bool
    hers: bool = False

    @property
    def stands(self) -> bool:
        return bool(self.sources) or self.hers


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence with what stands nowhere taken out, and the sources of what is left."""

    text: str
    claims: tuple[Claim, ...]

    @property
    def lost(self) -> int:
        return sum(not claim.stands for claim in self.claims)

    @property
    def hers(self) -> bool:
        """Some of it has no other source than the advisor's own words."""
        return any(claim.hers and not claim.sources for claim in self.claims)

    def beside(self, cited: frozenset[str]) -> tuple[str, ...]:
        """Sources to add: of telling claims that no cited source holds."""
        found: dict[str, None] = {}
        for claim in self.claims:
            if claim.sources and claim.telling and not claim.sources & (cited | frozenset(found)):
                found[min(claim.sources)] = None
        return tuple(found)


@dataclass(slots=True)
class Checking:
    """What one answer is checked against. `scaled` grows with it: the scales that it speaks in."""

    grounds: Grounds
    said: Grounds = field(default_factory=lambda: Grounds().ready())
    scaled: tuple[int, ...] = ()
    _quotes: dict[str, str] = field(default_factory=dict)

    def sentence(self, text: str) -> Checked:
        """One sentence, its marks and all."""
        self.scaled = tuple(dict.fromkeys((*self.scaled, *headed(text))))
        bare = _MARKS.sub(lambda found: " " * len(found[0]), text)
        source = self.quoted(bare)
        if source:
            told = Claim(0, 0, frozenset({source}), any(sign.isdigit() for sign in bare))
            return Checked(text, (told,))
        claims = tuple(_apart(self._claims(bare)))
        for claim in sorted(claims, key=lambda one: -one.start):
            if not claim.stands:
                text = f"{text[: claim.start]}{TAKEN_OUT}{text[claim.end :]}"
        return Checked(text, claims)

    def _claims(self, text: str) -> list[Claim]:
        days, clocks, rest = dates(text)
        spoken = frozenset(day.year for day in days if day.year is not None)
        beside = _beside(text, self.grounds.named)
        return [
            *(self._dated(day) for day in days),
            *(self._clocked(clock) for clock in clocks),
            *(self._figure(one, spoken, beside) for one in figures(rest)),
            *(self._named(one) for one in named(text)),
        ]

    def _figure(self, one: Figure, spoken: frozenset[int], beside: frozenset[About]) -> Claim:
        found = {
            value.source
            for power in ((0,) if one.scaled else (0, *self.scaled))
            for value in agreeing(one, self.grounds, power)
            if (not value.years or not spoken or value.years & spoken) and _same_thing(value.about, beside)
        }
        hers = not found and any(True for _ in agreeing(one, self.said, 0))
        digits = len(one.value.normalize().as_tuple().digits)
        return Claim(one.start, one.end, frozenset(found), digits >= TELLING, hers)

    def _dated(self, day: Dated) -> Claim:
        found = frozenset(source for read, source in self.grounds.days.items() if day.within(read))
        hers = not found and any(day.within(read) for read in self.said.days)
        return Claim(day.start, day.end, found, day.day is not None and day.year is not None, hers)

    def _clocked(self, clock: Clocked) -> Claim:
        found = frozenset(source for read, source in self.grounds.clocks if clock.shown_from(read))
        hers = not found and any(clock.shown_from(read) for read, _ in self.said.clocks)
        return Claim(clock.start, clock.end, found, False, hers)

    def _named(self, one: Named) -> Claim:
        here = frozenset({"a tool or passage"}) if known(one, self.grounds.words) else frozenset[str]()
        return Claim(one.start, one.end, here, False, not here and known(one, self.said.words))

    def quoted(self, text: str) -> str | None:
        """The source in which it stands so, word for word."""
        bare = _even(_MARKS.sub("", text)).strip(" .!?,;:\"'“”")
        if len(bare.split()) < QUOTED_WORDS:
            return None
        for source, read in self.grounds.texts.items():
            if source not in self._quotes:
                self._quotes[source] = _even(read)
            place = self._quotes[source].find(bare)
            after = self._quotes[source][place + len(bare) : place + len(bare) + 2] if place >= 0 else ""
            before = self._quotes[source][place - 1 : place] if place > 0 else ""
            if (
                place >= 0
                and not re.match(r"\w|[.,]\d|%|\s?%", after)
                and not re.match(r"[\w.,$\-(]", before)
            ):
                return source
        return None


def agreeing(one: Figure, grounds: Grounds, power: int) -> list[Value]:
    """What was read that a figure may say."""
    found: list[Value] = []
    size, within = abs(one.value).scaleb(power), one.within.scaleb(power)
    for times, units in _meant(one.unit):
        at, off = size * times, within * times
        for read, value in grounds.near(at - off, at + off):
            if abs(read - at) > read * MOST_OFF or not _same_way(one, value):
                continue
            if times != 1 and value.unit is Unit.NONE and not value.fraction:
                continue
            if value.unit in units:
                found.append(value)
    return found


def _meant(unit: Unit) -> tuple[tuple[Decimal, frozenset[Unit]], ...]:
    """By what to multiply a figure to find it as it may be kept, and in which units."""
    every = frozenset(Unit)
    match unit:
        case Unit.MONEY:
            return ((Decimal(1), frozenset({Unit.MONEY, Unit.NONE})),)
        case Unit.SHARES:
            return ((Decimal(1), frozenset({Unit.SHARES, Unit.NONE})),)
        case Unit.PERCENT:
            return (
                (Decimal(1), frozenset({Unit.PERCENT, Unit.NONE})),
                (Decimal("0.01"), frozenset({Unit.NONE})),
            )
        case Unit.BASIS_POINTS:
            return (
                (Decimal(1), frozenset({Unit.BASIS_POINTS, Unit.NONE})),
                (Decimal("0.01"), frozenset({Unit.PERCENT})),
                (Decimal("0.0001"), frozenset({Unit.NONE})),
            )
    return ((Decimal(1), every),)


def _same_way(one: Figure, value: Value) -> bool:
    """A loss is no gain. Accounting brackets alone say little: an expense is written so too."""
    if value.number < 0:
        return one.value < 0 or one.way < 0 or one.bracketed
    if one.value < 0 or (one.bracketed and one.way >= 0):
        return value.way < 0 or value.bracketed
    if value.bracketed:
        return one.way <= 0
    return one.way * value.way >= 0


def _same_thing(about: frozenset[About], beside: frozenset[About]) -> bool:
    """Of each kind that the sentence names, the value stands beside one of those, or beside none."""
    for kind in {kind for kind, _ in beside}:
        mine = {name for what, name in about if what == kind}
        if mine and not mine & {name for what, name in beside if what == kind}:
            return False
    return True


def _beside(text: str, names: frozenset[About]) -> frozenset[About]:
    low = text.casefold()
    return frozenset(
        one
        for one in names
        if one[1].casefold() in low
        and re.search(rf"(?<![\w-]){re.escape(one[1])}(?![\w-])", text, re.IGNORECASE)
    )


def _apart(claims: list[Claim]) -> list[Claim]:
    """Those that lie in no other, in order: of two that overlap, the one that begins first."""
    kept: list[Claim] = []
    for claim in sorted(claims, key=lambda one: (one.start, -one.end)):
        if not kept or claim.start >= kept[-1].end:
            kept.append(claim)
    return kept


def _even(text: str) -> str:
    return _SPACE.sub(" ", text).casefold().strip()
