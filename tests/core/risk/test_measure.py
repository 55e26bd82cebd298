"""The one place where a measure becomes a breach: limits are inside, and what mends is not denied."""

from __future__ import annotations

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.risk
from core.risk.measure import at_least, at_most, at_most_of, blocked
from core.risk.policy import Direction, Severity

CENTS = st.integers(-10_000, 10_000).map(lambda cents: Decimal(cents) / 100)
SOFT = Severity.SOFT


@given(before=CENTS | st.none(), observed=CENTS, limit=CENTS)
def test_a_ceiling_is_broken_above_it_by_what_takes_it_further(
    before: Decimal | None, observed: Decimal, limit: Decimal
) -> None:
    found = at_most("code", SOFT, before=before, observed=observed, limit=limit, unit="USD", says="")
    worse = before is None or observed > before
    assert (found is not None) is (observed > limit and worse)
    if found is not None:
        assert found.headroom == limit - observed < 0


@given(before=CENTS | st.none(), observed=CENTS, limit=CENTS)
def test_a_floor_is_the_mirror_of_a_ceiling(
    before: Decimal | None, observed: Decimal, limit: Decimal
) -> None:
    floor = at_least("code", SOFT, before=before, observed=observed, limit=limit, unit="USD", says="")
    mirrored = None if before is None else -before
    ceiling = at_most("code", SOFT, before=mirrored, observed=-observed, limit=-limit, unit="USD", says="")
    assert (floor is None) is (ceiling is None)
    if floor is not None and ceiling is not None:
        assert floor.headroom == ceiling.headroom
        assert floor.direction is Direction.AT_LEAST


@pytest.mark.parametrize(
    ("observed", "whole", "told"), [("1", "3", "0.333334"), ("1", "4", None), ("0.01", "0", "1.000000")]
)
def test_a_part_of_a_whole_is_told_rounded_up_and_anything_of_nothing_is_all(
    observed: str, whole: str, told: str | None
) -> None:
    found = at_most_of(
        *("code", SOFT),
        whole=Decimal(whole),
        before=Decimal(0),
        observed=Decimal(observed),
        limit=Decimal("0.25"),
        unit="fraction",
        says="",
    )
    assert (str(found.observed) if found else None) == told


@pytest.mark.parametrize(("observed", "breaks"), [("9", False), ("10", False), ("11", True)])
def test_a_part_of_nothing_is_broken_by_what_takes_it_further(observed: str, breaks: bool) -> None:
    asked = {"whole": Decimal(0), "before": Decimal(10), "observed": Decimal(observed)}
    found = at_most_of("code", SOFT, **asked, limit=Decimal("0.25"), unit="fraction", says="")
    assert (found is not None) is breaks


def test_what_no_number_measures_is_one_where_none_may_be() -> None:
    found = blocked("code", Severity.HARD, "the account is frozen")
    assert (found.observed, found.limit, found.headroom) == (Decimal(1), Decimal(0), Decimal(-1))


def test_a_breach_is_made_in_one_file() -> None:
    """A policy that made its own could forget that a trade toward the limit is not denied."""
    (root,) = core.risk.__path__
    makers = {
        path.name
        for path in Path(root).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Breach"
    }
    assert makers == {"measure.py"}
