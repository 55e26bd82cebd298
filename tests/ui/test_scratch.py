"""A run of the tests leaves nothing behind, also when it was killed, and takes nothing from another run."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from ui.commands.scratch import LOCK, PREFIX, scratch


def interrupted(place: Path, seen: list[Path]) -> None:
    with scratch(place, room=0) as folder:
        seen.append(folder)
        (folder / "database").mkdir()
        (folder / "database" / "file").write_text("x")
        raise KeyboardInterrupt


def test_a_runs_folder_goes_with_the_run_however_it_ends(tmp_path: Path) -> None:
    seen: list[Path] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path, seen)
    assert seen[0].parent == tmp_path
    assert not seen[0].exists()


def test_the_next_run_takes_a_dead_runs_folder_away_and_leaves_a_living_ones(tmp_path: Path) -> None:
    dead, living = tmp_path / f"{PREFIX}dead", tmp_path / f"{PREFIX}living"
    for folder in (dead, living):
        folder.mkdir()
        (folder / LOCK).touch()
    with (living / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with scratch(tmp_path, room=0):
            assert not dead.exists()
            assert living.exists()


def test_without_room_in_memory_the_disk_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    with scratch(tmp_path, room=2**62) as folder:
        assert folder.parent == disk
    with scratch(tmp_path / "nowhere", room=0) as folder:
        assert folder.parent == disk
