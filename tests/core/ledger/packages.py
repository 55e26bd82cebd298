"""Small packages made of any texts, without a database, and the verifier as whoever gets one runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import rfc8785

from core.ledger.analysts import Table
from core.ledger.archive import Descent
from core.ledger.chain import GENESIS, leaf_of, link, who_of
from core.ledger.heads import Head, HeadsFile, Signer
from core.ledger.package import Line, Lines, appearing, seal, write_heads
from core.ledger.tree import Frontier

SEED: Final = "42" * 32
OTHER: Final = "17" * 32
NOON_US: Final = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC


def text_of(seq: int, **payload: str) -> bytes:
    envelope = {
        "event_id": f"019b7a2c-0000-7000-8000-{seq:012x}",
        "event_type": "StepTaken",
        "event_version": 1,
        "mono_ns": str(seq),
        "occurred_at": "2026-01-01T12:00:00.000000Z",
        "payload": {"words": "tab \t, line end \n, é, 株式", **payload},
        "policy_decisions": [],
        "stream": "thread/t",
        "stream_version": seq,
        "trace_id": f"{seq:032x}",
    }
    return rfc8785.dumps(envelope)  # type: ignore[arg-type]


@dataclass
class Record:
    """A journal in memory: its lines, its leaves and what a witness signed of it."""

    lines: list[Line] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    public: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, count: int, **payload: str) -> Record:
        record = cls()
        for seq in range(1, count + 1):
            record.add(text_of(seq, **payload))
        return record

    def add(self, text: bytes, *, actor: str = "adv-1") -> None:
        seq, at = len(self.lines) + 1, NOON_US + len(self.lines)
        self.leaves.append(leaf_of(seq, at, who_of("gh_agent", actor), text))
        before = bytes.fromhex(self.lines[-1].digest) if self.lines else GENESIS
        digest = link(before, self.leaves[-1])
        self.lines.append(Line(seq, at, b"gh_agent", actor.encode(), digest.hex(), text))

    def sign(self, *seqs: int, seed: str = SEED, next_seed: str | None = None) -> Record:
        signer = Signer(seed)
        self.public.append(signer.public)
        for seq in seqs:
            tree = Frontier()
            tree.extend(self.leaves[:seq])
            head = signer.sign(
                seq=seq,
                digest=bytes.fromhex(self.lines[seq - 1].digest),
                root=tree.root(),
                signed_at=f"2026-01-01T12:00:{len(self.heads) % 60:02}.000000Z",
                next_key=Signer(next_seed).id if next_seed else "",
            )
            self.heads.append(head)
        return self

    def at(self, level: int, index: int) -> bytes:
        """As `tree.Nodes`."""
        tree = Frontier()
        tree.extend(self.leaves[index << level : (index + 1) << level])
        return tree.root()

    def package(self, target: Path, *, only: Sequence[int] = ()) -> Path:
        """All of it, or those entries alone."""
        kept = HeadsFile(target.with_name(f"{target.name}-heads"))
        for public in self.public:
            kept.keep_key(public)
        with appearing(target) as folder:
            lines = Lines(folder)
            with Table(folder / "entries.parquet") as table:
                for line in self.lines:
                    if not only or line.seq in only:
                        bare = line._replace(digest="") if only else line
                        lines.add(bare)
                        table.add(bare)
            lines.close()
            if only:
                with (folder / "proof.bin").open("wb") as file:
                    proof = Descent(self, self.heads[-1].seq, file)
                    for seq in only:
                        proof.reach(seq - 1)
            write_heads(folder, self.heads, kept)
            seal(folder, lines, head=self.heads[-1], selection={"account": "acc-1"} if only else {})
        return target


def resealed(folder: Path, **changed: Any) -> Path:
    """What somebody does who changed a file and knows how the manifest is made."""
    manifest = {**json.loads((folder / "manifest.json").read_bytes()), **changed}
    manifest["files"] = {name: sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    raw = rfc8785.dumps(manifest)
    (folder / "manifest.json").write_bytes(raw)
    (folder / "manifest.sha256").write_text(f"{sha256(raw).hexdigest()}  manifest.json\n")
    return folder


def run(folder: Path, *words: str, isolated: bool = True) -> tuple[int, Mapping[str, Any]]:
    """The package's own verifier, as a process that knows nothing of us: its exit code, and what it says."""
    python = [sys.executable, *(["-I"] if isolated else [])]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [*python, str(folder / "verify.py"), "--json", *words],
        cwd="/",
        env=env,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr.decode()
    told: Mapping[str, Any] = json.loads(done.stdout)
    return done.returncode, told
