"""Known at one moment, true at another: against the prefix of the journal and the live projections."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import BadInput, NotFound
from core.firm.events import AccountOpened
from core.orders.events import OrderFilled
from core.projections.history import When
from tests.core.book.test_follower_db import let_out, traded
from tests.core.gate.deal import DAVID, ELENA, GATE, MARIA, ROBERT, Deal, close_day, open_day
from tests.core.projections.past import (
    account_at,
    head,
    index,
    journal,
    order_at,
    prefix,
    proposal_at,
    recorded,
)
from tests.fixtures.firm import Firm

MORNING: Final = datetime(2022, 12, 29, 15, tzinfo=UTC)
CLOSE: Final = datetime(2022, 12, 29, 21, tzinfo=UTC)
OF_EVERYBODY: Final = {
    "FirmFounded",
    "ModelPublished",
    "RestrictionPlaced",
    "BusinessDayOpened",
    "BusinessDayClosed",
}


@pytest.fixture(scope="module")
def past(shared_firm: Firm) -> Firm:
    """A firm with a traded life behind it, folded and indexed."""
    deal = traded(shared_firm)
    waiting = Deal(shared_firm, household=deal.household)
    assert waiting.draft().ok
    asyncio.run(shared_firm.fold())
    asyncio.run(index(shared_firm))
    return shared_firm


@pytest.mark.anyio
async def test_now_is_what_the_live_projections_hold_for_every_account(past: Firm) -> None:
    accounts = past.ask("superuser", "select account, advisor from gatehouse.account order by account")
    for row in accounts:
        seen, moment = await account_at(past, row["account"], login=ELENA)
        assert moment.as_of_seq == head(past)
        assert live(past, row["account"]) == {
            "positions": dict(seen.positions),
            "lots": sorted((lot.id, lot.symbol, lot.quantity, lot.cost_per_share) for lot in seen.lots),
            "cash": [(seen.cash.settled, seen.cash.unsettled, seen.cash.held)],
            "open": sorted((order.id, order.status.value) for order in seen.orders),
            "proposals": sorted((one.proposal.id, one.proposal.status.value) for one in seen.proposals),
        }
    assert len(accounts) == 140


def live(firm: Firm, account: str) -> dict[str, Any]:
    def rows(statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in firm.ask("superuser", statement, account)]

    return {
        "positions": dict(rows("select symbol, quantity from gatehouse.position where account = %s")),
        "lots": sorted(
            rows("select lot, symbol, quantity, cost_per_share from gatehouse.lot where account = %s")
        ),
        "cash": rows("select settled, unsettled, held from gatehouse.cash where account = %s"),
        "open": sorted(
            rows(
                "select order_id, status from gatehouse.order_state where account = %s and status not in"
                " ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'DENIED')"
            )
        ),
        "proposals": sorted(
            rows(
                "select p.proposal, p.status from gatehouse.proposal p join gatehouse.account a"
                " on a.household = p.household where a.account = %s and p.status = 'DRAFTED'"
            )
        ),
    }


@pytest.mark.anyio
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(back=st.integers(0, 40), pick=st.integers(0, 139))
async def test_known_at_any_moment_is_the_fold_of_that_prefix(past: Firm, back: int, pick: int) -> None:
    entries = journal(past)
    at = recorded(past, entries[-1 - back].seq)
    seq = max(entry.seq for entry in entries if entry.recorded_at <= at)  # one append has one time
    traded_in = next(entry.fact.account for entry in entries if isinstance(entry.fact, OrderFilled))
    opened = [entry.fact.account for entry in entries if isinstance(entry.fact, AccountOpened)]
    account = opened[pick] if pick % 2 else traded_in
    seen, moment = await account_at(past, account, When(known_at=at), login=ELENA)
    assert moment.as_of_seq == seq
    assert seen == prefix(entries, seq).account(account)


@pytest.mark.anyio
async def test_a_moment_between_two_entries_is_the_earlier_one(past: Firm) -> None:
    last = head(past)
    between = recorded(past, last) - timedelta(microseconds=1)
    account = past.value("superuser", "select account from gatehouse.account order by account limit 1")
    _, moment = await account_at(past, account, When(known_at=between), login=ELENA)
    assert (moment.as_of_seq, moment.known_at) == (last - 1, between)


@pytest.mark.anyio
async def test_a_fill_that_was_recorded_after_the_close_is_true_before_it(firm: Firm) -> None:
    deal = let_out(firm)
    assert deal.of_order("OrderRouted", 0, scores=[]).ok
    assert deal.of_order("OrderSent", 0, body_digest="0" * 64).ok
    assert deal.fill(0, "4", "101", executed_at="2022-12-29T15:30:00Z").ok
    close_day(firm)
    expired = {"order": deal.order(0), "session": "2022-12-29"}
    assert firm.append(GATE, firm.item("OrderExpired", f"order/{deal.order(0)}", expired))[0].ok
    known = head(firm)
    assert deal.fill(0, "6", "101", executed_at="2022-12-29T20:59:00Z").ok
    await index(firm)
    account, symbol = deal.account, deal.legs[0]["symbol"]

    then, _ = await account_at(firm, account, When(known_at=recorded(firm, known)))
    before, _ = await account_at(firm, account, When(true_at=CLOSE - timedelta(minutes=2)))
    after, moment = await account_at(firm, account, When(true_at=CLOSE - timedelta(minutes=1)))

    assert moment.as_of_seq == head(firm)
    assert then.positions == before.positions
    assert differing(then.positions, after.positions) == {symbol: Decimal(-6)}
    assert after.cash.unsettled - then.cash.unsettled == Decimal(6) * 101
    assert (after.cash.settled, after.cash.held) == (then.cash.settled, then.cash.held)
    order, _ = await order_at(firm, deal.order(0), When(true_at=CLOSE - timedelta(minutes=1)))
    assert (order.order.filled, order.order.status.value) == (Decimal(10), "FILLED")
    order, _ = await order_at(firm, deal.order(0), When())
    assert (order.order.filled, order.order.status.value) == (Decimal(10), "EXPIRED")


def differing(one: dict[str, Decimal], other: dict[str, Decimal]) -> dict[str, Decimal]:
    """What the second holds more of, by symbol."""
    moved = {s: other.get(s, Decimal(0)) - one.get(s, Decimal(0)) for s in {*one, *other}}
    return {symbol: shares for symbol, shares in moved.items() if shares}


@pytest.mark.anyio
async def test_both_clocks_together_leave_out_what_was_not_known_then(firm: Firm) -> None:
    deal = let_out(firm)
    assert deal.of_order("OrderRouted", 0, scores=[]).ok
    assert deal.of_order("OrderSent", 0, body_digest="0" * 64).ok
    close_day(firm)
    known = recorded(firm, head(firm))
    assert deal.fill(0, "6", "101", executed_at="2022-12-29T15:30:00Z").ok
    await index(firm)
    now, _ = await account_at(firm, deal.account, When(true_at=CLOSE))
    then, _ = await account_at(firm, deal.account, When(known_at=known, true_at=CLOSE))
    assert differing(then.positions, now.positions) == {deal.legs[0]["symbol"]: Decimal(-6)}


@pytest.mark.anyio
async def test_a_trade_is_unsettled_from_its_execution_on(past: Firm) -> None:
    account = next(entry.fact.account for entry in journal(past) if isinstance(entry.fact, OrderFilled))
    early, _ = await account_at(past, account, When(true_at=MORNING - timedelta(hours=1)))
    late, _ = await account_at(past, account, When(true_at=CLOSE))
    assert early.cash.unsettled == 0
    assert late.cash.unsettled != 0


@pytest.mark.anyio
async def test_a_held_deposit_is_good_from_its_date(firm: Firm) -> None:
    row = firm.ask("superuser", "select account, held from gatehouse.cash where held > 0 order by 1 limit 1")[
        0
    ]
    await index(firm)
    before = recorded(firm, head(firm))
    for session in ("2022-12-30", "2023-01-03", "2023-01-04"):
        close_day(firm)
        open_day(firm, session)
    await index(firm)
    held, _ = await account_at(firm, row["account"], When(true_at=MORNING), login=ELENA)
    good, _ = await account_at(
        firm, row["account"], When(true_at=datetime(2023, 1, 4, 15, tzinfo=UTC)), login=ELENA
    )
    known, _ = await account_at(firm, row["account"], When(known_at=before), login=ELENA)
    assert held.cash.held == known.cash.held == row["held"]
    assert (good.cash.held, good.cash.settled) == (0, held.cash.settled + row["held"])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("end", "ended"), [("decline", "DECLINED"), ("return", "RETURNED"), ("withdraw", "WITHDRAWN")]
)
async def test_a_proposal_is_seen_at_each_moment_of_its_life(firm: Firm, end: str, ended: str) -> None:
    deal = Deal(firm)
    firm_before = head(firm)
    moments = {}
    assert deal.draft().ok
    moments["DRAFTED"] = head(firm)
    assert deal.assess(*deal.plain()).ok
    moments["ASSESSED"] = head(firm)
    assert deal.submit().ok
    moments["SUBMITTED"] = head(firm)
    close = {
        "decline": deal.turn_down,
        "return": lambda: deal.turn_down("ProposalReturned"),
        "withdraw": deal.withdraw,
    }
    assert close[end]().ok
    moments[ended] = head(firm)
    await index(firm)
    for status, seq in moments.items():
        seen, moment = await proposal_at(firm, deal.proposal, When(known_at=recorded(firm, seq)))
        assert (seen.proposal.status.value, moment.as_of_seq) == (status, seq)
    seen, _ = await proposal_at(firm, deal.proposal, When())
    assert {order.status.value for order in seen.orders} == {"CANCELLED"}
    with pytest.raises(NotFound):
        await proposal_at(firm, deal.proposal, When(known_at=recorded(firm, firm_before)))


@pytest.mark.anyio
async def test_a_draft_that_names_a_released_proposal_does_not_hide_the_past(firm: Firm) -> None:
    deal = traded(firm)
    heir = Deal(firm)
    assert heir.draft(supersedes=deal.proposal).ok
    await index(firm)
    seen, _ = await proposal_at(firm, deal.proposal, When())
    assert seen.proposal.status.value == "RELEASED"
    next_day = CLOSE + timedelta(hours=18)
    account, _ = await account_at(firm, deal.account, When(true_at=next_day))
    assert heir.proposal in {one.proposal.id for one in account.proposals}


@pytest.mark.anyio
async def test_what_is_not_in_her_book_does_not_exist(past: Firm) -> None:
    others = past.ask(
        "superuser",
        "select a.account from gatehouse.account a join gatehouse.person p on p.person = a.advisor"
        " where p.login = %s limit 1",
        DAVID,
    )[0]["account"]
    with pytest.raises(NotFound):
        await account_at(past, others, login=MARIA)
    deals = past.ask("superuser", "select proposal from gatehouse.proposal limit 1")[0]["proposal"]
    order = past.ask("superuser", "select order_id from gatehouse.leg limit 1")[0]["order_id"]
    with pytest.raises(NotFound):
        await proposal_at(past, deals, When(), login=DAVID)
    with pytest.raises(NotFound):
        await order_at(past, order, When(), login=DAVID)
    assert await account_at(past, others, login=ROBERT)


@pytest.mark.anyio
async def test_the_index_shows_each_asker_her_book_and_an_agent_nothing(past: Firm) -> None:
    indexed = "select about, seq from gatehouse.account_index"
    texts = (
        "select count(*) as n from (select array_agg(about) as abouts, array_agg(seq) as seqs"
        " from gatehouse.account_index where about = any(%s)) a, gatehouse.account_lines(a.abouts, a.seqs)"
    )
    for statement in (indexed, "select * from gatehouse.account_lines('{market}', '{1}')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            past.ask("gh_agent", statement)
    everything = past.ask("superuser", indexed)
    with past.connection("gh_intake").transaction():
        past.ask("gh_intake", "select gatehouse.present(%s)", past.ticket(MARIA))
        mine = {f"account/{row['account']}" for row in past.ask("gh_intake", "select account from account")}
        seen = {row["about"] for row in past.ask("gh_intake", indexed)}
        abouts, seqs = ([row[name] for row in everything] for name in ("about", "seq"))
        told = past.ask("gh_intake", "select * from gatehouse.account_lines(%s, %s)", abouts, seqs)
        assert {about for about in seen if about.startswith("account/")} == mine
        assert len(told) == len(past.ask("gh_intake", indexed)) < len(everything)
        assert past.value("gh_intake", texts, sorted(mine)) > 0
    nobody = "select * from gatehouse.account_lines(%s, %s)"
    assert {row["event_type"] for row in past.ask("gh_intake", nobody, abouts, seqs)} <= OF_EVERYBODY


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("when", "field"),
    [
        (When(known_at=datetime(2001, 1, 1, tzinfo=UTC)), "known_at"),
        (When(true_at=datetime(2001, 1, 1, tzinfo=UTC)), "true_at"),
    ],
)
async def test_a_moment_before_the_record_is_refused_by_name(past: Firm, when: When, field: str) -> None:
    account = past.value("superuser", "select account from gatehouse.account order by account limit 1")
    with pytest.raises(BadInput) as no:
        await account_at(past, account, when, login=ELENA)
    assert no.value.field == field


@pytest.mark.anyio
async def test_a_moment_that_has_not_come_is_the_newest_and_says_so(past: Firm) -> None:
    account = past.value("superuser", "select account from gatehouse.account order by account limit 1")
    later = datetime(2999, 1, 1, tzinfo=UTC)
    now, _ = await account_at(past, account, login=ELENA)
    seen, moment = await account_at(past, account, When(known_at=later, true_at=later), login=ELENA)
    assert seen == now
    assert moment.as_of_seq == head(past)
    assert max(moment.known_at, moment.true_at or later) < later
    assert [word.split()[0] for word in moment.says] == ["2999-01-01T00:00:00Z", "the"]


@pytest.mark.anyio
async def test_rebuilt_from_nothing_the_index_is_the_same(firm: Firm) -> None:
    traded(firm)
    await index(firm)
    whole = "select string_agg(i::text, chr(10) order by about, seq) from gatehouse.account_index i"
    before = firm.value("superuser", whole)
    firm.ask("gh_gate", "delete from gatehouse.account_index")
    firm.ask("gh_gate", "delete from gatehouse.follower where name = 'account_index'")
    await index(firm)
    assert firm.value("superuser", whole) == before
