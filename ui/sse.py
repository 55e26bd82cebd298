"""Server-sent events, as bytes that become events and the other way round.

Rule 1: an event has a name and a JSON object; anything else on the wire is an error of the other side.
Rule 2: comments (keep-alives) and unknown fields are skipped.
Source: WHATWG HTML, section 9.2.6 (interpreting an event stream).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

KEEP_ALIVE: Final = b": still here\n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `data` is a JSON object; `id` is empty where the sender gave none."""

    name: str
    data: Mapping[str, Any]
    id: str = ""


@dataclass(slots=True)
class _Reading:
    """The event whose lines are still coming."""

    name: str = "message"
    id: str = ""
    data: list[str] = field(default_factory=list)

    def take(self, line: str) -> Event | None:
        if line:
            self._field(line)
            return None
        done = _event(self) if self.data else None
        self.name, self.data = "message", []
        return done

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self.data.append(value)
        elif name == "event":
            self.name = value
        elif name == "id":
            self.id = value


def _event(reading: _Reading) -> Event:
    data = json.loads("\n".join(reading.data))
    if not isinstance(data, dict):
        raise ValueError(f"event {reading.name!r} does not carry a JSON object")
    return Event(reading.name, data, reading.id)


def events(lines: Iterable[str]) -> Iterator[Event]:
    """The events in these lines (without their line ends).

    Raises:
        ValueError: an event's data is not a JSON object. Events before it were already given.
    """
    reading = _Reading()
    for line in lines:
        if (event := reading.take(line)) is not None:
            yield event


async def events_async(lines: AsyncIterable[str]) -> AsyncIterator[Event]:
    """As `events`, for lines that arrive."""
    reading = _Reading()
    async for line in lines:
        if (event := reading.take(line)) is not None:
            yield event


def written(event: Event) -> bytes:
    """The event as it goes over the wire."""
    head = f"id: {event.id}\n" if event.id else ""
    body = json.dumps(dict(event.data), ensure_ascii=False, separators=(",", ":"))
    return f"{head}event: {event.name}\ndata: {body}\n\n".encode()
