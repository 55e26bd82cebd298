"""How a simulated custodian errs on purpose.

Rule 1: every fault is set from a file or by a control message that says it belongs to the simulation, and is
    decided by the seed and by what it is about, never by the time of day.
Rule 2: what is booked wrong stays wrong in its own ledger until it is told to mend it.

The fields: `missing_percent` (an execution is not booked), `twice_percent` (it is booked twice),
`share_percent` (one share too many), `cent_percent` (a cent too little), `late_percent` (a trade settles a
session late), `fails` (trades, as order/trade date, that do not settle, and its words why), `positions` and
`cash` (amounts that its statement has too many of, by account/symbol and by account), `delay_ms` (before each
answer), `away` (an outage: nothing is answered).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Final, Literal

from core.errors import BadInput
from core.money import exact
from core.venues.simulated.chance import draw

Booked = Literal["as reported", "missing", "twice", "share", "cent"]
WRONG: Final[tuple[Booked, ...]] = ("missing", "twice", "share", "cent")
LONGEST_DELAY_MS: Final = 60_000
LONGEST_REASON: Final = 120


@dataclass(frozen=True, slots=True)
class Faults:
    missing_percent: int = 0
    twice_percent: int = 0
    share_percent: int = 0
    cent_percent: int = 0
    late_percent: int = 0
    fails: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[str, Decimal] = field(default_factory=dict)
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    delay_ms: int = 0
    away: bool = False

    def booked(self, seed: int, execution: str) -> Booked:
        """How that execution is booked."""
        for wrong in WRONG:
            if draw(seed, 100, wrong, execution) < getattr(self, f"{wrong}_percent"):
                return wrong
        return "as reported"

    def late(self, seed: int, trade: str) -> bool:
        return draw(seed, 100, "late", trade) < self.late_percent


NO_FAULTS: Final = Faults()


def changed(faults: Faults, given: Any) -> Faults:
    """The faults with these fields set, each in place of what it was.

    Raises:
        BadInput: names the field; nothing changed.
    """
    known = {one.name for one in fields(Faults)}
    if not isinstance(given, dict) or not set(given) <= known:
        raise BadInput(
            f"faults {given!r} are unknown", fix=f"give {', '.join(sorted(known))}", field="faults"
        )
    return replace(faults, **{name: _read(name, value) for name, value in given.items()})


def _read(name: str, value: Any) -> Any:
    match name:
        case "away" if isinstance(value, bool):
            return value
        case "fails" if isinstance(value, dict):
            if all(isinstance(why, str) and 0 < len(why) <= LONGEST_REASON for why in value.values()):
                return dict(value)
        case "positions" | "cash" if isinstance(value, dict):
            return {key: exact(amount, field=name) for key, amount in value.items()}
        case "delay_ms" if _whole(value, LONGEST_DELAY_MS):
            return value
        case percent if percent.endswith("_percent") and _whole(value, 100):
            return value
    raise BadInput(f"{name} {value!r} cannot be used", fix="see the faults' own fields", field=name)


def _whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
