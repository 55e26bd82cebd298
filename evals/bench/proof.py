"""How long an inclusion proof over a million entries takes: made from the tree's files, and checked.

Rule 1: the tree is real, on the disk, over a million leaves; only what the leaves are hashes of is made up.
Rule 2: a proof counts when it leads from its leaf to the root. Entries are drawn by a fixed seed.
Rule 3: baseline is the same proof from the leaves alone, as RFC 6962 defines it, without kept nodes: over
    1,024 leaves, because over a million each one would take seconds. A round is one pass of both.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from core.clock import WallClock
from core.ledger.tree import Frontier, Nodes, check_inclusion, inclusion_path, node
from core.ledger.tree_file import TreeReader, TreeWriter
from evals.bench.harness import Bench, Round

ENTRIES: Final = 1_000_000
PLAIN_ENTRIES: Final = 1_024
STEP: Final = 10_000
PROOFS: Final = 5_000
PLAIN_PROOFS: Final = 100
WARM_UP: Final = 500
SEED: Final = 6962


class ProofBench:
    """Opened when made; `close` removes its folder."""

    name = "proof"
    unit = "proofs/s"
    event_bytes = None

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="gh-tree-"))
        self._clock = WallClock()
        begun = self._clock.monotonic_ns()
        self._root = self._write()
        self._built_s = (self._clock.monotonic_ns() - begun) / 1e9
        self._plain = _Plain([_leaf(index) for index in range(PLAIN_ENTRIES)])
        self._draw = random.Random(SEED)  # noqa: S311 - which entries are asked for, not a secret
        self._nodes = TreeReader(self._folder)
        self._prove(self._nodes, WARM_UP, ENTRIES, self._root)

    @property
    def server_settings(self) -> Mapping[str, str]:
        """No server is asked."""
        return {}

    def subject(self) -> Round:
        calls_ms, path = self._prove(self._nodes, PROOFS, ENTRIES, self._root)
        detail = {
            "entries": ENTRIES,
            "proofs": PROOFS,
            "hashes_in_a_proof": path,
            "tree_bytes": sum(file.stat().st_size for file in self._folder.iterdir()),
            "tree_built_seconds": round(self._built_s, 3),
            "baseline": f"the definition on {PLAIN_ENTRIES} leaves, no kept nodes",
        }
        return Round(PROOFS / (sum(calls_ms) / 1000), calls_ms, detail)

    def baseline(self) -> Round:
        root = self._plain.part(0, PLAIN_ENTRIES)
        calls_ms, _ = self._prove(self._plain, PLAIN_PROOFS, PLAIN_ENTRIES, root)
        return Round(PLAIN_PROOFS / (sum(calls_ms) / 1000), calls_ms)

    def close(self) -> None:
        self._nodes.__exit__()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self) -> bytes:
        frontier = Frontier()
        with TreeWriter(self._folder) as writer:
            for at in range(0, ENTRIES, STEP):
                writer.put(frontier.extend([_leaf(index) for index in range(at, at + STEP)]))
        return frontier.root()

    def _prove(self, nodes: Nodes, proofs: int, size: int, root: bytes) -> tuple[Sequence[float], int]:
        calls_ms, longest = [], 0
        for _ in range(proofs):
            index = self._draw.randrange(size)
            leaf = _leaf(index)
            begun = self._clock.monotonic_ns()
            path = inclusion_path(nodes, index, size)
            check_inclusion(leaf, index, size, path, root)
            calls_ms.append((self._clock.monotonic_ns() - begun) / 1e6)
            longest = max(longest, len(path))
        return calls_ms, longest


class _Plain:
    """Nodes worked out from the leaves each time."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = leaves

    def at(self, level: int, index: int) -> bytes:
        return self.part(index << level, (index + 1) << level)

    def part(self, start: int, end: int) -> bytes:
        if end - start == 1:
            return self._leaves[start]
        middle = (start + end) // 2
        return node(self.part(start, middle), self.part(middle, end))


def _leaf(index: int) -> bytes:
    return sha256(b"\x00" + index.to_bytes(8, "big")).digest()


def bench() -> Bench:
    return ProofBench()
