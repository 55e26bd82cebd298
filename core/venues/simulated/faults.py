"""How a simulated venue misbehaves on purpose.

Rule 1: every fault is set from a file or by a control message that says it belongs to the simulation, and is
    decided by the seed and the number of the message, never by the time of day.
Rule 2: a fault changes how we are told, or what the market does. It never makes the venue's own record wrong.

`*_next` counts down from now and goes first; `*_percent` is decided for each message. The fields:
time_out (the order is taken, the answer never comes), drop (the connection closes before anything is
done), cut (it is done, the answer breaks off half way), limit (refused unread, as too fast), reject (refused
for no reason), duplicate, reorder and strange (of reports; strange: of a kind that nobody knows), bust and
correct (of a day's executions, when the day is left), away (an outage: nothing is answered; by percent, for
fifty messages together), per_second (tokens; what is above is refused unread), send_weight, cancel_weight
and lookup_weight (the tokens that such a message takes; any other takes one), delay_ms (each message
waits before it is looked at), queue_us (messages wait for each other, each for so long), answer_ms (the
answer waits after all is done, so fills overtake it), shift (percent by which a symbol's quotes stand away
from the walk), paused (no executions), skew_s (the venue's clock is off), stale_s (its quotes are old).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from core.errors import BadInput
from core.money import exact
from core.venues.simulated.chance import draw

OUTAGE: Final = 50  # messages of one outage
FLAGS: Final = frozenset({"paused", "away"})


class Mishap(StrEnum):
    """What befalls one order message. In the order in which they are asked."""

    DROP = "drop"
    LIMIT = "limit"
    REJECT = "reject"
    TIME_OUT = "time_out"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Faults:
    drop_next: int = 0
    limit_next: int = 0
    reject_next: int = 0
    time_out_next: int = 0
    cut_next: int = 0
    drop_percent: int = 0
    limit_percent: int = 0
    reject_percent: int = 0
    time_out_percent: int = 0
    cut_percent: int = 0
    duplicate_percent: int = 0
    reorder_percent: int = 0
    strange_percent: int = 0
    bust_percent: int = 0
    correct_percent: int = 0
    away_percent: int = 0
    away: bool = False
    per_second: int = 0
    send_weight: int = 1
    cancel_weight: int = 1
    lookup_weight: int = 1
    delay_ms: int = 0
    queue_us: int = 0
    answer_ms: int = 0
    skew_s: int = 0
    stale_s: int = 0
    paused: bool = False
    shift: Mapping[str, Decimal] = field(default_factory=dict)

    def of(self, seed: int, message: int) -> tuple[Mishap | None, Faults]:
        """What befalls this message, and the faults that are left after it."""
        for mishap in Mishap:
            left = getattr(self, f"{mishap}_next")
            if left:
                less: dict[str, Any] = {f"{mishap}_next": left - 1}
                return mishap, replace(self, **less)
        for mishap in Mishap:
            percent = getattr(self, f"{mishap}_percent")
            if percent and draw(seed, 100, "fault", mishap, message) < percent:
                return mishap, self
        return None, self

    def outage(self, seed: int, message: int) -> bool:
        """Whether this message meets an outage."""
        if not self.away_percent:
            return self.away
        return self.away or draw(seed, 100, "away", message // OUTAGE) < self.away_percent

    def tokens(self, verb: str) -> int:
        """What one such message takes of `per_second`. A replacement is a send."""
        weights = {
            "send": self.send_weight,
            "replace": self.send_weight,
            "cancel": self.cancel_weight,
            "lookup": self.lookup_weight,
            "lookups": self.lookup_weight,
        }
        return weights.get(verb, 1)

    def after_restart(self) -> Faults:
        """Rates, shifts and a pause stay; what was counting down is over."""
        return replace(self, drop_next=0, limit_next=0, reject_next=0, time_out_next=0, cut_next=0)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "shift": {symbol: str(percent) for symbol, percent in self.shift.items()}}


NO_FAULTS: Final = Faults()


def changed(before: Faults, given: Mapping[str, Any]) -> Faults:
    """The faults with the given fields set. `shift` sets the symbols it names; "0" takes a shift away.

    Raises:
        BadInput: an unknown field or a value that cannot be used; names the field.
    """
    known = {f.name: f.type for f in fields(Faults)}
    new: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise BadInput(f"there is no fault {name!r}", fix=f"use one of {', '.join(known)}", field=name)
        new[name] = _read(name, value, before)
    return replace(before, **new)


def _read(name: str, value: Any, before: Faults) -> Any:
    if name == "shift":
        return _shift(value, before)
    if name in FLAGS:
        if not isinstance(value, bool):
            raise BadInput(f"{name} {value!r} is not a yes or no", fix="give true or false", field=name)
        return value
    most = 100 if name.endswith("_percent") else 1_000_000
    least = -most if name == "skew_s" else int(name.endswith("_weight"))
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInput(f"{name} {value!r} is no number to {most}", fix="give a whole one", field=name)
    return value


def _shift(value: Any, before: Faults) -> Mapping[str, Decimal]:
    if not isinstance(value, dict):
        raise BadInput(f"shift {value!r} is not an object", fix='give {"SYMBOL": "-5"}', field="shift")
    shift = dict(before.shift)
    for symbol, percent in value.items():
        moved = exact(percent, field=f"shift.{symbol}")
        if not -90 <= moved <= 900:
            raise BadInput(f"a shift of {moved} % is too far", fix="stay within -90 and 900", field="shift")
        shift[symbol] = moved
    return {symbol: percent for symbol, percent in shift.items() if percent}
