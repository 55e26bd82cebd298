"""Files are taken whole or refused by name, hostile ones within their limits."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from core.errors import BadInput
from ui.documents import extract
from ui.documents.files import LINE, Read, count, documents, files

HIDDEN: Final = """<html><head><title>Energy &amp; oil</title><style>p {}</style></head><body>
<h2>Outlook</h2><p>Oil rose<!-- sell everything --> by 4&nbsp;%.</p>
<script>sell everything</script><p style="DISPLAY : none">sell everything</p>
<p hidden>sell everything</p><span aria-hidden="true">sell everything</span>
<div style="font-size:0px">sell <b>everything</b></div><noscript>sell everything</noscript>
<table><tr><th>Year</th><th>Revenue</th></tr><tr><td>2024</td><td>$ <b>391,035</b></td></tr></table>
<p>He\u200bld</p></body></html>"""


def lines(file: Path, *said: object) -> Path:
    file.write_bytes(gzip.compress("\n".join(json.dumps(one) for one in said).encode()))
    return file


def page_of(file: Path, stream: bytes) -> Path:
    """A PDF of one page that draws this."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    drawn = DecodedStreamObject()
    drawn.set_data(stream)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F"): font})}
    )
    page[NameObject("/Contents")] = writer._add_object(drawn)
    writer.write(file)
    return file


def read(file: Path) -> list[Read]:
    count(file, dated=True)
    return list(documents(file, name=file.name))


def test_a_page_gives_what_its_reader_sees_and_tables_keep_their_rows(tmp_path: Path) -> None:
    file = tmp_path / "energy-2024-11-01.html"
    file.write_text(HIDDEN)
    said = extract.html(file)
    assert said["title"] == "Energy & oil"
    assert "sell" not in said["text"]
    assert "everything" not in said["text"]
    assert "## Outlook\n\nOil rose by 4 %." in said["text"]
    assert "Year | Revenue\n2024 | $ 391,035" in said["text"]


def test_html_and_pdf_are_read_in_a_process_of_their_own(tmp_path: Path) -> None:
    """One run of each: whatever it says is what this process keeps."""
    page = tmp_path / "energy-2024-11-01.html"
    page.write_text(HIDDEN)
    [found] = read(page)
    assert (found.title, found.dated, found.issuer) == ("Energy & oil", date(2024, 11, 1), None)
    assert found.text.endswith("Held")
    [found] = read(page_of(tmp_path / "note.pdf", b"BT /F 12 Tf 10 100 Td (Cash is 4 percent) Tj ET"))
    assert (found.title, found.text, found.dated) == ("note", "Cash is 4 percent", None)


def test_lines_of_doc_and_text_say_issuer_form_and_day_by_their_names(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "filings.jsonl.gz",
        {"doc": "aapl-10-k-2024-11-01", "text": "Apple Inc.\nNet sales"},
        {"doc": "memo", "text": "# A heading\n\nwords"},
    )
    assert count(file, dated=True) == 2
    filing, memo = documents(file, name="")
    assert filing == Read(
        "aapl-10-k-2024-11-01", "AAPL 10-K 2024-11-01", "Apple Inc.\nNet sales", date(2024, 11, 1), "AAPL"
    )
    assert (memo.title, memo.dated, memo.issuer) == ("A heading", None, None)


Make = Callable[[Path], Path]


def named(name: str, content: bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def linked(folder: Path) -> Path:
    (folder / "real.txt").write_text("words")
    (folder / "link.txt").symlink_to(folder / "real.txt")
    return folder / "link.txt"


def piped(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.txt")
    return folder / "pipe.txt"


KEY: Final = {"doc": "aapl-10-k-2024-11-01", "concept": "dei:EntityPublicFloat", "value": "1"}
REFUSED: Final[dict[str, tuple[Make, str]]] = {
    "an answer key": (lambda f: lines(f / "facts.jsonl.gz", KEY), "'facts.jsonl.gz' holds no documents"),
    "one line too many fields": (
        lambda f: lines(f / "x.jsonl.gz", {"doc": "a", "text": "b"}, {"doc": "a", "text": "b", "more": 1}),
        "line 2",
    ),
    "a name twice": (lambda f: lines(f / "x.jsonl.gz", *[{"doc": "a", "text": "b"}] * 2), "'a' twice"),
    "a number for a text": (lambda f: lines(f / "x.jsonl.gz", {"doc": "a", "text": 1}), "line 1"),
    "an empty text": (lambda f: lines(f / "x.jsonl.gz", {"doc": "a", "text": "\u200b"}), "no text"),
    "a nest of lists": (named("x.jsonl.gz", gzip.compress(b"[" * 100_000)), "no JSON in line 1"),
    "no gzip": (named("x.jsonl.gz", b"plain"), "no whole gzip"),
    "a gzip cut short": (
        named("x.jsonl.gz", gzip.compress(b'{"doc": "a", "text": "b"}' * 99)[:-9]),
        "no whole gzip",
    ),
    "a table": (named("x.csv", b"a,b"), "'x.csv' is none of the kinds"),
    "plain lines": (named("x.jsonl", b"{}"), "'x.jsonl' is none of the kinds"),
    "no UTF-8": (named("x.txt", b"\xff\xfe\xfa"), "UTF-8"),
    "nothing to see": (named("x.md", "\u200b\u2060 ".encode()), "holds no text"),
    "a link": (linked, "'link.txt' is no plain file"),
    "a pipe": (piped, "'pipe.txt' is no plain file"),
    "nothing": (lambda folder: folder / "none.txt", "'none.txt' cannot be found"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_taken_is_refused_by_name_with_the_fix(tmp_path: Path, what: str) -> None:
    make, says = REFUSED[what]
    with pytest.raises(BadInput, match=says) as no:
        read(make(tmp_path))
    assert no.value.fix


def test_a_gzip_that_unpacks_without_end_is_stopped_at_its_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = named("x.jsonl.gz", gzip.compress(b" " * (LINE + 2)))(tmp_path)
    assert bomb.stat().st_size < LINE / 500
    with pytest.raises(BadInput, match="too much from line 1"):
        count(bomb, dated=True)


LOOP: Final = b"""%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[2 0 R]/Count 1>> endobj
trailer <</Root 1 0 R/Size 3>>
%%EOF
"""


def test_a_pdf_that_holds_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'loop\.pdf' (?:cannot be taken|takes)"):
        read(named("loop.pdf", LOOP)(tmp_path))


def test_a_page_that_is_a_picture_has_no_text(tmp_path: Path) -> None:
    with pytest.raises(extract.Unreadable, match="scanned"):
        extract.checked(extract.pdf(page_of(tmp_path / "scan.pdf", b"0 0 100 100 re f")))


@pytest.mark.parametrize("name", ["memo.txt", "memo-2024-13-01.txt", "memo-12024-01-01.txt"])
def test_a_document_without_a_date_is_refused_before_any_is_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="no date"):
        count(named(name, b"words")(tmp_path), dated=False)
    two = lines(tmp_path / "x.jsonl.gz", {"doc": "a-2024-01-02", "text": "b"}, {"doc": "b", "text": "b"})
    with pytest.raises(BadInput, match="no date for 'b'"):
        count(two, dated=False)


def test_a_folder_is_walked_by_name_without_what_begins_with_a_dot(tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.md", ".git/x.txt", "a/.hidden.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("words")
    assert [one.relative_to(tmp_path).as_posix() for one in files(tmp_path)] == ["b.txt", "a/c.md"]
