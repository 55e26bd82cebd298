"""Somebody else's text on its way to a terminal: no markup and no control sequence of it gets through."""

from __future__ import annotations

import re
from typing import Final

from rich.markup import escape

CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printed(text: object) -> str:
    """As it may be printed."""
    return escape(CONTROL.sub("", str(text)).replace("**", ""))
