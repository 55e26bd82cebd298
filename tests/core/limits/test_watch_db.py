"""The watch list is compliance's alone: with and without an entry, everybody else is shown the same bytes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, Final

import pytest

from core.clock import WallClock
from core.database.pools import async_pool
from core.errors import NotPermitted, Refused
from core.gate.approval import Approval
from core.gate.deciding import Deciding
from core.ids import Symbol
from tests.core.gate.deal import APPROVER, ELENA, GATE, INTAKE, MARIA, NGOZI, ROBERT, Deal
from tests.fixtures.firm import Firm

CAUSE: Final = "a merger that nobody may know of"
OTHERS: Final = (MARIA, ROBERT, ELENA, "william.tran", "hannah.lindqvist")


async def no_quotes_needed() -> None:
    """The book's own prices will do."""


@pytest.fixture
async def door(firm: Firm) -> AsyncIterator[Approval]:
    async with (
        async_pool(firm.database.approver, name="test", most=2) as pool,
        firm.journal(APPROVER) as journal,
    ):
        yield Approval(pool, journal, firm.keys, WallClock())


def readable(firm: Firm, role: str) -> list[str]:
    rows = firm.ask(
        "superuser",
        "select n.nspname || '.' || c.relname as name from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'gatehouse'"
        " and c.relkind in ('r', 'v') and has_table_privilege(%s, c.oid, 'select') order by 1",
        role,
    )
    return [row["name"] for row in rows]


def seen(firm: Firm, login: str) -> dict[str, str]:
    """A digest of every row of every table that this person is shown, through each login of her screens."""
    told = {}
    for role in (INTAKE, APPROVER):
        with firm.connection(role).transaction():
            firm.ask(role, "select gatehouse.present(%s)", firm.ticket(login))
            for name in readable(firm, role):
                rows = firm.ask(role, f"select t::text as row from {name} t order by t::text")
                text = json.dumps([row["row"] for row in rows])
                told[f"{role} {name}"] = sha256(text.encode()).hexdigest()
    return told


async def assessed(firm: Firm) -> list[Any]:
    """What the worker says of a rebalance that trades every symbol of the account's model."""
    deal = Deal(firm, household="hh-101")
    assert deal.draft().ok
    async with async_pool(firm.database.gate, name="test", most=2) as gate, firm.journal(GATE) as worker:
        assert await Deciding(gate, worker, firm.keys, no_quotes_needed).assess()
    row = firm.ask(GATE, "select * from gatehouse.proposal where proposal = %s", deal.proposal)[0]
    content = json.loads(row["content"])
    for leg in content["legs"]:
        leg.pop("order")
    kept = {name: content[name] for name in content if name not in ("proposal", "portfolio_seq")}
    assert deal.withdraw().ok
    return [row["status"], row["tier"], row["findings"], row["preview"], kept]


@pytest.mark.anyio
async def test_a_hit_changes_no_row_that_anybody_else_is_shown_and_no_verdict(
    firm: Firm, door: Approval
) -> None:
    plain = await assessed(firm)
    traded = [leg["symbol"] for leg in plain[4]["legs"]]
    before = {login: seen(firm, login) for login in OTHERS}
    listed = [await door.watch.list_(firm.ticket(NGOZI), Symbol(symbol), CAUSE) for symbol in traded]
    assert {login: seen(firm, login) for login in OTHERS} == before
    assert await assessed(firm) == plain
    held = {login: seen(firm, login) for login in OTHERS}
    watched, hits = await door.watch.report(firm.ticket(NGOZI))
    assert {hit.symbol for hit in hits} == set(traded)
    assert {(one.symbol, one.cause) for one in watched} == {(symbol, CAUSE) for symbol in traded}
    for watch, _ in listed:
        await door.watch.unlist(firm.ticket(NGOZI), watch)
    assert {login: seen(firm, login) for login in OTHERS} == held
    watched, hits = await door.watch.report(firm.ticket(NGOZI))
    assert hits == ()
    assert all(one.until is not None for one in watched)


@pytest.mark.anyio
async def test_the_record_holds_no_word_of_what_is_watched(firm: Firm, door: Approval) -> None:
    await door.watch.list_(firm.ticket(NGOZI), Symbol("AAPL"), CAUSE)
    text = firm.value(GATE, "select text from gatehouse.journal where event_type = 'WatchListed'")
    assert "AAPL" not in text
    assert CAUSE not in text
    assert json.loads(text)["payload"]["entry"]["subject"] == "firm-compliance"
    assert firm.ask(GATE, "select seq from gatehouse.journal where stream like 'watch/%'")


@pytest.mark.anyio
@pytest.mark.parametrize("login", OTHERS)
async def test_nobody_else_lists_ends_or_reads(firm: Firm, door: Approval, login: str) -> None:
    ticket = firm.ticket(login)
    before = {other: seen(firm, other) for other in OTHERS if other != login}
    with pytest.raises(Refused) as no:
        await door.watch.list_(ticket, Symbol("AAPL"), CAUSE)
    assert no.value.code == "compliance_missing"
    with pytest.raises(Refused) as no:
        await door.watch.unlist(ticket, "wch-" + "0" * 32)
    assert no.value.code == "compliance_missing"
    with pytest.raises(NotPermitted):
        await door.watch.report(ticket)
    assert {other: seen(firm, other) for other in OTHERS if other != login} == before


@pytest.mark.anyio
async def test_what_is_not_watched_cannot_end(firm: Firm, door: Approval) -> None:
    watch, _ = await door.watch.list_(firm.ticket(NGOZI), Symbol("AAPL"), CAUSE)
    await door.watch.unlist(firm.ticket(NGOZI), watch)
    for named in (watch, "wch-" + "0" * 32):
        with pytest.raises(Refused) as no:
            await door.watch.unlist(firm.ticket(NGOZI), named)
        assert no.value.code == "not_watched"


def test_the_worker_and_the_copilot_are_shown_no_row_of_it(firm: Firm) -> None:
    for role in ("gh_agent", "gh_intake", "gh_gate", "gh_witness"):
        assert "gatehouse.watch" not in readable(firm, role)
