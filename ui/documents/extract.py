"""The text of one HTML or PDF file, in a process of its own: `python -m ui.documents.extract KIND FILE`.

Rule 1: a file is hostile until read: this process has a limit of time, of memory and of what it may say, and
    whoever started it ends it. It opens no other file and no connection.
Rule 2: what a reader of the page does not see is not text: scripts, styles, comments, hidden elements.
Rule 3: a table's row is one line, its cells in order with ` | ` between them.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

CPU_SECONDS: Final = 60
MEMORY: Final = 1_536 * 1024 * 1024  # bytes of address space
PAGES: Final = 2_000
TEXT: Final = 2_000_000  # characters
UNSEEN: Final = (
    "script", "style", "template", "noscript", "iframe", "object", "svg", "canvas", "head", "ix:header"
)  # fmt: skip
BLOCKS: Final = (
    "address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer",
    "form", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "ul",
)  # fmt: skip
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_HIDING: Final = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0*)?(?:;|$)|font-size:0(?:\.0*)?[a-z%]*(?:;|$)"
)
_BLANK: Final = re.compile(r"[^\S\n]+")


class Unreadable(Exception):
    """Why there is no text, for the person who sent the file."""


def html(path: Path) -> Mapping[str, str]:
    from bs4 import BeautifulSoup, Comment, Tag

    soup = BeautifulSoup(path.read_bytes(), "html.parser")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for tag in soup.find_all(UNSEEN):
        tag.decompose()
    for tag in soup.find_all(lambda one: isinstance(one, Tag) and _hidden(one.attrs)):
        if not tag.decomposed:
            tag.decompose()
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for cell in soup.find_all(("td", "th")):
        if cell.find("table") is None:
            cell.string = " ".join(cell.get_text(" ").split()) + " | "
    for row in soup.find_all("tr"):
        row.append("\n")
    for line in soup.find_all("br"):
        line.replace_with("\n")
    for number, name in enumerate(HEADINGS, start=1):
        for heading in soup.find_all(name):
            heading.string = f"\n\n{'#' * number} {' '.join(heading.get_text(' ').split())}\n\n"
    for block in soup.find_all(BLOCKS):
        block.insert(0, "\n\n")
        block.append("\n\n")
    return {"title": title, "text": _tidy(soup.get_text())}


def pdf(path: Path) -> Mapping[str, str]:
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted:
        raise Unreadable("it is encrypted")
    if len(reader.pages) > PAGES:
        raise Unreadable(f"it has more than {PAGES} pages")
    found, size = [], 0
    for page in reader.pages:
        found.append(page.extract_text())
        size += len(found[-1])
        if size > TEXT:
            raise Unreadable(f"it holds more than {TEXT} characters")
    meta = reader.metadata
    return {"title": str(meta.title) if meta and meta.title else "", "text": _tidy("\n\n".join(found))}


KINDS: Final[Mapping[str, Callable[[Path], Mapping[str, str]]]] = {"html": html, "pdf": pdf}


def checked(said: Mapping[str, str]) -> Mapping[str, str]:
    """The same, where it is a text that can be kept.

    Raises:
        Unreadable: there is none, or too much.
    """
    if len(said["text"]) > TEXT:
        raise Unreadable(f"it holds more than {TEXT} characters")
    if not said["text"].strip():
        raise Unreadable("it holds no text; a scanned page is a picture")
    return said


def main(kind: str, file: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        said = checked(KINDS[kind](Path(file)))
    except Unreadable as no:
        said = {"no": str(no)}
    except Exception as bad:  # noqa: BLE001 - the outermost of this process: a hostile file may raise anything
        said = {"no": f"it cannot be read as {kind.upper()} ({type(bad).__name__})"}
    json.dump(said, sys.stdout)


def _hidden(attributes: Mapping[str, Any]) -> bool:
    if (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("type") == "hidden"
    ):
        return True
    style = attributes.get("style")
    return isinstance(style, str) and _HIDING.search(re.sub(r"\s", "", style.lower())) is not None


def _tidy(text: str) -> str:
    lines = (_BLANK.sub(" ", line).strip().removesuffix(" |") for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
