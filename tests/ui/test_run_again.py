"""What failed beside others is run once more, alone: and only what passes then is forgiven, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ui.commands.test import FEW_ENOUGH, alone, environment, failed, run_tests

FIRST_TIME = "from pathlib import Path\nMARK = Path(__file__).with_suffix('.been')\n"
FAILS_ONCE = """
def test_{0}():
    been = MARK.exists()
    MARK.write_text("once")
    assert been
"""
ALWAYS = "def test_never():\n    assert False\n"
PASSES = "def test_fine():\n    assert True\n"


def ran(folder: Path, body: str) -> tuple[bool, list[str], str]:
    """Whether a run of those tests is forgiven, what failed at first, and the first run's summary."""
    (folder / "test_made.py").write_text(body)
    words = [str(folder), "-n", "0", "-o", f"cache_dir={folder / 'cache'}"]
    env = environment()
    code, summary = run_tests(words, env, folder / "report.xml")
    names = list(failed(folder / "report.xml"))
    return code == 1 and alone(words, env, names, folder / "alone.xml"), names, summary


def test_what_passes_alone_is_forgiven_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forgiven, names, summary = ran(tmp_path, FIRST_TIME + FAILS_ONCE.format("once") + PASSES)
    assert forgiven
    assert [name.rpartition(".")[2] for name in names] == ["test_once"]
    assert summary.startswith("1 failed, 1 passed")
    said = capsys.readouterr().out
    assert "PASSED ONLY ALONE" in said
    assert "test_once" in said


def test_what_fails_again_is_not(tmp_path: Path) -> None:
    forgiven, names, _ = ran(tmp_path, ALWAYS + FIRST_TIME + FAILS_ONCE.format("once"))
    assert not forgiven
    assert len(names) == 2


def test_of_many_failures_none_is_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"tests.test_made.test_{n}" for n in range(FEW_ENOUGH + 1)]
    assert not alone([str(tmp_path)], environment(), names, tmp_path / "alone.xml")
    assert not alone([str(tmp_path)], environment(), [], tmp_path / "alone.xml")
    assert capsys.readouterr().out == ""
