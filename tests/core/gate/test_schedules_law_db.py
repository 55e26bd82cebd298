"""An order over time: which part may leave when, no more of them than people decided on, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from core.ids import AccountId, ProposalId, TraceId
from core.orders.events import Request
from core.orders.remainders import remainder
from core.orders.schedule import Schedule
from tests.core.gate.deal import APPROVER, GATE, INTAKE, MARIA, Deal, leg
from tests.fixtures.firm import TRACE, Answer, Firm, FirmTemplate

PARTS, MINUTES = 4, 60
WHOLE = Schedule(quantity=Decimal(42), minutes=MINUTES, parts=PARTS, lot=Decimal(1), catch_up=2)


@pytest.fixture(scope="module")
def firm(firm_template: FirmTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    with firm_template.cloned(tmp_path_factory.mktemp("firm") / "keys") as one:
        yield one


def request_of(deal: Deal, **changed: Any) -> dict[str, Any]:
    asked = {
        "kind": "order",
        "household": deal.household,
        "accounts": [deal.account],
        "symbol": "AAPL",
        "side": "sell",
        "quantity": "42",
        "order_type": "limit",
        "limit_price": "100",
        "planning": {"minutes": MINUTES, "parts": PARTS},
        **changed,
    }
    return Request.model_validate(asked).model_dump(mode="json")


def parts_of(deal: Deal) -> list[dict[str, Any]]:
    """Ten, eleven, ten and eleven shares of the one lot."""
    shares = [f"{WHOLE.of_part(part):f}" for part in range(1, PARTS + 1)]
    return [leg(deal.account, "sell", "AAPL", quantity) for quantity in shares]


def assessed(
    firm: Firm,
    *,
    schedule: dict[str, Any] | None = None,
    legs: list[dict[str, Any]] | None = None,
    asked: dict[str, Any] | None = None,
) -> tuple[Deal, Answer]:
    deal = Deal(firm)
    deal.own("100", "AAPL")
    assert deal.draft(request=asked or request_of(deal)).ok
    said = WHOLE.model_dump(mode="json") if schedule is None else schedule
    return deal, deal.assess(*(legs or parts_of(deal)), kind="order", schedule=said)


def decided(firm: Firm) -> Deal:
    deal, said = assessed(firm)
    assert said.ok, said
    assert deal.submit().ok
    assert deal.approve().ok
    return deal


def pass_by(deal: Deal, minutes: int) -> None:
    """The journal's clock goes on: the same as that it began so much earlier."""
    deal.firm.ask(
        "superuser",
        "update gatehouse.schedule set began_at = began_at - make_interval(mins => %s) where proposal = %s",
        minutes,
        deal.proposal,
    )


def over(deal: Deal) -> bool:
    return bool(deal.firm.value(GATE, "select gatehouse.schedule_over(%s)", deal.proposal))


def left(deal: Deal, shares: str, *, role: str = GATE, login: str | None = None) -> Answer:
    row = deal.firm.ask(
        "superuser",
        "select request, agent, thread from gatehouse.proposal where proposal = %s",
        deal.proposal,
    )[0]
    entry = remainder(
        ProposalId(deal.proposal),
        AccountId(deal.account),
        Request.model_validate(row["request"]),
        agent=row["agent"],
        thread=row["thread"],
        trace=TraceId(TRACE),
        shares=Decimal(shares),
    )
    payload = entry.fact.model_dump(mode="json")
    return deal.firm.append(role, deal.firm.item("RemainderDrafted", entry.stream, payload, login=login))[0]


def deny(deal: Deal, number: int) -> Answer:
    said = {"proposal": deal.proposal, "leg": number, "findings": [], "differences": ["its time was over"]}
    return deal.of_order("OrderDenied", number, **said)


def test_each_part_leaves_at_its_time_and_no_sooner(firm: Firm) -> None:
    deal = decided(firm)
    assert deal.release(1).code == "part_not_due"  # the first begins the time
    assert deal.release(0).ok
    assert deal.release(0).code == "already_released"
    assert deal.release(1).code == "part_not_due"
    pass_by(deal, 15)
    assert deal.release(2).code == "part_not_due"
    assert deal.release(1).ok
    pass_by(deal, 30)
    assert deal.release(2).ok
    assert deal.release(3).ok
    assert [one["released_quantity"] for one in rows(deal)] == [10, 11, 10, 11]


def rows(deal: Deal) -> list[dict[str, Any]]:
    return deal.firm.ask(
        "superuser", "select * from gatehouse.leg where proposal = %s order by leg", deal.proposal
    )


def test_no_more_parts_leave_in_the_time_of_one_than_people_decided_on(firm: Firm) -> None:
    deal = decided(firm)
    assert deal.release(0).ok
    pass_by(deal, 50)  # a worker that was away: three parts are due
    assert deal.release(1).ok
    assert deal.release(2).ok
    assert deal.release(3).code == "part_not_due"
    pass_by(deal, -30)  # a clock set back opens nothing again
    assert deal.release(3).code == "part_not_due"


def test_nothing_leaves_after_the_last_minute_and_what_is_left_comes_back_once(firm: Firm) -> None:
    deal = decided(firm)
    assert deal.release(0).ok
    assert deal.fill(0, "10", "100").ok
    assert not over(deal)
    pass_by(deal, MINUTES)
    assert over(deal)
    assert deal.release(1).code == "schedule_over"
    assert left(deal, "32").code == "nothing_left"  # parts of it are still open
    for number in (1, 2, 3):
        assert deny(deal, number).ok
    assert deal.held("AAPL") == (Decimal(90), Decimal(0))
    assert left(deal, "33").code == "content_mismatch"
    assert left(deal, "32", role=INTAKE, login=MARIA).code == "no_right"
    assert left(deal, "32").ok
    assert left(deal, "32").code == "wrong_stream"  # it is there


def cancel(deal: Deal, number: int, *, role: str = GATE, login: str | None = None) -> Answer:
    asked, stream = {"order": deal.order(number)}, f"order/{deal.order(number)}"
    return deal.firm.append(role, deal.firm.item("CancelRequested", stream, asked, login=login))[0]


def test_the_worker_cancels_what_is_out_of_a_time_that_is_over_and_nothing_else(firm: Firm) -> None:
    deal = decided(firm)
    assert deal.release(0).ok
    plain = Deal(firm).approved()
    assert plain.release(0).ok
    assert cancel(deal, 0).code == "not_yours_to_cancel"
    assert cancel(plain, 0).code == "not_yours_to_cancel"
    pass_by(deal, MINUTES)
    assert cancel(plain, 0).code == "not_yours_to_cancel"
    assert cancel(deal, 1).code == "not_yours_to_cancel"  # it never left
    assert cancel(deal, 0).ok
    assert cancel(deal, 0).code == "cancel_asked"


def test_whoever_cancels_a_part_stops_the_rest_and_gets_nothing_back_as_a_draft(firm: Firm) -> None:
    deal = decided(firm)
    assert deal.release(0).ok
    pass_by(deal, 20)
    assert cancel(deal, 2, role=APPROVER, login=MARIA).ok
    assert over(deal)
    assert deal.release(1).code == "schedule_over"
    for number in (1, 3):
        assert deny(deal, number).ok
    assert cancel(deal, 0).ok
    assert deal.of_order("OrderCancelled", 0, reason="asked").ok
    assert left(deal, "42").code == "nothing_left"


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": "43"},
        {"parts": 5},
        {"minutes": 61},
        {"lot": "100"},
        {"parts": 0},
        {"catch_up": 0},
        {"catch_up": None},
        {"more": 1},
        {"quantity": None},
    ],
)
def test_a_schedule_that_its_legs_are_not_the_parts_of_is_no_content(
    firm: Firm, changed: dict[str, Any]
) -> None:
    _, said = assessed(firm, schedule={**WHOLE.model_dump(mode="json"), **changed})
    assert said.code == "malformed_payload"


def test_legs_that_are_not_the_equal_parts_of_what_was_asked_for_are_no_content(firm: Firm) -> None:
    deal = Deal(firm)
    fair = parts_of(deal)
    fat = [{**one} for one in fair]
    fat[0] = leg(deal.account, "sell", "AAPL", "11")
    fat[1] = leg(deal.account, "sell", "AAPL", "10")
    assert assessed(firm, legs=fat)[1].code == "malformed_payload"
    bought = [*fair[:3], leg(deal.account, "buy", "AAPL", "11")]
    assert assessed(firm, legs=bought)[1].code == "malformed_payload"
    dearer = [*fair[:3], leg(deal.account, "sell", "AAPL", "11", limit="99")]
    assert assessed(firm, legs=dearer)[1].code == "malformed_payload"
    unasked = request_of(deal, planning=None)
    assert assessed(firm, asked=unasked)[1].code == "malformed_payload"


def test_parts_do_not_make_an_order_small_that_is_larger_than_one_may_be(firm: Firm) -> None:
    deal = decided(firm)
    larger = "update gatehouse.schedule set quantity = %s where proposal = %s"  # what the law was shown
    firm.ask("superuser", f"{larger} returning 1", 1_000_000, deal.proposal)
    assert deal.release(0).code == "order_limit_reached"
    firm.ask("superuser", f"{larger} returning 1", 42, deal.proposal)
    assert deal.release(0).ok


def test_a_halt_and_the_close_stop_the_parts_that_are_not_out(firm: Firm) -> None:
    deal = decided(firm)
    assert deal.release(0).ok
    pass_by(deal, 15)
    firm.ask("superuser", "update gatehouse.market_day set state = 'closed'")
    try:
        assert over(deal)
        assert deal.release(1).code == "lapsed"
    finally:
        firm.ask("superuser", "update gatehouse.market_day set state = 'open'")
    assert deal.release(1, quantity="12").code == "quantity_mismatch"
    assert deal.release(1, limit_price="99").code == "leg_mismatch"
    assert deal.release(1).ok
