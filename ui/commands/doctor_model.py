"""`doctor --model`: tries the endpoints that the settings name, item by item, and says which mode to set."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from urllib.parse import urlsplit

import typer

from core.errors import BadInput
from core.settings import Environment, harden_agents, model


def try_models(env: Environment, *, as_json: bool) -> bool:
    """Print what each endpoint does. Answers whether each can serve the copilot in the mode that is set.

    Raises:
        BadInput: no model is set.
    """
    chosen = model(env)
    places = [place for place in (chosen.first, *chosen.steps.values(), chosen.second) if place is not None]
    if chosen.first is None:
        raise BadInput(
            "no model is set: the offline model answers, and needs no endpoint",
            fix="set GATEHOUSE_MODEL, and OPENAI_BASE_URL where it is not OpenAI's",
            field="GATEHOUSE_MODEL",
        )
    harden_agents()
    from agents.conformance import Item, conform  # the agents' framework costs seconds: here alone
    from agents.model import Waits
    from ui.api.thinkers import endpoint

    def says(item: Item) -> None:
        if not as_json:
            typer.echo(f"{'pass' if item.ok else 'FAIL'} {item.name:<17} {item.says}")

    told: list[object] = []
    serves: list[bool] = []
    for place in places:
        if not as_json:
            typer.echo(f"{place.name} at {_without_secrets(place.base_url)}, mode {place.mode}")
        waits = Waits(chosen.waits.connect, chosen.waits.first, chosen.waits.whole)
        found = asyncio.run(conform(endpoint(place, waits), tells=says))
        fits = place.mode in found.modes
        serves.append(fits)
        if not as_json:
            typer.echo(f"     {found.says}")
        told.append(
            {"model": place.name, "mode_set": place.mode, "mode": found.mode, "says": found.says}
            | {"serves": fits, "items": [asdict(item) for item in found.items]}
        )
    if as_json:
        typer.echo(json.dumps({"ok": all(serves), "models": told}))
    return all(serves)


def _without_secrets(url: str) -> str:
    """Scheme, host, port and path: an address may carry a password or a key beside them."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
