"""A direct order asks the policies, too: whoever places it, and where one forbids it nothing is drafted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from core.clock import WallClock
from core.database.logins import INTAKE
from core.database.pools import async_pool
from core.direct.orders import DirectOrders
from core.errors import Refused
from core.ledger.journal import Journal
from core.people.permits import POLICIES, SCHEMA, Permits, permits
from core.signals.events import Purpose
from tests.core.direct.test_direct_orders_db import admit, buy, kinds, taking
from tests.core.gate.deal import MARIA as MARIA_LOGIN
from tests.fixtures.firm import Firm

FORBIDS: Final = '@id("not-today")\nforbid (principal is {who}, action == Action::"draft", resource is Book);'


def stricter(who: str) -> Permits:
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(POLICIES.glob("*.cedar")))
    return Permits(f"{text}\n{FORBIDS.format(who=who)}", (POLICIES / SCHEMA).read_text(encoding="utf-8"))


@asynccontextmanager
async def forbidding(firm: Firm, who: str) -> AsyncIterator[DirectOrders]:
    async with (
        async_pool(firm.database.of(INTAKE), name="test", most=4) as pool,
        Journal(pool, WallClock()) as journal,
    ):
        yield DirectOrders(pool, journal, WallClock(), stricter(who))


@pytest.mark.anyio
async def test_each_draft_names_the_policy_that_let_it_be_asked_for(firm: Firm) -> None:
    askers = {
        "the-advisor-drafts-for-her-book": firm.ticket(MARIA_LOGIN),
        "a-program-drafts-for-its-advisors-book": admit(firm),
    }
    async with taking(firm) as orders:
        for policy, ticket in askers.items():
            placed = await orders.place(ticket, buy(firm, policy))
            text = (
                "select text::jsonb->'policy_decisions' from gatehouse.journal where stream = %s order by seq"
            )
            said = firm.value("superuser", text, f"proposal/{placed.proposal}")
            assert [one["policy"] for one in said] == [f"{policy}@{permits().digest[:12]}"]


@pytest.mark.anyio
@pytest.mark.parametrize("purpose", [None, Purpose.ENTRY])
async def test_what_a_policy_forbids_a_program_is_not_drafted_and_is_an_entry(
    firm: Firm, purpose: Purpose | None
) -> None:
    key = admit(firm)
    async with forbidding(firm, "Program") as orders:
        for name in ("c-1", "c-2"):  # a denial is not remembered
            with pytest.raises(Refused, match="not-today"):
                await orders.place(key, buy(firm, name), purpose=purpose)
        await orders.place(firm.ticket(MARIA_LOGIN), buy(firm, "c-3"))
    assert kinds(firm) == ["ProposalDrafted", "ProposalAssessed"]
    denied = "select actor from gatehouse.journal where event_type = 'PolicyDenied'"
    assert [row["actor"] for row in firm.ask("superuser", denied)] == ["mch-test"] * 2


@pytest.mark.anyio
async def test_what_a_policy_forbids_a_person_is_not_drafted(firm: Firm) -> None:
    async with forbidding(firm, "Person") as orders:
        with pytest.raises(Refused, match="not-today"):
            await orders.place(firm.ticket(MARIA_LOGIN), buy(firm))
    assert kinds(firm) == []
