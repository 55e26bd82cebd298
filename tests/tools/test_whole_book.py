"""All of a book side by side, by hand: and nobody outside it, nor in a thread of one household."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.book.picture import Lot, Outflow, Picture
from core.ids import HouseholdId
from tests.tools.book import FAMILIES, SimulatedDesk, call
from tools.clients import About
from tools.concentration import concentration
from tools.contract import Agent, Call, Refusal
from tools.portfolio import holdings
from tools.whole_book import BookAsk, ComingUpAsk, WhoHoldsAsk, book_summary, coming_up, who_holds


class Owing(SimulatedDesk):
    """The second household must pay out 4,000 by the 3rd of January, out of 3,000."""

    async def pictures(self) -> tuple[Picture, ...]:
        return tuple(
            _owing(picture) if picture.household.id == "hh-2" else picture
            for picture in await super().pictures()
        )


def _owing(picture: Picture) -> Picture:
    due = Outflow("sch-1", "rmd", Decimal(4_000), date(2023, 1, 3))
    accounts = tuple(replace(one, outflows=(due,)) for one in picture.household.accounts)
    return replace(picture, household=replace(picture.household, accounts=accounts))


def asking(desk: SimulatedDesk, household: str | None = None) -> Call:
    return call(desk, "a question about all of them", agent=Agent.PORTFOLIO, household=household)


@pytest.mark.anyio
async def test_a_book_is_added_up_household_by_household() -> None:
    told = await book_summary(BookAsk(), asking(SimulatedDesk()))
    # each account: 60 at 100, 20 at 50, 3,000 in cash; BBB is 30 points under its target.
    assert (told.households, told.accounts, told.total_value) == (4, 6, Decimal("60000.00"))
    assert (told.clients, told.total_cash_available) == (6, Decimal("18000.00"))
    assert [row.value for row in told.rows] == [
        Decimal(v) for v in ("20000.00", "10000.00", "20000.00", "10000.00")
    ]
    assert {row.largest_drift_points for row in told.rows} == {Decimal("30.00")}
    assert told.rows[0].out_of_tolerance == ("acc-1001", "acc-1002")


@pytest.mark.anyio
async def test_some_of_its_households_are_put_side_by_side_and_others_are_nobody() -> None:
    told = await book_summary(BookAsk(households=("the Okafors", "O'Brien")), asking(SimulatedDesk()))
    assert [row.name for row in told.rows] == ["Okafor household", "O'Brien household"]
    with pytest.raises(Refusal, match="nobody in your book"):
        await book_summary(BookAsk(households=("the Okafors", "Lindgren")), asking(SimulatedDesk()))
    with pytest.raises(Refusal, match="could be 2 households"):
        await book_summary(BookAsk(households=("the Nguyens", "O'Brien")), asking(SimulatedDesk()))


@pytest.mark.anyio
async def test_who_holds_a_security_is_told_with_weights_and_only_above_what_is_asked() -> None:
    told = await who_holds(WhoHoldsAsk(symbol="aaa"), asking(SimulatedDesk()))
    assert (told.accounts, told.households, told.total_shares) == (6, 4, Decimal(360))
    assert {row.weight for row in told.rows} == {Decimal("60.00")}
    assert (
        await who_holds(WhoHoldsAsk(symbol="AAA", over_percent=Decimal(60)), asking(SimulatedDesk()))
    ).rows == ()
    with pytest.raises(Refusal, match="not a symbol"):
        await who_holds(WhoHoldsAsk(symbol="ZZZZ"), asking(SimulatedDesk()))


@pytest.mark.anyio
async def test_what_must_be_paid_out_says_by_when_to_trade_and_what_lacks() -> None:
    told = await coming_up(ComingUpAsk(what="rmd"), asking(Owing()))
    [row] = told.rows
    assert (row.account, row.amount, row.due_on, row.last_trade_on) == (
        "acc-1003",
        Decimal(4_000),
        "2023-01-03",
        "2022-12-29",  # two business days, with the 2nd of January a holiday
    )
    assert (row.available, row.short_of) == (Decimal("3000.00"), Decimal("1000.00"))
    assert (await coming_up(ComingUpAsk(what="fee"), asking(Owing()))).rows == ()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("run", "ask"),
    [(book_summary, BookAsk()), (who_holds, WhoHoldsAsk(symbol="AAA")), (coming_up, ComingUpAsk())],
)
async def test_a_thread_of_one_household_is_told_nothing_of_the_others(
    run: Callable[[Any, Call], Awaitable[Any]], ask: Any
) -> None:
    with pytest.raises(Refusal, match="about one household"):
        await run(ask, asking(SimulatedDesk(), household="hh-1"))


@pytest.mark.anyio
async def test_what_weighs_most_is_told_over_all_accounts_and_in_each() -> None:
    told = await concentration(About(household="Okafor"), asking(SimulatedDesk()))
    first = told.positions[0]
    assert (first.symbol, first.value, first.weight, first.largest) == (
        "AAA",
        Decimal("12000.00"),
        Decimal("60.00"),
        Decimal("60.00"),
    )
    assert told.companies_percent + told.funds_percent == Decimal("70.00")
    assert len(FAMILIES["hh-1"][2]) == 2


@pytest.mark.anyio
async def test_each_lot_says_whether_its_gain_would_be_long_or_short() -> None:
    def dated(lot: Lot, day: date) -> Lot:
        return Lot(lot.id, lot.symbol, lot.quantity, lot.cost_per_share, day)

    class Recent(SimulatedDesk):
        async def picture(self, household: HouseholdId) -> Picture:
            picture = await super().picture(household)
            accounts = tuple(
                replace(
                    one,
                    lots=(dated(one.lots[0], first), dated(one.lots[1], second)),
                )
                for one in picture.household.accounts
            )
            return replace(picture, household=replace(picture.household, accounts=accounts))

    first, second = date(2021, 12, 29), date(2021, 12, 28)  # the market stands at 2022-12-29
    told = await holdings(About(household="O'Brien"), asking(Recent()))
    assert [lot.term for line in told.holdings for lot in line.lots] == ["short", "long"]
