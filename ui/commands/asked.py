"""What a command asks of the person at the terminal, and the line in which it says what came of it.

Rule 1: a file of its own, which imports no database: most commands that ask for a secret only call the API,
    and a start that reads the whole record's kinds takes twice as long.
"""

from __future__ import annotations

import sys

import typer

from ui.commands.session import console, print_json


def typed(words: str, from_stdin: bool) -> str:
    """A secret: from the terminal without echo, or a line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt(words, hide_input=True, err=True))


def told(seq: int, words: str, as_json: bool) -> None:
    if as_json:
        print_json({"seq": seq})
    else:
        console().print(f"{words}. Entry {seq}.")
