"""`gatehouse replay RUN`: a recorded conversation run again in this terminal, to the byte, or with another
model.

Rule 1: it reads the record with its person's own session, and holds nothing else: no login of a process, no
    desk, no tool. Nothing can come of a replay.
Rule 2: a replay of what was recorded that differs exits with a number that is not zero; one with another
    model or other instructions is asked for the difference, and shows it.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from core import settings
from core.errors import BadInput, IntegrityLost
from ui.commands.session import console, print_json, signed_in
from ui.commands.told import printed

if TYPE_CHECKING:
    from agents.model import Thinker

LONGEST_PROMPT: Final = 20_000  # characters


def replay(
    run: Annotated[
        str, typer.Argument(help="a trace id: of a message, or of a trade proposal that it drafted")
    ],
    model: Annotated[
        str, typer.Option(help="another model: offline, or one of the endpoint that is set here")
    ] = "",
    prompt: Annotated[str, typer.Option(help="other instructions, as AGENT=FILE")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Run a recorded conversation again, up to that run; with another model or prompt, show what differs."""
    settings.harden_agents()
    with signed_in() as client:
        told = client.run(run)
        names = [
            n for one in client.households() for n in (one["name"], *(c["name"] for c in one["clients"]))
        ]
    # These load the graph: not for `--help`.
    from agents.manifest import in_use
    from agents.recorded import runs
    from agents.replay import Other
    from agents.replay import replay as again
    from agents.replay_told import diff, first_difference, shown

    found = runs(told["entries"])
    other = Other(_thinker(model), _instructions(prompt)) if model or prompt else None
    replayed = asyncio.run(again(told["thread"], told["household"], found, other, names=names))
    difference = first_difference(found, replayed)
    lines = diff(found[-1], replayed[-1])
    made_alike = found[-1].manifest == in_use(found[-1].model).digest
    if as_json:
        print_json(
            {
                "runs": len(found),
                "same": difference is None,
                "first_difference": None if difference is None else asdict(difference),
                "diff": lines,
                "recorded_manifest": found[-1].manifest,
                "manifest_in_use": made_alike,
            }
        )
    else:
        _tell(found, difference, lines, made_alike=made_alike, shown=shown)
    if difference is not None and other is None:
        raise IntegrityLost(
            f"the replay differs from the record in run {difference.run}, {difference.where}",
            fix="see the manifest of both, and `gatehouse audit verify`",
        )


def _tell(found: Any, difference: Any, lines: list[str], *, made_alike: bool, shown: Any) -> None:
    out = console()
    if not made_alike:
        out.print("[dim]This conversation was made with another manifest than this release's.[/]")
    if difference is None:
        out.print(
            f"The same to the byte: {len(found)} run{'s' if len(found) > 1 else ''} of this conversation."
        )
        return
    out.print(f"The first difference: run {difference.run}, {escape(difference.where)}")
    out.print(f"  recorded  {printed(shown(difference.recorded))}")
    out.print(f"  replayed  {printed(shown(difference.replayed))}")
    for line in lines:
        style = {"+": "green", "-": "red"}.get(line[:1], "dim")
        out.print(f"[{style}]{printed(line)}[/]")


def _thinker(model: str) -> Thinker | None:
    """The model of that name; None: the recorded one."""
    from agents.model import offline
    from ui.api.thinkers import thinker_of

    if not model:
        return None
    if model == "offline":
        return offline()
    return thinker_of(settings.model({**settings.environment(), "GATEHOUSE_MODEL": model}))


def _instructions(prompt: str) -> dict[str, str]:
    """By agent, from the file that was named."""
    from agents.governance import TABLE

    if not prompt:
        return {}
    agent, _, path = prompt.partition("=")
    if agent not in TABLE or not path:
        raise BadInput(
            f"{prompt[:80]!r} names no agent and file",
            fix=f"write AGENT=FILE, the agent one of {', '.join(TABLE)}",
            field="prompt",
        )
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        raise BadInput(
            f"{path[:80]!r} cannot be read as text", fix="name a text file", field="prompt"
        ) from bad
    if not text.strip() or len(text) > LONGEST_PROMPT:
        raise BadInput(
            f"instructions have 1 to {LONGEST_PROMPT} characters", fix="write others", field="prompt"
        )
    return {agent: text}
