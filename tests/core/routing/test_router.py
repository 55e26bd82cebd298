"""The router: cheapest wins, filtered never wins, ties are decided, and every loser is told why."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.best_execution.events import RouteRecorded, RoutingSet, WeightSet
from core.errors import IntegrityLost
from core.ids import CustodianId, Digest, VenueName
from core.orders.events import Side
from core.routing.evidence import evidence_read
from core.routing.router import WORDS, Routing, VenueView, chosen, rank
from core.routing.rules import BUILT_IN, WEIGHTS, Rules, Weights
from core.routing.score import Cost, failing
from core.routing.tally import UNSEEN, Quality, Seen
from core.venues.fees import FeeSchedule
from core.venues.venue import Capabilities
from tests.core.routing.cases import NAMES, fees, order, quote, routing, view

ARCADIA, BOREAL, CORTLAND = NAMES
UNHURRIED = settings(deadline=None, max_examples=60)


def winner(*views: VenueView, quantity: str = "100", permitted: tuple[VenueName, ...] = NAMES) -> str | None:
    return routing(views, order(quantity), permitted=permitted).venue


def weighing(**numbers: Any) -> Rules:
    return replace(BUILT_IN, version=1, digest=Digest("1" * 64), weights=replace(WEIGHTS, **numbers))


cents = st.integers(min_value=0, max_value=50).map(lambda n: Decimal(n) / 10_000)
amounts = st.integers(min_value=1, max_value=5_000)
sides = st.sampled_from(list(Side))
counts = st.integers(0, 200)
qualities = st.builds(
    lambda n, saved, took, filled: Quality(
        executions=Decimal(n),
        improvement=Decimal(n) * saved / 10,
        taken=Decimal(took),
        taken_filled=Decimal(took) * filled / 10,
    ),
    counts,
    st.integers(0, 10),
    counts,
    st.integers(0, 10),
)


@st.composite
def venues(draw: st.DrawFn, name: VenueName) -> VenueView:
    """Any venue that could have an order."""
    middle, half = draw(st.integers(9_990, 10_010)), draw(st.integers(1, 12))
    sends = draw(counts)
    return view(
        name,
        bid=str(Decimal(middle - half) / 100),
        ask=str(Decimal(middle + half) / 100),
        size=str(draw(st.integers(200, 5_000))),
        schedule=fees(str(draw(cents)), str(draw(cents))),
        latency_ms=draw(st.integers(1, 400)),
        seen=Seen(sends, draw(st.integers(0, sends)), draw(st.integers(0, 300))),
        here=draw(qualities),
        overall=draw(qualities),
    )


three = st.tuples(*(venues(name) for name in NAMES))


# Ranking --------------------------------------------------------------------------------------------------


@UNHURRIED
@given(st.lists(cents, min_size=3, max_size=3, unique=True), st.permutations([0, 1, 2]))
def test_the_cheapest_fee_wins_when_all_else_is_equal(charged: list[Decimal], places: list[int]) -> None:
    views = [view(name, schedule=fees(str(fee))) for name, fee in zip(NAMES, charged, strict=True)]
    cheapest = NAMES[charged.index(min(charged))]
    assert winner(*[views[place] for place in places]) == cheapest


@UNHURRIED
@given(three, st.permutations([0, 1, 2]), amounts, sides)
def test_the_order_in_which_venues_come_changes_nothing(
    views: tuple[VenueView, ...], places: list[int], quantity: int, side: Side
) -> None:
    asked = order(str(quantity), side=side)
    once, again = routing(views, asked), routing([views[place] for place in places], asked)
    assert once == again
    assert once.evidence is None or once.evidence.text() == again.evidence.text()  # type: ignore[union-attr]


def _total(found: Routing, venue: VenueName) -> Decimal | None:
    return next(one.total for one in found.ranked if one.venue == venue)


@UNHURRIED
@given(three, amounts, sides, cents)
def test_a_higher_fee_never_makes_a_venue_cheaper(
    views: tuple[VenueView, ...], quantity: int, side: Side, more: Decimal
) -> None:
    first, asked = views[0], order(str(quantity), side=side)
    table = first.capabilities.fees
    dearer = replace(table, taker_per_share=table.taker_per_share + more)
    changed = replace(first, capabilities=replace(first.capabilities, fees=dearer))
    before, after = routing(views, asked), routing([changed, *views[1:]], asked)
    was, now = _total(before, ARCADIA), _total(after, ARCADIA)
    assert was is None or (now is not None and now >= was)
    assert before.venue == ARCADIA or after.venue != ARCADIA


@UNHURRIED
@given(three, amounts, sides, st.integers(1, 20))
def test_a_wider_spread_never_wins_what_a_narrower_one_lost(
    views: tuple[VenueView, ...], quantity: int, side: Side, wider: int
) -> None:
    first, asked = views[0], order(str(quantity), side=side)
    assert first.quote is not None
    by = Decimal(wider) / 100
    spread = replace(first.quote, bid=first.quote.bid - by, ask=first.quote.ask + by)
    before, after = routing(views, asked), routing([replace(first, quote=spread), *views[1:]], asked)
    assert before.venue == ARCADIA or after.venue != ARCADIA


@UNHURRIED
@given(three, amounts, sides, st.integers(1, 200))
def test_a_higher_likelihood_of_execution_never_loses_what_a_lower_one_won(
    views: tuple[VenueView, ...], quantity: int, side: Side, more: int
) -> None:
    first, asked = views[0], order(str(quantity), side=side)
    here = first.here
    surer = here._replace(taken=here.taken + more, taken_filled=here.taken_filled + more)
    before, after = routing(views, asked), routing([replace(first, here=surer), *views[1:]], asked)
    assert before.venue != ARCADIA or after.venue == ARCADIA
    was, now = _total(before, ARCADIA), _total(after, ARCADIA)
    assert was is None or (now is not None and now <= was)


@UNHURRIED
@given(three, amounts, sides)
def test_the_score_is_within_its_bounds_and_every_loser_costs_no_less_in_total(
    views: tuple[VenueView, ...], quantity: int, side: Side
) -> None:
    found = routing(views, order(str(quantity), side=side))
    ranked = [one for one in found.ranked if one.total is not None]
    assert [one.total for one in ranked] == sorted(one.total for one in ranked if one.total is not None)
    for one in ranked:
        *parts, whole = one.score
        assert 0 <= whole <= 100
        assert all(0 <= part <= 1 for part in parts)


@UNHURRIED
@given(st.permutations([0, 1, 2]))
def test_equal_totals_go_to_the_higher_score_then_to_the_quicker_then_to_the_first_name(
    places: list[int],
) -> None:
    same = [view(name) for name in NAMES]
    assert winner(*[same[place] for place in places]) == ARCADIA
    rules = weighing(latency_bps=Decimal(0))
    quick = [*same[:2], view("CORTLAND", latency_ms=9)]
    assert routing([quick[place] for place in places], rules=rules).venue == CORTLAND
    blind = weighing(latency_bps=Decimal(0), score_latency=0)
    assert routing([quick[place] for place in places], rules=blind).venue == CORTLAND


FILTERED = st.sampled_from(
    ["permitted", "symbol", "type", "fraction", "answering", "open", "quote", "size", "crossed", "stopped"]
)


@UNHURRIED
@given(FILTERED)
def test_a_filtered_venue_never_wins_however_cheap(why: str) -> None:
    free = view("BOREAL", schedule=fees("0", "0"), ask="99.995", fractions=True)
    dear = view("CORTLAND", schedule=fees("0.0090"), fractions=True)
    out = {
        "symbol": replace(free, capabilities=replace(free.capabilities, symbols=frozenset())),
        "type": replace(free, capabilities=replace(free.capabilities, order_types=frozenset())),
        "fraction": replace(free, capabilities=replace(free.capabilities, fractional_shares=False)),
        "answering": replace(free, answering=False),
        "open": replace(free, open=False),
        "quote": replace(free, quote=None),
        "size": view("BOREAL", schedule=fees("0", "0"), size="1", fractions=True),
        "crossed": replace(free, quote=quote("BOREAL", bid="99.99", ask="99.98")),
    }.get(why, free)
    found = routing(
        [out, dear],
        order("100.5"),
        permitted=NAMES[2:] if why == "permitted" else NAMES,
        stopped=NAMES[1:2] if why == "stopped" else (),
    )
    assert found.venue == CORTLAND
    lost = found.scores[-1]
    assert (lost.venue, lost.score, lost.expected_cost) == (BOREAL, None, None)
    assert lost.says


def test_with_every_venue_filtered_nobody_gets_the_order() -> None:
    found = routing([view("BOREAL")], permitted=())
    assert (found.venue, found.evidence) == (None, None)
    assert [score.score for score in found.scores] == [None]


def test_a_better_price_beats_a_lower_fee() -> None:
    assert winner(view("ARCADIA", ask="100.00"), view("BOREAL", schedule=fees("0.0007"))) == ARCADIA


def test_a_thin_venue_loses_a_large_order_and_wins_a_small_one() -> None:
    thin = view("BOREAL", schedule=fees("0.0007"), size="100")
    deep = view("ARCADIA", size="5000")
    assert winner(thin, deep, quantity="50") == BOREAL
    assert winner(thin, deep, quantity="2000") == ARCADIA


def test_a_venue_that_fails_loses_what_it_would_have_won() -> None:
    cheap = view("BOREAL", schedule=fees("0.0007"))
    flaky = replace(cheap, seen=Seen(100, 40, 0))
    assert winner(cheap, view("ARCADIA")) == BOREAL
    assert winner(flaky, view("ARCADIA")) == ARCADIA


def test_price_improvement_counts_as_far_as_it_has_been_seen_in_that_symbol() -> None:
    dear = view("CORTLAND", schedule=fees("0.0040"))
    proven = replace(dear, here=Quality(executions=Decimal(400), improvement=Decimal(300)))
    assert winner(dear, view("ARCADIA")) == ARCADIA
    assert winner(proven, view("ARCADIA")) == CORTLAND
    little = replace(dear, here=Quality(executions=Decimal(1), improvement=Decimal(1)))
    assert winner(little, view("ARCADIA")) == ARCADIA


def test_a_venue_that_leaves_orders_unfilled_loses_what_it_would_have_won() -> None:
    cheap = view("BOREAL", schedule=fees("0.0007"))
    leaves = replace(cheap, here=Quality(taken=Decimal(200), taken_filled=Decimal(20)))
    assert winner(leaves, view("ARCADIA")) == ARCADIA


def test_little_evidence_is_drawn_toward_what_is_known_beforehand() -> None:
    assert failing(Seen(1, 0, 0), WEIGHTS) == Decimal(1) / 21
    assert failing(Seen(1000, 0, 0), WEIGHTS) > Decimal("0.98")
    assert failing(UNSEEN, WEIGHTS) == 0


def test_each_loser_is_told_what_made_the_difference() -> None:
    found = routing([view("ARCADIA"), view("BOREAL", schedule=fees("0.0007"))], order("1000"), ticket_fee="5")
    assert [score.venue for score in found.scores] == [BOREAL, ARCADIA]
    # 1,000 shares, 1 cent from the middle, $5 ticket: 10 + 5 + 0.70 and 10 + 5 + 3.00
    assert [score.expected_cost for score in found.scores] == [Decimal("15.70"), Decimal("18.00")]
    assert found.scores[1].says == "$2.30 worse in total: fees $2.30 more"
    assert [one.over_chosen for one in found.ranked] == [0, Decimal("2.30")]


def test_every_part_of_a_cost_has_words() -> None:
    assert tuple(WORDS) == Cost._fields


def test_a_resting_order_pays_as_a_maker_and_crosses_no_spread() -> None:
    (found,) = routing([view("ARCADIA")], order("100", limit="90.00")).ranked
    cost = Cost._make(found.cost)
    assert (cost.price, cost.fees) == (Decimal(0), Decimal("0.1"))
    assert cost.unfilled > 0  # nobody knows whether somebody will want it


# Rules -----------------------------------------------------------------------------------------------------


def test_what_the_custodian_charges_for_trading_away_is_in_the_cost() -> None:
    asked = order("1000")
    views = [view("ARCADIA"), view("BOREAL", schedule=fees("0.0007"))]
    away = replace(BUILT_IN, trade_away={(asked.custodian, BOREAL): Decimal(10)})
    assert routing(views, asked, rules=away).venue == ARCADIA
    others = replace(BUILT_IN, trade_away={(CustodianId("another"), BOREAL): Decimal(10)})
    assert routing(views, asked, rules=others).venue == BOREAL


def test_a_fee_table_of_the_firm_stands_before_what_a_venue_publishes() -> None:
    views = [view("ARCADIA"), view("BOREAL")]
    rules = replace(BUILT_IN, fees={BOREAL: fees("0.0001")})
    found = routing(views, order("1000"), rules=rules)
    assert found.venue == BOREAL
    assert Cost._make(found.ranked[0].cost).fees == Decimal("0.1")


def test_a_venue_that_decides_beside_is_ranked_and_gets_nothing() -> None:
    views = [view("ARCADIA"), view("BOREAL", schedule=fees("0", "0"))]
    found = routing(views, order("1000"), rules=replace(BUILT_IN, beside=frozenset({BOREAL})))
    assert found.venue == ARCADIA
    assert found.evidence is not None
    (beside,) = found.evidence.beside
    assert (beside.what, beside.venue, beside.differs, beside.saves) == ("venues", BOREAL, True, Decimal(3))


def test_rules_that_wait_decide_beside_and_change_nothing() -> None:
    views = [view("ARCADIA"), view("BOREAL", ask="100.00", latency_ms=100)]
    waiting = weighing(latency_bps=Decimal(200))
    found = routing(views, order("1000"), waiting=waiting)
    assert found.venue == routing(views, order("1000")).venue == BOREAL
    assert found.evidence is not None
    (beside,) = found.evidence.beside
    assert (beside.what, beside.digest, beside.venue) == ("rules", waiting.digest, ARCADIA)
    assert beside.saves == Decimal(-10)  # a cent a share dearer, by the live measure


def test_nothing_that_a_venue_pays_us_can_enter_a_score_or_the_record() -> None:
    kinds = (VenueView, Capabilities, FeeSchedule, Weights, Rules)
    names = {field.name for kind in kinds for field in fields(kind)}
    names |= {name for kind in (Seen, Quality, Cost) for name in kind._fields}
    names |= {name for kind in (RoutingSet, WeightSet, RouteRecorded) for name in kind.model_fields}
    assert not {name for name in names if "rebate" in name or "payment" in name or "flow" in name}


# Evidence --------------------------------------------------------------------------------------------------


@UNHURRIED
@given(three, amounts, sides)
def test_the_record_alone_makes_the_choice_again(
    views: tuple[VenueView, ...], quantity: int, side: Side
) -> None:
    found = routing(views, order(str(quantity), side=side))
    if found.evidence is None:
        return
    read = evidence_read(found.evidence.text())
    assert read == found.evidence
    again = rank(read.asked, read.candidates, BUILT_IN)
    assert again == found.ranked
    assert chosen(again) == found.venue


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"venue":"ARCADIA"}'])
def test_what_is_no_evidence_is_not_read(text: str) -> None:
    with pytest.raises(IntegrityLost):
        evidence_read(text)


def test_an_evidence_names_every_venue_with_its_quote_or_the_reason() -> None:
    views = [view("ARCADIA"), replace(view("BOREAL"), open=False), replace(view("CORTLAND"), quote=None)]
    found = routing(views).evidence
    assert found is not None
    assert [(one.venue, one.out) for one in found.candidates] == [
        (ARCADIA, None),
        (BOREAL, "it is closed"),
        (CORTLAND, "it quotes no price for AAPL"),
    ]
    assert found.arrival == 100
    assert found.candidates[0].latency == timedelta(milliseconds=10)
