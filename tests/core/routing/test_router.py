"""The router: cheapest wins, filtered never wins, ties are decided, and every loser is told why."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.ids import Symbol, VenueName
from core.orders.events import OrderType, Side, TimeInForce
from core.routing.router import route, why_not
from core.routing.score import UNSEEN, WEIGHTS, Seen, VenueView, Weights, cost, failing, middle
from core.venues.fees import FeeSchedule
from core.venues.venue import Capabilities, Quote
from tests.fixtures.venues import released

NAMES = tuple(VenueName(name) for name in ("ARCADIA", "BOREAL", "CORTLAND"))
AAPL = Symbol("AAPL")


def fees(taker: str = "0.0030", maker: str = "0.0010", bps: str = "0") -> FeeSchedule:
    return FeeSchedule(1, Decimal(taker), Decimal(maker), Decimal(bps), Decimal(bps))


def view(
    name: str,
    *,
    bid: str = "99.99",
    ask: str = "100.01",
    size: str = "1000",
    schedule: FeeSchedule | None = None,
    latency_ms: int = 10,
    fractions: bool = False,
    seen: Seen = UNSEEN,
) -> VenueView:
    at = datetime(2022, 12, 29, 15, tzinfo=UTC)
    quote = Quote(
        VenueName(name),
        AAPL,
        Decimal(bid),
        Decimal(ask),
        Decimal(size),
        Decimal(size),
        Decimal(100),
        date(2022, 12, 29),
        at,
        True,
    )
    can = Capabilities(
        symbols=frozenset({AAPL}),
        order_types=frozenset(OrderType),
        times_in_force=frozenset(TimeInForce),
        fractional_shares=fractions,
        cancels=True,
        replaces=True,
        per_second=None,
        fees=schedule or fees(),
        latency=timedelta(milliseconds=latency_ms),
        simulated=True,
    )
    return VenueView(VenueName(name), can, quote, open=True, answering=True, seen=seen)


def winner(*views: VenueView, quantity: str = "100", permitted: tuple[VenueName, ...] = NAMES) -> str | None:
    order = released(quantity=quantity, limit=None)
    return route(order, views, permitted=permitted, stopped=(), ticket_fee=Decimal(0), weights=WEIGHTS).venue


cents = st.integers(min_value=0, max_value=50).map(lambda n: Decimal(n) / 10_000)


@given(st.lists(cents, min_size=3, max_size=3, unique=True), st.permutations([0, 1, 2]))
def test_the_cheapest_fee_wins_when_all_else_is_equal(charged: list[Decimal], order: list[int]) -> None:
    views = [view(name, schedule=fees(str(fee))) for name, fee in zip(NAMES, charged, strict=True)]
    cheapest = NAMES[charged.index(min(charged))]
    assert winner(*[views[place] for place in order]) == cheapest


@given(st.permutations([0, 1, 2]))
def test_equal_venues_are_decided_by_speed_and_then_by_name(order: list[int]) -> None:
    same = [view(name) for name in NAMES]
    assert winner(*[same[place] for place in order]) == "ARCADIA"
    quick = [*same[:2], view("CORTLAND", latency_ms=9)]
    assert winner(*[quick[place] for place in order]) == "CORTLAND"


def test_where_speed_costs_nothing_it_still_decides_between_equals() -> None:
    views = [view("ARCADIA", latency_ms=20), view("BOREAL", latency_ms=5)]
    weights = replace(WEIGHTS, latency_bps=Decimal(0))
    routing = route(
        released(limit=None), views, permitted=NAMES, stopped=(), ticket_fee=Decimal(0), weights=weights
    )
    assert routing.venue == "BOREAL"


FILTERED = st.sampled_from(["permitted", "symbol", "type", "fraction", "answering", "open", "quote", "size"])


@given(FILTERED)
def test_a_filtered_venue_never_wins_however_cheap(why: str) -> None:
    free = view("BOREAL", schedule=fees("0", "0"), ask="99.995", fractions=True)
    dear = view("CORTLAND", schedule=fees("0.0090"), fractions=True)
    out = {
        "permitted": free,
        "symbol": replace(free, capabilities=replace(free.capabilities, symbols=frozenset())),
        "type": replace(free, capabilities=replace(free.capabilities, order_types=frozenset())),
        "fraction": replace(free, capabilities=replace(free.capabilities, fractional_shares=False)),
        "answering": replace(free, answering=False),
        "open": replace(free, open=False),
        "quote": replace(free, quote=None),
        "size": view("BOREAL", schedule=fees("0", "0"), size="1", fractions=True),
    }[why]
    permitted = NAMES[2:] if why == "permitted" else NAMES
    assert winner(out, dear, quantity="100.5", permitted=permitted) == "CORTLAND"
    assert why_not(released(quantity="100.5"), out, permitted=permitted, stopped=(), weights=WEIGHTS)


def test_with_every_venue_filtered_nobody_gets_the_order() -> None:
    order = released()
    routing = route(order, [view("BOREAL")], permitted=(), stopped=(), ticket_fee=Decimal(0), weights=WEIGHTS)
    assert routing.venue is None
    assert [score.score for score in routing.scores] == [None]


def test_a_better_price_beats_a_lower_fee() -> None:
    assert winner(view("ARCADIA", ask="100.00"), view("BOREAL", schedule=fees("0.0007"))) == "ARCADIA"


def test_a_thin_venue_loses_a_large_order_and_wins_a_small_one() -> None:
    thin = view("BOREAL", schedule=fees("0.0007"), size="100")
    deep = view("ARCADIA", size="5000")
    assert winner(thin, deep, quantity="50") == "BOREAL"
    assert winner(thin, deep, quantity="2000") == "ARCADIA"


def test_a_venue_that_fails_loses_what_it_would_have_won() -> None:
    cheap = view("BOREAL", schedule=fees("0.0007"))
    flaky = replace(cheap, seen=Seen(100, 40, 0, Decimal(0), 0))
    assert winner(cheap, view("ARCADIA")) == "BOREAL"
    assert winner(flaky, view("ARCADIA")) == "ARCADIA"


def test_price_improvement_counts_as_far_as_it_has_been_seen() -> None:
    dear = view("CORTLAND", schedule=fees("0.0040"))
    proven = replace(dear, seen=Seen(400, 400, 400, Decimal(300), 0))
    assert winner(dear, view("ARCADIA")) == "ARCADIA"
    assert winner(proven, view("ARCADIA")) == "CORTLAND"


def test_little_evidence_is_shrunk_toward_nothing() -> None:
    assert failing(Seen(1, 0, 0, Decimal(0), 0), WEIGHTS) == Decimal(1) / 21
    assert failing(Seen(1000, 0, 0, Decimal(0), 0), WEIGHTS) > Decimal("0.98")


def test_each_loser_is_told_what_made_the_difference() -> None:
    scores = route(
        released(quantity="1000", limit=None),
        [view("ARCADIA"), view("BOREAL", schedule=fees("0.0007"))],
        permitted=NAMES,
        stopped=(),
        ticket_fee=Decimal(5),
        weights=WEIGHTS,
    ).scores
    assert [score.venue for score in scores] == ["BOREAL", "ARCADIA"]
    # 1,000 shares, 1 cent from the middle, $5 ticket: 10 + 5 + 0.70 and 10 + 5 + 3.00
    assert [score.expected_cost for score in scores] == [Decimal("15.70"), Decimal("18.00")]
    assert scores[1].says == "$2.30 worse in total: fees $2.30 more"


def test_a_resting_order_pays_as_a_maker_and_crosses_no_spread() -> None:
    order = released(quantity="100", limit="90.00")
    here = view("ARCADIA")
    assert here.quote is not None
    found = cost(order, here, here.quote, fair=middle([here.quote]), ticket_fee=Decimal(0), weights=WEIGHTS)
    assert (found.price, found.fees) == (Decimal(0), Decimal("0.1000"))


@given(st.sampled_from(list(Side)), st.integers(1, 5000))
def test_a_wider_spread_never_costs_less(side: Side, quantity: int) -> None:
    order = replace(released(quantity=str(quantity), limit=None), side=side)
    narrow, wide = view("ARCADIA"), view("BOREAL", bid="99.90", ask="100.10")
    assert narrow.quote is not None
    assert wide.quote is not None
    fair = middle([narrow.quote, wide.quote])
    costs = [
        cost(order, one, one.quote, fair=fair, ticket_fee=Decimal(0), weights=WEIGHTS).total
        for one in (narrow, wide)
        if one.quote is not None
    ]
    assert costs[0] < costs[1]


def test_nothing_that_a_venue_pays_us_can_enter_a_score() -> None:
    names = {f.name for kind in (VenueView, Capabilities, FeeSchedule, Seen, Weights) for f in fields(kind)}
    assert not {name for name in names if "rebate" in name or "payment" in name or "flow" in name}


def test_a_changed_weight_is_another_digest() -> None:
    assert WEIGHTS.digest() != replace(WEIGHTS, load_bps=Decimal("0.6")).digest()
    assert WEIGHTS.digest() == replace(WEIGHTS, load_bps=Decimal("0.50")).digest()
