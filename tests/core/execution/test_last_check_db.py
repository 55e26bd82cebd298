"""Stored rows changed by a superuser with every trigger off: no other order leaves than people decided on.

The worker's own reading, encoder and last check run on the changed rows. What a superuser can still do is
forge the record itself, whole: the check passes then, and `audit verify` finds it by a head that left the
machine.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncConnection, sql
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from core.database.pools import conninfo
from core.errors import GatehouseError
from core.execution.last_check import records_of, undecided
from core.execution.outbox import NOT_SENT
from core.execution.working import IN_DOUBT, working
from core.gate.release import life_of, released
from core.ids import OrderId, ProposalId, VenueName
from core.venues.venue import encode
from tests.core.gate.deal import DISCRETIONARY, MARIA, ROBERT, Deal, leg
from tests.core.ledger.test_tamper_db import found, rehash, signed_heads, superuser
from tests.fixtures.firm import Firm

TIMES: Final = 3_000  # in each part
PARTS: Final = [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 10))]
"""Each with draws and rows of its own, so that they can run beside one another."""
V: Final = "ARCADIA"


@dataclass(frozen=True)
class Leaving:
    """What would leave the house, and where to."""

    order: OrderId
    venue: VenueName
    body: bytes


@asynccontextmanager
async def worker(firm: Firm) -> AsyncIterator[AsyncConnection[DictRow]]:
    """A connection that sees what the worker sees, and may take everything back. Triggers are off."""
    dsn = conninfo(firm.database.of("superuser"), name="test")
    async with await AsyncConnection.connect(dsn, row_factory=dict_row) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.commit()
        yield connection
        await connection.rollback()


async def leaving(connection: AsyncConnection[DictRow], checked: bool = True) -> set[Leaving]:
    """What a worker that starts now would send, from its own reading of the rows."""
    routed = []
    for order in await released(connection):
        work = working(order, [entry.fact for entry in await life_of(connection, order.id)])
        if work.state.status in NOT_SENT | IN_DOUBT and work.state.venue is not None:
            one = Leaving(order.id, work.state.venue, encode(order))
            routed.append(((order.id, order.proposal), one))
    named = list(dict.fromkeys(name for name, _ in routed))
    records = await records_of(connection, named) if named else {}
    return {
        one
        for name, one in routed
        if not checked or undecided(one.body, one.order, one.venue, records[name]) is None
    }


def out(firm: Firm) -> list[Deal]:
    """Three proposals, each with one order that is out and routed: a limit, a market order, fewer shares."""
    plain, market, fewer = (Deal(firm, household=h) for h in (DISCRETIONARY, "hh-103", "hh-104"))
    plain.approved()
    market.own("50", "KO")
    market.approved(leg(market.account, "sell", "KO", "7", limit=None))
    fewer.own("100", "AAPL")
    sell = leg(fewer.account, "sell", "AAPL", "10")
    fewer.approved(sell, leg(fewer.account, "buy", "KO", "9", funded_by=[0], less=True))
    for deal in (plain, market, fewer):
        assert deal.release(0).ok
    assert fewer.fill(0, "5", "100").ok
    assert fewer.of_order("OrderCancelled", 0, reason="end").ok
    assert fewer.release(1, quantity="4").ok
    for deal, number in ((plain, 0), (market, 0), (fewer, 1)):
        assert deal.of_order("OrderRouted", number, scores=[]).ok
    return [plain, market, fewer]


@pytest.mark.anyio
async def test_untouched_rows_let_out_exactly_what_was_decided(firm: Firm) -> None:
    deals = out(firm)
    async with worker(firm) as connection:
        would = await leaving(connection)
    assert {one.order for one in would} == {deals[0].order(0), deals[1].order(0), deals[2].order(1)}
    assert {one.venue for one in would} == {V}


TABLES: Final = (
    "gatehouse.leg",
    "gatehouse.proposal",
    "gatehouse.decision",
    "gatehouse.account",
    "gatehouse.holding",
    "gatehouse.order_state",
    "gatehouse.journal",
)
MOST_OFTEN: Final = (*TABLES, *("gatehouse.journal",) * 5, *("gatehouse.leg",) * 2)


@dataclass(frozen=True)
class Row:
    table: str
    place: str  # the row's ctid, as words
    values: Mapping[str, Any]


async def rows_of(connection: AsyncConnection[DictRow], deals: Sequence[Deal]) -> list[Row]:
    """Every stored row that speaks of these proposals, their orders or their accounts."""
    words = [deal.proposal for deal in deals] + [o["order"] for deal in deals for o in deal.legs]
    words += [deal.account for deal in deals]
    found_rows = []
    for table in TABLES:
        query = f"select ctid::text as place, t.* from {table} t where t::text ~ %s"
        for row in await (await connection.execute(query.encode(), ["|".join(words)])).fetchall():
            of_founding = table == "gatehouse.journal" and not row["stream"].startswith(
                ("order/", "proposal/")
            )
            if not of_founding:
                values = {name: value for name, value in row.items() if name != "place"}
                found_rows.append(Row(table, row["place"], values))
    await connection.commit()
    return found_rows


def another(draw: random.Random, value: Any, elsewhere: Sequence[Any]) -> Any:
    """Some other value for that field: near, far, or what another row has there."""
    others = [one for one in elsewhere if one != value]
    if others and draw.random() < 0.3:
        return draw.choice(others)
    match value:
        case bool():
            return not value
        case int():
            return value + draw.choice((1, -1, 1000))
        case Decimal():
            return value + draw.choice((Decimal(1), Decimal(-1), Decimal("0.01"), value, Decimal("1e-6")))
        case str() if value:
            at = draw.randrange(len(value))
            digits = [n for n, letter in enumerate(value) if letter.isdigit()]
            at = draw.choice(digits) if digits and draw.random() < 0.5 else at
            new = str((int(value[at]) + 1) % 10) if value[at] in "0123456789" else draw.choice("aZ0 é")
            return value[:at] + new + value[at + 1 :]
        case bytes():
            flipped = bytearray(value)
            flipped[draw.randrange(len(value))] ^= 1 << draw.randrange(8)
            return bytes(flipped)
        case UUID():
            return UUID(int=value.int ^ 1 << draw.randrange(128))
        case dict():
            return Jsonb({**value, "x": draw.randrange(10)})
        case list():
            return Jsonb([*value, {"x": 1}]) if value and isinstance(value[0], dict) else value[:-1] or None
        case None:
            return draw.choice((Decimal(1), "x", 7))
    if isinstance(value, date):
        return value + timedelta(days=draw.choice((1, -1)))
    return None


@pytest.mark.anyio
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.timeout(900)
async def test_no_changed_field_of_a_stored_row_gets_other_bytes_out(firm: Firm, part: int) -> None:
    draw, came = random.Random(part), Counter[str]()
    deals = out(firm)
    async with worker(firm) as connection:
        honest, stored = await leaving(connection), await rows_of(connection, deals)
        await connection.rollback()
        by_table = {table: [row for row in stored if row.table == table] for table in TABLES}
        assert all(by_table[table] for table in TABLES if table != "gatehouse.order_state")
        while came.total() < TIMES:
            row = draw.choice(by_table[draw.choice(MOST_OFTEN)] or stored)
            name = draw.choice(list(row.values))
            value = another(draw, row.values[name], [one.values[name] for one in by_table[row.table]])
            try:
                await connection.execute(
                    sql.SQL("update {} set {} = %s where ctid = %s::tid").format(
                        sql.Identifier(*row.table.split(".")), sql.Identifier(name)
                    ),
                    [value, row.place],
                )
            except psycopg.Error:  # the column's own type or bounds will not have it
                await connection.rollback()
                continue
            came[await outcome(connection, honest)] += 1
            await connection.rollback()
        assert await leaving(connection) == honest
    assert came["another order left"] == 0, came
    assert came["withheld"] > TIMES // 6, came


async def outcome(connection: AsyncConnection[DictRow], honest: set[Leaving]) -> str:
    try:
        would = await leaving(connection)
    except (GatehouseError, ValidationError, ValueError, KeyError):
        return "the worker stops"
    if would - honest:
        return "another order left"
    return "harmless" if would == honest else "withheld"


@pytest.mark.anyio
async def test_without_the_check_a_changed_row_would_get_another_order_out(firm: Firm) -> None:
    """The test above can fail: it does, where the last check is not asked."""
    deal = out(firm)[0]
    change = 'update gatehouse.journal set text = replace(text, \'"quantity":"10"\', \'"quantity":"90"\')'
    async with worker(firm) as connection:
        honest = await leaving(connection)
        released_entry = " where stream = %s and event_type = 'OrderReleased'"
        await connection.execute((change + released_entry).encode(), [f"order/{deal.order(0)}"])
        assert b'"quantity":"90"' in b"".join(o.body for o in await leaving(connection, checked=False))
        assert await leaving(connection) < honest


@contextmanager
def triggers_off(firm: Firm) -> Iterator[None]:
    firm.ask("superuser", "set session_replication_role = replica")
    yield
    firm.ask("superuser", "set session_replication_role = origin")


@pytest.mark.anyio
async def test_forged_decisions_of_the_law_get_a_release_and_no_order_out(firm: Firm) -> None:
    """The rows that the append believes are forged whole, so it accepts. The record has no such decision."""
    deal = Deal(firm)
    deal.own("100", "AAPL")
    assert deal.draft().ok
    assert deal.assess(leg(deal.account, "sell", "AAPL", "10")).ok
    with triggers_off(firm):
        for kind, login in (("submission", MARIA), ("approval", ROBERT)):
            firm.ask(
                "superuser",
                "insert into gatehouse.decision (proposal, kind, person, advisor, digest, decided_at, seq)"
                " select %s, %s, person, 'adv-1', %s, now(), 1 from gatehouse.person where login = %s",
                deal.proposal,
                kind,
                deal.digest,
                login,
            )
        firm.ask(
            "superuser",
            "update gatehouse.proposal set status = 'APPROVED', submitted_by = advisor where proposal = %s",
            deal.proposal,
        )
    assert deal.release(0).ok
    assert deal.of_order("OrderRouted", 0, scores=[]).ok
    async with worker(firm) as connection:
        assert {one.order for one in await leaving(connection, checked=False)} == {deal.order(0)}
        assert await leaving(connection) == set()
        named = (OrderId(deal.order(0)), ProposalId(deal.proposal))
        record = (await records_of(connection, [named]))[named]
        assert "ProposalSubmitted" in str(undecided(b"{}", OrderId(deal.order(0)), V, record))  # type: ignore[arg-type]


def test_a_superuser_who_forges_the_record_too_is_found_by_the_verification(
    firm: Firm, tmp_path: Path
) -> None:
    """Ninety shares are made of ten everywhere: rows, texts, digests, decisions, chain. Nothing in the
    database shows it; the head that left the machine does."""
    deal = out(firm)[0]
    newest = firm.value("superuser", "select seq from gatehouse.head")
    heads = signed_heads(firm, tmp_path / "heads", newest)
    assert found(firm, heads) == set()
    forge(firm, deal)

    async def look() -> dict[str, bytes]:
        async with worker(firm) as connection:
            return {one.order: one.body for one in await leaving(connection)}

    would = asyncio.run(look())
    assert b'"quantity":"90"' in would[deal.order(0)]
    assert not firm.verified(heads).ok
    assert newest in found(firm, heads)


def forge(firm: Firm, deal: Deal) -> None:
    """Every copy of the quantity and of the digest, and every link of the chain after it."""
    content = firm.value(
        "superuser", "select content from gatehouse.proposal where proposal = %s", deal.proposal
    )
    new = content.replace('"quantity":"10"', '"quantity":"90"')
    digest = "encode(sha256(convert_to(%s, 'UTF8')), 'hex')"
    new_digest = firm.value("superuser", f"select {digest}", new)
    quoted = "to_json(%s::text)::text"
    streams = [f"proposal/{deal.proposal}", *(f"order/{one['order']}" for one in deal.legs)]
    first = firm.value("superuser", "select min(seq) from gatehouse.journal where stream = any (%s)", streams)
    superuser(
        firm,
        f"update gatehouse.journal set text = replace(replace(replace(text, {quoted}, {quoted}), %s, %s),"
        ' \'"quantity":"10"\', \'"quantity":"90"\') where stream = any (%s)',
        content,
        new,
        deal.digest,
        new_digest,
        streams,
    )
    superuser(
        firm,
        "update gatehouse.leg set quantity = 90, released_quantity = 90 where proposal = %s",
        deal.proposal,
    )
    for change in ("proposal set content = %s, digest = %s", "decision set reasons = '[]', digest = %s"):
        words = [new, new_digest] if "content" in change else [new_digest]
        superuser(firm, f"update gatehouse.{change} where proposal = %s", *words, deal.proposal)
    rehash(firm, first)
