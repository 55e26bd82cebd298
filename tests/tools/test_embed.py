"""The embedding model that ships inside a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import IntegrityLost
from tools.library import embed
from tools.library.embed import DIMENSIONS, MiniLm


def test_a_paraphrase_is_nearer_than_another_subject() -> None:
    one, alike, other = MiniLm().embed(
        ["stocks fell sharply in March", "equities crashed in spring", "how to bake bread"]
    )
    assert len(one) == DIMENSIONS
    assert abs(sum(x * x for x in one) - 1) < 1e-5
    near = sum(a * b for a, b in zip(one, alike, strict=True))
    far = sum(a * b for a, b in zip(one, other, strict=True))
    assert near > far + 0.2


def test_a_text_has_the_same_vector_whatever_came_with_it() -> None:
    model = MiniLm()
    assert model.embed(["cash"])[0] == model.embed(["a much longer text about bonds", "cash"])[1]


def test_another_file_than_the_known_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "tokenizer.json"
    planted.write_text("{}")
    monkeypatch.setattr(embed, "TOKENIZER", planted)
    with pytest.raises(IntegrityLost, match=r"tokenizer\.json"):
        MiniLm().embed(["x"])
