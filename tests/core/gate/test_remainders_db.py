"""The rest of a plan whose sales brought too little: who may draft it, of what, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.database.pools import async_pool
from core.gate.deciding import Deciding
from core.ids import AccountId, ProposalId, TraceId
from core.orders.events import Request
from core.orders.remainders import remainder
from tests.core.gate.deal import APPROVER, GATE, INTAKE, MARIA, Deal, leg
from tests.fixtures.firm import TRACE, Answer, Firm, FirmTemplate


@pytest.fixture(scope="module")
def firm(firm_template: FirmTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    with firm_template.cloned(tmp_path_factory.mktemp("firm") / "keys") as one:
        yield one


def basket(firm: Firm) -> Deal:
    """A sale of 10 that funds a buy of 9, released and half executed; the sale's other half was cancelled."""
    deal = Deal(firm)
    deal.own("100", "AAPL")
    deal.own("0", "cash")
    sell = leg(deal.account, "sell", "AAPL", "10")
    buy = leg(deal.account, "buy", "KO", "9", funded_by=[0], less=True)
    deal.approved(sell, buy)
    assert deal.release(0).ok
    assert deal.fill(0, "5", "100").ok
    assert deal.of_order("OrderCancelled", 0, reason="end").ok
    return deal


def short(firm: Firm) -> Deal:
    """The buy went out for the four that are funded, and is done."""
    deal = basket(firm)
    assert deal.release(1, quantity="4").ok
    assert deal.fill(1, "4", "100").ok
    return deal


def draft_of(deal: Deal, **changed: Any) -> dict[str, Any]:
    drafted = "select request, agent, thread from gatehouse.proposal where proposal = %s"
    row = deal.firm.ask("superuser", drafted, deal.proposal)[0]
    entry = remainder(
        ProposalId(deal.proposal),
        AccountId(deal.account),
        Request.model_validate(row["request"]),
        agent=row["agent"],
        thread=row["thread"],
        trace=TraceId(TRACE),
    )
    payload = entry.fact.model_dump(mode="json")
    asked = {**payload["request"], **changed.pop("request", {})}
    return {**payload, **changed, "request": asked}


def left(deal: Deal, *, role: str = GATE, login: str | None = None, **changed: Any) -> Answer:
    payload = draft_of(deal, **changed)
    stream = f"proposal/{payload['proposal']}"
    return deal.firm.append(role, deal.firm.item("RemainderDrafted", stream, payload, login=login))[0]


def test_what_was_not_funded_comes_back_once_as_a_draft_that_keeps_nothing(firm: Firm) -> None:
    deal = short(firm)
    assert firm.value(GATE, "select gatehouse.has_remainder(%s, %s)", deal.proposal, deal.account) is True
    before = deal.held("cash"), deal.held("KO"), deal.held("AAPL")
    assert left(deal).ok
    drafted = draft_of(deal)["proposal"]
    row = firm.ask("superuser", "select * from gatehouse.proposal where proposal = %s", drafted)[0]
    assert (row["status"], row["advisor"], row["drafted_by"]) == ("DRAFTED", "adv-1", "adv-1")
    assert row["request"]["accounts"] == [deal.account]
    assert (deal.held("cash"), deal.held("KO"), deal.held("AAPL")) == before
    assert deal.status == "RELEASED"
    assert left(deal, proposal="prp-" + "1" * 32).code == "nothing_left"
    ended = firm.item("ProposalWithdrawn", f"proposal/{drafted}", {"proposal": drafted}, login=MARIA)
    assert firm.append(APPROVER, ended)[0].ok
    assert left(deal, proposal="prp-" + "2" * 32).code == "nothing_left"


def test_a_buy_that_nothing_funded_comes_back_too(firm: Firm) -> None:
    deal = basket(firm)
    said = {"proposal": deal.proposal, "leg": 1, "findings": [], "differences": ["not funded"]}
    assert deal.of_order("OrderDenied", 1, **said).ok
    assert left(deal).ok


def test_nothing_comes_back_while_something_is_open_or_when_all_was_funded(firm: Firm) -> None:
    waits = basket(firm)
    assert left(waits).code == "nothing_left"  # the buy is not out yet
    assert waits.release(1, quantity="4").ok
    assert left(waits).code == "nothing_left"  # and now it is open
    whole = Deal(firm)
    whole.own("100", "AAPL")
    whole.own("0", "cash")
    sell = leg(whole.account, "sell", "AAPL", "10")
    whole.approved(sell, leg(whole.account, "buy", "KO", "9", funded_by=[0], less=True))
    assert whole.release(0).ok
    assert whole.fill(0, "10", "100").ok
    assert whole.release(1).ok
    assert whole.fill(1, "9", "100").ok
    assert left(whole).code == "nothing_left"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"request": {"kind": "invest_cash"}}, "content_mismatch"),
        ({"request": {"household": "hh-103"}}, "content_mismatch"),
        ({"request": {"symbol": "KO"}}, "content_mismatch"),
        ({"request": {"accounts": []}}, "malformed_payload"),
        ({"request": {"accounts": ["acc-nobody"]}}, "nothing_left"),
        ({"agent": "proposal"}, "content_mismatch"),
        ({"supersedes": None}, "nothing_left"),
        ({"supersedes": "prp-" + "0" * 32}, "nothing_left"),
        ({"provenance": [{"field": "household", "message": "m", "start": 0, "end": 1}]}, "malformed_payload"),
        ({"proposal": "prp-short"}, "malformed_payload"),
    ],
)
def test_the_worker_asks_exactly_what_was_asked(firm: Firm, changed: dict[str, Any], code: str) -> None:
    assert left(short(firm), **changed).code == code


def test_nobody_but_the_worker_drafts_a_remainder(firm: Firm) -> None:
    deal = short(firm)
    for role in (INTAKE, APPROVER):
        assert left(deal, role=role, login=MARIA).code == "no_right"
    ticket = firm.thread_ticket(MARIA, firm.thread(MARIA))
    payload = draft_of(deal)
    item = firm.item("RemainderDrafted", f"proposal/{payload['proposal']}", payload, ticket=ticket)
    assert firm.append("gh_agent", item)[0].code == "no_right"
    plain = firm.item("ProposalDrafted", f"proposal/{payload['proposal']}", payload)
    assert firm.append(GATE, plain)[0].code == "no_right"  # and it drafts nothing else


def test_what_the_close_came_before_is_drafted_on_the_next_business_day_and_no_later(firm: Firm) -> None:
    on_the_next, too_late = short(firm), short(firm)
    day = "update gatehouse.market_day set session = session + %s returning 1"
    firm.ask("superuser", day, 1)
    try:
        assert left(on_the_next).ok
        firm.ask("superuser", day, 1)
        assert left(too_late).code == "day_closed"
    finally:
        firm.ask("superuser", "update gatehouse.market_day set session = '2022-12-29' returning 1")


async def no_quotes_needed() -> None:
    """Drafts are assessed on the book's own prices."""


@pytest.mark.anyio
async def test_the_worker_drafts_it_once_and_checks_it_like_any_other(firm: Firm) -> None:
    deal = short(firm)
    of_it = "select q.* from gatehouse.remainder r join gatehouse.proposal q on q.proposal = r.draft"
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        deciding = Deciding(pool, journal, firm.keys, no_quotes_needed)
        assert await deciding.give_back()
        assert not await deciding.give_back()
        while await deciding.assess():
            pass
    (row,) = firm.ask(GATE, f"{of_it} where r.proposal = %s", deal.proposal)
    assert row["request"]["accounts"] == [deal.account]
    assert row["status"] in ("ASSESSED", "DENIED")  # or nothing is left to do: then it says so
