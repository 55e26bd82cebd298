"""A version of how venues are chosen, as the router reads it. Pure.

Rule 1: between a set of the journal and the numbers of the router nothing is added or lost.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from core.best_execution.events import RoutingSet, WeightSet, digest_of
from core.ids import Digest
from core.routing.rules import WEIGHTS, Rules, Weights, firm_fees

HOUR: Final = timedelta(hours=1)


@lru_cache(maxsize=64)
def rules_of(version: int, digest: Digest, text: str) -> Rules:
    """The rules of a set's JSON text. A set that waits has the number that it would get."""
    told = RoutingSet.model_validate_json(text)
    return rules_in(told, version=version, digest=digest)


def rules_in(told: RoutingSet, *, version: int, digest: Digest) -> Rules:
    """The rules of a set."""
    numbers = {name: getattr(told.weights, name) for name in WeightSet.model_fields}
    half_life = numbers.pop("half_life_hours") * HOUR
    return Rules(
        version=version,
        digest=digest,
        weights=Weights(**numbers, half_life=half_life),
        fees=MappingProxyType(
            {
                one.venue: firm_fees(
                    version=version,
                    taker_per_share=one.taker_per_share,
                    maker_per_share=one.maker_per_share,
                    taker_bps=one.taker_bps,
                    maker_bps=one.maker_bps,
                )
                for one in told.fees
            }
        ),
        trade_away=MappingProxyType({(one.custodian, one.venue): one.dollars for one in told.trade_away}),
        beside=frozenset(told.beside),
    )


def weight_set(weights: Weights) -> WeightSet:
    """The set that says these numbers."""
    names = [name for name in WeightSet.model_fields if name != "half_life_hours"]
    numbers = {name: getattr(weights, name) for name in names}
    return WeightSet(**numbers, half_life_hours=weights.half_life // HOUR)


BUILT_IN: Final = RoutingSet(weights=weight_set(WEIGHTS), fees=(), trade_away=(), beside=())
ALWAYS: Final = "0001-01-01"
"""The day from which version 0 holds."""
BUILT_IN_DIGEST: Final = digest_of(BUILT_IN, (), ALWAYS)
