"""Files to documents: which files the library takes, and what each of them says of itself.

Rule 1: a file is taken whole or refused by name with the way to mend it. Nothing of it is stored before all
    of it was looked at.
Rule 2: everything has a limit: a file's bytes, a line's, what an archive unpacks to, pages, characters, time.
    At most one document is held at a time.
Rule 3: a link is not followed, and what is no plain file is not opened.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import stat
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from core.errors import BadInput
from core.library.plain import plain

FILE: Final = 64 * 1024 * 1024  # bytes
LINE: Final = 8 * 1024 * 1024
UNPACKED: Final = 1024 * 1024 * 1024
LINES: Final = 100_000
TEXT: Final = 2_000_000  # characters
READ_WITHIN: Final = 120.0  # seconds, a PDF or a page
SAID: Final = 16 * 1024 * 1024  # bytes that the reading process may answer
KINDS: Final = {
    ".txt": "text",
    ".md": "text",
    ".markdown": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
}
LINES_OF_TEXTS: Final = ".jsonl.gz"
TAKEN: Final = (
    "text (.txt), Markdown (.md), HTML (.html), PDF (.pdf), or .jsonl.gz whose lines are {doc, text}"
)
_DAY: Final = re.compile(r"(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)")
_FILING: Final = re.compile(r"([a-z]{1,5})-(10-[kq]|8-k|20-f|6-k|def-14a)-(?:19|20)\d\d-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Read:
    """A document as its file has it. `dated` and `issuer` are read from its name, where that says them."""

    name: str
    title: str
    text: str
    dated: date | None
    issuer: str | None


def files(root: Path) -> Iterator[Path]:
    """The file, or every file of the folder in the order of their names; names that begin with a dot stay."""
    if not root.is_dir():
        yield root
        return
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))


def count(file: Path, *, dated: bool) -> int:
    """How many documents it holds, all of them looked at. `dated`: their date is said, and need not be in
    their names.

    Raises:
        BadInput: it is not taken, and why.
    """
    _looked_at(file)
    if file.name.lower().endswith(LINES_OF_TEXTS):
        return _all_good(file, dated=dated)
    if file.suffix.lower() not in KINDS:
        raise _no(file, "is none of the kinds that the library takes", f"give {TAKEN}")
    if not dated and _day(file.name) is None:
        raise _undated(file, file.name)
    return 1


def documents(file: Path, *, name: str) -> Iterator[Read]:
    """What it holds, one at a time. `name` is what a file of one document is called in the library.

    Raises:
        BadInput: it cannot be read, and why.
    """
    if file.name.lower().endswith(LINES_OF_TEXTS):
        for doc, text in _lines(file):
            yield _read(doc, "", plain(text))
        return
    kind = KINDS[file.suffix.lower()]
    if kind == "text":
        title, text = "", _text(file)
    else:
        title, text = _extracted(file, kind)
    yield _read(name, title, plain(text))


def _read(name: str, title: str, text: str) -> Read:
    filing = _FILING.fullmatch(name)
    if filing:
        title = f"{filing[1].upper()} {filing[2].upper()} {name[-10:]}"
    first = text.lstrip().partition("\n")[0]
    heading = first.lstrip("# ").strip() if first.startswith("#") else ""
    known = " ".join(plain(title).split()) or heading or Path(name).stem
    return Read(name, known[:200], text, _day(name), filing[1].upper() if filing else None)


def _day(name: str) -> date | None:
    for found in reversed(_DAY.findall(name)):
        try:
            return date.fromisoformat(found)
        except ValueError:
            continue
    return None


def _looked_at(file: Path) -> None:
    try:
        found = file.lstat()
    except (OSError, ValueError) as bad:
        raise _no(file, "cannot be found", "give the path of a file or folder") from bad
    if not stat.S_ISREG(found.st_mode):
        raise _no(file, "is no plain file", "give the file itself, not a link to it")
    if found.st_size > FILE:
        raise _no(file, f"is larger than {FILE // 1024 // 1024} MB", "cut it into parts")


def _text(file: Path) -> str:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as bad:
        raise _no(file, "is no text in UTF-8", "save it as UTF-8") from bad
    if len(text) > TEXT:
        raise _no(file, f"holds more than {TEXT} characters", "cut it into parts")
    if not plain(text).strip():
        raise _no(file, "holds no text", "leave it out")
    return text


def _extracted(file: Path, kind: str) -> tuple[str, str]:
    """Title and text, by a process that can be ended."""
    command = [sys.executable, "-m", "ui.documents.extract", kind, str(file.resolve())]
    home = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    ) as reading:
        try:
            answer, _ = reading.communicate(timeout=READ_WITHIN)
        except subprocess.TimeoutExpired as slow:
            raise _no(file, "takes too long to read", "save it as text") from slow
        finally:
            reading.kill()
    if reading.returncode != 0 or len(answer) > SAID:
        raise _no(file, "takes more time or memory than a document may", "save it as text")
    said: dict[str, Any] = json.loads(answer)
    if "no" in said:
        raise _no(file, f"cannot be taken: {said['no']}", "save it as text")
    return said["title"], said["text"]


def _all_good(file: Path, *, dated: bool) -> int:
    seen: set[str] = set()
    for doc, _ in _lines(file):
        if doc in seen:
            raise _no(file, f"holds {doc!r} twice", "give each document one line")
        if not dated and _day(doc) is None:
            raise _undated(file, doc)
        seen.add(doc)
    if not seen:
        raise _no(file, "holds no line", "leave it out")
    return len(seen)


def _undated(file: Path, name: str) -> BadInput:
    return _no(file, f"has no date for {name!r}", "say it with --dated 2024-11-01, or in the name")


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    unpacked = 0
    try:
        with gzip.open(file, "rb") as opened:
            for number in range(1, LINES + 2):
                line = opened.readline(LINE + 1)
                if not line:
                    return
                unpacked += len(line)
                if number > LINES or len(line) > LINE or unpacked > UNPACKED:
                    raise _no(file, f"is too much from line {number} on", "cut it into parts")
                yield _line(file, number, line)
    except (OSError, EOFError, zlib.error) as bad:
        raise _no(file, "is no whole gzip file", "pack it again") from bad


def _line(file: Path, number: int, line: bytes) -> tuple[str, str]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as bad:
        raise _no(file, f"has no JSON in line {number}", "write one JSON object a line") from bad
    if not isinstance(said, dict) or said.keys() != {"doc", "text"}:
        fields = ", ".join(sorted(map(str, said))[:8]) if isinstance(said, dict) else type(said).__name__
        raise _no(
            file,
            f"holds no documents: line {number} has {fields[:120]!r}, and not doc and text alone",
            "give lines of {doc, text}; an answer key or a table of values is no document",
        )
    doc, text = said["doc"], said["text"]
    if (
        not isinstance(doc, str)
        or not isinstance(text, str)
        or not 0 < len(doc) <= 200
        or doc != plain(doc).strip()
    ):
        raise _no(
            file, f"has a line {number} whose doc is no name or whose text is no text", "write both as text"
        )
    if len(text) > TEXT or not plain(text).strip():
        raise _no(file, f"has no text, or more than {TEXT} characters, in line {number}", "mend that line")
    return doc, text


def _no(file: Path, what: str, fix: str) -> BadInput:
    return BadInput(f"{file.name!r} {what}", fix=fix, field="path")
