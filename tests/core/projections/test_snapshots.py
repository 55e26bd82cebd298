"""What a snapshot holds: all of the fold, in one text, and a form that changes with the fold's classes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass, fields
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.book.counted import NONE_COUNTED, Counted
from core.fact import Fact
from core.orders.events import OrderAccepted
from core.projections import snapshots
from core.projections.folded import FOLDED, Changed, Folded
from core.projections.replay import fold
from core.projections.snapshots import folded_in, form, surplus, text_of
from evals.bench.lives import lives
from evals.bench.long_journal import texts_of
from tests.core.facts import block_formed, cancelled
from tests.core.projections.arrivals import Story, folded, stories


def a_whole_book() -> Folded:
    """Something in every field, an order cut short, a block and a deposit that is not good yet too."""
    said = [fact for _, _, fact in islice(lives(households=12, seed=3), 900)]
    while not isinstance(last := said[-1], OrderAccepted):
        said.pop()
    book = folded(fact for fact in said if fact.event_type() in FOLDED)
    open_one = book.orders[last.order]
    ended = cancelled(open_one).model_copy(update={"venue": open_one.venue})
    return folded([ended, block_formed(*islice(book.orders.values(), 2))], book)


@pytest.fixture(scope="module")
def whole() -> Folded:
    return a_whole_book()


def test_the_text_is_the_whole_fold(whole: Folded) -> None:
    read = folded_in(text_of(whole))
    for each in fields(Folded):
        assert getattr(whole, each.name), f"nothing in {each.name}: this test says nothing of it"
        assert getattr(read, each.name) == getattr(whole, each.name), each.name


def test_every_field_is_in_the_text(whole: Folded) -> None:
    assert list(json.loads(text_of(whole))) == [each.name for each in fields(Folded)]


def test_the_same_state_is_the_same_text_after_a_round(whole: Folded) -> None:
    assert text_of(folded_in(text_of(whole))) == text_of(whole)


def test_another_process_with_other_hashes_writes_the_same_form_and_text(whole: Folded) -> None:
    code = (
        "import sys; from core.projections.snapshots import *;"
        "sys.stdout.write(form() + ' ' + sha256(text_of(folded_in(sys.stdin.buffer.read()))).hexdigest())"
    )
    said = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()}
        words = [sys.executable, "-c", code]
        done = subprocess.run(
            words, input=text_of(whole), env=env, capture_output=True, check=True, timeout=60
        )
        said.add(done.stdout)
    assert len(said) == 1
    assert said.pop().decode().startswith(form())


def test_a_field_more_is_another_form(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(slots=True)
    class Wider(Folded):
        more: int = 0

    now = form()
    monkeypatch.setattr(snapshots, "Folded", Wider)
    form.cache_clear()
    assert form() != now
    monkeypatch.undo()
    form.cache_clear()
    assert form() == now


def test_another_fold_of_the_same_fields_is_another_form(monkeypatch: pytest.MonkeyPatch) -> None:
    now = form()
    monkeypatch.setattr(snapshots, "FOLD", snapshots.FOLD + 1)
    form.cache_clear()
    assert form() != now
    monkeypatch.undo()
    form.cache_clear()


@pytest.mark.parametrize("text", [b"", b"[]", b'{"session":1}', b'{"lots":{"a":{"open":1}}}', b"\xff"])
def test_what_is_no_fold_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="no fold"):
        folded_in(text)


@given(stories(), st.data())
@settings(max_examples=80, deadline=None)
def test_going_on_from_a_snapshot_anywhere_equals_the_whole(story: Story, data: st.DataObject) -> None:
    facts: list[Fact] = story.arriving(data.draw(st.permutations(range(len(story.facts)))))
    at = data.draw(st.integers(0, len(facts)))
    start = folded_in(text_of(folded(facts[:at])))
    gone_on, book = folded(facts[at:], start), folded(facts)
    assert gone_on == book
    assert text_of(gone_on) == text_of(book)


def test_the_newest_few_stay_and_of_the_older_the_first_of_each_stretch() -> None:
    seqs = [2_600_000, 2_500_000, 2_400_000, 2_300_000, 2_100_000, 1_900_000, 1_200_000, 900_000, 50_000]
    assert surplus(seqs) == [2_300_000, 1_900_000, 900_000]
    assert surplus(seqs[:3]) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.text(max_size=2)), max_size=30))
def test_counting_changes_no_earlier_value(steps: list[tuple[int, str]]) -> None:
    """Held beside plain sets: whichever version is added to, each stays what it was."""
    versions, plain = [NONE_COUNTED], [frozenset[str]()]
    for back, name in steps:
        at = max(0, len(versions) - 1 - back)
        versions.append(versions[at].adding(name))
        plain.append(plain[at] | {name})
    assert [set(version) for version in versions] == plain
    assert [len(version) for version in versions] == [len(names) for names in plain]
    assert versions == [Counted(sorted(names)) for names in plain]


def test_the_texts_of_a_journal_fold_to_what_their_facts_fold_to() -> None:
    """Facts read through their shapes are facts to every fold."""
    said = list(islice(lives(households=6, seed=4), 900))
    facts = folded(fact for _, _, fact in said if fact.event_type() in FOLDED)
    texts, changed = Folded(), Changed()
    fold(texts, texts_of(one for one in said if one[2].event_type() in FOLDED), changed)
    texts.traces, facts.traces = {}, {}  # those of the first are made up
    assert text_of(texts) == text_of(facts)
    assert texts == facts


@pytest.mark.anyio
@pytest.mark.parametrize("portion", [1, 3, 250])
async def test_the_portions_of_a_snapshot_are_its_text(
    whole: Folded, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PORTION", portion)
    for book in (whole, Folded()):
        assert b"".join([piece async for piece in snapshots.portions(book)]) == text_of(book)


@pytest.mark.anyio
async def test_others_have_their_turn_while_a_snapshot_is_written(
    whole: Folded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PORTION", 5)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.create_task(other())
    pieces = [piece async for piece in snapshots.portions(whole)]
    working.cancel()
    assert turns > len(pieces) / 4
