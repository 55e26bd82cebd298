"""`docs/venues.md` has every case of the suite under its number and claim, and no red one."""

from __future__ import annotations

import re

from tests.conformance.matrix import COLUMNS, ROOT, cases

PAGE = (ROOT / "docs" / "venues.md").read_text(encoding="utf-8")
ROW = re.compile(r"\| (\d\d) \| (.+?) \| (.+) \|")


def test_the_page_has_every_case_and_no_other() -> None:
    assert {row[1]: row[2] for row in ROW.finditer(PAGE)} == cases()


def test_no_case_is_red_and_there_are_more_than_sixty() -> None:
    words = [row[3].split(" | ") for row in ROW.finditer(PAGE)]
    assert len(words) > 60
    assert {len(row) for row in words} == {len(COLUMNS)}
    assert {word for row in words for word in row} <= {"green", "not offered"}
    assert all("green" in row for row in words)
