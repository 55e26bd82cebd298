"""The journal that benches fold: what it holds could have come through the append."""

from __future__ import annotations

import json
from itertools import islice

import pytest
import rfc8785

from core.ledger.chain import GENESIS, Sealing, leaf, link
from evals.bench.lives import lives
from evals.bench.long_journal import _rows

ENTRIES = 400


@pytest.fixture(scope="module")
def rows() -> list[tuple[object, ...]]:
    return list(_rows(islice(lives(households=5, seed=1), ENTRIES)))


def test_every_text_is_in_rfc_8785_form(rows: list[tuple[object, ...]]) -> None:
    for row in rows:
        assert rfc8785.dumps(json.loads(str(row[4]))).decode() == row[4]


def test_every_digest_follows_from_the_one_before(rows: list[tuple[object, ...]]) -> None:
    digest = GENESIS
    for seq, recorded_at, role, actor, text, *_, own in rows:
        digest = link(digest, leaf(Sealing(seq, recorded_at, role, actor, text)))  # type: ignore[arg-type]
        assert own == digest


def test_the_same_seed_is_the_same_journal(rows: list[tuple[object, ...]]) -> None:
    assert rows == list(_rows(islice(lives(households=5, seed=1), ENTRIES)))
    assert rows != list(_rows(islice(lives(households=5, seed=2), ENTRIES)))
