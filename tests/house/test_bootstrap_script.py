"""`./gatehouse`: from a bare Python to the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.fixtures.servers import ROOT


def checkout(folder: Path) -> Path:
    """A checkout with the bootstrap, a small lock, and a command line that says what it was given."""
    folder.mkdir()
    shutil.copy(ROOT / "gatehouse", folder / "gatehouse")
    shutil.copy(ROOT / "requirements.lock", folder / "requirements.lock")
    (folder / "ui").mkdir()
    (folder / "ui" / "__init__.py").write_text("")
    (folder / "ui" / "cli.py").write_text("import os, sys\nprint(sys.argv[1:], os.getcwd())\n")
    return folder


def pretend_made(folder: Path) -> None:
    """An environment as the bootstrap leaves it, but around this Python."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    digest = sha256((folder / "requirements.lock").read_bytes()).hexdigest()
    (folder / ".venv" / "gatehouse.stamp").write_text(f"{digest} 3.11\n")


def run(folder: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/usr/bin/env", "-i", str(folder / "gatehouse"), *words],
        cwd=cwd or folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_second_start_hands_over_at_once_with_words_and_folder_as_they_were(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    pretend_made(folder)
    began = time.monotonic()
    done = run(folder, "demo", "--json", cwd=tmp_path)
    assert time.monotonic() - began < 5
    assert done.stdout == f"['demo', '--json'] {tmp_path}\n"
    assert done.stderr == ""


def test_a_missing_lock_is_one_line(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    (folder / "requirements.lock").unlink()
    done = run(folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gatehouse: requirements.lock cannot be read")
    assert done.stderr.count("\n") == 1


def test_a_python_without_venv_is_told_the_package_to_install(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    without = tmp_path / "python3"
    without.write_text(
        "#!/bin/sh\necho 'The virtual environment was not created successfully because ensurepip is not'\n"
        "echo 'available.'\nexit 1\n"
    )
    without.chmod(0o755)
    code = (
        f"import runpy, sys; sys.executable = {str(without)!r};"
        f" runpy.run_path({str(folder / 'gatehouse')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "python3-venv" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (folder / ".venv").exists()


@pytest.mark.long
@pytest.mark.timeout(400)
def test_two_first_starts_at_once_make_one_environment(tmp_path: Path) -> None:
    """Needs the package index, in processes of its own."""
    folder = checkout(tmp_path / "checkout")
    both = [
        subprocess.Popen(
            ["/usr/bin/env", "-i", str(folder / "gatehouse"), "hello"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            text=True,
        )
        for _ in range(2)
    ]
    said = [each.communicate(timeout=300) for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert {out for out, _ in said} == {f"['hello'] {tmp_path}\n"}
    assert sum("first start only" in err for _, err in said) == 1
    assert os.access(folder / ".venv" / "bin" / "python", os.X_OK)
