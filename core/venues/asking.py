"""The port as questions to a venue that speaks JSON, whatever carries them.

Rule 1: nothing left the house -> `WorldFailed`. Something may have -> `Unknown`. Never the other way round.
Rule 2: an answer that cannot be read is doubt where something was asked for, and `WorldFailed` for a read.
Rule 3: only the venue's own words accept, reject, or say that an id is not known.
What carries a question is an adapter's own: `core/venues/http.py`, `core/venues/tcp.py`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Self, TypeVar

from core.errors import BadInput, IntegrityLost, WorldFailed
from core.ids import OrderId, Symbol, VenueName
from core.orders.released import ReleasedOrder
from core.venues import reading
from core.venues.venue import (
    Cancelling,
    Capabilities,
    Health,
    Looking,
    Page,
    Quote,
    Replacing,
    Sending,
    Unknown,
)

REFUSED_UNREAD: Final = frozenset({401, 403, 413, 429})
"""Statuses with which the venue says that it did not look at the message."""
UNREADABLE: Final = (ValueError, TypeError, KeyError, BadInput, RecursionError, ArithmeticError)
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. `word` is the port's own for it; `of` are its small arguments."""

    word: str
    order: str | None = None
    body: bytes | None = None
    of: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What came back. `status` as HTTP has it; `said` is what its JSON says, None where it is none."""

    status: int
    said: Any


class NoAnswer(Exception):
    """It may have arrived, and no whole answer came. Never leaves this file: it becomes doubt."""


class AskingVenue(ABC):
    """Use it as an async context manager, or call `close`."""

    def __init__(self, name: VenueName) -> None:
        self._name = name

    @abstractmethod
    async def carried(self, ask: Ask, *, timeout: timedelta) -> Told:
        """Raises WorldFailed: it never arrived. NoAnswer: it may have."""

    @abstractmethod
    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def name(self) -> VenueName:
        return self._name

    async def send(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Sending:
        return await self._answered(Ask("send", order.id, body), reading.sending, timeout=timeout)

    async def replace(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Replacing:
        return await self._answered(Ask("replace", order.id, body), reading.replacing, timeout=timeout)

    async def cancel(self, order: OrderId, *, timeout: timedelta) -> Cancelling:
        return await self._answered(Ask("cancel", order), reading.cancelling, timeout=timeout)

    async def lookup(self, order: OrderId, *, timeout: timedelta) -> Looking:
        return await self._read(Ask("lookup", order), reading.looking, timeout=timeout)

    async def lookups(self, orders: Sequence[OrderId], *, timeout: timedelta) -> Mapping[OrderId, Looking]:
        def read(answer: Mapping[str, Any]) -> Mapping[OrderId, Looking]:
            return reading.lookings(answer, orders)

        return await self._read(Ask("lookups", of={"orders": list(orders)}), read, timeout=timeout)

    async def reports(self, after: str, *, wait: timedelta, timeout: timedelta) -> Page:
        of = {"after": after, "wait_ms": str(wait // timedelta(milliseconds=1))}
        return await self._read(Ask("reports", of=of), reading.page, timeout=timeout + wait)

    async def newest(self, *, timeout: timedelta) -> str:
        return await self._read(Ask("newest"), reading.cursor, timeout=timeout)

    async def quotes(self, symbols: Sequence[Symbol], *, timeout: timedelta) -> Mapping[Symbol, Quote]:
        asked = frozenset(symbols)  # a venue has no say in what else is worth

        def read(answer: Mapping[str, Any]) -> Mapping[Symbol, Quote]:
            found = reading.quotes(self._name, answer)
            return {symbol: quote for symbol, quote in found.items() if symbol in asked}

        return await self._read(Ask("quotes", of={"symbols": ",".join(symbols)}), read, timeout=timeout)

    async def capabilities(self, *, timeout: timedelta) -> Capabilities:
        return await self._read(Ask("capabilities"), reading.capabilities, timeout=timeout)

    async def health(self, *, timeout: timedelta) -> Health:
        return await self._read(Ask("health"), reading.health, timeout=timeout)

    async def _answered(
        self, ask: Ask, read: Callable[[Mapping[str, Any]], Read], *, timeout: timedelta
    ) -> Read | Unknown:
        """What the venue said to a message about an order; what cannot be read is doubt."""
        begun = _now()
        try:
            told = await self.carried(ask, timeout=timeout)
            answer = self._ours(told)
        except (NoAnswer, *UNREADABLE):
            return Unknown(waited=_now() - begun)
        if told.status in REFUSED_UNREAD:
            raise self.away(f"it answered {told.status}")
        if answer.get("answer") == "id_taken":
            raise IntegrityLost(
                f"{self._name} holds another body under {ask.order!r}",
                fix="look the order up at the venue before anything else is sent",
            )
        try:
            return read(answer)
        except UNREADABLE:
            return Unknown(waited=_now() - begun)

    async def _read(self, ask: Ask, read: Callable[[Mapping[str, Any]], Read], *, timeout: timedelta) -> Read:
        try:
            told = await self.carried(ask, timeout=timeout)
        except NoAnswer as bad:
            raise self.away(str(bad)) from bad
        try:
            return read(self._ours(told))
        except UNREADABLE as bad:
            raise self.away(f"its answer to {ask.word!r} cannot be read (status {told.status})") from bad

    def _ours(self, told: Told) -> Mapping[str, Any]:
        """The answer as an object. Another venue on this address must not speak for this one."""
        found = told.said
        if not isinstance(found, dict) or found.get("venue") != self._name:
            raise ValueError("this is not that venue's answer")
        return found

    def away(self, why: str) -> WorldFailed:
        return WorldFailed(f"venue {self._name} cannot be asked: {why}", fix="try again later")


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())
