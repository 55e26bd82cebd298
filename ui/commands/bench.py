"""`bench NAME`: measure one figure and print it as JSON."""

from __future__ import annotations

import json
import re
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from core.errors import BadInput, NotFound


def bench(
    name: Annotated[str, typer.Argument(help="The bench's name, as in evals/bench/NAME.py.")],
    rounds: Annotated[int, typer.Option("--rounds", help="Rounds of each side, at least 5.")] = 5,
    minutes: Annotated[int | None, typer.Option("--minutes", help="Of a soak: how long.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line, without progress.")] = False,
) -> None:
    """Measure a named figure against its baseline, in interleaved rounds."""
    # By name: `ui` imports no `evals`, it only mounts what that room offers.
    harness = import_module("evals.bench.harness")
    module = f"evals.bench.{name.replace('-', '_')}"
    known = re.fullmatch(r"[a-z][a-z0-9_-]*", name) and find_spec(module) is not None
    found_bench = getattr(import_module(module), "bench", None) if known else None
    if found_bench is None:
        raise NotFound(f"there is no bench {name!r}", fix="see the files in evals/bench", field="name")
    if minutes is not None and name != "soak":
        raise BadInput(f"bench {name} lasts as long as it takes", fix="leave --minutes out", field="minutes")
    subject = found_bench() if minutes is None else found_bench(minutes)
    try:
        quiet = (lambda _: None) if as_json else (lambda line: typer.echo(line, err=True))
        found = harness.measure(subject, rounds=rounds, progress=quiet)
    finally:
        subject.close()
    typer.echo(json.dumps(found.as_json(), indent=None if as_json else 1))
