"""The house's own small linters: what neither ruff nor mypy nor the import contracts can see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from core import errors
from core.errors import GatehouseError

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("core", "tools", "agents", "ui", "evals")
MOST_LINES: Final = 400
# A longer module needs its reason here.
LONGER: Final[dict[str, str]] = {}
BANNED_NAMES: Final = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}


def modules(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=named(path))


def floats_in(code: ast.AST) -> list[int]:
    """Lines with a float literal or the word `float` in any place but a test of type."""
    asked = {
        id(part)
        for node in ast.walk(code)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        for part in ast.walk(node)
    }
    return [
        node.lineno
        for node in ast.walk(code)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float" and id(node) not in asked)
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = 1.5", True),
        ("x: float", True),
        ("float('1')", True),
        ("isinstance(x, float)", False),
        ("x = 1", False),
    ],
)
def test_the_search_for_floats_finds_them(source: str, found: bool) -> None:
    assert bool(floats_in(ast.parse(source))) is found


@pytest.mark.parametrize("path", modules("core"), ids=named)
def test_core_has_no_floats(path: Path) -> None:
    assert floats_in(tree(path)) == []


@pytest.mark.parametrize("path", [p for p in modules(*ROOMS) if named(p) != "core/clock.py"], ids=named)
def test_only_the_clock_reads_the_time_of_day(path: Path) -> None:
    reads = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr)
        in {
            ("datetime", "now"),
            ("datetime", "utcnow"),
            ("date", "today"),
            ("time", "time"),
            ("time", "time_ns"),
        }
    ]
    assert reads == []


@pytest.mark.parametrize("path", modules(*ROOMS), ids=named)
def test_no_module_is_too_long_without_a_written_reason(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES or named(path) in LONGER


def test_every_exception_to_the_length_is_still_needed() -> None:
    needless = [name for name in LONGER if len((ROOT / name).read_text().splitlines()) <= MOST_LINES]
    assert needless == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [named(path) for path in modules(*ROOMS, "tests") if path.stem in BANNED_NAMES] == []


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_opens_with_its_charter_and_is_typed(room: str) -> None:
    charter = ast.get_docstring(tree(ROOT / room / "__init__.py")) or ""
    assert charter.startswith(f"{room.capitalize()}: ")
    assert (ROOT / room / "py.typed").exists()


@pytest.mark.parametrize("path", [p for p in modules("core") if p.stem != "__init__"], ids=named)
def test_each_module_of_core_opens_with_what_it_is_about(path: Path) -> None:
    assert ast.get_docstring(tree(path))


def test_only_release_makes_a_released_order() -> None:
    """`ReleasedOrder(...)` is called in one file; everywhere else it is only read."""
    makers = {
        named(path)
        for path in modules(*ROOMS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "ReleasedOrder")
            or (isinstance(node.func, ast.Attribute) and node.func.attr == "ReleasedOrder")
        )
    }
    assert makers == {"core/gate/release.py"}


def families(root: type[GatehouseError]) -> Iterator[type[GatehouseError]]:
    yield root
    for child in root.__subclasses__():
        yield from families(child)


def drawn(doc: str) -> list[tuple[int, str]]:
    """Depth and name of each line of a tree drawn with box characters."""
    lines = (re.match(r"^([│├└─ ]*)([A-Z]\w+)(?:\s{2,}|$)", line) for line in doc.splitlines())
    return [(len(line.group(1)) // 4, line.group(2)) for line in lines if line]


def test_every_error_stands_in_the_drawn_tree_under_its_parent() -> None:
    stack: list[str] = []
    in_the_drawing: dict[str, str] = {}
    for depth, name in drawn(errors.__doc__ or ""):
        stack[depth:] = [name]
        in_the_drawing[name] = stack[depth - 1] if depth else ""
    ours = [each for each in families(GatehouseError) if each.__module__ == "core.errors"]
    in_the_code = {
        each.__name__: (each.__base__ or object).__name__ for each in ours if each is not GatehouseError
    }
    assert in_the_drawing == {"GatehouseError": "", **in_the_code}


def test_errors_are_defined_in_one_file_and_at_the_edge() -> None:
    """What only HTTP can meet may stand at the edge; all else is drawn in the tree."""
    found = {
        named(path)
        for path in modules(*ROOMS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and any(
            isinstance(each, ast.Name) and hasattr(errors, each.id) and each.id != "annotations"
            for each in node.bases
        )
    }
    assert found <= {"core/errors.py", "ui/api/problems.py"}


@pytest.mark.parametrize("path", [ROOT / "requirements.lock", ROOT / "pyproject.toml"], ids=named)
def test_what_is_installed_names_no_host(path: Path) -> None:
    assert not re.search(r"(?:https?|file)://", path.read_text(encoding="utf-8"))
