"""The events of the business day. Stream: `market`."""

from __future__ import annotations

from pydantic import AwareDatetime

from core.fact import Fact


class BusinessDayCloseRequested(Fact):
    """Operations asks; the worker closes."""

    session: str  # ISO date


class BusinessDayOpenRequested(Fact):
    """Operations asks for the next session; the worker opens it."""

    session: str


class BusinessDayClosed(Fact):
    """The business day is over; what was good for it lapses."""

    session: str
    at: AwareDatetime


class BusinessDayOpened(Fact):
    """From here the market clock stands at `at`."""

    session: str
    at: AwareDatetime
