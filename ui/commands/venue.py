"""`venue serve`: one simulated venue in the foreground."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from core.errors import BadInput
from core.settings import environment
from core.venues.simulated.serve import Ports, Serving, serve


def venue_serve(
    name: Annotated[str, typer.Option("--name", help="ARCADIA, BOREAL or CORTLAND.")],
    ledger: Annotated[Path, typer.Option("--ledger", help="Its own record: JSON lines, only ever added to.")],
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same market.")],
    port: Annotated[int, typer.Option("--port", help="On the loopback; 0 takes a free one.")] = 0,
    socket_port: Annotated[
        int, typer.Option("--socket-port", help="For socket sessions, tcp://; 0 takes a free one.")
    ] = 0,
    faults: Annotated[Path | None, typer.Option("--faults", help="A JSON file of faults.")] = None,
    key_env: Annotated[
        str | None,
        typer.Option("--key-env", help="The environment variable with its key: GATEHOUSE_VENUE_KEY_<NAME>."),
    ] = None,
    pace_ms: Annotated[
        int, typer.Option("--pace-ms", min=0, help="How often quotes move; 0: they stand still.")
    ] = 5000,
) -> None:
    """Start one simulated venue: it says so in every answer, and nothing that it quotes is a real offer."""
    variable = key_env or f"GATEHOUSE_VENUE_KEY_{name.upper()}"
    key = environment().get(variable, "")
    if not key:
        raise BadInput(f"{variable} is not set", fix="put the venue's key there", field="key-env")
    serving = Serving(
        name=name,
        port=port,
        ledger=ledger,
        seed=seed,
        key=key,
        pace=timedelta(milliseconds=pace_ms),
        faults=faults,
        socket_port=socket_port,
        clearing=environment().get("GATEHOUSE_CLEARING_KEY", ""),
    )

    def ready(taken: Ports) -> None:
        told = {"venue": name, "port": taken.http, "socket_port": taken.socket, "simulated": True}
        typer.echo(json.dumps(told))

    asyncio.run(serve(serving, ready=ready))
