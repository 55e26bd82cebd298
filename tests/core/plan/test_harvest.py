"""Losses are harvested to the cent as the law has it, and what stands in counts as what it replaced.

The worked examples are IRS Publication 550's, read from the shared data; without it they are skipped.
"""

from __future__ import annotations

import csv
import io
import tarfile
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from core.book.activity import Executed, Sold, quiet
from core.book.picture import Account, Lot, Market, Picture, StandIn
from core.errors import BadInput
from core.ids import LotId, OrderId, Symbol
from core.orders.events import Request, Side
from core.orders.planning import Planning
from core.plan.content import work_out
from core.plan.drift import largest_drift
from core.plan.harvest import DEDUCTIBLE, harvestable, tax_year
from core.plan.kinds import plan_of
from core.plan.rebalance import rebalance
from tests.core.household import (
    HOUSEHOLD,
    NOW,
    PROPOSAL,
    SESSION,
    account,
    assumptions,
    cash,
    instrument,
    lot,
    market,
    model,
    moved,
    picture,
    price,
)

CASES: Final = (
    Path(__file__).resolve().parents[3].parent / "shared" / "data" / "tax" / "wash_sale_cases.tar.gz"
)
HARVEST: Final = Request(kind="harvest", household=HOUSEHOLD)
AAA, TWIN = Symbol("AAA"), Symbol("TWIN")
WEEK: Final = timedelta(days=7)


def twins(*, aaa: str = "100") -> Market:
    """A market in which TWIN is of AAA's sector and of another issuer."""
    at = market(prices={"AAA": aaa, "BBB": "50", "CCC": "20", "FUND": "200", "TWIN": "30"})
    twin = replace(instrument("TWIN"), sector="AAA sector")
    return replace(at, instruments={**at.instruments, TWIN: twin})


def exactly(*numbers: int | str) -> tuple[Decimal, ...]:
    return tuple(Decimal(number) for number in numbers)


def loser(**more: Any) -> Account:
    held = [lot("old", "AAA", 60, 150), lot("gain", "AAA", 40, 80), lot("b", "BBB", 100, 40)]
    return account(
        lots=held, money=cash(500), model=model({"AAA": "0.6", "BBB": "0.3"}, cash_weight="0.1"), **more
    )


@pytest.mark.skipif(not CASES.exists(), reason="the shared tax data is not here")
def test_the_worked_example_with_purchases_before_the_sale_comes_out_to_the_cent() -> None:
    lots, on, at = published("irs550_example_2")
    sells = account(lots=lots[:1])  # the example sells the lot of September alone
    keeps = account(id="spouse", lots=lots[1:])
    seen = picture(sells, keeps, market=market_on(on, "M", at))
    (found,) = harvestable(seen, (sells.id,), assumptions())
    assert (found.loss, found.usable, found.deferred, found.lost) == exactly(1000, 250, 750, 0)
    assert found.clear_on == date(2013, 12, 27) + timedelta(days=31)
    in_ira = replace(account(id="ira", kind="ira", lots=lots[1:]))
    (lost,) = harvestable(
        picture(account(lots=lots[:1]), in_ira, market=market_on(on, "M", at)), (), assumptions()
    )
    assert (lost.usable, lost.deferred, lost.lost) == exactly(250, 0, 750)


@pytest.mark.skipif(not CASES.exists(), reason="the shared tax data is not here")
def test_the_worked_example_with_a_purchase_after_the_sale_is_clear_when_it_is_sold() -> None:
    lots, on, at = published("irs550_example_1")
    seen = picture(account(lots=lots[:1]), market=market_on(on, "X", at))
    (found,) = harvestable(seen, (), assumptions())
    assert (found.loss, found.usable) == exactly(250, 250)
    bought_again = lots[1].acquired_on
    assert bought_again < found.buy_back_on, "the example buys too early: that is what makes it a wash sale"


def published(name: str) -> tuple[list[Lot], date, Decimal]:
    """The lots, the day of the sale, and its price a share."""
    with tarfile.open(CASES) as archive:
        file = archive.extractfile(f"tests/{name}.csv")
        assert file is not None
        rows = list(csv.DictReader(io.StringIO(file.read().decode())))
    lots = [
        Lot(
            LotId(r["BuyLot"]),
            Symbol(r["Sym"]),
            Decimal(r["Cnt"]),
            Decimal(r["Basis"]) / Decimal(r["Cnt"]),
            day(r["BuyDate"]),
        )
        for r in rows
    ]
    (sale,) = [r for r in rows if r["SellDate"]]
    return lots, day(sale["SellDate"]), Decimal(sale["Proceeds"]) / Decimal(sale["Cnt"])


def day(text: str) -> date:
    month, of, year = (int(part) for part in text.split("/"))
    return date(year, month, of)


def market_on(session: date, symbol: str, dollars: Decimal) -> Market:
    now = datetime.combine(session, time(15), UTC)
    at = market(prices={})
    return replace(
        at,
        session=session,
        now=now,
        previous_session=session - timedelta(days=1),
        prices={Symbol(symbol): replace(price(symbol, str(dollars)), session=session, taken_at=now)},
        instruments={Symbol(symbol): instrument(symbol)},
    )


def test_a_harvest_sells_the_losing_lots_and_buys_what_stands_in() -> None:
    found = work_out(PROPOSAL, HARVEST, picture(loser(), market=twins()), assumptions())
    assert found.content is not None
    sale, buy = found.content.legs
    assert (sale.side, sale.symbol) == (Side.SELL, AAA)
    assert {choice.lot: choice.quantity for choice in sale.lots} == {"old": sale.quantity}
    assert sale.quantity == 60
    assert (buy.symbol, buy.funded_by) == (TWIN, (sale.leg,))
    assert buy.quantity * buy.band_high <= sale.quantity * sale.band_low  # the sale pays for it at worst
    assert found.verdict is not None
    assert found.verdict.breaches == ()
    names = [one.name for one in found.plan.preview.alternatives]
    assert names[:2] == ["this plan", "do nothing"]
    assert found.plan.preview.alternatives[0].long_term_gain == Decimal("-3000.00")
    assert "$3,000.00 of losses are usable now" in found.plan.preview.notes[0]


def test_what_was_bought_within_thirty_days_is_not_harvested_and_the_clear_day_is_said() -> None:
    who = loser()
    who = replace(who, lots=(*who.lots, lot("new", "AAA", 5, 100, SESSION - WEEK)))
    why = plan_of(picture(who, market=twins()), HARVEST, assumptions()).set_aside[who.id]
    assert "$250.00 would be deferred" in why
    assert f"clear from {SESSION - WEEK + timedelta(days=31)}" in why


def test_in_an_ira_nothing_is_harvested() -> None:
    why = plan_of(picture(loser(kind="ira"), market=twins()), HARVEST, assumptions()).set_aside
    assert "no tax is paid here" in next(iter(why.values()))


@pytest.mark.parametrize("named", ["AAA", "BBB", "NONE"])
def test_what_is_no_other_issuer_of_the_same_sector_cannot_stand_in(named: str) -> None:
    asked = HARVEST.model_copy(update={"planning": Planning(replacement=Symbol(named))})
    with pytest.raises(BadInput, match="cannot stand in for AAA"):
        plan_of(picture(loser(), market=twins()), asked, assumptions())


def test_what_stands_in_counts_as_the_original_until_its_window_ends() -> None:
    until = SESSION + timedelta(days=31)
    who = account(
        lots=[lot("t", "TWIN", 200, 30), lot("b", "BBB", 60, 40)],
        money=cash(1_000),
        model=model({"AAA": "0.6", "BBB": "0.3"}, cash_weight="0.1"),
    )
    apart = largest_drift(who, twins())
    stands = replace(who, stands_for={TWIN: StandIn(AAA, until)})
    assert (apart, largest_drift(stands, twins())) == exactly("0.6", 0)
    assert "in tolerance" in rebalance(picture(stands, market=twins()), (), assumptions()).set_aside[who.id]
    later = replace(twins(), session=until)
    assert largest_drift(stands, later) == apart


def test_a_rebalance_neither_sells_what_stands_in_nor_buys_the_original_back() -> None:
    stands = account(
        lots=[lot("t", "TWIN", 100, 30), lot("b", "BBB", 120, 40)],
        money=cash(1_000),
        model=model({"AAA": "0.3", "BBB": "0.3", "CCC": "0.3"}, cash_weight="0.1"),
    )
    stands = replace(stands, stands_for={TWIN: StandIn(AAA, SESSION + WEEK)})
    moved_symbols = {
        trade.symbol for trade in rebalance(picture(stands, market=twins()), (), assumptions()).trades
    }
    assert moved_symbols == {"BBB", "CCC"}


def sold(gain: str, acquired_on: date, *, n: int = 1) -> Executed:
    part = Sold(Decimal(10), Decimal(1_000) + Decimal(gain), Decimal(1_000), acquired_on)
    return Executed(
        OrderId(f"o{n}"), loser().id, Symbol("CCC"), Side.SELL, Decimal(1_000), Decimal(0),
        SESSION - timedelta(days=90), SESSION, (), (part,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("realised", "expected"),
    [
        ([], (0, 3_000, 0)),
        (["1200"], (1_200, 1_800, 0)),
        (["-2500"], (0, 500, 2_500)),
        (["-9000"], (0, 0, 3_000)),
    ],
)
def test_losses_meet_gains_then_three_thousand_of_other_income_then_later_years(
    realised: list[str], expected: tuple[int, int, int]
) -> None:
    done = tuple(sold(gain, date(2020, 1, 2), n=n) for n, gain in enumerate(realised))
    seen = picture(loser(), market=twins(), activity=replace(quiet(NOW), executed=done))
    year = tax_year(seen, harvestable(seen, (), assumptions()))
    assert (year.against_gains, year.deductible, year.carried) == exactly(*expected)
    assert year.deductible <= DEDUCTIBLE


def test_gains_of_the_year_are_told_by_term() -> None:
    done = (sold("700", date(2020, 1, 2)), sold("300", SESSION - timedelta(days=120), n=2))
    seen: Picture = picture(loser(), market=twins(), activity=replace(quiet(NOW), executed=done))
    year = tax_year(seen, ())
    assert (year.realised.short_term, year.realised.long_term) == exactly(300, 700)


def test_a_price_that_rose_leaves_nothing_to_harvest() -> None:
    at = moved(twins(), "AAA", "151")
    assert harvestable(picture(loser(), market=at), (), assumptions()) == ()
