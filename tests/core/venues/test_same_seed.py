"""Same seed and same messages: the same lines, however they come between each other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.ids import OrderId
from core.venues.venue import FROM_THE_FIRST, Execution, encode
from tests.fixtures.venues import VenueProcess, one_venue, released

PATIENCE = timedelta(seconds=10)
FAULTS = {
    "reject_percent": 20,
    "duplicate_percent": 20,
    "reorder_percent": 20,
    "bust_percent": 30,
    "correct_percent": 30,
}
ORDERS = [released(order=f"gh-{number:024x}", quantity=str(20 + number)) for number in range(20)]


@contextmanager
def venue(path: Path, seed: int, via: str) -> Iterator[VenueProcess]:
    path.mkdir()
    yield from one_venue("CORTLAND", path, seed=seed, faults=FAULTS, via=via)


async def a_day(stage: VenueProcess) -> None:
    """Every order, one after the other; the end of the day when all is done."""
    async with stage.client() as client:
        accepted = 0
        for order in ORDERS:
            accepted += type(await client.send(order, encode(order), timeout=PATIENCE)).__name__ == "Accepted"
        done: dict[OrderId, dict[str, Decimal]] = {}
        after = FROM_THE_FIRST
        wanted = {order.id: order.quantity for order in ORDERS}
        async with asyncio.timeout(30):
            while sum(wanted[order] == sum(parts.values()) for order, parts in done.items()) < accepted:
                page = await client.reports(after, wait=timedelta(seconds=1), timeout=PATIENCE)
                for one in page.reports:
                    if isinstance(one, Execution):
                        done.setdefault(one.order, {})[one.id] = one.quantity
                after = page.cursor
    day = stage.tell(step=0)["day"]
    stage.tell(day={**day, "open": False})


def lines(stage: VenueProcess) -> list[str]:
    return sorted(repr({**one, "seq": 0}) for one in stage.ledger() if one["kind"] != "simulation")


@pytest.mark.anyio
async def test_the_ledger_is_the_same_again_over_either_interface_and_another_with_another_seed(
    tmp_path: Path,
) -> None:
    told = []
    for name, seed, via in (("a", 7, "tcp"), ("b", 7, "http"), ("c", 8, "tcp")):
        with venue(tmp_path / name, seed, via) as stage:
            await a_day(stage)
            told.append(lines(stage))
    assert told[0] == told[1] != told[2]
    kinds = {kind for kind in ("busted", "corrected", "rejected") if any(kind in one for one in told[0])}
    assert kinds == {"busted", "corrected", "rejected"}
