"""`gatehouse ingest PATH`: documents into the firm's library, over HTTP with the person's own session.

Rule 1: each file is taken whole or refused by name; a refused one never stops the others of its folder.
Rule 2: a document goes in alone and whole. Ended at any point, the same command goes on where it was: what is
    there already is found by its fingerprint and costs one question.
Rule 3: it waits until the copilot has looked at everything, and says how far it is; leaving is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Annotated, Any, Final

import typer

from core.clock import Clock, WallClock
from core.errors import BadInput
from ui.commands.session import print_json, signed_in
from ui.documents.files import Read, count, documents, files
from ui.screens.client import Client

LOOKS_EVERY: Final = timedelta(milliseconds=500)
MOVES_WITHIN: Final = timedelta(seconds=60)
CLASSES: Final = ("public", "firm", "supervision", "compliance", "named")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Said:
    """What the person says of all of it."""

    source: str | None
    issuer: str | None
    dated: date | None
    as_of: date | None
    sensitivity: str
    readers: tuple[str, ...]


@dataclass
class Report:
    """What became of each, as `--json` prints it."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)

    def of(self, outcome: str) -> int:
        return sum(one["outcome"] == outcome for one in self.documents)


def ingest(
    path: Annotated[Path, typer.Argument(help="a file, or a folder of files")],
    source: Annotated[
        str | None, typer.Option(help="where it comes from; without it, the file's name")
    ] = None,
    issuer: Annotated[str | None, typer.Option(help="whom it is about, as a ticker")] = None,
    dated: Annotated[str | None, typer.Option(help="its date; without it, the date in its name")] = None,
    sensitivity: Annotated[str, typer.Option(help=f"who may read it: {', '.join(CLASSES)}")] = "firm",
    reader: Annotated[list[str] | None, typer.Option(help="with named: who, by id; may be repeated")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="since when the firm could know it, where that is later than its date")
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="leave before the copilot has read it")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the report as JSON")] = False,
) -> None:
    """Put documents into the firm's library: text, Markdown, HTML, PDF, .jsonl.gz of {doc, text}."""
    if sensitivity not in CLASSES:
        raise BadInput(
            f"{sensitivity!r} is no class", fix=f"one of {', '.join(CLASSES)}", field="sensitivity"
        )
    said = Said(source, issuer, _day(dated, "dated"), _day(as_of, "as-of"), sensitivity, tuple(reader or ()))
    tell: Tell = (lambda _: None) if as_json else (lambda line: typer.echo(line, err=True))
    clock = WallClock()
    begun = clock.monotonic_ns()
    report = Report()
    with signed_in() as client:
        for file, holds in _taken(path, said, report, tell):
            _file(client, file, holds, path, said, report, tell)
        stored_s = _seconds(clock, begun)
        shelves = client.library() if no_wait else _looked_at(client, clock, tell)
    told = {
        "stored": report.of("stored"),
        "new_versions": report.of("new version"),
        "unchanged": report.of("unchanged"),
        "refused": report.refused,
        "passages": sum(one["passages"] for one in report.documents if one["outcome"] != "unchanged"),
        "store_seconds": stored_s,
        "seconds": _seconds(clock, begun),
        "library": shelves,
        "documents": report.documents,
    }
    if as_json:
        print_json(told)
    else:
        typer.echo(
            f"{told['stored']} stored, {told['new_versions']} new versions, {told['unchanged']} unchanged, "
            f"{len(report.refused)} refused; {told['passages']} new passages in {told['seconds']} s"
        )
    if report.refused:
        raise BadInput(
            f"refused: {'; '.join(one['says'] for one in report.refused[:5])}",
            fix=report.refused[0]["fix"],
            field="path",
        )


def _taken(root: Path, said: Said, report: Report, tell: Tell) -> Iterator[tuple[Path, int]]:
    for file in files(root):
        try:
            yield file, count(file, dated=said.dated is not None)
        except BadInput as no:
            _refuse(file, no, report, tell)


def _refuse(file: Path, no: BadInput, report: Report, tell: Tell) -> None:
    report.refused.append({"file": str(file), "says": no.says, "fix": no.fix or ""})
    tell(f"refused: {no.says}; {no.fix}")


def _file(client: Client, file: Path, holds: int, root: Path, said: Said, report: Report, tell: Tell) -> None:
    name = file.relative_to(root).as_posix() if root.is_dir() else file.name
    try:
        for number, read in enumerate(documents(file, name=name), start=1):
            kept = client.store_document(_document(read, file, said))
            outcome = (
                "unchanged" if kept["unchanged"] else "stored" if kept["version"] == 1 else "new version"
            )
            report.documents.append({"name": read.name, "outcome": outcome, **kept})
            tell(f"{file.name} {number}/{holds}: {read.name} {outcome}, {kept['passages']} passages")
    except BadInput as no:
        _refuse(file, no, report, tell)


def _document(read: Read, file: Path, said: Said) -> dict[str, Any]:
    dated = said.dated or read.dated
    if dated is None:
        raise BadInput(f"{read.name!r} has no date", fix="say it with --dated", field="dated")
    known_on = said.as_of.isoformat() if said.as_of and said.as_of > dated else None
    return {
        "name": read.name,
        "title": read.title,
        "text": read.text,
        "source": said.source or file.name[:200],
        "issuer": (said.issuer or read.issuer or "").upper() or None,
        "dated": dated.isoformat(),
        "known_on": known_on,
        "sensitivity": said.sensitivity,
        "readers": list(said.readers),
    }


def _looked_at(client: Client, clock: Clock, tell: Tell) -> Any:
    """The library's standing once no passage waits, or once nothing has moved for a minute."""
    shelves, moved = client.library(), clock.monotonic_ns()
    while shelves["waiting"] and clock.monotonic_ns() - moved < MOVES_WITHIN.total_seconds() * 1e9:
        Event().wait(LOOKS_EVERY.total_seconds())
        before, shelves = shelves, client.library()
        if shelves["waiting"] != before["waiting"]:
            moved = clock.monotonic_ns()
            tell(f"the copilot has {shelves['waiting']} passages still to read")
    if shelves["waiting"]:
        tell(f"{shelves['waiting']} passages wait for the copilot; run it again when the copilot runs")
    return shelves


def _day(text: str | None, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as bad:
        raise BadInput(f"{text!r} is no day", fix=f"write --{name} 2024-11-01", field=name) from bad


def _seconds(clock: Clock, since_ns: int) -> float:
    return round((clock.monotonic_ns() - since_ns) / 1e9, 1)
