"""A worker dies between any two durable steps: nothing is lost or done twice, by the venues' own ledgers."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from core.execution import entries
from core.execution.working import working
from core.ids import VenueName
from core.orders.events import OrderFilled, OrderSent, Side
from core.orders.order import Status
from core.orders.released import ReleasedOrder
from core.venues.venue import Venue, digest_of, encode
from tests.core.execution.steps import FileRecord, Steps, one_life
from tests.fixtures.venues import ROOT, VenueProcess, one_venue, released

EVERY = 4  # steps between two deaths in the short run
MOST_STEPS = 120


@pytest.fixture(scope="module")
def arcadia(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    yield from one_venue("ARCADIA", tmp_path_factory.mktemp("arcadia"))


@pytest.fixture(scope="module")
def cortland(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    yield from one_venue("CORTLAND", tmp_path_factory.mktemp("cortland"))


@pytest.fixture(scope="module")
def stages(arcadia: VenueProcess, cortland: VenueProcess) -> list[VenueProcess]:
    return [arcadia, cortland]


def three_orders() -> list[ReleasedOrder]:
    return [
        released(quantity="21"),
        released(quantity="30", side=Side.SELL, limit="100.00"),
        released(quantity="12", symbol="KO", limit=None),
    ]


def four_orders() -> list[ReleasedOrder]:
    return [*three_orders(), released(quantity="15")]


async def lived(
    orders: Sequence[ReleasedOrder], stages: Sequence[VenueProcess], record: Path, at: int | None
) -> bool:
    async with AsyncExitStack() as stack:
        clients: list[Venue] = [await stack.enter_async_context(stage.client()) for stage in stages]
        return await one_life(orders, clients, FileRecord(record), Steps(lambda: None, at))


def check(orders: Sequence[ReleasedOrder], stages: Sequence[VenueProcess], path: Path) -> None:
    """Journal and venues' ledgers say the same: every order filled once, at one venue, with its own bytes."""
    record = FileRecord(path)
    lines = [line for stage in stages for line in stage.ledger()]
    for order in orders:
        facts = record.of(order.id)
        assert working(order, facts).state.status is Status.FILLED
        ours: dict[str, Any] = {
            fact.execution: (fact.quantity, fact.price, fact.fee)
            for fact in facts
            if isinstance(fact, OrderFilled)
        }
        theirs = {
            line["execution"]: (Decimal(line["quantity"]), Decimal(line["price"]), Decimal(line["fee"]))
            for line in lines
            if line["kind"] == "execution" and line["order"] == order.id
        }
        assert ours == theirs
        assert sum(quantity for quantity, _, _ in theirs.values()) == order.quantity
        written = [fact.execution for fact in facts if isinstance(fact, OrderFilled)]
        assert len(written) == len(set(written))
        intents = {fact.body_digest for fact in facts if isinstance(fact, OrderSent)}
        sends = [line for line in lines if line.get("verb") == "send" and line["order"] == order.id]
        assert {line["body_digest"] for line in sends} == intents
        assert len(sends) == 1  # sent again only where the venue had never seen it


@pytest.mark.anyio
async def test_without_a_death_every_order_is_filled_once(stages: list[VenueProcess], tmp_path: Path) -> None:
    orders = three_orders()
    assert await lived(orders, stages, tmp_path / "record", None)
    check(orders, stages, tmp_path / "record")


async def died_at_every(step: int, begin: int, stages: list[VenueProcess], folder: Path) -> int:
    """Die at `begin`, `begin + step`, ...; start again each time and check. How many deaths."""
    deaths = 0
    for at in range(begin, MOST_STEPS, step):
        orders, path = three_orders(), folder / f"record-{at}"
        survived = await lived(orders, stages, path, at)
        if survived:
            check(orders, stages, path)
            return deaths
        deaths += 1
        assert await lived(orders, stages, path, None)
        check(orders, stages, path)
    return deaths


@pytest.mark.anyio
async def test_a_death_at_a_durable_step_loses_nothing_and_repeats_nothing(
    stages: list[VenueProcess], tmp_path: Path
) -> None:
    assert await died_at_every(EVERY, 1, stages, tmp_path) >= 6


@pytest.mark.long
@pytest.mark.anyio
async def test_a_death_at_any_durable_step_loses_nothing_and_repeats_nothing(
    stages: list[VenueProcess], tmp_path: Path
) -> None:
    assert await died_at_every(1, 1, stages, tmp_path) >= 25


@pytest.mark.anyio
async def test_dying_again_and_again_still_ends_in_one_fill_each(
    stages: list[VenueProcess], tmp_path: Path
) -> None:
    """Each life goes a step further than the last: where the machine is slow, ten may all be look-ups."""
    orders, path = three_orders(), tmp_path / "record"
    deaths = 0
    while not await lived(orders, stages, path, 10 + deaths):
        deaths += 1
        assert deaths < MOST_STEPS
    assert deaths > 2
    check(orders, stages, path)


@pytest.mark.anyio
async def test_an_intent_that_stands_is_sent_by_a_worker_that_always_dies_early(
    stages: list[VenueProcess], tmp_path: Path
) -> None:
    """Three intents whose bytes never left. Were each written again in every life, none would ever leave."""
    orders, path = three_orders(), tmp_path / "record"
    record, venue = FileRecord(path), VenueName(stages[0].name)
    for order in orders:
        await record.record(entries.routed(order, venue, (), choice=1))
        await record.record(entries.sent(order, venue, digest_of(encode(order)), attempt=1))
    deaths = 0
    while not await lived(orders, stages, path, 10):
        deaths += 1
        assert deaths < 30
    check(orders, stages, path)
    intents = [fact for _, fact in FileRecord(path).facts if isinstance(fact, OrderSent)]
    assert len(intents) == len(orders)


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["time_out_next", "drop_next", "cut_next"])
@pytest.mark.parametrize("at", [None, 6, 9])
async def test_a_lying_line_and_a_death_together_make_no_second_order(
    stages: list[VenueProcess], tmp_path: Path, fault: str, at: int | None
) -> None:
    orders, path = three_orders(), tmp_path / "record"
    for stage in stages:
        stage.tell(faults={fault: 2})
    if not await lived(orders, stages, path, at):
        assert await lived(orders, stages, path, None)
    for stage in stages:
        stage.tell(faults={fault: 0})
    check(orders, stages, path)


@pytest.mark.anyio
async def test_copies_and_disorder_of_reports_are_written_once(
    stages: list[VenueProcess], tmp_path: Path
) -> None:
    for stage in stages:
        stage.tell(faults={"duplicate_percent": 80, "reorder_percent": 80})
    try:
        orders = [released(quantity="60") for _ in range(8)]
        assert await lived(orders, stages, tmp_path / "record", None)
    finally:
        for stage in stages:
            stage.tell(faults={"duplicate_percent": 0, "reorder_percent": 0})
    check(orders, stages, tmp_path / "record")


Life = Callable[[Path, Path, int], int]


@pytest.fixture(scope="module")
def in_its_own_process(stages: list[VenueProcess]) -> Iterator[Life]:
    """Lets a worker process live until that step (0: to the end of its work). How it ended."""
    words = [sys.executable, "-m", "tests.core.execution.dying_worker"]
    venues = [f"{stage.name}={stage.url}" for stage in stages]
    with subprocess.Popen(
        [*words, *venues], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forks:
        assert forks.stdin is not None
        assert forks.stdout is not None
        asks, tells = forks.stdin, forks.stdout

        def live(orders: Path, record: Path, at: int) -> int:
            asks.write(json.dumps([str(orders), str(record), at]) + "\n")
            asks.flush()
            about = ""
            while about != str(record):  # a test that ran out of time has left an answer behind
                about, ended = json.loads(tells.readline())
            return int(ended)

        yield live


KILLS: Final = 30
"""In every run. The life of four orders has a few more durable steps, and the long run goes to its end."""


@pytest.mark.parametrize(
    "at", [n if n <= KILLS else pytest.param(n, marks=pytest.mark.long) for n in range(1, 61)]
)
def test_a_worker_killed_by_the_system_is_no_different(
    stages: list[VenueProcess], tmp_path: Path, in_its_own_process: Life, at: int
) -> None:
    orders = four_orders()
    (tmp_path / "orders").write_bytes(pickle.dumps(orders))
    path = tmp_path / "record"
    ended = in_its_own_process(tmp_path / "orders", path, at)
    assert ended == -signal.SIGKILL or (at > KILLS and ended == 0)
    if ended:
        assert in_its_own_process(tmp_path / "orders", path, 0) == 0
    check(orders, stages, path)


@pytest.mark.anyio
async def test_a_venue_killed_on_the_way_is_caught_up_with(tmp_path: Path) -> None:
    for stage in one_venue("ARCADIA", tmp_path):
        orders = [released(quantity="60") for _ in range(4)]
        path = tmp_path / "record"
        assert not await lived(orders, [stage], path, 20)
        stage.kill()
        stage.start()
        assert await lived(orders, [stage], path, None)
        check(orders, [stage], path)
