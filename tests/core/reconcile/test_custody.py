"""What the firm makes of its custodians' words: a trade settles by one, and by no silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest

from core.business_day import Day, due_by, moved_on
from core.database.pools import AsyncPool
from core.errors import WorldFailed
from core.ids import AccountId, CustodianId, OrderId, Symbol, TraceId
from core.orders.events import Side
from core.orders.trade import Status, Trade
from core.reconcile.custody import BY_THE_CALENDAR, NOBODY_KNOWS, Custody, Settlement
from core.venues.custody.custodian import Instruction, Statement, Word

ORDER, SESSION = OrderId("gh-1"), date(2023, 1, 3)
TRADE = f"{ORDER}/2022-12-29"


class Keeper:
    """A custodian that says what it is told to; None: it gives no answer."""

    def __init__(self, word: Word | None) -> None:
        self.name = CustodianId("cus-1")
        self.says = word
        self.asked = 0

    async def settlements(
        self, trades: Sequence[str], session: date, *, timeout: timedelta
    ) -> Mapping[str, Word]:
        self.asked += 1
        if self.says is None:
            raise WorldFailed("no answer", fix="ask again")
        return dict.fromkeys(trades, self.says)

    async def statement(self, session: date, *, timeout: timedelta) -> Statement:
        if self.says is None:
            raise WorldFailed("no answer", fix="ask again")
        return Statement(self.name, True, session, {}, {}, {}, ())

    async def allocate(self, told: Instruction, *, timeout: timedelta) -> bool:
        return False


def custody(*keepers: Keeper) -> Custody:
    return Custody(cast(AsyncPool, None), keepers)  # no block is open: nothing is read


SETTLED, FAILED, UNKNOWN = Word("settled"), Word("failed", "no shares came"), Word("unknown")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ((SETTLED, UNKNOWN), SETTLED),
        ((SETTLED, None), SETTLED),  # who keeps it has answered
        ((UNKNOWN, FAILED), FAILED),
        ((SETTLED, FAILED), FAILED),
        ((UNKNOWN, None), None),  # the other may keep it
        ((None, None), None),
        ((UNKNOWN, UNKNOWN), Word("failed", NOBODY_KNOWS)),
    ],
)
async def test_one_word_comes_of_all_that_was_said(
    said: tuple[Word | None, ...], stands: Word | None
) -> None:
    found = custody(*map(Keeper, said))
    assert found.settlement([TRADE], SESSION).of(TRADE) is None
    await found.ask_what_settled()
    assert found.settlement([TRADE], SESSION).of(TRADE) == stands


@pytest.mark.anyio
async def test_what_failed_is_asked_again_after_a_comparison_and_all_of_it_on_another_day() -> None:
    keeper = Keeper(FAILED)
    found = custody(keeper)

    async def turn(session: date = SESSION) -> Word | None:
        found.settlement([TRADE], session)
        await found.ask_what_settled()
        return found.settlement([TRADE], session).of(TRADE)

    assert await turn() == FAILED
    keeper.says = SETTLED
    assert await turn() == FAILED
    await found.statements(SESSION)
    assert await turn() == SETTLED
    asked = keeper.asked
    await found.statements(SESSION)
    assert await turn() == SETTLED
    assert keeper.asked == asked
    keeper.says = None
    assert await turn(date(2023, 1, 4)) is None


def day() -> Day:
    return Day(SESSION, datetime(2023, 1, 3, 15, tzinfo=UTC), "open", None, None)


def trade(status: Status) -> Trade:
    return Trade(
        order=ORDER,
        account=AccountId("acc-1"),
        symbol=Symbol("AAA"),
        side=Side.BUY,
        trade_date="2022-12-29",
        settles_on="2023-01-03",
        status=status,
        quantity=Decimal(10),
        paid=Decimal(1000),
        fees=Decimal(0),
        net_amount=Decimal(-1000),
        executions=frozenset({"e1"}),
    )


@pytest.mark.parametrize(
    ("settlement", "comes"),
    [
        (BY_THE_CALENDAR, ["TradeSettled"]),
        (Settlement(by_the_calendar=False), []),
        (Settlement(by_the_calendar=False, words={TRADE: SETTLED}), ["TradeSettled"]),
        (Settlement(by_the_calendar=False, words={TRADE: FAILED}), ["TradeFailedToSettle"]),
    ],
)
@pytest.mark.parametrize("status", [Status.CONFIRMED, Status.FAILED_TO_SETTLE])
def test_a_trade_that_is_due_goes_by_the_word_on_it(
    status: Status, settlement: Settlement, comes: list[str]
) -> None:
    assert due_by(day(), [trade(status)]) == [TRADE]
    entries = moved_on(day(), [trade(status)], {ORDER: TraceId("t")}, settlement)
    assert [entry.fact.event_type() for entry in entries] == comes


def test_a_trade_is_asked_about_on_its_settlement_date_and_not_before() -> None:
    early = Day(date(2022, 12, 30), datetime(2022, 12, 30, 15, tzinfo=UTC), "open", None, None)
    assert due_by(early, [trade(Status.CONFIRMED)]) == []
    assert due_by(day(), [trade(Status.EXECUTED), trade(Status.SETTLED)]) == []
