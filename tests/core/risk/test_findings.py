"""A verdict is told in full where something was found, in one line where not, and each figure is its own."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Final

from core.fact import PolicyDecision
from core.risk.findings import findings_of, policy_decisions
from core.risk.intent import intents
from core.risk.limits import DEFAULT_LIMITS
from core.risk.measure import blocked
from core.risk.policies import POLICIES
from core.risk.policy import Severity, Verdict, assess, policy_set_digest
from core.risk.standing import Ground
from tests.core.risk.cases import Case, drawn

DRAWN: Final = 40
UNITS: Final = {
    *("USD", "USD a share", "shares", "prices", "orders", "days old", "days too old", "blocks"),
    *("proposals", "open points"),
    *("fraction of the account", "fraction of the household", "fraction of the close", "times the account"),
}


def told() -> list[tuple[Case, Verdict]]:
    random = Random(11)
    cases = [drawn(random) for _ in range(DRAWN)]
    verdicts = [(one, assess(intents(one.legs, Ground(one.picture)), POLICIES, one.limits)) for one in cases]
    return [(one, verdict) for one, verdict in verdicts if verdict.answers]


def test_every_answer_is_one_finding_with_the_numbers_the_leg_and_the_words_of_its_breach() -> None:
    for case, verdict in told():
        legs = {leg.leg: leg for leg in case.legs}
        found = [one for one in findings_of(verdict, case.legs) if one.result != "pass"]
        assert len(found) == len(verdict.answers)
        for answer in verdict.answers:
            (mine,) = [one for one in found if (one.policy, one.leg) == (answer.code, answer.leg)]
            breach = answer.breach
            assert (mine.account, mine.says, mine.unit) == (
                legs[answer.leg].account,
                breach.says,
                breach.unit,
            )
            assert (mine.observed, mine.limit, mine.headroom) == (
                breach.observed,
                breach.limit,
                breach.headroom,
            )
            assert mine.result == breach.severity.value


def test_what_passed_every_leg_is_one_line_and_the_order_is_the_policies() -> None:
    for case, verdict in told():
        found = findings_of(verdict, case.legs)
        codes = list(dict.fromkeys(one.policy for one in found))
        assert codes == [policy.code for policy in POLICIES]
        broken = {answer.code for answer in verdict.answers}
        passed = [one for one in found if one.result == "pass"]
        assert {one.policy for one in passed} == set(codes) - broken
        assert {(one.says, one.leg, one.unit) for one in passed} == {("", None, "")}


def test_beside_an_event_stands_each_findings_policy_and_result() -> None:
    case, verdict = told()[0]
    found = findings_of(verdict, case.legs)
    assert policy_decisions(found) == tuple(PolicyDecision(one.policy, one.result) for one in found)


def test_the_digest_of_a_set_is_of_its_codes_in_order_and_of_every_limit() -> None:
    lines = "\n".join([*(policy.code for policy in POLICIES), repr(DEFAULT_LIMITS)])
    digest = policy_set_digest(POLICIES, DEFAULT_LIMITS)
    assert digest == sha256(lines.encode()).hexdigest()
    other = replace(DEFAULT_LIMITS, order_value=DEFAULT_LIMITS.order_value + Decimal("0.01"))
    assert policy_set_digest(POLICIES, other) != digest
    assert policy_set_digest(POLICIES[::-1], DEFAULT_LIMITS) != digest


def test_what_only_blocks_says_why_and_is_one_where_none_may_be() -> None:
    found = blocked("code", Severity.HARD, "because")
    assert (found.code, found.severity, found.says, found.unit) == (
        "code",
        Severity.HARD,
        "because",
        "blocks",
    )
    assert (found.observed, found.limit, found.headroom) == (Decimal(1), Decimal(0), Decimal(-1))


def test_every_breach_says_something_and_names_its_unit() -> None:
    for _, verdict in told():
        for answer in verdict.answers:
            assert answer.breach.says.strip()
            assert answer.breach.unit in UNITS, answer
