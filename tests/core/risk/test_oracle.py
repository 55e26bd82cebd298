"""The gate and the oracle never disagree: on random proposals, many at a rule's very edge."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from core.risk.intent import intents
from core.risk.policies import POLICIES
from core.risk.policy import Breach, Direction, assess
from core.risk.standing import Ground
from tests.core.risk.cases import Case, drawn
from tests.core.risk.oracle import RULES, measures

IN_CI, AT_LENGTH, TOGETHER = 20_000, 1_000_000, 8
TOLD_TO = Fraction(1, 1_000_000)


def test_the_oracle_has_every_rule() -> None:
    assert {policy.code for policy in POLICIES} == {*RULES}


@pytest.mark.parametrize("seed", range(TOGETHER))
def test_no_disagreement_over_random_intents(seed: int, request: pytest.FixtureRequest) -> None:
    count = (AT_LENGTH if request.config.getoption("--long") else IN_CI) // TOGETHER
    random, asked, broken = Random(seed), 0, set()
    while asked < count:
        case = drawn(random)
        broken |= {code for code, _ in _agreed(case)}
        asked += len(case.legs)
    assert broken == {*RULES}, "a rule that no case breaks is not tried"


def _agreed(case: Case) -> dict[tuple[str, int], Breach]:
    """What both say is broken, number for number."""
    verdict = assess(intents(case.legs, Ground(case.picture)), POLICIES, case.limits)
    gate = {(answer.code, answer.leg): answer.breach for answer in verdict.answers}
    oracle = {key: m for key, m in measures(case.legs, case.picture, case.limits).items() if m.broken}
    assert {*gate} == {*oracle}, case
    for key, breach in gate.items():
        told, measure = breach, oracle[key]
        assert told.severity.value == measure.severity, (key, case)
        assert (told.direction is Direction.AT_MOST) is measure.most, (key, case)
        assert abs(Fraction(told.observed) - measure.observed) <= TOLD_TO, (key, case)
        assert abs(Fraction(told.limit) - measure.limit) <= TOLD_TO, (key, case)
        assert told.headroom < 0, (key, case)
        if measure.before is not None:
            worse = measure.observed > measure.before
            assert worse is measure.most, "a trade toward the limit was denied"
    return gate
