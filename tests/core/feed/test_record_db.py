"""Reading the record page by page: exactly once, in order, within one's book, while others append."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database.pools import async_pool
from core.errors import BadInput, NotFound, SignInRequired
from core.feed import record as reading
from core.feed.chosen import Chosen
from core.feed.record import Page, Record
from core.ids import OrderId, TraceId
from tests.core.gate.deal import DAVID, MARIA, Deal
from tests.fixtures.firm import Firm

AUDITOR: Final = "william.tran"
ALL: Final = Chosen()


@asynccontextmanager
async def record_of(firm: Firm) -> AsyncIterator[Record]:
    async with async_pool(firm.database.intake, name="test", most=2) as pool:
        yield Record(pool)


def whole(firm: Firm) -> list[int]:
    return [row["seq"] for row in firm.ask("superuser", "select seq from gatehouse.journal order by seq")]


async def paged(
    record: Record, ticket: str, chosen: Chosen, sizes: Sequence[int], *, after: int = 0
) -> list[int]:
    """The sequences that one reads with these page sizes, used in turn, until one has caught up."""
    seen: list[int] = []
    for turn in range(100_000):
        page = await record.page(ticket, chosen, after=after, most=sizes[turn % len(sizes)])
        assert len(page.lines) <= sizes[turn % len(sizes)]
        assert page.after > after or page.caught_up
        seen += [line.seq for line in page.lines]
        after = page.after
        if page.caught_up:
            return seen
    raise AssertionError("it never catches up")


def sold(firm: Firm, advisor: str = MARIA, household: str = "hh-101") -> Deal:
    """An order that went from a draft to two fills."""
    deal = Deal(firm, household=household, advisor=advisor).approved()
    beside = [{"policy": "cash", "result": "pass"}]
    released = firm.item("OrderReleased", f"order/{deal.order(0)}", deal.releasing(), policy_decisions=beside)
    assert firm.append("gh_gate", released)[0].ok
    assert deal.of_order("OrderRouted", scores=[]).ok
    assert deal.of_order("OrderSent", body_digest="b" * 64).ok
    assert deal.fill(0, "4", "99.5").ok
    assert deal.fill(0, "6", "99.25", fee="0.10").ok
    return deal


def other_household(firm: Firm, login: str) -> str:
    """A discretionary household of that person's book."""
    found = firm.ask(
        "superuser",
        "select h.household from gatehouse.household h join gatehouse.person p on p.person = h.advisor"
        " where p.login = %s and not exists (select from gatehouse.account a where a.household = h.household"
        " and not a.discretionary) order by 1 limit 1",
        login,
    )
    return str(found[0]["household"])


@pytest.mark.anyio
async def test_every_page_size_reads_the_whole_record_once_and_in_order(firm: Firm) -> None:
    sold(firm)
    async with record_of(firm) as record:
        for sizes in ([1000], [7], [1, 50, 3]):
            assert await paged(record, firm.ticket(AUDITOR), ALL, sizes) == whole(firm)


@pytest.mark.anyio
async def test_a_choice_that_little_fits_is_found_through_bounded_looks(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(firm)
    monkeypatch.setattr(reading, "LOOKS", 2)
    monkeypatch.setattr(reading, "WIDEST", 40)
    async with record_of(firm) as record:
        first = await record.page(firm.ticket(AUDITOR), Chosen(types=("OrderFilled",)), after=0, most=5)
        assert (first.lines, first.caught_up) == ((), False)
        found = await paged(record, firm.ticket(AUDITOR), Chosen(types=("OrderFilled",)), [5])
    fills = firm.ask(
        "superuser", "select seq from gatehouse.journal where event_type = 'OrderFilled' order by seq"
    )
    assert found == [row["seq"] for row in fills]
    assert len(found) == 2


@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4), writers=st.integers(1, 3))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_of_any_size_read_each_entry_once_while_others_append(
    firm: Firm, sizes: list[int], writers: int
) -> None:
    begun = whole(firm)[-1]

    async def write(connection: psycopg.AsyncConnection[Any], done: asyncio.Event) -> None:
        while not done.is_set():
            await connection.execute('select * from gatehouse.append(\'[{"text": "{}"}]\'::jsonb)')

    async def run() -> list[int]:
        done, seen, after = asyncio.Event(), list[int](), begun
        connections = [
            await psycopg.AsyncConnection.connect(firm.database.gate, autocommit=True) for _ in range(writers)
        ]
        tasks = [asyncio.create_task(write(connection, done)) for connection in connections]
        async with record_of(firm) as record:
            for turn in range(25):
                page = await record.page(
                    firm.ticket(AUDITOR), ALL, after=after, most=sizes[turn % len(sizes)]
                )
                seen += [line.seq for line in page.lines]
                after = page.after
            done.set()
            await asyncio.gather(*tasks)
            seen += await paged(record, firm.ticket(AUDITOR), ALL, sizes, after=after)
        for connection in connections:
            await connection.close()
        return seen

    seen = asyncio.run(run())
    assert seen == [seq for seq in whole(firm) if seq > begun]


@pytest.mark.anyio
async def test_an_advisor_reads_no_entry_of_anothers_book_by_any_choice(firm: Firm) -> None:
    hers, his = sold(firm), sold(firm, DAVID, other_household(firm, DAVID))
    async with record_of(firm) as record:
        for login, mine, other in ((MARIA, hers, his), (DAVID, his, hers)):
            ticket = firm.ticket(login)
            page = await record.newest(ticket, ALL, most=200)
            assert any(mine.order(0) in line.stream for line in page.lines)
            texts = [str(line) for line in (await record.page(ticket, ALL, after=0, most=5000)).lines]
            assert texts
            for secret in (other.order(0), other.proposal, other.account):
                assert not any(secret in text for text in texts)
            events = await record.externals(ticket, page)
            assert {event.order_id for _, event in events} == {mine.order(0)}
            assert len(events) == 5
            with pytest.raises(NotFound) as no:
                await record.choose(ticket, account=other.account)
            assert no.value.field == "account"
            with pytest.raises(NotFound) as no:
                await record.order_events(ticket, OrderId(other.order(0)))
            assert no.value.field == "order_id"


@pytest.mark.anyio
async def test_the_copilots_ticket_opens_no_page(firm: Firm) -> None:
    ticket = firm.thread_ticket(MARIA, firm.thread(MARIA))
    async with record_of(firm) as record:
        with pytest.raises(SignInRequired):
            await record.page(ticket, ALL, after=0, most=1)
        with pytest.raises(SignInRequired):
            await record.choose(ticket)


@pytest.mark.parametrize("statement", ["select gatehouse.head_seq()", "select gatehouse.seq_before(now())"])
@pytest.mark.parametrize("role", ["gh_agent", "gh_approver", "gh_gate", "gh_witness"])
def test_what_feeds_ask_without_a_ticket_is_the_intakes_alone(firm: Firm, role: str, statement: str) -> None:
    assert firm.value("gh_intake", statement) is not None
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        firm.ask(role, statement)


@pytest.mark.anyio
async def test_an_order_is_told_in_its_external_form_with_what_was_let_out(firm: Firm) -> None:
    deal = sold(firm)
    async with record_of(firm) as record:
        events = await record.order_events(firm.ticket(MARIA), OrderId(deal.order(0)))
    assert [event.event_type for event in events] == [
        "OrderReleased",
        "OrderRouted",
        "OrderSent",
        "OrderFilled",
        "OrderFilled",
    ]
    rows = firm.ask(
        "superuser",
        "select event_id, trace_id from gatehouse.journal"
        " where stream = %s and event_type <> 'RouteRecorded' order by seq",
        f"order/{deal.order(0)}",
    )
    assert [event.event_id for event in events] == [row["event_id"] for row in rows]
    assert {str(event.quantity) for event in events} == {"10"}
    assert [d.policy for d in events[0].policy_decisions] == ["cash"]
    last = events[-1].model_dump(mode="json")
    assert {name: last["execution"][name] for name in ("quantity", "price", "fee")} == {
        "quantity": "6",
        "price": "99.25",
        "fee": "0.10",
    }
    assert last["actor"] == {"type": "process", "id": "worker"}
    assert (last["account_id"], last["side"], last["limit_price"]) == (deal.account, "sell", "100")


@pytest.mark.anyio
async def test_a_held_leg_has_no_event_yet(firm: Firm) -> None:
    deal = Deal(firm).submitted()
    async with record_of(firm) as record:
        assert await record.order_events(firm.ticket(MARIA), OrderId(deal.order(0))) == ()


@pytest.mark.anyio
async def test_an_account_brings_its_own_stream_its_orders_and_its_proposals(firm: Firm) -> None:
    household = other_household(firm, MARIA)
    deal = sold(firm, MARIA, household)
    aside = sold(firm, DAVID, other_household(firm, DAVID))
    async with record_of(firm) as record:
        ticket = firm.ticket(AUDITOR)
        chosen = await record.choose(ticket, account=deal.account)
        page = await record.page(ticket, chosen, after=0, most=5000)
    assert page.caught_up
    streams = {line.stream for line in page.lines}
    assert {f"account/{deal.account}", f"order/{deal.order(0)}", deal.stream} <= streams
    assert not any(aside.order(0) in stream or aside.proposal in stream for stream in streams)
    of_account = {
        row["seq"]
        for row in firm.ask(
            "superuser",
            "select seq from gatehouse.journal where stream = any(%s)",
            [f"account/{deal.account}", f"order/{deal.order(0)}", deal.stream],
        )
    }
    assert of_account <= {line.seq for line in page.lines}


@pytest.mark.anyio
async def test_an_actor_is_found_by_id_by_login_and_as_a_process(firm: Firm) -> None:
    sold(firm)
    async with record_of(firm) as record:
        ticket = firm.ticket(AUDITOR)
        by_login = await record.choose(ticket, actor=MARIA)
        assert by_login == await record.choose(ticket, actor=by_login.actor)
        page = await record.page(ticket, by_login, after=0, most=5000)
        assert {line.actor for line in page.lines} == {by_login.actor}
        worker = await record.choose(ticket, actor="worker")
        assert worker.actor == "gh_gate"
        with pytest.raises(NotFound) as no:
            await record.choose(ticket, actor="nobody.atall")
        assert no.value.field == "actor"
        with pytest.raises(BadInput) as bad:
            await record.choose(ticket, types=["OrderFiled"])
        assert (bad.value.field, "OrderFilled" in bad.value.fix) == ("type", True)


@pytest.mark.anyio
async def test_a_trace_is_one_stretch_whatever_lies_between(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = sold(firm)
    trace = firm.value("superuser", "select trace from gatehouse.proposal where proposal = %s", deal.proposal)
    monkeypatch.setattr(reading, "LOOKS", 1)
    async with record_of(firm) as record:
        page = await record.page(firm.ticket(MARIA), Chosen(trace=TraceId(trace)), after=0, most=200)
    assert page.caught_up
    assert {line.trace for line in page.lines} == {trace}


@pytest.mark.anyio
async def test_a_moment_is_where_the_first_entry_at_or_after_it_stands(firm: Firm) -> None:
    rows = firm.ask("superuser", "select seq, recorded_at from gatehouse.journal order by seq")
    async with record_of(firm) as record:
        for row in (rows[0], rows[len(rows) // 2], rows[-1]):
            moment: datetime = row["recorded_at"]
            expected = max((one["seq"] for one in rows if one["recorded_at"] < moment), default=0)
            assert await record.before(moment) == expected
        assert await record.before(rows[-1]["recorded_at"] + timedelta(days=1)) == rows[-1]["seq"]


@pytest.mark.anyio
async def test_the_newest_are_told_oldest_first(firm: Firm) -> None:
    sold(firm)
    async with record_of(firm) as record:
        page: Page = await record.newest(firm.ticket(AUDITOR), ALL, most=7)
        fills = await record.newest(firm.ticket(AUDITOR), Chosen(types=("OrderFilled",)), most=7)
    assert [line.seq for line in page.lines] == whole(firm)[-7:]
    assert page.caught_up
    assert [line.event_type for line in fills.lines] == ["OrderFilled"] * 2


def test_a_ticket_that_ended_opens_no_page(firm: Firm) -> None:
    ticket = firm.sign_in(MARIA)
    firm.ask("gh_intake", "select gatehouse.close_session(%s)", ticket)

    async def run() -> None:
        async with record_of(firm) as record:
            await record.page(ticket, ALL, after=0, most=1)

    with pytest.raises(SignInRequired):
        asyncio.run(run())


@pytest.mark.anyio
async def test_a_draft_concerns_the_accounts_that_it_asks_for_or_all_of_its_household(firm: Firm) -> None:
    rows = "select account from gatehouse.account where household = %s order by account"
    household = "hh-101"
    first, second = (row["account"] for row in firm.ask("superuser", rows, household)[:2])
    narrow, wide = Deal(firm, household=household), Deal(firm, household=household)
    assert narrow.draft(request={"kind": "rebalance", "household": household, "accounts": [first]}).ok
    assert wide.draft().ok
    async with record_of(firm) as record:
        found = {}
        for account in (first, second):
            chosen = await record.choose(firm.ticket(MARIA), account=account)
            page = await record.page(firm.ticket(MARIA), chosen, after=0, most=5000)
            found[account] = {line.stream for line in page.lines if line.event_type == "ProposalDrafted"}
    assert found == {first: {narrow.stream, wide.stream}, second: {wide.stream}}


def test_what_a_hostile_agent_writes_beside_an_entry_keeps_nobody_from_reading(firm: Firm) -> None:
    thread = firm.thread(MARIA)
    ticket = firm.thread_ticket(MARIA, thread)
    step = {"thread": thread, "agent": "x", "step": "plan", "model": "m"}
    odd = firm.item(
        "StepTaken", f"thread/{thread}", step, ticket=ticket, policy_decisions=[1, {"policy": None}, "x"]
    )
    assert firm.append("gh_agent", odd)[0].code == "malformed_policy_decisions"

    async def run() -> Page:
        async with record_of(firm) as record:
            return await record.newest(firm.ticket(MARIA), ALL, most=1)

    assert asyncio.run(run()).lines[0].event_type == "AttemptRefused"
