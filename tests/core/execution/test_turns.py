"""Whose turn it is at a venue: urgency, the bound on waiting, and what is kept for cancels and look-ups."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.execution.bucket import RESERVED, SECOND, Allowance, Verb
from core.execution.turns import PATIENCE, Turns, Urgency, most_before
from core.execution.turnstile import PLACES_KEPT, Turnstile

Who = tuple[Urgency, str, int]
ARRIVALS = st.lists(st.tuples(st.sampled_from(Urgency), st.sampled_from("abc")) | st.none(), max_size=200)


def test_stops_go_before_exits_before_entries_before_the_rest() -> None:
    turns: Turns[Urgency] = Turns()
    for urgency in (Urgency.REST, Urgency.ENTRY, Urgency.EXIT, Urgency.STOP):
        turns.add(urgency, "a", urgency)
    assert [turns.next() for _ in Urgency] == list(Urgency)


@given(ARRIVALS)
def test_whoever_stands_first_in_a_class_waits_for_no_more_turns_than_the_bound_says(
    arrivals: list[tuple[Urgency, str] | None],
) -> None:
    """None is a turn. The others come to wait, in any mix, for as long as there are."""
    turns: Turns[Who] = Turns()
    since = dict.fromkeys(Urgency, 0)  # turns of others since the class's own last, while it waits
    waiting = dict.fromkeys(Urgency, 0)

    def turn() -> None:
        urgency, _, _ = turns.next()
        waiting[urgency] -= 1
        assert since[urgency] <= most_before(urgency)
        since[urgency] = 0
        for other in Urgency:
            if other is not urgency and waiting[other]:
                since[other] += 1
                assert since[other] <= most_before(other)

    for number, arrival in enumerate(arrivals):
        if arrival is not None:
            turns.add(*arrival, (*arrival, number))
            waiting[arrival[0]] += 1
        elif len(turns):
            turn()
    while len(turns):
        turn()
    assert set(waiting.values()) == {0}


@given(st.integers(1, 40), st.sampled_from(Urgency))
def test_a_flood_of_everything_else_delays_the_last_by_the_bound_at_most(
    flood: int, urgency: Urgency
) -> None:
    turns: Turns[str] = Turns()
    turns.add(urgency, "mine", "mine")
    for other in Urgency:
        for _ in range(flood):
            if other is not urgency:
                turns.add(other, "theirs", "theirs")
    before = 0
    while turns.next() != "mine":
        before += 1
        turns.add(Urgency.STOP if urgency is not Urgency.STOP else Urgency.EXIT, "theirs", "theirs")
    assert before <= most_before(urgency)


@given(st.integers(1, 500), st.integers(1, 8))
def test_a_client_with_a_thousand_orders_waits_for_one_of_each_other(crowd: int, others: int) -> None:
    turns: Turns[str] = Turns()
    for _ in range(crowd):
        turns.add(Urgency.ENTRY, "crowd", "crowd")
    for number in range(others):
        turns.add(Urgency.ENTRY, f"acc-{number}", f"acc-{number}")
    first = [turns.next() for _ in range(others + 1)]
    assert sorted(first) == sorted(["crowd", *(f"acc-{number}" for number in range(others))])


def test_the_more_urgent_is_the_less_patient() -> None:
    assert sorted(PATIENCE.values()) == list(PATIENCE.values())


# Tokens


@given(st.integers(2, 5000), st.lists(st.sampled_from(Verb), max_size=60), st.integers(1, 7))
def test_no_second_brings_more_than_the_venue_takes(per_second: int, verbs: list[Verb], dear: int) -> None:
    allowance = Allowance(per_second, {Verb.SEND: dear, Verb.CANCEL: 1, Verb.LOOKUP: 2})
    now, spent = timedelta(0), []
    for verb in verbs:
        now += allowance.wait_for(verb, now)
        assert not allowance.wait_for(verb, now)
        allowance.take(verb, now)
        spent.append((now, allowance.weights[verb]))
    burst = per_second // 10 + 2 * dear + 2
    for begin, _ in spent:
        within = sum(tokens for at, tokens in spent if begin <= at < begin + SECOND)
        assert within <= per_second + burst


@settings(deadline=None, max_examples=30)
@given(st.integers(8, 400), st.integers(1, 3), st.integers(0, 3_000))
def test_workers_that_share_a_venue_take_together_what_it_takes(pace: int, many: int, joins_at: int) -> None:
    """However fast each is, and while one more begins: each has its part then, and nothing in hand."""
    now, begins, spent = timedelta(0), timedelta(milliseconds=joins_at), []
    workers = [Allowance(max(1, pace // many)) for _ in range(many)]
    joined = False
    for _ in range(120):
        if now >= begins and not joined:
            joined = True
            workers = [Allowance(max(1, pace // (many + 1))) for _ in range(many + 1)]
            for one in workers:
                one.empty(now)
        for one in workers:
            while not one.wait_for(Verb.CANCEL, now):
                one.take(Verb.CANCEL, now)
                spent.append(now)
        soonest = min(one.wait_for(Verb.CANCEL, now) for one in workers)
        now += max(soonest, timedelta(milliseconds=1))
    most = pace + pace // 10 + 4 * many
    for begin in spent[:: max(1, len(spent) // 50)]:
        assert sum(1 for at in spent if begin <= at < begin + SECOND) <= most


@given(st.integers(1, 9), st.integers(1, 9))
def test_a_dear_message_at_the_head_of_the_line_waits_for_its_own_tokens(cancel: int, lookup: int) -> None:
    """What is asked of the bucket is what the one whose turn it is costs, not what another verb does."""
    allowance = Allowance(20, {Verb.SEND: 1, Verb.CANCEL: cancel, Verb.LOOKUP: lookup})
    turns: Turns[Verb] = Turns()
    turns.add(Urgency.REST, "one", Verb.LOOKUP)
    turns.add(Urgency.STOP, "two", Verb.CANCEL)
    now, spent = timedelta(0), 0
    while turns:
        verb = turns.peek()
        now += allowance.wait_for(verb, now)
        assert turns.next() is verb
        allowance.take(verb, now)
        spent += allowance.weights[verb]
    assert spent == cancel + lookup


@pytest.mark.anyio
async def test_at_another_pace_those_who_wait_keep_their_turns() -> None:
    way = Turnstile(Allowance(1, {Verb.SEND: 1_000_000, Verb.CANCEL: 1, Verb.LOOKUP: 1}), at_once=9)
    gone = []

    async def go(name: str) -> None:
        async with way.through(Verb.SEND, Urgency.ENTRY, "acc"):
            gone.append(name)

    await go("the burst")
    waiting = [asyncio.create_task(go(name)) for name in ("first", "second")]
    await asyncio.sleep(0)
    assert (gone, way.waiting) == (["the burst"], 2)
    way.allow(Allowance(100_000))
    await asyncio.gather(*waiting)
    assert gone == ["the burst", "first", "second"]


def test_a_thousand_orders_take_nothing_of_what_is_kept() -> None:
    allowance = Allowance(50)
    now = timedelta(0)
    while not allowance.wait_for(Verb.SEND, now):
        allowance.take(Verb.SEND, now)
    assert all(not allowance.wait_for(verb, now) for verb in RESERVED)


@pytest.mark.anyio
async def test_a_cancel_goes_past_a_line_of_orders_that_fill_every_place() -> None:
    way = Turnstile(Allowance(100_000), at_once=2)
    rest, gone = asyncio.Event(), []

    async def go(verb: Verb, urgency: Urgency, name: str) -> None:
        async with way.through(verb, urgency, name):
            gone.append(name)
            if verb is Verb.SEND:
                await rest.wait()

    orders = [asyncio.create_task(go(Verb.SEND, Urgency.ENTRY, f"o{n}")) for n in range(20)]
    await asyncio.sleep(0)
    assert (gone, way.waiting) == (["o0", "o1"], 18)
    stops = [asyncio.create_task(go(Verb.CANCEL, Urgency.STOP, f"c{n}")) for n in range(PLACES_KEPT + 3)]
    await asyncio.gather(*stops)
    assert len(gone) == 2 + len(stops)
    urgent = asyncio.create_task(go(Verb.SEND, Urgency.EXIT, "exit"))
    await asyncio.sleep(0)
    given_up = orders.pop(5)
    given_up.cancel()
    rest.set()
    await asyncio.gather(urgent, *orders)
    assert gone.index("exit") < gone.index("o2")
    assert "o5" not in gone
    assert way.waiting == 0


@pytest.mark.anyio
async def test_whoever_gives_up_a_turn_that_came_leaves_its_place() -> None:
    way = Turnstile(Allowance(100_000), at_once=1)
    first = way.through(Verb.SEND, Urgency.ENTRY, "a")
    await first.__aenter__()
    second = asyncio.create_task(way.through(Verb.SEND, Urgency.ENTRY, "b").__aenter__())
    await asyncio.sleep(0)
    await first.__aexit__(None, None, None)  # the second's turn comes
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    async with asyncio.timeout(5), way.through(Verb.SEND, Urgency.ENTRY, "c"):
        assert way.waiting == 0
