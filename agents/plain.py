"""Text with nothing in it that a browser, a terminal or a reader's eye would follow somewhere else.

Rule 1: links and images become text. A stored passage is pointed at by its mark alone, never by an address.
Rule 2: what is not seen is not kept: control, bidirectional, zero-width and tag characters go.
Rule 3: digits and letters of other alphabets' copies of ASCII become ASCII: what is checked is what is read.
Sources: Unicode Technical Reports 36 and 39 (invisible and confusable characters), CommonMark and GFM
    (autolinks, reference links, raw HTML).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

GONE: Final = "(link removed)"

_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_LINE_ENDS: Final = re.compile("[\u2028\u2029\x0b\x0c\x85]")
_COPIES: Final = re.compile(
    "[\u00b2\u00b3\u00b9\u2070-\u209c\u2460-\u24ff\uff01-\uff5e\U0001d400-\U0001d7ff]"
)
_HEAPED: Final = re.compile("([\u0300-\u036f\u20d0-\u20ff]{2})[\u0300-\u036f\u20d0-\u20ff]+")
_TOP: Final = (
    r"com|net|org|io|ai|co|biz|info|dev|app|xyz|top|site|online|shop|club|link|page|cloud|gov|edu|example"
    r"|test|invalid|local|[a-z]{2}"
)
_ADDRESS: Final = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{0,15}:(?://|\\\\)|\bwww\."
    r"|\b(?:data|javascript|vbscript|livescript|mailto|file|blob|tel|sms|cid|about|intent):(?=\S))\S*"
    rf"|(?<![\w@./])(?://|\\\\)(?:[\w-]+\.)+[\w-]+\S*"
    rf"|\b(?:[a-z0-9-]+\.)+(?:{_TOP})(?::\d{{1,5}})?[/?#][^\s|]*"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?/\S*",
    re.IGNORECASE,
)
# What every address has some of: whether to look for one, which takes ten times as long.
_ADDRESSED: Final = re.compile(r":\S|www\.|//|\\\\|\.[\w-]+(?::\d{1,5})?[/?#]", re.IGNORECASE)
_EMAIL_HOST: Final = re.compile(r"(?<=\w)@(?=[\w-]+\.\w)")
_FORMULA_LINK: Final = re.compile(r"\\(?=(?:href|url|includegraphics|html\w*|unicode|def|input)\b)", re.I)


def seen(text: str) -> str:
    """The text as an eye reads it: nothing invisible, ASCII where a copy of it stood."""
    text = _LINE_ENDS.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    if text.isascii():
        return text
    text = _HEAPED.sub(r"\1", text)
    text = _COPIES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return "".join(_digit(sign) for sign in text)


def _digit(sign: str) -> str:
    value = unicodedata.decimal(sign, None) if sign > "\x7f" else None
    return sign if value is None else str(value)


def plain(text: str) -> str:
    """The text with nothing in it that a browser would fetch or follow."""
    text = seen(text)
    if _ADDRESSED.search(text):
        text = _ADDRESS.sub(GONE, text)
    text = _EMAIL_HOST.sub(" at ", text)
    text = _FORMULA_LINK.sub("", text)
    text = re.sub(r"!+\[", "[", text).replace("](", "] (").replace("]:", "] :")
    return re.sub(r"<(?=[A-Za-z/!?])", "‹", text)
