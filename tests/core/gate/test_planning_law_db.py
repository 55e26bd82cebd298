"""The form of a planned request is held in the database, to the last field, through the agent's own login."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.core.gate.deal import AGENT, MARIA, Deal
from tests.fixtures.firm import Answer, Firm

HOW: Final[dict[str, Any]] = {
    "weigh_tax": False,
    "gains_budget": None,
    "dollars": "50000",
    "lot_method": None,
    "lots": [],
    "replacement": None,
}
RAISE: Final[dict[str, Any]] = {"kind": "raise_cash", "accounts": ["acc-1001"], "planning": HOW}


def drafted(firm: Firm, request: dict[str, Any]) -> Answer:
    deal, thread = Deal(firm), firm.thread(MARIA)
    payload = {
        "proposal": deal.proposal,
        "request": {"household": "hh-101", **request},
        "provenance": [{"field": "kind", "message": "msg-1", "start": 0, "end": 5}],
        "thread": thread,
        "agent": "proposal",
    }
    ticket = firm.thread_ticket(MARIA, thread)
    return firm.append(AGENT, firm.item("ProposalDrafted", deal.stream, payload, ticket=ticket))[0]


@pytest.mark.parametrize("kind", ["raise_cash", "invest_cash", "harvest", "exit", "locate", "rebalance"])
def test_a_whole_request_is_taken(shared_firm: Firm, kind: str) -> None:
    assert drafted(shared_firm, {**RAISE, "kind": kind}).ok


@pytest.mark.parametrize(
    "changed",
    [
        {"planning": {**HOW, "dollars": "0"}},
        {"planning": {**HOW, "dollars": "-5"}},
        {"planning": {**HOW, "gains_budget": "-1"}},
        {"planning": {**HOW, "lot_method": "last_in"}},
        {"planning": {**HOW, "lots": ["a", None]}},
        {"planning": {**HOW, "lots": ["a"] * 101}},
        {"planning": {**HOW, "replacement": "msft; drop"}},
        {"planning": {**HOW, "venue": "ARCADIA"}},
        {"planning": []},
        {"kind": "wire_cash"},
        {"side": "sell"},
        {"quantity": "5"},
        {"limit_price": "5"},
    ],
    ids=str,
)
def test_what_is_not_of_the_form_is_refused(shared_firm: Firm, changed: dict[str, Any]) -> None:
    said = drafted(shared_firm, {**RAISE, **changed})
    assert (said.answer, said.code) == ("refused", "malformed_payload")


def test_an_account_of_another_book_is_refused_for_a_plan_too(shared_firm: Firm) -> None:
    said = drafted(shared_firm, {**RAISE, "accounts": ["acc-1060"]})
    assert (said.answer, said.code) == ("refused", "outside_book")
