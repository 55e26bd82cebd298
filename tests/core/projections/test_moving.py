"""The trades that a business day can still move on are known without going through all of them."""

from __future__ import annotations

from itertools import islice

import pytest

from core.orders.trade import Status
from core.projections.folded import FOLDED, Folded
from core.projections.snapshots import folded_in, text_of
from evals.bench import lives as told
from evals.bench.lives import lives
from tests.core.projections.arrivals import folded


@pytest.fixture
def days_on(monkeypatch: pytest.MonkeyPatch) -> Folded:
    """Some days on, when some trades have settled and others have not."""
    monkeypatch.setattr(told, "PROPOSALS_A_DAY", 5)
    said = islice(lives(households=6, seed=2), 900)
    return folded(fact for _, _, fact in said if fact.event_type() in FOLDED)


def test_they_are_all_that_have_not_settled(days_on: Folded) -> None:
    expected = [one for _, one in sorted(days_on.trades.items()) if one.status is not Status.SETTLED]
    assert days_on.unsettled() == expected
    assert 0 < len(expected) < len(days_on.trades)


def test_a_snapshot_knows_them_too(days_on: Folded) -> None:
    assert folded_in(text_of(days_on)).unsettled() == days_on.unsettled()
