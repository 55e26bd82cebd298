"""Who may ask to cancel what, by the law in the append."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

import pytest

from core.database.pools import async_pool
from core.direct.cancels import Cancels
from core.ids import OrderId
from tests.core.gate.deal import APPROVER, ELENA, GATE, INTAKE, MARIA, ROBERT, Deal, leg
from tests.fixtures.firm import Answer, Firm


def ask(deal: Deal, login: str, number: int = 0, *, role: str = APPROVER) -> Answer:
    order = deal.order(number)
    item = deal.firm.item("CancelRequested", f"order/{order}", {"order": order}, login=login)
    return deal.firm.append(role, item)[0]


@pytest.fixture
def out(firm: Firm) -> Deal:
    deal = Deal(firm).approved()
    assert deal.release().ok
    return deal


@pytest.mark.parametrize("login", [MARIA, ROBERT, ELENA])
def test_the_advisor_a_principal_and_operations_may_ask(out: Deal, login: str) -> None:
    assert ask(out, login).ok


@pytest.mark.parametrize("login", ["david.nakamura", "ngozi.adeyemi"])
def test_nobody_else_may(out: Deal, login: str) -> None:
    assert ask(out, login).code == "not_yours_to_cancel"


def test_no_other_door_takes_it(out: Deal) -> None:
    assert ask(out, MARIA, role=INTAKE).code == "no_right"
    thread = out.firm.thread(MARIA)
    ticket = out.firm.thread_ticket(MARIA, thread)
    order = out.order(0)
    item = out.firm.item("CancelRequested", f"order/{order}", {"order": order}, ticket=ticket)
    assert out.firm.append("gh_agent", item)[0].code == "no_right"
    # the worker asks of its own, and only for an order over time whose time is over
    assert out.firm.append(GATE, {**item, "ticket": None})[0].code == "not_yours_to_cancel"


def test_it_is_asked_once_and_not_of_what_has_ended(out: Deal) -> None:
    assert ask(out, MARIA).ok
    assert ask(out, ROBERT).code == "cancel_asked"
    assert out.of_order("OrderCancelled", venue=None, reason="asked").ok
    assert ask(out, ROBERT).code == "order_ended"


def test_what_is_promised_comes_back_when_the_venue_has_said_so(out: Deal) -> None:
    held, reserved = out.held("AAPL")
    assert ask(out, MARIA).ok
    assert out.held("AAPL") == (held, reserved)
    assert reserved == 10
    assert out.of_order("OrderCancelled", venue=None, reason="asked").ok
    assert out.held("AAPL") == (held, Decimal(0))


def test_what_people_still_decide_on_is_withdrawn_instead(firm: Firm) -> None:
    deal = Deal(firm).approved()
    assert ask(deal, MARIA).code == "not_released"


@pytest.mark.anyio
async def test_a_leg_that_waits_behind_others_ends_with_the_request(firm: Firm) -> None:
    deal = Deal(firm)
    deal.own("100", "AAPL")
    account = deal.account
    deal.approved(
        leg(account, "sell", "AAPL", "10"), leg(account, "buy", "MSFT", "1", funded_by=[0], less=True)
    )
    assert deal.release(0).ok
    assert ask(deal, MARIA, 1).ok
    assert deal.of_order("OrderRouted", 0, scores=[]).ok
    assert deal.release(1).code == "not_approved"
    follower = await firm.fold()
    assert follower.folded.orders[OrderId(deal.order(1))].status == "CANCELLED"


def drafted(deal: Deal, *, login: str = MARIA, thread: str | None = None, **changed: Any) -> Answer:
    """By the copilot, in a thread of that person's."""
    thread = thread or deal.firm.thread(login)
    payload = {
        "draft": f"cnd-{secrets.token_hex(16)}",
        "order": deal.order(0),
        "thread": thread,
        "agent": "proposal",
        "asked": {"field": "kind", "message": "msg-1", "start": 0, "end": 6},
        **changed,
    }
    ticket = deal.firm.thread_ticket(login, thread)
    item = deal.firm.item("CancelDrafted", f"cancel/{payload['draft']}", payload, ticket=ticket)
    return deal.firm.append("gh_agent", item)[0]


@pytest.mark.anyio
async def test_a_drafted_request_stops_nothing_until_a_person_asks(out: Deal) -> None:
    assert drafted(out, login="david.nakamura").code == "outside_book"
    assert drafted(out, thread=out.firm.thread(MARIA, household="hh-102")).code == "outside_book"
    assert drafted(out, draft="cnd-1").code == "wrong_stream"
    assert drafted(out, asked={"field": "kind", "message": "m", "start": 0, "end": 0}).code is not None
    assert drafted(out).ok
    assert drafted(out).code == "cancel_asked"  # one is enough
    assert out.fill(0, "4", "100").ok
    async with (
        async_pool(out.firm.database.approver, name="test", most=1) as pool,
        out.firm.journal(APPROVER) as journal,
    ):
        cancels = Cancels(pool, journal)
        (told,) = await cancels.drafted(out.firm.ticket(MARIA))
        assert (told.order, told.agent) == (out.order(0), "proposal")
        assert told.filled == 4
        assert await cancels.drafted(out.firm.ticket("david.nakamura")) == ()
        await cancels.ask(out.firm.ticket(MARIA), told.order)
        assert await cancels.drafted(out.firm.ticket(MARIA)) == ()


def test_nothing_is_drafted_of_what_is_not_out_or_has_ended(firm: Firm) -> None:
    deal = Deal(firm).approved()
    assert drafted(deal).code == "not_released"
    assert deal.release().ok
    assert deal.of_order("OrderCancelled", venue=None, reason="x").ok
    assert drafted(deal).code == "order_ended"
