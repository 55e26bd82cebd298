"""What speaks against going on: a breach, a reason nobody gave, a tier that rose, an order that is gone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from core.book.picture import Picture
from core.book.replaced import Replaced
from core.gate.recheck import Rechecked, recheck
from core.ids import Digest, OrderId, Symbol
from core.limits.versions import InForce
from core.orders.content import Content, Leg
from core.orders.events import Finding, Side
from core.orders.schedule import Schedule
from core.risk.limits import DEFAULT_LIMITS
from core.risk.policies import POLICIES
from tests.core.household import (
    ACCOUNT,
    ADVISOR,
    HOUSEHOLD,
    PROPOSAL,
    account,
    cash,
    ips,
    leg,
    market,
    model,
    picture,
)

BUYS: Final = leg(0, Side.BUY, "AAA", 10)
OLD: Final = OrderId("gh-old")
SEQ: Final = 7  # the journal's, that the content was computed at


def content(*legs: Leg, tier: int = 1, findings: tuple[str, ...] = ()) -> Content:
    return Content(
        proposal=PROPOSAL,
        household=HOUSEHOLD,
        advisor=ADVISOR,
        kind="order",
        legs=legs,
        needs_consent=False,
        tier=tier,
        valid_for="2022-12-29",
        portfolio_seq=SEQ,
        policy_set=Digest("0" * 64),
        model_versions=(),
        findings=findings,
    )


def in_force(*, seq: int = 0, routine_dollars: str = "250000") -> InForce:
    limits = replace(DEFAULT_LIMITS, routine_dollars=Decimal(routine_dollars))
    return InForce(1, Digest("1" * 64), seq, None, limits)


def seen(*, max_issuer: str = "1", restricted: tuple[str, ...] = ()) -> Picture:
    who = account(money=cash(10_000), model=model({"AAA": "1"}), ips=ips(max_issuer=max_issuer))
    return picture(who, market=market(restricted=restricted))


def asked(of: Content, at: Picture | None = None, limits: InForce | None = None) -> Rechecked:
    return recheck(of, of.legs, at or seen(), limits or in_force())


def replacing(order: str) -> Picture:
    live = Replaced(
        *(OrderId(order), ACCOUNT, ADVISOR, Symbol("AAA"), Side.BUY, Decimal(10), Decimal(0), ()),
        *(Decimal(0), Decimal(0), Decimal(0)),
    )
    return replace(seen(), replaced=live)


def test_where_nothing_is_wrong_every_policy_says_so_and_nothing_stops_it() -> None:
    said = asked(content(BUYS))
    assert [finding.policy for finding in said.findings] == [policy.code for policy in POLICIES]
    assert said.against == ()


def test_a_breach_stops_it_whatever_people_decided() -> None:
    at = seen(restricted=("AAA",))
    assert [one.policy for one in asked(content(BUYS, findings=("restricted",)), at).against] == [
        "restricted"
    ]


@pytest.mark.parametrize(("given", "against"), [((), ["concentration"]), (("concentration",), [])])
def test_a_finding_stops_it_only_where_nobody_gave_a_reason(
    given: tuple[str, ...], against: list[str]
) -> None:
    said = asked(content(leg(0, Side.BUY, "AAA", 26), findings=given), seen(max_issuer="0.25"))
    assert [one.policy for one in said.against] == against
    assert "concentration" in {one.policy for one in said.findings if one.result == "finding"}


@pytest.mark.parametrize(
    ("seq", "routine_dollars", "tier", "rises"),
    [
        (SEQ + 1, "1000", 1, False),  # ten at 100 are the limit
        (SEQ + 1, "999.99", 1, True),
        (SEQ + 1, "999.99", 2, False),  # it was decided on as high
        (SEQ, "999.99", 1, False),  # those limits were known when it was computed
    ],
)
def test_limits_that_came_later_and_ask_for_more_deciding_stop_it(
    seq: int, routine_dollars: str, tier: int, rises: bool
) -> None:
    said = asked(content(BUYS, tier=tier), limits=in_force(seq=seq, routine_dollars=routine_dollars))
    expected = Finding(
        policy="tier",
        result="breach",
        says="it was decided on as tier 1, and is of tier 2 under the limits in force",
        observed=Decimal(2),
        limit=Decimal(1),
        headroom=Decimal(-1),
        unit="tier",
    )
    assert said.against == ((expected,) if rises else ())


def test_a_finding_that_it_was_decided_on_with_counts_for_its_tier() -> None:
    with_reason = content(BUYS, findings=("concentration",))
    assert [one.policy for one in asked(with_reason, limits=in_force(seq=SEQ + 1)).against] == ["tier"]


def test_an_order_whose_place_it_takes_has_to_be_at_work() -> None:
    taking = content(BUYS.model_copy(update={"replaces": OLD, "executed_before": Decimal(0)}))
    gone = Finding(
        policy="replaced_order",
        result="breach",
        says="order gh-old, whose place it takes, is not at work any more",
        account=ACCOUNT,
        leg=0,
    )
    assert asked(taking, replacing(OLD)).against == ()
    assert asked(taking, replacing("gh-another")).against == (gone,)
    assert asked(taking).against == (gone,)
    assert asked(content(BUYS), replacing(OLD)).against == ()


def test_the_parts_of_an_order_over_time_are_measured_as_the_whole() -> None:
    over = Schedule(quantity=Decimal(100_001), minutes=60, parts=2, lot=Decimal(1), catch_up=2)
    parts = content(BUYS).model_copy(update={"schedule": over})
    assert "order_quantity" in {one.policy for one in asked(parts).against}
