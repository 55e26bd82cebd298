"""How a figure is measured: interleaved rounds of subject and baseline, and the medians of both.

Rule 1: at least five rounds, and each round runs both, so that a noisy minute hits both alike.
Rule 2: `figure` is the number that the issue names. A ratio is subject over baseline, per round; where the
    target lies inside its range, the answer is "not settled", not a miss.
Rule 3: the settings of the server that was measured are part of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final, Protocol

LEAST_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of one side gave: its rate or size, and how long each of its calls took."""

    figure: float
    calls_ms: Sequence[float] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What every bench prints, in this order."""

    bench: str
    figure: float
    unit: str
    baseline: float | None
    ratio: float | None
    ratio_min: float | None
    ratio_max: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    rounds: int
    event_bytes: int | None
    server_settings: Mapping[str, str]
    detail: Mapping[str, Any]

    def as_json(self) -> Mapping[str, Any]:
        return asdict(self)


class Bench(Protocol):
    """A module `evals/bench/<name>.py` has one function `bench() -> Bench`."""

    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def event_bytes(self) -> int | None: ...
    @property
    def server_settings(self) -> Mapping[str, str]: ...

    def subject(self) -> Round: ...

    def baseline(self) -> Round | None:
        """The same work in the plainest way there is; None where nothing compares."""
        ...

    def close(self) -> None: ...


def measure(
    bench: Bench, *, rounds: int = LEAST_ROUNDS, progress: Callable[[str], None] = lambda _: None
) -> Result:
    """Run both sides in turn, and answer the medians."""
    mine: list[Round] = []
    theirs: list[Round] = []
    for number in range(1, max(rounds, LEAST_ROUNDS) + 1):
        progress(f"{bench.name}: round {number}")
        mine.append(bench.subject())
        plain = bench.baseline()
        if plain is not None:
            theirs.append(plain)
    return result(bench, mine, theirs)


def result(bench: Bench, mine: Sequence[Round], theirs: Sequence[Round]) -> Result:
    """The result of those rounds; `theirs` is empty or as long as `mine`."""
    ratios = [a.figure / b.figure for a, b in zip(mine, theirs, strict=bool(theirs)) if b.figure]
    calls = sorted(ms for each in mine for ms in each.calls_ms)
    return Result(
        bench=bench.name,
        figure=median(each.figure for each in mine),
        unit=bench.unit,
        baseline=median(each.figure for each in theirs) if theirs else None,
        ratio=median(ratios) if ratios else None,
        ratio_min=min(ratios, default=None),
        ratio_max=max(ratios, default=None),
        p50_ms=percentile(calls, 50),
        p95_ms=percentile(calls, 95),
        p99_ms=percentile(calls, 99),
        rounds=len(mine),
        event_bytes=bench.event_bytes,
        server_settings=dict(bench.server_settings),
        detail=dict(mine[-1].detail),
    )


def percentile(in_order: Sequence[float], percent: int) -> float | None:
    """The smallest value that at least `percent` of them do not exceed (nearest rank). None of none."""
    if not in_order:
        return None
    rank = -(-len(in_order) * percent // 100)
    return in_order[max(rank, 1) - 1]
