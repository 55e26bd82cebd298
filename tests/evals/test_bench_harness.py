"""The bench harness on numbers known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from evals.bench.harness import LEAST_ROUNDS, Round, measure, percentile


@dataclass
class Known:
    """A bench whose rounds are written down: it notes in which order they are asked for."""

    figures: list[float]
    plain: list[float]
    asked: list[str] = field(default_factory=list)
    name: str = "known"
    unit: str = "entries/s"
    event_bytes: int | None = 400
    server_settings: Mapping[str, str] = field(default_factory=lambda: {"fsync": "on"})

    def subject(self) -> Round:
        self.asked.append("subject")
        number = self.asked.count("subject") - 1
        return Round(self.figures[number], calls_ms=[number * 10.0 + each for each in range(1, 11)])

    def baseline(self) -> Round | None:
        self.asked.append("baseline")
        number = self.asked.count("baseline") - 1
        return Round(self.plain[number]) if self.plain else None

    def close(self) -> None:
        self.asked.append("close")


def test_the_figure_is_the_median_and_the_ratio_is_per_round() -> None:
    found = measure(Known([10, 20, 30, 40, 1000], [20, 20, 20, 20, 20]))
    assert (found.figure, found.baseline) == (30, 20)
    assert (found.ratio, found.ratio_min, found.ratio_max) == (1.5, 0.5, 50)


def test_percentiles_are_over_all_calls_of_all_rounds() -> None:
    found = measure(Known([1] * 5, [1] * 5))
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == (25, 48, 50)


def test_subject_and_baseline_take_turns() -> None:
    bench = Known([1] * 5, [1] * 5)
    measure(bench)
    assert bench.asked == ["subject", "baseline"] * LEAST_ROUNDS


def test_fewer_rounds_than_five_are_not_to_be_had() -> None:
    assert measure(Known([1] * 5, [1] * 5), rounds=1).rounds == LEAST_ROUNDS


def test_without_a_baseline_there_is_no_ratio() -> None:
    found = measure(Known([1, 2, 3, 4, 5], []))
    assert (found.figure, found.baseline, found.ratio, found.ratio_min) == (3, None, None, None)


def test_the_fields_are_the_promised_ones_in_their_order() -> None:
    promised = (
        "bench, figure, unit, baseline, ratio, ratio_min, ratio_max, p50_ms, p95_ms, p99_ms, rounds,"
        " event_bytes, server_settings, detail"
    )
    assert list(measure(Known([1] * 5, [])).as_json()) == promised.split(", ")


@pytest.mark.parametrize(("percent", "value"), [(1, 15), (30, 20), (40, 20), (50, 35), (100, 50)])
def test_a_percentile_is_the_nearest_rank(percent: int, value: float) -> None:
    # The worked example of the nearest-rank method: 15, 20, 35, 40, 50.
    assert percentile([15, 20, 35, 40, 50], percent) == value
