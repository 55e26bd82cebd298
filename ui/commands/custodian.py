"""`custodian serve`: the demo firm's simulated custodians in the foreground."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Final

import typer

from core.errors import BadInput
from core.ids import CustodianId
from core.settings import custodian_key, environment
from core.venues.custody.asking import Peer
from core.venues.custody.simulated.serve import Serving, Transfers, serve

CUSTODIANS: Final = ("cus-harbor", "cus-meridian")


def custodian_serve(
    ledgers: Annotated[Path, typer.Option("--ledgers", help="Folder of their own records: one file each.")],
    seed: Annotated[int, typer.Option("--seed", help="The firm's: what came to them before its first day.")],
    venue: Annotated[list[str], typer.Option("--venue", help="Who reports to them, as ARCADIA=http://...")],
    name: Annotated[
        list[str] | None, typer.Option("--name", help="cus-harbor, cus-meridian; or both.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="On the loopback; 0 takes a free one.")] = 0,
    faults: Annotated[Path | None, typer.Option("--faults", help="A JSON file of faults.")] = None,
) -> None:
    """Start the simulated custodians: their word on shares, cash and settlement, from what venues report."""
    env = environment()
    clearing = env.get("GATEHOUSE_CLEARING_KEY", "")
    if not clearing:
        fix = "put the key there that the venues know"
        raise BadInput("GATEHOUSE_CLEARING_KEY is not set", fix=fix, field="GATEHOUSE_CLEARING_KEY")
    names = [CustodianId(one) for one in name or CUSTODIANS]
    for one in names:
        if one not in CUSTODIANS:
            raise BadInput(
                f"there is no custodian {one!r}", fix=f"known: {', '.join(CUSTODIANS)}", field="name"
            )
    serving = Serving(
        names=names,
        ledgers=ledgers,
        seed=seed,
        keys={one: env.get(custodian_key(one), "") for one in names},
        venues=[_venue(word, clearing) for word in venue],
        opening=lambda: _opening(seed),
        port=port,
        faults=faults,
    )

    def ready(taken: int) -> None:
        typer.echo(json.dumps({"custodians": names, "port": taken, "simulated": True}))

    asyncio.run(serve(serving, ready=ready))


def _venue(word: str, key: str) -> Peer:
    name, equals, url = word.partition("=")
    if not equals or not name or not url.startswith("http://"):
        raise BadInput(f"{word!r} is no venue", fix="write ARCADIA=http://127.0.0.1:8090", field="venue")
    return Peer(name, url, key)


def _opening(seed: int) -> Transfers:
    from core.firm.custody import transferred  # half a second of imports, wanted at the first start alone

    return transferred(seed)
