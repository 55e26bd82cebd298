"""The gate and the oracle never disagree: on random proposals, many at a rule's very edge."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from random import Random

import pytest

from core.risk.intent import intents
from core.risk.policies import POLICIES
from core.risk.policy import Breach, Direction, assess
from core.risk.standing import Ground
from tests.core.risk.cases import Case, drawn
from tests.core.risk.oracle import RULES, Measure, measures

IN_CI, AT_LENGTH, FEW, TOGETHER = 20_000, 1_000_000, 1_600, 8
TOLD_TO = Fraction(1, 1_000_000)
MENDABLE = {"concentration", "sector_concentration", "household_exposure", "position_size", "cash_floor"}


def test_the_oracle_has_every_rule() -> None:
    assert {policy.code for policy in POLICIES} == {*RULES}


@pytest.mark.parametrize("seed", range(TOGETHER))
@pytest.mark.timeout(1800)
def test_no_disagreement_over_random_intents(seed: int, request: pytest.FixtureRequest) -> None:
    few = request.config.getoption("--few")
    count = (AT_LENGTH if request.config.getoption("--long") else FEW if few else IN_CI) // TOGETHER
    random, asked, broken, mended = Random(seed), 0, set(), set()
    while asked < count:
        case = drawn(random)
        measured = measures(case.legs, case.picture, case.limits)
        broken |= {code for code, _ in _agreed(case, measured)}
        mended |= {code for (code, _), measure in measured.items() if measure.mends}
        asked += len(case.legs)
    if few:
        return
    assert broken == {*RULES}, "a rule that no case breaks is not tried"
    assert mended >= MENDABLE, "a trade toward the limit of a breached measure is not tried"


def _agreed(case: Case, measured: Mapping[tuple[str, int], Measure]) -> dict[tuple[str, int], Breach]:
    """What both say is broken, number for number. What mends a breached measure is not broken by it."""
    verdict = assess(intents(case.legs, Ground(case.picture)), POLICIES, case.limits)
    gate = {(answer.code, answer.leg): answer.breach for answer in verdict.answers}
    oracle = {key: measure for key, measure in measured.items() if measure.broken}
    assert {*gate} == {*oracle}, case
    for key, breach in gate.items():
        told, measure = breach, oracle[key]
        assert told.severity.value == measure.severity, (key, case)
        assert (told.direction is Direction.AT_MOST) is measure.most, (key, case)
        assert abs(Fraction(told.observed) - measure.observed) <= TOLD_TO, (key, case)
        assert abs(Fraction(told.limit) - measure.limit) <= TOLD_TO, (key, case)
        assert told.headroom < 0, (key, case)
    assert not [key for key, measure in measured.items() if measure.mends and key in gate]
    return gate
