"""An exported package as files: lines, heads, keys, manifest, and the verifier beside them.

Rule 1: the same entries and heads make the same bytes. No time, name or path of the machine is in it.
Rule 2: a package appears under its name whole or not at all; until then it is a scratch folder beside it.
Rule 3: what cannot be one line, verbatim, is refused: nothing is escaped or changed.
Rule 4: memory is bounded whatever the length: one row group of entries, and one fingerprint a file.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import rfc8785

from core.errors import BadInput, IntegrityLost, WorldFailed
from core.ledger.heads import Head, HeadsFile, line_of

FORMAT: Final = "gatehouse-export/1"
PART: Final = 1 << 15  # entries of one file: a power of two, so that each file is a subtree
OFFLINE: Final = Path(__file__).with_name("offline")
CHUNK: Final = 1 << 20
GENESIS: Final = "00" * 32


class Line(NamedTuple):
    """One entry. `digest` is empty in a selection, where nothing could prove it."""

    seq: int
    recorded_us: int
    role: bytes
    actor: bytes
    digest: str
    text: bytes


class Lines:
    """The entries' files, written one behind the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._before = GENESIS
        self.parts: list[dict[str, Any]] = []
        self.entries = 0
        self.first = 0
        self.last = 0

    def add(self, line: Line) -> None:
        """Raises IntegrityLost where it cannot be one line."""
        file = self._file
        if file is None or self.entries % PART == 0:
            file = self._begin(line)
        raw = b"%d\t%d\t%b\t%b\t%b\t%b" % (*line[:4], line.digest.encode(), line.text)
        if raw.count(b"\t") != len(Line._fields) - 1 or b"\n" in raw:
            raise IntegrityLost(
                f"entry {line.seq} holds a raw tab or line end, which no journal entry has",
                fix="run `gatehouse audit verify`; a person must look",
            )
        file.write(raw + b"\n")
        self.entries += 1
        self.parts[-1]["entries"] += 1
        self.first = self.first or line.seq
        self.last, self._before = line.seq, line.digest

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _begin(self, line: Line) -> IO[bytes]:
        self.close()
        name = f"entries/{len(self.parts) + 1:06}.tsv"
        before = self._before if line.digest else ""
        self.parts.append({"file": name, "first": line.seq, "entries": 0, "before": before})
        (self._folder / name).parent.mkdir(exist_ok=True)
        self._file = (self._folder / name).open("wb", buffering=CHUNK)
        return self._file


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A folder to write into. It gets the name `target` at the end of the block, or vanishes with an error.

    Raises:
        BadInput: something stands there already.
        WorldFailed: it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
            raise BadInput(f"{str(target)!r} exists and is not empty", fix="name a new folder", field="out")
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
        try:
            yield folder
            folder.rename(target)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as bad:
        raise WorldFailed(
            f"the package cannot be written: {bad}", fix="free space, or name another folder"
        ) from bad


def write_heads(folder: Path, heads: Iterable[Head], kept: HeadsFile) -> None:
    """The chosen heads as they stand in the witness's file, and the keys that signed them."""
    keys: dict[str, bytes] = {}
    with (folder / "heads.jsonl").open("wb") as file:
        for head in heads:
            file.write(line_of(head))
            if head.key not in keys:
                keys[head.key] = kept.public_key(head.key)
    (folder / "keys.txt").write_text("".join(f"{key.hex()}\n" for key in keys.values()), encoding="ascii")


def seal(folder: Path, lines: Lines, *, head: Head, selection: Mapping[str, str]) -> None:
    """Put the verifier beside it, and the manifest over all of it."""
    for name in ("verify.py", "README.md"):
        shutil.copyfile(OFFLINE / name, folder / name)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "selection": dict(selection),
        "whole": not selection,
        "says": PROVES_ALL if not selection else PROVES_SOME,
        "first": lines.first,
        "last": lines.last,
        "entries": lines.entries,
        "parts": lines.parts,
        "head": head.fields(),
        "files": {name: _sum(folder / name) for name in names},
    }
    raw = rfc8785.dumps(manifest)
    (folder / "manifest.json").write_bytes(raw)
    (folder / "manifest.sha256").write_text(f"{sha256(raw).hexdigest()}  manifest.json\n", encoding="ascii")


PROVES_ALL: Final = "every entry up to the head is here"
PROVES_SOME: Final = "a selection cannot prove that nothing was left out"


def _sum(path: Path) -> str:
    summed = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            summed.update(chunk)
    return summed.hexdigest()
