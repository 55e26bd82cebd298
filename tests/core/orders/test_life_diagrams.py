"""The drawn lives are the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.orders.draw import pages

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("page", sorted(pages()))
def test_a_diagram_equals_its_table(page: str) -> None:
    drawn = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    assert drawn == pages()[page], f"draw it again: python -m core.orders.draw {page} > docs/{page}.md"
