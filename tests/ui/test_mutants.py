"""The share of noticed changes is counted from what was written down of each, by room."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ui.commands.mutants import noticed


def wrote(place: Path, **codes: int | None) -> None:
    place.mkdir(exist_ok=True)
    told = {f"core.risk.{name}": code for name, code in codes.items()}
    (place / "risk.py.meta").write_text(json.dumps({"exit_code_by_key": told}))


@pytest.mark.parametrize(("killed", "enough"), [(9, True), (8, False)])
def test_nine_in_ten_are_asked_for(tmp_path: Path, killed: int, enough: bool) -> None:
    codes: dict[str, int | None] = {f"k{n}": 1 for n in range(killed)}
    codes |= {f"s{n}": 0 for n in range(10 - killed)}
    wrote(tmp_path, **codes)
    found = noticed(tmp_path)
    assert found.enough is enough
    assert found.rooms == {"core.risk": (killed, 10)}


def test_what_no_test_reaches_and_what_was_not_tried_is_named_and_not_counted(tmp_path: Path) -> None:
    wrote(tmp_path, a=1, b=33, c=None)
    found = noticed(tmp_path)
    assert (found.killed, found.survivors, found.enough) == (1, (), True)
    assert found.untested == ("core.risk.b", "core.risk.c")


def test_where_nothing_was_tried_it_is_not_enough(tmp_path: Path) -> None:
    assert not noticed(tmp_path).enough
