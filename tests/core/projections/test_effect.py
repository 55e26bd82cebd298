"""When facts took effect: whatever came late, what is true at any moment is a life that can be folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.fact import Fact
from core.firm.events import AccountOpened, IpsAdopted
from core.ids import CustodianId
from core.orders import order as order_life
from core.orders import trade
from core.orders.events import OrderFilled, Side
from core.orders.order import Order
from core.projections.effect import Line, effects
from tests.core import facts
from tests.core.household import ACCOUNT, ADVISOR, HOUSEHOLD, PROPOSAL, leg

OPENS = datetime(2022, 12, 29, 15, tzinfo=UTC)
MIDNIGHT = datetime(2023, 1, 3, 5, tzinfo=UTC)  # in New York, on the day that the trades settle


def at(minutes: int) -> datetime:
    return OPENS + timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class Life:
    """One buy of ten shares, as it was recorded."""

    order: Order
    lines: tuple[Line, ...]

    def true_at(self, moment: datetime) -> list[Fact]:
        when = effects(self.lines)
        return [line.fact for line, its in zip(self.lines, when, strict=True) if its <= moment]


def order() -> Order:
    return order_life.held(PROPOSAL, leg(0, Side.BUY, "AAA", 10))


def fill(of: Order, number: int, executed: int) -> OrderFilled:
    return facts.fill_of(of, 1, f"e{number}").model_copy(update={"executed_at": at(executed)})


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Let out, sent, filled in up to ten parts of any time, cut short anywhere, booked after the close."""
    of = order()
    fills: list[Fact] = [
        fill(of, n, minutes)
        for n, minutes in enumerate(draw(st.lists(st.integers(-5, 400), min_size=1, max_size=9)))
    ]
    cut = draw(st.integers(0, len(fills)))
    choices: list[list[Fact]] = [[], [facts.expired(of)], [facts.cancelled(of)]]
    ends = draw(st.sampled_from(choices))
    said: list[Fact] = [
        facts.released(of),
        facts.routed(of),
        facts.sent(of),
        *fills[:cut],
        *ends,
        *fills[cut:],
    ]
    late = draw(st.booleans())
    booked = booking(of, said)
    if late and cut < len(fills):  # allocated once, and again after the late ones
        booked_first = booking(of, said[: 3 + cut + len(ends)]) if cut else []
        said = [*said[: 3 + cut + len(ends)], *booked_first[:1], *fills[cut:]]
    clock = draw(st.lists(st.integers(0, 400), min_size=len(said), max_size=len(said)).map(sorted))
    after = [Line(fact, MIDNIGHT + timedelta(hours=n)) for n, fact in enumerate(booked, 12)]
    return Life(of, (*(Line(fact, at(m)) for fact, m in zip(said, clock, strict=True)), *after))


def booking(of: Order, said: Sequence[Fact]) -> list[Fact]:
    """What the worker makes of the executions after the close and on the settlement date."""
    done = trade.fold(said)
    return [make(one) for one in done.values() for make in (trade.allocated, trade.confirmed, trade.settled)]


@settings(max_examples=300, deadline=None)
@given(life=lives(), minutes=st.integers(-10, 420))
def test_at_any_moment_the_life_can_be_folded_and_has_just_the_executions_until_then(
    life: Life, minutes: int
) -> None:
    held = life.true_at(at(minutes))
    folded = life.order
    for fact in held:
        if isinstance(fact, order_life.OrderOwn):
            folded = order_life.evolve(folded, fact)
    trade.fold(held)
    executed = [line.fact for line in life.lines if isinstance(line.fact, OrderFilled)]
    assert folded.filled == sum(one.executed_at <= at(minutes) for one in executed)


@settings(max_examples=100, deadline=None)
@given(life=lives())
def test_the_settlement_counts_from_its_date_with_all_that_leads_to_it(life: Life) -> None:
    before = trade.fold(life.true_at(MIDNIGHT - timedelta(microseconds=1)))
    after = trade.fold(life.true_at(MIDNIGHT))
    assert {one.status for one in after.values()} == {trade.Status.SETTLED}
    assert trade.Status.SETTLED not in {one.status for one in before.values()}


@settings(max_examples=100, deadline=None)
@given(life=lives())
def test_when_all_has_come_it_is_the_whole_record_in_its_order(life: Life) -> None:
    assert life.true_at(datetime(2024, 1, 1, tzinfo=UTC)) == [line.fact for line in life.lines]


def test_a_lot_counts_from_when_it_was_received_not_from_when_it_was_bought() -> None:
    bought_in_2021 = facts.received("lot-1", 5)
    assert effects([Line(bought_in_2021, OPENS)]) == [OPENS]


@pytest.mark.parametrize(("adopted_on", "counts"), [("2022-12-27", 27), ("2022-12-20", 22)])
def test_a_limit_counts_from_its_date_and_never_before_its_account(adopted_on: str, counts: int) -> None:
    opened = AccountOpened(
        account=ACCOUNT,
        household=HOUSEHOLD,
        advisor=ADVISOR,
        owners=(),
        kind="taxable",
        capacity="advisory",
        discretionary=True,
        custodian=CustodianId("cus-1"),
        status="open",
        model=None,
        opened_on="2022-12-22",
    )
    limit = IpsAdopted(
        account=ACCOUNT, adopted_on=adopted_on, cash_floor=Decimal(1), max_issuer_weight=Decimal(1)
    )
    found = effects([Line(opened, OPENS), Line(limit, OPENS)])
    assert found == [datetime(2022, 12, day, 5, tzinfo=UTC) for day in (22, counts)]
