"""What whoever submits says of it: whose idea it was, why it is done, and what may then be done with it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.core.gate.deal import AGENT, GATE, INTAKE, MARIA, NGOZI, ROBERT, WORDS, Deal, leg
from tests.fixtures.firm import Firm

RESTRICTED: Final = "BBY"
OTHERS: Final = {**WORDS, "subject": "hh-102"}
KEPT: Final = "select solicited, rationale from gatehouse.proposal where proposal = %s"


def order_of(firm: Firm, side: str, symbol: str, *, tier: int = 2) -> Deal:
    """A person's own order, assessed."""
    deal = Deal(firm).own("100", symbol).own("50000", "cash")
    asked = {"kind": "order", "household": deal.household, "accounts": [deal.account], "symbol": symbol}
    assert deal.draft(request={**asked, "side": side, "quantity": "10", "order_type": "market"}).ok
    assert deal.assess(leg(deal.account, side, symbol, "10"), tier=tier).ok
    return deal


@pytest.mark.parametrize("said", ["solicited", "unsolicited", None])
def test_whose_idea_it_was_and_why_is_kept_as_she_said_it(firm: Firm, said: str | None) -> None:
    deal = order_of(firm, "sell", "AAPL")
    why = {"text": WORDS, "drafted_in": None}
    assert deal.submit(solicited=said, rationale=why).ok
    assert firm.ask("superuser", KEPT, deal.proposal) == [{"solicited": said, "rationale": why}]


def test_a_rationale_is_the_households_own_words_and_a_solicitation_one_of_two(firm: Firm) -> None:
    deal = order_of(firm, "sell", "AAPL")
    assert deal.submit(rationale={"text": OTHERS, "drafted_in": None}).code == "malformed_payload"
    assert deal.submit(solicited="perhaps").code == "malformed_payload"
    assert deal.status == "ASSESSED"


def test_a_plan_of_the_firms_is_nobody_elses_idea(firm: Firm) -> None:
    deal = Deal(firm).own("100", "AAPL")
    assert deal.draft().ok
    assert deal.assess(leg(deal.account, "sell", "AAPL", "10")).ok
    assert deal.submit(solicited="unsolicited").code == "not_unsolicited"
    assert deal.submit(solicited="solicited").ok


def test_a_restricted_name_is_not_bought_and_not_sold_on_the_firms_idea(firm: Firm) -> None:
    bought = order_of(firm, "buy", RESTRICTED, tier=3)
    sold = order_of(firm, "sell", RESTRICTED, tier=3)
    for said in ("solicited", "unsolicited", None):
        assert bought.submit(solicited=said).code == "not_recommended_now"
        if said != "unsolicited":
            assert sold.submit(solicited=said).code == "not_recommended_now"
    assert sold.submit(solicited="unsolicited").ok


def test_its_unsolicited_sale_waits_for_compliance_whatever_the_figures_say(firm: Firm) -> None:
    deal = Deal(firm).own("100", RESTRICTED)
    asked = {"kind": "order", "household": deal.household, "accounts": [deal.account], "symbol": RESTRICTED}
    assert deal.draft(request={**asked, "side": "sell", "quantity": "10", "order_type": "market"}).ok
    assert deal.assess(leg(deal.account, "sell", RESTRICTED, "10"), tier=2).code == "tier_too_low"
    assert deal.assess(leg(deal.account, "sell", RESTRICTED, "10"), tier=3).ok
    assert deal.submit(solicited="unsolicited").ok
    assert deal.approve_proven(ROBERT).ok
    assert deal.release().code == "not_approved"
    assert deal.approve_proven(NGOZI).ok
    assert deal.release().ok


def test_what_is_restricted_after_the_approval_waits_for_compliance_too(firm: Firm) -> None:
    deal = order_of(firm, "sell", "AAPL")
    assert deal.submit().ok
    assert deal.approve(ROBERT).ok
    placed = {"symbol": "AAPL", "placed_on": "2022-12-29"}
    assert firm.append("gh_owner", firm.item("RestrictionPlaced", "restricted/AAPL", placed))[0].ok
    assert deal.release().code == "compliance_missing"


def answered(firm: Firm, thread: str, message: str, **changed: Any) -> None:
    said: dict[str, Any] = {"thread": thread, "message": message, "text": WORDS, "cited": [], "model": "m"}
    item = firm.item("AnswerGiven", f"thread/{thread}", said, login=MARIA, **changed)
    assert firm.append(INTAKE, item)[0].ok


def test_a_models_draft_is_adopted_only_where_the_copilot_gave_one_for_it(firm: Firm) -> None:
    deal = Deal(firm).own("100", "AAPL")
    thread = firm.thread(MARIA)
    span = {"field": "symbol", "message": "msg-1", "start": 0, "end": 4}
    asked = {"kind": "order", "household": deal.household, "accounts": [deal.account], "symbol": "AAPL"}
    payload = {
        "proposal": deal.proposal,
        "request": {**asked, "side": "sell", "quantity": "10", "order_type": "market"},
        "provenance": [span],
        "thread": thread,
        "agent": "proposal",
    }
    drafted = firm.item("ProposalDrafted", deal.stream, payload, ticket=firm.thread_ticket(MARIA, thread))
    assert firm.append(AGENT, drafted)[0].ok
    assert deal.assess(leg(deal.account, "sell", "AAPL", "10")).ok
    answered(firm, thread, "msg-2", trace_id="f" * 32)
    for named in ("msg-1", "msg-2", "msg-3"):
        said = deal.submit(rationale={"text": WORDS, "drafted_in": named})
        assert said.code == "rationale_not_drafted"
    answered(firm, thread, "msg-1")
    assert deal.submit(rationale={"text": WORDS, "drafted_in": "msg-1"}).ok


def test_nobody_says_it_but_whoever_may_submit(firm: Firm) -> None:
    deal = order_of(firm, "sell", "AAPL")
    payload = {"proposal": deal.proposal, "digest": deal.digest, "reasons": [], "solicited": "unsolicited"}
    for role, login in ((INTAKE, MARIA), (AGENT, MARIA), (GATE, None)):
        said = firm.append(role, firm.item("ProposalSubmitted", deal.stream, payload, login=login))[0]
        assert said.code in ("no_right", "wrong_ticket")
    assert firm.ask("superuser", KEPT, deal.proposal) == [{"solicited": None, "rationale": None}]
