"""What every case of the venue suite asks, in few words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest

from core.ids import OrderId, Symbol
from core.orders.released import ReleasedOrder
from core.venues.venue import (
    FROM_THE_FIRST,
    Capabilities,
    Ended,
    Execution,
    Found,
    Replacing,
    Report,
    Sending,
    Venue,
    encode,
    encode_replacement,
)

PATIENCE: Final = timedelta(seconds=5)
IMPATIENCE: Final = timedelta(milliseconds=400)
AAPL: Final = Symbol("AAPL")
FAR_BELOW: Final = "60.00"
MANY: Final = "1000000"
"""Shares that no book shows at once: an order of so many is partly done for a while."""


async def sent(venue: Venue, order: ReleasedOrder, *, timeout: timedelta = PATIENCE) -> Sending:
    return await venue.send(order, encode(order), timeout=timeout)


async def reports_of(
    venue: Venue, order: OrderId, until: Callable[[Sequence[Report]], bool], *, after: str = FROM_THE_FIRST
) -> list[Report]:
    """This order's reports, once they are as `until` says."""
    found: list[Report] = []
    async with asyncio.timeout(20):
        while not until(found):
            page = await venue.reports(after, wait=timedelta(seconds=1), timeout=PATIENCE)
            found += [one for one in page.reports if one.order == order]
            after = page.cursor
    return found


def filled(quantity: Decimal) -> Callable[[Sequence[Report]], bool]:
    def is_it(reports: Sequence[Report]) -> bool:
        return sum(one.quantity for one in executions(reports)) >= quantity

    return is_it


def executions(reports: Sequence[Report]) -> list[Execution]:
    """Each once, in the order in which they came."""
    found = {one.id: one for one in reports if isinstance(one, Execution)}
    return list(found.values())


def over(reports: Sequence[Report]) -> bool:
    return any(isinstance(one, Ended) for one in reports)


def ends(reports: Sequence[Report]) -> list[Ended]:
    return [one for one in reports if isinstance(one, Ended)]


def shares(reports: Sequence[Report]) -> Decimal:
    """What was executed, copies counted once."""
    return sum((one.quantity for one in executions(reports)), Decimal(0))


async def replaced(venue: Venue, order: ReleasedOrder, *, timeout: timedelta = PATIENCE) -> Replacing:
    return await venue.replace(order, encode_replacement(order), timeout=timeout)


async def found(venue: Venue, order: OrderId) -> Found:
    """What a look-up tells of an order that the venue took."""
    said = await venue.lookup(order, timeout=PATIENCE)
    assert isinstance(said, Found)
    return said


async def offers(venue: Venue, capability: Callable[[Capabilities], bool], words: str) -> None:
    """Skip the case where the venue does not declare what it needs."""
    if not capability(await venue.capabilities(timeout=PATIENCE)):
        pytest.skip(f"{venue.name} does not offer {words}")
