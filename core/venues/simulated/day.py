"""The day in which a simulated venue stands. It stays there until a control message moves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from core.errors import BadInput
from core.market.calendar import is_session, next_session, session_open

_AFTER_OPENING: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Day:
    """`at` is the market clock, in UTC. `open`: orders are taken and executed."""

    session: date
    at: datetime
    open: bool

    def as_json(self) -> dict[str, Any]:
        return {"session": self.session.isoformat(), "at": self.at.isoformat(), "open": self.open}


def first_day(last_close: date) -> Day:
    """10:00 in New York of the session after the last price."""
    session = next_session(last_close)
    return Day(session, session_open(session) + _AFTER_OPENING, open=True)


def read_day(given: Any) -> Day:
    """Raises BadInput unless `given` is an object of `session`, `at` (with its zone) and `open`."""
    try:
        session, is_open = date.fromisoformat(given["session"]), given["open"]
        at = datetime.fromisoformat(given["at"])
        sound = (
            isinstance(is_open, bool) and at.tzinfo is not None and len(given) == 3 and is_session(session)
        )
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise BadInput(
            f"day {given!r} cannot be read",
            fix='give {"session": "2022-12-29", "at": "2022-12-29T15:00:00+00:00", "open": true}',
            field="day",
        )
    return Day(session, at.astimezone(UTC), is_open)
