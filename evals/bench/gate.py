"""How many orders a second the gate decides in memory, every policy on and every answer reported.

Rule 1: subject is the product's own way: the intent, every policy, the findings as the journal keeps them.
    What is the same for every question about one picture is worked out before (`core.risk.standing`).
Rule 2: baseline asks as many policies that always pass: the ratio says what the rules themselves cost.
Rule 3: one process, one thread; the legs are drawn before the rounds. `detail` says how many passed, and the
    figure with the picture worked out anew for each decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from core.clock import WallClock
from core.orders.content import Leg
from core.orders.events import Finding
from core.risk.findings import findings_of
from core.risk.intent import Intent, intents
from core.risk.limits import DEFAULT_LIMITS, Limits
from core.risk.policies import POLICIES
from core.risk.policy import Breach, Policy, assess
from core.risk.standing import Ground
from evals.bench.gate_world import GateWorld
from evals.bench.harness import Bench, Round

ACCOUNTS: Final = 10_000
SYMBOLS: Final = 500
DECISIONS: Final = 50_000  # of one round
TIMED: Final = 20_000
ANEW: Final = 2_000


class Passes:
    """A policy that has nothing against anything."""

    code: ClassVar[str] = "passes"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        return None


class GateBench:
    name = "gate"
    unit = "decisions/s"
    event_bytes = None

    def __init__(
        self, *, accounts: int = ACCOUNTS, symbols: int = SYMBOLS, decisions: int = DECISIONS
    ) -> None:
        self._clock = WallClock()
        self._world = GateWorld(accounts=accounts, symbols=symbols)
        begun = self._clock.monotonic_ns()
        self._grounds = [Ground(picture) for picture in self._world.pictures]
        self._prepared_s = self._since(begun)
        self._asked = [(leg, self._grounds[at]) for leg, at in self._world.legs(decisions)]
        self._answers = [decide(leg, ground, POLICIES) for leg, ground in self._asked]

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {}

    def subject(self) -> Round:
        figure = self._rate(POLICIES)
        return Round(figure=figure, calls_ms=self._calls_ms(), detail=self._detail())

    def baseline(self) -> Round:
        return Round(figure=self._rate(tuple(Passes() for _ in POLICIES)))

    def close(self) -> None:
        """Nothing is open."""

    def _rate(self, policies: tuple[Policy, ...]) -> float:
        begun = self._clock.monotonic_ns()
        for leg, ground in self._asked:
            decide(leg, ground, policies)
        return len(self._asked) / self._since(begun)

    def _calls_ms(self) -> Sequence[float]:
        found = []
        for leg, ground in self._asked[:TIMED]:
            begun = self._clock.monotonic_ns()
            decide(leg, ground, POLICIES)
            found.append((self._clock.monotonic_ns() - begun) / 1e6)
        return found

    def _detail(self) -> Mapping[str, Any]:
        results = [{finding.result for finding in answer} for answer in self._answers]
        anew = self._asked[:ANEW]
        begun = self._clock.monotonic_ns()
        for leg, ground in anew:
            decide(leg, Ground(ground.picture), POLICIES)
        return {
            "policies": len(POLICIES),
            "accounts": self._world.accounts,
            "symbols": len(self._world.market.instruments),
            "passed": sum(1 for found in results if found == {"pass"}),
            "with_findings": sum(1 for found in results if found == {"pass", "finding"}),
            "denied": sum(1 for found in results if "breach" in found),
            "prepared_us_a_household": round(self._prepared_s * 1e6 / len(self._grounds), 1),
            "figure_with_each_picture_anew": round(len(anew) / self._since(begun)),
        }

    def _since(self, begun_ns: int) -> float:
        return (self._clock.monotonic_ns() - begun_ns) / 1e9


def decide(leg: Leg, ground: Ground, policies: tuple[Policy, ...]) -> tuple[Finding, ...]:
    """Everything that the gate says of one order."""
    legs = (leg,)
    return findings_of(assess(intents(legs, ground), policies, DEFAULT_LIMITS), legs)


def bench() -> Bench:
    return GateBench()
