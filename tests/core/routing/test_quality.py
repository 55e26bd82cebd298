"""An order's execution against its arrival price, and a period's by venue and symbol. Answers by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from msgspec import structs

from core.ids import VenueName
from core.orders.events import Side
from core.routing.evidence import Evidence
from core.routing.over_time import over_time
from core.routing.quality import Filled, Measured, measured
from core.routing.review import Routed, review
from core.routing.rules import BUILT_IN, WEIGHTS
from core.routing.trying import tried
from tests.core.facts import filled
from tests.core.routing.cases import AT, NAMES, fees, order, routing, view

ARCADIA, BOREAL, CORTLAND = NAMES
SECOND: Final = timedelta(seconds=1)


def evidence(side: Side = Side.BUY, quantity: str = "1000", limit: str | None = None) -> Evidence:
    views = [view("ARCADIA"), view("BOREAL", schedule=fees("0.0007")), replace(view("CORTLAND"), open=False)]
    found = routing(views, order(quantity, side=side, limit=limit)).evidence
    assert found is not None
    return found


def fill(quantity: str, price: str, *, after: int, side: Side = Side.BUY, name: str = "e1") -> Filled:
    return Filled(filled(quantity, price=price, fee="0.35", side=side, execution=name), AT + after * SECOND)


def shares(*counts: int) -> list[Decimal]:
    return [Decimal(count) for count in counts]


def bought() -> Measured:
    one = evidence()
    fills = [fill("600", "100.005", after=1), fill("400", "100.020", after=4, name="e2")]
    return measured(one, one, AT, fills)


def test_a_purchase_is_measured_against_the_middle_when_it_was_routed() -> None:
    found = bought()
    # 600 x 0.005 + 400 x 0.020 = 11.00 over the middle of 100; fees 0.70
    assert (found.arrival, found.quoted_spread) == (Decimal(100), Decimal("0.02"))
    assert (found.price_cost, found.fees, found.shortfall) == (
        Decimal("11.00"),
        Decimal("0.70"),
        Decimal("11.70"),
    )
    assert found.shortfall_bps == Decimal("1.17")  # of 100,000 dollars
    assert found.average_price == Decimal("100.011")
    assert found.effective_spread == Decimal("0.022")
    assert found.improvement == Decimal("-1.00")  # against the offer of 100.01: 3.00 better, 4.00 worse
    assert [found.shares_improved, found.shares_at_quote, found.shares_outside] == shares(600, 0, 400)
    assert found.waited_ms == 2_200


def test_an_order_over_time_is_measured_against_the_mean_of_its_parts_arrivals() -> None:
    first = bought()
    later = replace(
        first, arrival=Decimal("100.10"), executed=Decimal(1000), average_price=Decimal("100.111")
    )
    waits = replace(first, arrival=Decimal("100.20"), executed=Decimal(0), average_price=None)
    found = over_time(Side.BUY, Decimal(5000), 5, [first, later, waits])
    # the parts met 100.00, 100.10 and 100.20; 2,000 shares were bought at 100.061 on average
    assert (found.parts, found.out, found.executed) == (5, 3, Decimal(2000))
    assert (found.benchmark, found.average_price) == (Decimal("100.1"), Decimal("100.061"))
    assert found.over_bps == Decimal("-3.90")
    assert over_time(Side.SELL, Decimal(5000), 5, [first, later, waits]).over_bps == Decimal("3.90")
    assert over_time(Side.BUY, Decimal(5000), 5, [waits]).over_bps is None


def test_a_sale_has_the_opposite_sign() -> None:
    one = evidence(Side.SELL)
    found = measured(one, one, AT, [fill("1000", "99.995", after=1, side=Side.SELL)])
    assert found.price_cost == Decimal("5.00")
    assert found.improvement == Decimal("5.00")  # the bid was 99.99
    assert found.effective_spread == Decimal("0.01")


def test_each_loser_has_its_counterfactual_cost() -> None:
    found = bought()
    first, last = found.losers
    assert (first.venue, first.expected, first.over_chosen) == (ARCADIA, Decimal("13.00"), Decimal("2.30"))
    assert first.over_actual == Decimal("1.30")  # 13.00 expected there, 11.70 paid here
    assert (last.venue, last.expected, last.over_chosen) == (CORTLAND, None, None)
    assert last.says == "it is closed"


def test_an_order_half_executed_is_measured_by_its_executed_half() -> None:
    one = evidence()
    found = measured(one, one, AT, [fill("500", "100.01", after=1)])
    assert found.executed == 500
    assert found.shortfall == Decimal("5.35")
    assert found.losers[0].over_actual == Decimal("1.15")  # half of 13.00, less 5.35


def test_nothing_executed_is_nothing_measured() -> None:
    one = evidence()
    found = measured(one, one, AT, [])
    assert [found.executed, found.fees] == shares(0, 0)
    assert (found.shortfall, found.shortfall_bps, found.average_price, found.waited_ms) == (None,) * 4
    assert found.losers[0].over_actual is None


def test_a_later_choice_does_not_move_the_arrival_price() -> None:
    first = evidence()
    later = structs.replace(evidence(), bid=Decimal("100.99"), ask=Decimal("101.01"))
    found = measured(first, later, AT, [fill("1000", "101", after=1)])
    assert found.price_cost == Decimal("1000.00")


def routed(venue: VenueName, quantity: str, fills: list[Filled], day: date) -> Routed:
    one = structs.replace(evidence(quantity=quantity), venue=venue)
    return Routed(one, measured(one, one, AT, fills), day)


def test_a_period_is_summed_by_month_venue_and_kind() -> None:
    december, november = date(2022, 12, 29), date(2022, 11, 30)
    found = review(
        [
            routed(BOREAL, "1000", [fill("1000", "100.01", after=1)], december),
            routed(BOREAL, "1000", [fill("500", "100.03", after=3)], december),
            routed(ARCADIA, "100", [], december),
            routed(BOREAL, "1000", [fill("1000", "100.01", after=1)], november),
        ]
    )
    assert [(one.month, one.venue, one.kind, one.orders) for one in found.lines] == [
        ("2022-11", BOREAL, "market", 1),
        ("2022-12", ARCADIA, "market", 1),
        ("2022-12", BOREAL, "market", 2),
    ]
    line = found.lines[2]
    done = [line.ordered, line.executed, line.shares_at_quote, line.shares_outside]
    assert done == shares(2000, 1500, 1000, 500)
    assert line.shortfall == Decimal("25.70")  # 10.35 and 15.35
    assert line.shortfall_bps == Decimal("1.71")  # of 150,000 dollars
    assert line.effective_spread == Decimal("0.033333")  # 1,000 at 0.02 and 500 at 0.06
    assert line.waited_ms == 1_666
    assert line.orders_of_month == Decimal("0.666667")
    assert found.lines[1].shortfall_bps is None


def test_what_decided_beside_is_counted_with_what_it_would_have_saved() -> None:
    views = [view("ARCADIA"), view("BOREAL", schedule=fees("0", "0"))]
    beside = replace(BUILT_IN, beside=frozenset({BOREAL}))
    one = routing(views, order("1000"), rules=beside).evidence
    assert one is not None
    each = Routed(one, measured(one, one, AT, []), date(2022, 12, 29))
    (shadow,) = review([each, each]).shadows
    assert (shadow.what, shadow.asked, shadow.differed, shadow.saves) == ("venues", 2, 2, Decimal("6.00"))


def test_a_dry_run_tells_what_would_have_gone_elsewhere_and_at_what_cost() -> None:
    views = [view("ARCADIA"), view("BOREAL", ask="100.00", latency_ms=100)]
    one = routing(views, order("1000")).evidence
    assert one is not None
    rules = replace(BUILT_IN, weights=replace(WEIGHTS, latency_bps=Decimal(200)))
    found = tried([(7, one)], rules)
    (moved,) = found.elsewhere
    assert (moved.seq, moved.went, moved.venue) == (7, BOREAL, ARCADIA)
    assert moved.there is not None
    assert moved.stays is not None
    assert moved.saves == moved.stays - moved.there == Decimal("-10")  # dearer, and worth it to these weights
    assert dict(found.moved) == {(BOREAL, ARCADIA): (1, Decimal("-10"))}
    same = tried([(7, one)], BUILT_IN)
    assert (same.elsewhere, same.cost) == ([], same.cost_tried)


def test_a_dry_run_says_where_an_order_would_have_waited() -> None:
    one = routing([view("ARCADIA", size="100")], order("1000")).evidence
    assert one is not None
    found = tried([(1, one)], replace(BUILT_IN, weights=replace(WEIGHTS, most_of_size=1)))
    assert [(each.venue, each.there) for each in found.elsewhere] == [(None, None)]
