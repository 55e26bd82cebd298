"""How many false figures an answer's check takes out, and how many true ones with them.

Rule 1: `figure` is the share of answers with one wrong digit, scale, sign or year that are not let through
    whole. `detail` has it by what was changed, and beside it the true answers that lost something.
Rule 2: baseline is the plainest check: each number of the sentence, as written, somewhere in the passage.
Rule 3: what the model worked out itself is told apart: true or not, core did not compute it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from time import process_time_ns
from typing import Any, Final

from evals.bench.grounding_cases import Case, Cases, cases
from evals.bench.harness import Bench, Round

WRONG: Final = ("digit", "scale", "sign", "period")
_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")


class GroundingBench:
    name = "grounding"
    unit = "% of wrong answers caught"
    event_bytes = None

    def __init__(self, found: Cases | None = None) -> None:
        self._cases = found or cases()

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {}

    def subject(self) -> Round:
        calls: list[float] = []

        def caught(case: Case) -> bool:
            checking = self._cases.checking(case)
            begun = process_time_ns()
            lost = checking.sentence(case.sentence).lost
            calls.append((process_time_ns() - begun) / 1e6)
            return lost > 0

        return self._round(caught, calls)

    def baseline(self) -> Round:
        def caught(case: Case) -> bool:
            read = f"{self._cases.passages[case.passage]} {' '.join(case.computed or ())}"
            numbers = frozenset(_NUMBER.findall(read))
            return any(number not in numbers for number in _NUMBER.findall(case.sentence))

        return self._round(caught, [])

    def close(self) -> None:
        """Nothing is open."""

    def _round(self, caught: Callable[[Case], bool], calls: list[float]) -> Round:
        asked, lost = Counter[str](), Counter[str]()
        for case in self._cases.cases:
            asked[case.kind] += 1
            lost[case.kind] += caught(case)
        wrong = sum(asked[kind] for kind in WRONG)
        true = [kind for kind in asked if kind.startswith("true")]
        refused, right = sum(lost[kind] for kind in true), sum(asked[kind] for kind in true)
        detail: dict[str, Any] = {
            "wrong": wrong,
            "wrong_let_through_percent": _share(wrong - sum(lost[kind] for kind in WRONG), wrong),
            "true": right,
            "true_refused_percent": _share(refused, right),
            **{f"caught_{kind}_percent": _share(lost[kind], asked[kind]) for kind in WRONG},
            **{
                f"refused_{kind.replace(', ', '_').replace(' ', '_')}_percent": _share(
                    lost[kind], asked[kind]
                )
                for kind in true
            },
            "worked_out_by_the_model": asked["worked out by the model"],
            "of_them_refused_percent": _share(
                lost["worked out by the model"], asked["worked out by the model"]
            ),
        }
        return Round(figure=_share(sum(lost[kind] for kind in WRONG), wrong), calls_ms=calls, detail=detail)


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def bench() -> Bench:
    return GroundingBench()
