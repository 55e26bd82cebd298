"""What the copilot is made of, in one released manifest: prompts, tools with their schemas, policies,
governance.

Rule 1: `manifest.json` holds every version that was released, by digest, oldest first. What stands last is
    what this code is; a test fails where it is not, so nothing changes without a new version.
Rule 2: what a run used is that manifest with the model's name: its digest is in the run's first entry.
Rule 3: nothing in it is a secret or anybody's name. Keys and addresses of endpoints are settings, and stay
    out.

After a change: `python -m agents.manifest`. It adds a version to each part that is another one now.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from agents import governance
from agents.bind import schemas
from agents.evidence import catalogue_digest
from agents.prompts import prompt
from agents.router import HAND_OVER
from core.ids import Digest
from core.people.permits import permits
from tools.contract import Agent

RELEASED: Final = Path(__file__).with_name("manifest.json")
OFFLINE: Final = Path(__file__).with_name("offline")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is versioned. `version` 0: it was never released."""

    name: str
    version: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run used. `digest` is of all of it, the model's name included."""

    model: str
    parts: tuple[Part, ...]

    @property
    def digest(self) -> Digest:
        return _digest(self.told())

    def told(self) -> dict[str, Any]:
        """As it is printed and digested."""
        parts = {one.name: {"version": one.version, "digest": one.digest} for one in self.parts}
        return {"model": self.model, "parts": parts}


@cache
def in_use(model: str) -> Manifest:
    """The manifest of a run with that model, by what this process really holds."""
    before = released()
    return Manifest(
        model, tuple(Part(name, _version(before, name, now), now) for name, now in sorted(held().items()))
    )


def released() -> Mapping[str, tuple[Digest, ...]]:
    """Each part's digests, oldest first: version 1, version 2 and so on."""
    told = json.loads(RELEASED.read_text(encoding="utf-8")) if RELEASED.exists() else {}
    return MappingProxyType({name: tuple(map(Digest, digests)) for name, digests in told.items()})


def held() -> dict[str, Digest]:
    """The digest of each part as it is in this process."""
    agents = [governance.ORCHESTRATOR, *(agent.value for agent in Agent)]
    catalogue = {agent.value: schemas(agent) for agent in Agent} | {governance.ORCHESTRATOR: [HAND_OVER]}
    return {
        **{f"prompt/{agent}": prompt(agent).digest for agent in agents},
        **{f"tools/{agent}": catalogue_digest(told) or Digest("") for agent, told in catalogue.items()},
        "policies": permits().digest,
        "governance": governance.digest(),
        "model/offline": _offline(),
    }


def unreleased() -> dict[str, Digest]:
    """What is held and is not the last version that was released."""
    before = released()
    return {name: now for name, now in held().items() if before.get(name, ("",))[-1] != now}


def release() -> tuple[str, ...]:
    """Add a version to each part that changed. Their names; what is held no more keeps its versions."""
    changed = unreleased()
    told = {name: [*digests] for name, digests in released().items()}
    for name, digest in changed.items():
        told.setdefault(name, []).append(digest)
    RELEASED.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return tuple(sorted(changed))


def _version(before: Mapping[str, tuple[Digest, ...]], name: str, now: Digest) -> int:
    digests = before.get(name, ())
    return len(digests) if digests and digests[-1] == now else 0


def _offline() -> Digest:
    """The offline model is its rules: their text."""
    files = sorted([*OFFLINE.glob("*.py"), *OFFLINE.glob("*.json")])
    return _digest({file.name: file.read_text(encoding="utf-8") for file in files})


def _digest(told: Mapping[str, Any]) -> Digest:
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Digest(sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    sys.stdout.write("\n".join(release()) + "\n")
