"""What a run used is one released manifest: a change without a new version is found."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from agents import manifest
from agents.manifest import held, in_use, released, unreleased
from agents.prompts import Prompt
from core.ids import Digest
from core.people.events import RunBegun
from tests.agents.running import ask, copilot
from tests.tools.book import SimulatedDesk


def test_what_this_code_holds_is_what_was_last_released() -> None:
    assert unreleased() == {}, "a part changed: give it a new version with `python -m agents.manifest`"


def test_every_version_is_another_text() -> None:
    for name, digests in released().items():
        assert all(a != b for a, b in pairwise(digests)), name


def test_a_changed_prompt_is_found_and_is_another_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = in_use("offline")
    monkeypatch.setattr(manifest, "prompt", lambda name: Prompt("Do as you like.", Digest(f"d-{name}")))
    in_use.cache_clear()
    try:
        assert {*unreleased()} == {name for name in held() if name.startswith("prompt/")}
        changed = in_use("offline")
    finally:
        in_use.cache_clear()
    assert changed.digest != before.digest
    assert {part.version for part in changed.parts if part.name.startswith("prompt/")} == {0}


def test_another_model_is_another_manifest() -> None:
    assert in_use("offline").digest != in_use("some-model").digest


def test_a_release_adds_a_version_and_takes_none_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "manifest.json"
    old = {name: [*digests] for name, digests in released().items()} | {"policies": ["older"]}
    kept.write_text(json.dumps(old), encoding="utf-8")
    monkeypatch.setattr(manifest, "RELEASED", kept)
    assert manifest.release() == ("policies",)
    assert released()["policies"] == ("older", held()["policies"])
    assert unreleased() == {}
    assert manifest.release() == ()


@pytest.mark.anyio
async def test_its_digest_is_in_the_first_entry_of_each_run() -> None:
    desk, at = SimulatedDesk(), copilot()
    await ask(at, desk, "Who needs me today?")
    await ask(at, desk, "How much cash does the Okafor household have?", message="msg-2")
    begun = [fact for fact in desk.recorded if isinstance(fact, RunBegun)]
    assert desk.recorded[0] == begun[0]
    assert [one.message for one in begun] == ["msg-1", "msg-2"]
    assert {one.manifest for one in begun} == {in_use("offline").digest}
