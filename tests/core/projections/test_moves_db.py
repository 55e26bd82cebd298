"""What an account's worth is made of is read through the copilot's own login, in its ticket's book alone."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Final

from core.clock import WallClock
from core.database.pools import async_pool
from core.desk import Desk
from core.ids import HouseholdId
from core.ledger.journal import Journal
from core.market.calendar import next_session
from core.plan.day_ends import COUNTS, Moved
from core.projections.account_index import IndexFollower
from tests.core.gate.deal import AGENT, DAVID, GATE, INTAKE, MARIA
from tests.fixtures.firm import Firm

HOUSEHOLD: Final = HouseholdId("hh-101")


def moves(firm: Firm, login: str) -> tuple[Moved, ...]:
    ticket = firm.thread_ticket(login, firm.thread(login))

    async def read() -> tuple[Moved, ...]:
        clock = WallClock()
        async with (
            async_pool(firm.database.of(GATE), name="test", most=1) as gate,
            async_pool(firm.database.of(AGENT), name="test", most=1) as pool,
            Journal(pool, clock) as journal,
        ):
            await IndexFollower(gate).catch_up()
            return await Desk(pool, journal, ticket, clock).moves(HOUSEHOLD)

    return asyncio.run(read())


def test_her_copilot_reads_what_came_on_the_founding_day_and_another_advisors_reads_nothing(
    shared_firm: Firm,
) -> None:
    found = moves(shared_firm, MARIA)
    kinds = {one.fact.event_type() for one in found}
    assert {"LotReceived", "CashDeposited"} <= kinds <= {*COUNTS}
    [lots] = shared_firm.ask(
        "superuser",
        "select count(*) as n from gatehouse.journal j where j.event_type = 'LotReceived' and j.stream in "
        "(select 'account/' || a.account from gatehouse.account a where a.household = %s)",
        HOUSEHOLD,
    )
    assert sum(1 for one in found if one.fact.event_type() == "LotReceived") == lots["n"] > 0
    session = shared_firm.value("superuser", "select session from gatehouse.market_day")
    assert {next_session(one.day) for one in found} == {session}
    assert min(one.day for one in found) == date(2022, 12, 28)
    assert moves(shared_firm, DAVID) == ()


def test_no_login_reads_it_without_a_ticket(shared_firm: Firm) -> None:
    for role in (AGENT, INTAKE):
        assert shared_firm.ask(role, "select * from gatehouse.moves_of(%s)", HOUSEHOLD) == []
    [row] = shared_firm.ask(
        "superuser",
        "select has_function_privilege('gh_approver', 'gatehouse.moves_of(text)', 'execute') as may",
    )
    assert row["may"] is False


def test_the_function_names_the_kinds_that_the_worth_is_made_of(shared_firm: Firm) -> None:
    source = shared_firm.value(
        "superuser",
        "select prosrc from pg_proc where proname = 'moves_of' and pronamespace = 'gatehouse'::regnamespace",
    )
    assert all(f"'{kind}'" in source for kind in COUNTS)
