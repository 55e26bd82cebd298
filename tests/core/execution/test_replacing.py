"""Orders that take a live one's place: at a venue that replaces in one step, and at one that does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from core.execution.last_check import undecided
from core.execution.replacing import body_of
from core.execution.working import working
from core.ids import VenueName
from core.orders.events import OrderCancelled, OrderFilled, OrderRouted
from core.orders.order import Status
from core.orders.released import ReleasedOrder
from core.orders.replacements import OrderReplaced, ReplacementSized, ReplaceRefused
from core.venues.venue import encode, encode_left, encode_replacement
from evals.bench.decided import recorded
from tests.core.execution.steps import FileRecord, Steps, one_life
from tests.fixtures.venues import VenueProcess, one_venue, released

ACCEPTED_AT = 8  # steps: route, intent, message and answer, each from before it to after it
FAR = "100.00"  # below the market: a buy that rests


@pytest.fixture(scope="module", params=["ARCADIA", "BOREAL"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    """One venue that replaces in one step, over a socket; one that does not, over HTTP."""
    via = {"ARCADIA": "tcp", "BOREAL": "http"}[request.param]
    yield from one_venue(request.param, tmp_path_factory.mktemp("venue"), via=via)


@dataclass
class Pair:
    """An order that rests at its venue, and one that is to take its place at the market."""

    record: FileRecord
    old: ReleasedOrder
    new: ReleasedOrder
    stage: VenueProcess

    async def live(self, at: int | None = None) -> tuple[bool, int]:
        """One worker's life, to the end of both orders or to its death at that step."""
        steps = Steps(lambda: None, at)
        async with self.stage.client() as venue:
            return await one_life((self.old, self.new), [venue], self.record, steps), steps.count

    async def begin(self) -> Pair:
        """The old order is at its venue, and the worker that brought it there has died."""
        async with self.stage.client() as venue:
            await one_life((self.old,), [venue], self.record, Steps(lambda: None, ACCEPTED_AT))
        return self

    def done(self) -> tuple[Decimal, Decimal]:
        """Shares executed, by the venue's own ledger."""
        return self.stage.executed(self.old.id), self.stage.executed(self.new.id)

    def is_whole(self) -> None:
        """Both have ended, the record has what the venue did, and together it is what was wanted."""
        for order in (self.old, self.new):
            facts = self.record.of(order.id)
            booked = sum((fact.quantity for fact in facts if isinstance(fact, OrderFilled)), Decimal(0))
            assert booked == self.stage.executed(order.id)
            assert working(order, facts).over
        assert sum(self.done()) == self.new.quantity + (self.new.executed_before or 0)


def pair(stage: VenueProcess, path: Path, *, limit: str = "150.00") -> Pair:
    """The old one rests far below the market; the new one is for fewer shares, at the market."""
    old = released(quantity="40", limit=FAR)
    return Pair(FileRecord(path), old, released(quantity="25", limit=limit, replaces=old.id), stage)


def racing(stage: VenueProcess, path: Path) -> Pair:
    """Both at the market and for as many shares: the old one is executed while its venue is asked."""
    old = released(quantity="200")
    return Pair(FileRecord(path), old, released(quantity="200", replaces=old.id), stage)


@pytest.mark.anyio
async def test_the_new_order_takes_the_place_and_nothing_is_done_twice(
    stage: VenueProcess, tmp_path: Path
) -> None:
    both = await pair(stage, tmp_path / "record").begin()
    assert (await both.live())[0]
    both.is_whole()
    assert both.done() == (Decimal(0), Decimal(25))
    mine = [line for line in stage.ledger() if line.get("order") in (both.old.id, both.new.id)]
    verbs = [line["verb"] for line in mine if "verb" in line]
    one_step = stage.name == "ARCADIA"
    assert ("replace" in verbs, "cancel" in verbs) == (one_step, not one_step)
    ends = (OrderReplaced, OrderCancelled)
    told = [type(fact) for fact in both.record.of(both.old.id) if isinstance(fact, ends)]
    assert told == [OrderReplaced if one_step else OrderCancelled]


@pytest.mark.anyio
async def test_what_the_old_order_does_meanwhile_is_taken_off(stage: VenueProcess, tmp_path: Path) -> None:
    for number in range(3):
        both = await racing(stage, tmp_path / f"record-{number}").begin()
        assert (await both.live())[0]
        both.is_whole()
        for fact in both.record.of(both.new.id):
            if isinstance(fact, ReplacementSized):
                assert (fact.executed, fact.quantity) == both.done()


@pytest.mark.anyio
async def test_a_refused_replacement_leaves_the_old_order_at_work(
    stage: VenueProcess, tmp_path: Path
) -> None:
    if stage.name == "BOREAL":
        pytest.skip("BOREAL is not asked to replace")
    both = await pair(stage, tmp_path / "record", limit="150.005").begin()
    living = asyncio.create_task(both.live())
    async with asyncio.timeout(20):
        while not any(isinstance(fact, ReplaceRefused) for fact in both.record.of(both.old.id)):
            await asyncio.sleep(0.02)
    assert working(both.old, both.record.of(both.old.id)).state.status is Status.ACCEPTED
    stage.tell(faults={"shift": {"AAPL": "-25"}})
    try:
        await living
    finally:
        stage.tell(faults={"shift": {"AAPL": "0"}})
    assert both.done() == (Decimal(40), Decimal(0))


@pytest.mark.anyio
@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.long)])
async def test_a_worker_that_dies_at_any_step_leaves_it_to_the_next_one(
    stage: VenueProcess, tmp_path: Path, every: int
) -> None:
    lived, at = False, 1
    while not lived:
        both = await racing(stage, tmp_path / f"record-{at}").begin()
        lived, _ = await both.live(at)
        assert (await both.live())[0]
        both.is_whole()
        at += every
    assert at > every


def test_only_what_is_left_may_leave_and_only_once_that_is_written() -> None:
    venue = VenueName("V")
    new = released(quantity="70", replaces="gh-old", executed_before="30")
    routed = OrderRouted(order=new.id, venue=venue, scores=())
    left = ReplacementSized(order=new.id, replaces="gh-old", executed=Decimal(40), quantity=Decimal(60))
    before, after = recorded(new, [routed]), recorded(new, [routed, left])
    in_place, rest = encode_replacement(new), encode_left(new, Decimal(60))
    assert undecided(in_place, new.id, venue, before) is None
    assert undecided(rest, new.id, venue, after) is None
    for body, record in ((encode(new), before), (rest, before), (in_place, after), (encode(new), after)):
        assert undecided(body, new.id, venue, record) is not None
    assert body_of(working(new, [routed])) == in_place
    assert body_of(working(new, [routed, left])) == rest
