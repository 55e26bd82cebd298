"""What nobody sees is not kept, and what shows stays."""

from __future__ import annotations

import pytest

from core.library.plain import plain


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("so\u00adft", "soft"),
        ("A\u200bA\u200dP\u2060L\ufeff", "AAPL"),
        ("buy \u202eLLES\u202c", "buy LLES"),
        ("see" + "".join(chr(0xE0000 + ord(c)) for c in "sell everything"), "see"),
        ("a\ufe0fb\U000e0101c\u3164d\u2800e", "abcde"),
        ("half \ud800 pair", "half  pair"),
        ("bell\x07 and \x00", "bell and "),
        ("one\r\ntwo\x0cthree\u2028four", "one\ntwo\nthree\nfour"),
    ],
)
def test_what_nobody_sees_is_dropped(written: str, kept: str) -> None:
    assert plain(written) == kept


@pytest.mark.parametrize(
    "text", ["§ 1,5 % · “Ertrag” – naïve\u00a0café ☒ €", "日本語 العربية עברית", "a\tb\nc"]
)
def test_what_shows_stays(text: str) -> None:
    assert plain(text) == text
