"""Cutting: nothing is lost, and a row takes along what it needs to be understood."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.library.figures import figures
from core.library.passages import TABLE_AT_MOST, cuts, passages, sentences
from tests.core.library.filings import TEXT

FILINGS = Path(__file__).resolve().parents[4] / "shared" / "data" / "filings" / "text.jsonl.gz"
LONG = "(In millions)\nDecember 31, 2024\tDecember 31, 2023\n" + "".join(
    f"Item {'abcdefghijklmnopqrst'[n % 20]} of the long list number {n} in words\t{n + 1:,}\t{n + 2:,}\n"
    for n in range(120)
)


def whole(text: str) -> None:
    """The bodies are the text, in order, but for white space between them."""
    at = 0
    for cut in cuts(text):
        assert not text[at : cut.start].strip()
        assert text[cut.start : cut.end] == cut.body
        assert cut.text.endswith(cut.body)
        at = cut.end
    assert not text[at:].strip()


@given(st.text(alphabet="ab.# 12\t\n()$,", max_size=3_000))
def test_no_text_is_lost_or_changed(text: str) -> None:
    whole(text)


def test_a_long_table_says_its_head_again_in_each_passage() -> None:
    cut = list(cuts(LONG))
    assert len(cut) > 2
    assert all(one.text.startswith("(In millions)\nDecember 31, 2024\tDecember 31, 2023") for one in cut)
    assert all(len(one.text) <= TABLE_AT_MOST + 200 for one in cut)
    read = [(one.row.label, one.amount, one.period) for each in cut for one in figures(each.text)]
    assert read == [(one.row.label, one.amount, one.period) for one in figures(LONG)]


def test_notes_are_cut_at_paragraphs_and_headings_stay_with_what_follows() -> None:
    note = "# Outlook\n\n" + "Rates stay where they are. " * 40 + "\n\n## Risks\n\nFew."
    found = list(passages(note))
    assert found[0].startswith("# Outlook\n\nRates")
    assert found[-1] == "## Risks\n\nFew."
    assert list(passages(note.replace("\n", "\r\n"))) == found


def test_a_sentence_is_a_piece_of_its_passage() -> None:
    text = "Sales rose in the U.S. by 3%. They fell abroad (see Note 2). \nCost\t1\t2\n"
    found = sentences(text)
    assert [one.text for one in found] == [
        "Sales rose in the U.S. by 3%.",
        "They fell abroad (see Note 2).",
        "Cost\t1\t2",
    ]
    assert all(text[one.start : one.end] == one.text for one in found)


def test_the_cut_reads_as_the_whole_does() -> None:
    whole(TEXT)
    cut = {(one.row.label, one.amount, one.unit) for each in passages(TEXT) for one in figures(each)}
    assert cut == {(one.row.label, one.amount, one.unit) for one in figures(TEXT)}


@pytest.mark.long
def test_real_filings_lose_nothing_and_read_the_same_cut_as_whole() -> None:
    if not FILINGS.is_file():
        pytest.skip(f"no filings in {FILINGS.parent}")
    with gzip.open(FILINGS, "rt", encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["text"]
            whole(text)
            cut = {
                (one.row.label, one.amount, one.period) for each in passages(text) for one in figures(each)
            }
            assert cut == {(one.row.label, one.amount, one.period) for one in figures(text)}
