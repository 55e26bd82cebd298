"""Words that never stand on a screen, and addresses that no screen may load from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SCREENS = Path(__file__).resolve().parents[3] / "ui" / "screens"
FILES = sorted(SCREENS.rglob("*.py"))
NEVER = re.compile(r"\b(fold|folds|world|worlds|desk|gate|the law|stub|fake)\b", re.IGNORECASE)


def shown_strings(path: Path) -> Iterator[str]:
    """String literals of the module that are not docstrings, keys or ids of ours."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_screen_says_what_the_field_says(path: Path) -> None:
    shown = [text for text in shown_strings(path) if NEVER.search(text.replace("gh_gate", ""))]
    assert shown == []


def test_the_style_loads_nothing() -> None:
    assert not re.search(r"@import|url\(", (SCREENS / "look.css").read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_screen_names_no_address_elsewhere(path: Path) -> None:
    assert [text for text in shown_strings(path) if "://" in text] == []
