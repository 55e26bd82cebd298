"""The doors to routing rules and to execution quality: what people see of them, and what the worker reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import pytest

from core.best_execution.door import FORGOTTEN, Routes
from core.best_execution.reading import RulesInForce, read_lately
from core.best_execution.showing import ExecutionQuality, period_of
from core.clock import WallClock
from core.database.pools import AsyncPool, async_pool
from core.errors import BadInput, NotFound, NotPermitted, Refused
from core.ids import OrderId, SubjectId, Symbol, VenueName
from core.orders.events import Side
from core.routing.review import Review
from core.routing.rules import BUILT_IN
from tests.core.best_execution.setting import changed
from tests.core.gate.deal import APPROVER, DAVID, GATE, MARIA, NGOZI, ROBERT, Deal
from tests.core.routing.cases import fees, order, routing, view
from tests.fixtures.firm import Firm

WHY: Final = {"latency_bps": "The venues of the east coast answer slower since November."}
DEAR: Final = changed(
    tables={
        "fees": [
            {
                "venue": "BOREAL",
                "taker_per_share": "0.50",
                "maker_per_share": "0.50",
                "taker_bps": "0",
                "maker_bps": "0",
            }
        ]
    }
)


@pytest.fixture(scope="module")
def traded(shared_firm: Firm) -> Deal:
    """Ten shares sold at BOREAL in two parts, with the evidence of the choice."""
    deal = Deal(shared_firm).approved()
    assert deal.release(0).ok
    of = replace(order("10", limit="99", side=Side.SELL), id=OrderId(deal.order(0)), symbol=Symbol("AAPL"))
    found = routing([view("ARCADIA"), view("BOREAL", schedule=fees("0.0007"))], of).evidence
    assert found is not None
    assert found.venue == "BOREAL"
    said = {"choice": 1, "version": 0, "routing": found.rules, "evidence": found.text()}
    evidence = {"order": deal.order(0), "venue": "BOREAL", **said}
    assert deal.route(venue="BOREAL", evidence=evidence)[-1].ok
    assert deal.of_order("OrderSent", venue="BOREAL", body_digest="0" * 64).ok
    assert deal.of_order("OrderAccepted", venue="BOREAL", venue_order="v-1").ok
    assert deal.fill(0, "4", "99.99", fee="0.10", venue="BOREAL").ok
    assert deal.fill(0, "6", "100.00", fee="0.10", venue="BOREAL").ok
    return deal


@dataclass
class Doors:
    firm: Firm
    routes: Routes
    quality: ExecutionQuality
    gate: AsyncPool

    async def review(self, login: str, period: str) -> Review:
        return await self.quality.over(self.firm.ticket(login), period_of(period))


@asynccontextmanager
async def doors(firm: Firm) -> AsyncIterator[Doors]:
    async with AsyncExitStack() as stack:
        pools = [
            await stack.enter_async_context(async_pool(dsn, name="test", most=2))
            for dsn in (firm.database.approver, firm.database.intake, firm.database.gate)
        ]
        journal = await stack.enter_async_context(firm.journal(APPROVER))
        yield Doors(
            firm,
            Routes(pools[0], journal, firm.keys, WallClock()),
            ExecutionQuality(pools[1]),
            pools[2],
        )


@pytest.mark.anyio
async def test_one_order_is_shown_with_its_shortfall_and_what_the_others_would_have_cost(
    traded: Deal,
) -> None:
    async with doors(traded.firm) as at:
        found = await at.quality.of(traded.firm.ticket(MARIA), OrderId(traded.order(0)))
    of = found.measured
    # 4 x 0.01 under the middle of 100, and 0.20 in fees
    assert (of.arrival, of.executed, of.shortfall, of.shortfall_bps) == (
        Decimal(100),
        Decimal(10),
        Decimal("0.24"),
        Decimal("2.40"),
    )
    (loser,) = of.losers
    assert (loser.venue, loser.over_chosen) == ("ARCADIA", Decimal("0.02"))
    assert [choice.evidence.venue for choice in found.choices] == ["BOREAL"]
    assert len(found.fills) == 2


@pytest.mark.anyio
async def test_an_order_of_another_book_has_no_quality_and_no_line_in_a_review(traded: Deal) -> None:
    async with doors(traded.firm) as at:
        with pytest.raises(NotFound):
            await at.quality.of(traded.firm.ticket(DAVID), OrderId(traded.order(0)))
        with pytest.raises(NotFound):
            await at.quality.of(traded.firm.ticket(MARIA), OrderId("gh-none"))
        assert (await at.review(DAVID, "2022-12")).lines == ()
        assert (await at.review(NGOZI, "2022-11")).lines == ()
        (line,) = (await at.review(NGOZI, "2022-Q4")).lines
    assert (line.month, line.venue, line.symbol, line.kind) == (
        "2022-12",
        "BOREAL",
        "AAPL",
        "marketable limit",
    )
    assert (line.executed, line.shares_improved, line.shares_at_quote) == (
        Decimal(10),
        Decimal(6),
        Decimal(4),
    )


@pytest.mark.anyio
async def test_a_dry_run_says_what_goes_elsewhere_and_records_nothing(traded: Deal) -> None:
    firm = traded.firm
    before = firm.value(GATE, "select seq from gatehouse.head")
    async with doors(firm) as at:
        found = await at.routes.try_out(firm.ticket(ROBERT), DEAR)
        with pytest.raises(NotPermitted):
            await at.routes.try_out(firm.ticket(MARIA), DEAR)
        assert (await at.routes.try_out(firm.ticket(ROBERT), changed(), 1)).elsewhere == []
    (one,) = found.elsewhere
    assert (found.asked, one.order, one.went, one.venue) == (1, traded.order(0), "BOREAL", "ARCADIA")
    assert one.saves == Decimal("4.97")  # ten shares at half a dollar, against 0.003
    assert firm.value(GATE, "select seq from gatehouse.head") == before


@pytest.mark.anyio
async def test_a_worker_that_begins_remembers_what_venues_did(traded: Deal) -> None:
    async with doors(traded.firm) as at:
        found = await read_lately(at.gate, WallClock(), timedelta(hours=5))
    improvements = [one.improvement for one in found if one.improvement is not None]
    assert improvements == [0, 1]  # of the half spread of a cent
    (ended,) = [one for one in found if one.filled is not None]
    assert (ended.venue, ended.filled, ended.took) == (VenueName("BOREAL"), Decimal(1), True)
    assert timedelta(0) < ended.at <= timedelta(hours=5)


@pytest.mark.anyio
async def test_what_is_proposed_decides_beside_until_another_person_confirms_it(firm: Firm) -> None:
    robert, ngozi = firm.ticket(ROBERT), firm.ticket(NGOZI)
    async with doors(firm) as at:
        rules = RulesInForce(at.gate)
        assert (await rules()).rules == BUILT_IN
        digest, _ = await at.routes.propose(robert, changed(latency_bps="3"), WHY, None)
        beside = await rules()
        assert (beside.rules.version, beside.waiting and beside.waiting.digest) == (0, digest)
        shown = await at.routes.show(firm.ticket(MARIA))
        assert shown.proposed is not None
        assert dict(shown.proposed.rules.reasons) == WHY
        with pytest.raises(Refused) as no:
            await at.routes.decide(robert, digest, "confirm")
        assert no.value.code == "same_person"
        await at.routes.decide(ngozi, digest, "confirm")
        now = await rules()
        assert (now.rules.version, now.rules.digest, now.waiting) == (1, digest, None)
        assert str(now.rules.weights.latency_bps) == "3"
        shown = await at.routes.show(robert)
        assert (shown.in_force, shown.proposed, shown.versions[0].confirmed_by) == (1, None, "com-1")
        firm.keys.forget(SubjectId("pri-1"))
        assert dict((await at.routes.show(robert)).versions[0].rules.reasons) == {"latency_bps": FORGOTTEN}


@pytest.mark.anyio
async def test_a_reason_without_words_is_refused_before_it_is_sealed(shared_firm: Firm) -> None:
    async with doors(shared_firm) as at:
        with pytest.raises(BadInput):
            await at.routes.propose(
                shared_firm.ticket(ROBERT), changed(latency_bps="3"), {"latency_bps": " "}, None
            )


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2022-12", date(2022, 12, 1), date(2022, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2022-Q4", date(2022, 10, 1), date(2022, 12, 31)),
        ("2023-Q1", date(2023, 1, 1), date(2023, 3, 31)),
        ("9999-12", date(9999, 12, 1), date(9999, 12, 31)),
    ],
)
def test_a_period_is_a_month_or_a_quarter(name: str, first: date, last: date) -> None:
    found = period_of(name)
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize(
    "name", ["", "2022", "2022-13", "2022-Q5", "2022-Q0", "0000-01", "2022-12 ", "२०२२-12"]
)
def test_what_is_no_period_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        period_of(name)
