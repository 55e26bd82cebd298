"""The adapter to a venue, by its address."""

from __future__ import annotations

from core.ids import VenueName
from core.venues.asking import AskingVenue
from core.venues.http import HttpVenue
from core.venues.tcp import TcpVenue


def venue_at(name: VenueName, url: str, *, key: str) -> AskingVenue:
    """`tcp://host:port` is a socket session; everything else is HTTP."""
    return (TcpVenue if url.startswith("tcp://") else HttpVenue)(name, url, key=key)
