"""The models that the settings name, as the chain that the copilot thinks with."""

from __future__ import annotations

from dataclasses import replace

from agents.model import Endpoint, Prices, Thinker, Waits, at, offline
from core.model_settings import Model, Place


def thinker_of(model: Model) -> Thinker:
    """The first model with those that think where it cannot; the offline one where none is named."""
    if model.first is None:
        return offline()
    waits = Waits(model.waits.connect, model.waits.first, model.waits.whole)
    then = offline() if model.last == "offline" else None
    if model.second is not None:
        then = replace(at(endpoint(model.second, waits)), then=then)
    steps = {agent: at(endpoint(place, waits)) for agent, place in model.steps.items()}
    return replace(at(endpoint(model.first, waits)), then=then, steps=steps)


def endpoint(place: Place, waits: Waits) -> Endpoint:
    prices = Prices(*place.prices) if place.prices else None
    return Endpoint(place.name, place.base_url, place.api_key.reveal, prices, place.mode, waits)
