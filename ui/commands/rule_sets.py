"""What the commands of limits and of routing share: the file of a set, and whose version it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import BadInput
from ui.commands.session import console, print_json

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Digest = Annotated[str, typer.Argument(help="The fingerprint, as `show` has it.")]
Day = Annotated[
    str | None, typer.Option("--on", help="The business day, as 2022-12-30. Without it: the one that runs.")
]


def read_set(file: Path, *, written_by: str) -> Any:
    """The set in a file.

    Raises:
        BadInput: it cannot be read as JSON. The fix names the command that writes one.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as bad:
        raise BadInput(
            f"{str(file)!r} cannot be read as JSON",
            fix=f"write it with `{written_by} --json > FILE`",
            field="file",
        ) from bad


def set_by(version: Any) -> str:
    """Who proposed and confirmed a version, as the end of a sentence."""
    if version["version"] == 0:
        return ": what the product brings"
    return f", proposed by {version['proposed_by']} and confirmed by {version['confirmed_by']}"


def say(told: Any, words: str, as_json: bool) -> None:
    """The answer as JSON, or these words."""
    if as_json:
        print_json(told)
    else:
        console().print(words)
