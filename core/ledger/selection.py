"""Which entries a package holds: all, or those of an account, a proposal, a trace, a day, an advisor.

Rule 1: several conditions hold together.
Rule 2: whatever names the account, proposal or advisor is in; and with a proposal, an order or a trade of
    theirs its whole stream, from the draft to the settlement.
Rule 3: it reads the hashed text, not the columns beside it. Streams are learnt in a first pass, because a
    draft may name what concerns it only later. Memory: one name a proposal and order that is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from core.errors import BadInput, IntegrityLost, NotFound
from core.ledger.chain import EPOCH
from core.ledger.package import Line

NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
QUOTED: Final = re.compile(rb'"([A-Za-z0-9_.:-]{1,80})[\\"]')  # also inside a text that is itself JSON
LIVES: Final = ("proposal", "order", "trade")  # streams that go in as a whole
HOUSE: Final = ("account", "household")


@dataclass(frozen=True, slots=True)
class Selection:
    """Nothing set: the whole journal. Times are of the record (`recorded_at`), in UTC; a day is a UTC day."""

    day: date | None = None
    since: datetime | None = None
    before: datetime | None = None
    account: str | None = None
    proposal: str | None = None
    trace: str | None = None
    advisor: str | None = None

    def __post_init__(self) -> None:
        for name in ("account", "proposal", "trace", "advisor"):
            value = getattr(self, name)
            if value is not None and not NAME.fullmatch(value):
                raise BadInput(
                    f"{name} {value!r} is not an id", fix="write it as the record does", field=name
                )

    @property
    def whole(self) -> bool:
        return not self.said()

    @property
    def by_subject(self) -> bool:
        """Whether streams must be learnt first."""
        return any((self.account, self.proposal, self.advisor))

    def said(self) -> Mapping[str, str]:
        """What the manifest says of it: the conditions that are set."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {
            name: value.isoformat() if isinstance(value, date) else value for name, value in values if value
        }

    def span(self) -> tuple[int | None, int | None]:
        """From, and up to but without, in microseconds since 1970."""
        since, before = self.moments()
        return _us(since) if since else None, _us(before) if before else None

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """From, and up to but without."""
        since = [self.since] if self.since else []
        before = [self.before] if self.before else []
        if self.day:
            midnight = datetime.combine(self.day, time(), UTC)
            since.append(midnight)
            before.append(midnight + timedelta(days=1))
        return max(since, default=None), min(before, default=None)


class _Placed(msgspec.Struct):
    stream: str
    trace_id: str


class Chooser:
    """Where the selection is by subject, `learn` every entry up to the head; then ask `holds` of each."""

    def __init__(self, selection: Selection) -> None:
        self._asked = selection
        self._since, self._before = selection.span()
        self._subjects = [
            _Subject(kind, name)
            for kind in ("account", "proposal", "advisor")
            if (name := getattr(selection, kind)) is not None
        ]

    def learn(self, entry: Line) -> None:
        placed = _placed(entry)
        for subject in self._subjects:
            subject.learn(placed.stream, entry.text)

    def check(self) -> None:
        """After everything is learnt: that what was named is there.

        Raises:
            NotFound: nobody was engaged under the advisor's id. A login would choose too little.
        """
        if any(not subject.engaged for subject in self._subjects):
            raise NotFound(
                f"nobody here has the id {self._asked.advisor!r}",
                fix="use a person's id, as `people list` shows it",
                field="advisor",
            )

    def holds(self, entry: Line) -> bool:
        if self._since is not None and entry.recorded_us < self._since:
            return False
        if self._before is not None and entry.recorded_us >= self._before:
            return False
        if self._asked.trace is None and not self._subjects:
            return True
        placed = _placed(entry)
        if self._asked.trace not in (None, placed.trace_id):
            return False
        return all(subject.holds(placed.stream, entry) for subject in self._subjects)


class _Subject:
    """An account, a proposal or an advisor, and the streams that turned out to be of its life."""

    def __init__(self, kind: str, name: str) -> None:
        self._kind = kind
        self._name = name
        self._quoted = (b'"%b"' % name.encode(), b'"%b\\' % name.encode())
        self._advises = b'"advisor":"%b"' % name.encode()
        self._book = {name.encode()}
        self.engaged = kind != "advisor"
        self._streams = {f"{kind}/{name}"}
        self._lives = ("order", "trade") if kind == "proposal" else LIVES

    def learn(self, stream: str, text: bytes) -> None:
        kind, _, of = stream.partition("/")
        if self._kind == "advisor":
            self.engaged = self.engaged or stream == f"person/{self._name}"
            if kind in HOUSE and self._advises in text:
                self._book.add(of.encode())
        elif not self._named(text):
            return
        if kind in self._lives and not self._book.isdisjoint(QUOTED.findall(text)):
            self._streams.add(_life(stream))
        elif self._kind == "account" and stream == f"account/{self._name}":
            self._streams.update(f"household/{one}" for one in _households(text))

    def holds(self, stream: str, entry: Line) -> bool:
        if _life(stream) in self._streams or self._named(entry.text):
            return True
        return self._kind == "advisor" and entry.actor == self._name.encode()

    def _named(self, text: bytes) -> bool:
        return any(quoted in text for quoted in self._quoted)


def _life(stream: str) -> str:
    """The stream that a trade's belongs to is its order's; every other one is its own."""
    kind, _, rest = stream.partition("/")
    return f"order/{rest.partition('/')[0]}" if kind == "trade" else stream


_HOUSEHOLD: Final = re.compile(rb'"household":"([A-Za-z0-9_.:-]{1,80})"')


def _households(text: bytes) -> list[str]:
    return [name.decode() for name in _HOUSEHOLD.findall(text)]


def _placed(entry: Line) -> _Placed:
    try:
        return _PLACED.decode(entry.text)
    except (msgspec.DecodeError, UnicodeDecodeError) as bad:
        raise IntegrityLost(
            f"entry {entry.seq} holds a text that is no envelope",
            fix="run `gatehouse audit verify`; a person must look",
        ) from bad


_PLACED: Final = msgspec.json.Decoder(_Placed)


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
