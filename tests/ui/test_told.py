"""An answer in the terminal: every word and figure of it, and nothing that commands the terminal."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ui.commands.told import laid_out, sources

ANSWER = """The Sato household has 2 accounts. [1]

| Account | Value | Why |
| --- | --- | --- |
| acc-1 | $1,204.50 | it [bold]drifts[/] |
| acc-22 | -$9.00 | |

- sell 3 AAPL in acc-1, limit $130.00 [2]"""


def shown(text: str, *, width: int = 100) -> str:
    out = Console(file=io.StringIO(), width=width, force_terminal=False, highlight=False)
    for block in laid_out(text):
        out.print(block)
    written = out.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def test_a_table_stands_in_columns_with_its_figures_at_the_right() -> None:
    lines = [line.rstrip() for line in shown(ANSWER).splitlines()]
    assert "|" not in "".join(lines)
    first, second = (next(line for line in lines if name in line) for name in ("$1,204.50", "-$9.00"))
    assert first.index("$1,204.50") + len("$1,204.50") == second.index("-$9.00") + len("-$9.00")
    assert "[bold]drifts[/]" in first
    assert " • sell 3 AAPL in acc-1, limit $130.00 [2]" in lines


def test_every_word_of_an_answer_is_shown_in_a_narrow_terminal_too() -> None:
    told = re.sub(r"\s+", "", shown(ANSWER, width=38))
    for word in ("Satohousehold", "$1,204.50", "-$9.00", "limit$130.00[2]"):
        assert word in told


@given(st.text(max_size=200))
def test_no_text_commands_the_terminal(text: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown(text))


def test_a_source_tells_its_instant_as_a_person_reads_a_clock() -> None:
    [line] = sources([{"says": "worklist: book at entry 3679, as of 2022-12-29T15:00:00.390872Z"}])
    assert "as of 29 Dec 2022, 10:00 ET" in line
