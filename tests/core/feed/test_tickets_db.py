"""The order ticket at its two doors: for whoever may see the order, and as files for an examiner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.database.logins import WITNESS
from core.database.pools import async_pool, connect_async
from core.errors import BadInput, NotFound
from core.feed.ticket_files import LINES, SAYS, TABLE, write
from core.feed.tickets import OrderTickets, tickets_of
from core.ids import OrderId, PersonId
from core.orders.ticket import Ticket
from tests.core.gate.deal import DAVID, ELENA, MARIA, ROBERT, Deal, leg
from tests.fixtures.firm import Firm


def of(firm: Firm, login: str, order: str) -> Ticket:
    async def look() -> Ticket:
        async with async_pool(firm.database.intake, name="test", most=2) as pool:
            return await OrderTickets(pool).of(firm.ticket(login), OrderId(order))

    return asyncio.run(look())


def exported(firm: Firm, advisor: str, **span: Any) -> tuple[Ticket, ...]:
    async def read() -> tuple[Ticket, ...]:
        asked = {"since": None, "before": None, **span}
        async with await connect_async(firm.database.of(WITNESS), name="test") as connection:
            return await tickets_of(connection, PersonId(advisor), **asked)

    return asyncio.run(read())


def traded(firm: Firm) -> Deal:
    """Ten shares sold in two parts, after everybody decided."""
    deal = Deal(firm).approved()
    assert deal.release(0).ok
    assert deal.of_order("OrderRouted", scores=[]).ok
    assert deal.of_order("OrderSent", body_digest="0" * 64).ok
    assert deal.of_order("OrderAccepted", venue_order="v-1").ok
    assert deal.fill(0, "4", "100", fee="0.10").ok
    assert deal.fill(0, "6", "101", fee="0.10").ok
    return deal


def persons(firm: Firm, *logins: str) -> Iterable[str]:
    return (
        firm.value("superuser", "select person from gatehouse.person where login = %s", n) for n in logins
    )


def test_both_doors_tell_the_same_of_an_order(firm: Firm) -> None:
    deal = traded(firm)
    maria, robert = persons(firm, MARIA, ROBERT)
    found = of(firm, MARIA, deal.order(0))
    assert (found.status, found.filled, found.average_price) == ("FILLED", Decimal(10), Decimal("100.6"))
    assert [step.by for step in found.decisions] == [maria, robert]
    assert found.capacity is not None
    assert found.custodian is not None
    assert [one for one in exported(firm, maria) if one.order == found.order] == [found]
    assert of(firm, ROBERT, deal.order(0)) == found


def test_another_advisor_finds_no_ticket_and_operations_do(firm: Firm) -> None:
    deal = traded(firm)
    with pytest.raises(NotFound):
        of(firm, DAVID, deal.order(0))
    with pytest.raises(NotFound):
        of(firm, MARIA, "gh-nowhere")
    assert of(firm, ELENA, deal.order(0)).order == deal.order(0)


def test_every_entry_that_a_ticket_names_is_in_the_record_and_of_that_order(firm: Firm) -> None:
    deal = traded(firm)
    found = of(firm, MARIA, deal.order(0))
    rows = firm.ask(
        "superuser", "select seq, stream from gatehouse.journal where seq = any(%s)", [*found.seqs]
    )
    assert {row["seq"] for row in rows} == set(found.seqs)
    assert {row["stream"] for row in rows} == {deal.stream, f"order/{deal.order(0)}"}
    assert len(found.seqs) == 10


def test_an_advisors_orders_of_a_time_are_all_there_executed_or_not(firm: Firm) -> None:
    before = datetime.now(UTC)
    done, declined = traded(firm), Deal(firm, household="hh-103")
    declined.own("50", "KO")
    declined.submitted(leg(declined.account, "sell", "KO", "5"))
    assert declined.turn_down().ok
    maria, david = persons(firm, MARIA, DAVID)
    found = {one.order: one for one in exported(firm, maria, since=before)}
    assert set(found) == {done.order(0), declined.order(0)}
    assert found[declined.order(0)].status == "DECLINED"  # type: ignore[index]
    assert exported(firm, maria, before=before) == ()
    assert exported(firm, maria, since=before + timedelta(days=1)) == ()
    assert exported(firm, david) == ()


def test_the_files_hold_the_tickets_twice_the_same_and_nothing_is_written_over(
    firm: Firm, tmp_path: Path
) -> None:
    traded(firm)
    (maria,) = persons(firm, MARIA)
    tickets = exported(firm, maria)
    kept = write(tmp_path / "a", tickets, asked={"advisor": maria})
    told = [json.loads(line) for line in (tmp_path / "a" / LINES).read_text().splitlines()]
    assert [Ticket.model_validate(one) for one in told] == list(tickets)
    rows = pq.read_table(tmp_path / "a" / TABLE).to_pylist()
    assert [row["order"] for row in rows] == [one.order for one in tickets]
    assert rows[0]["seqs"] == list(tickets[0].seqs)
    assert json.loads(rows[0]["executions"])[0]["price"] == "100"
    assert json.loads((tmp_path / "a" / SAYS).read_text())["files"][LINES] == kept.lines_digest
    write(tmp_path / "b", tickets, asked={"advisor": maria})
    for name in (LINES, TABLE, SAYS):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with pytest.raises(BadInput):
        write(tmp_path / "a", tickets, asked={})
