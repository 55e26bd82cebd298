"""Corrections of errors and exceptions of allocation: drafted by operations, decided on by two others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.core.gate.deal import AGENT, APPROVER, ELENA, INTAKE, MARIA, NGOZI, ROBERT, WORDS, Deal, leg
from tests.fixtures.firm import Answer, Firm

KINDS = ("error_correction", "allocation_exception")


def out(firm: Firm) -> Deal:
    """An order that was let out: ten shares were sold."""
    deal = Deal(firm).own("100", "AAPL").own("50000", "cash")
    deal.approved(leg(deal.account, "sell", "AAPL", "10"))
    assert deal.release().ok
    return deal


def payload_of(wrong: Deal, **changed: Any) -> dict[str, Any]:
    request = {
        "kind": "order",
        "household": wrong.household,
        "accounts": [wrong.account],
        "symbol": "AAPL",
        "side": "buy",
        "quantity": "10",
        "order_type": "market",
        **changed.pop("asks", {}),
    }
    said = {"exception": "error_correction", "corrects": wrong.order(0), "cause": WORDS}
    return {"request": request, "provenance": [], **said, **changed}


def draft(
    wrong: Deal, *, login: str = ELENA, role: str = INTAKE, ticket: str | None = None, **changed: Any
) -> tuple[Deal, Answer]:
    deal = Deal(wrong.firm, household=wrong.household)
    payload = {"proposal": deal.proposal, **payload_of(wrong, **changed)}
    who: Mapping[str, Any] = {"ticket": ticket} if ticket else {"login": login}
    item = wrong.firm.item("CorrectionDrafted", deal.stream, payload, **who)
    return deal, wrong.firm.append(role, item)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_a_principal_and_compliance_however_small_it_is(firm: Firm, kind: str) -> None:
    wrong = out(firm)
    deal, said = draft(wrong, exception=kind)
    assert said.ok, said
    back = leg(deal.account, "buy", "AAPL", "10")
    for tier in (1, 2):
        assert deal.assess(back, tier=tier, kind=kind).code == "tier_too_low"
    for other in {"order", "rebalance", *KINDS} - {kind}:
        assert deal.assess(back, tier=3, kind=other).code == "content_mismatch"
    assert deal.assess(back, tier=3, kind=kind).ok
    assert deal.submit(ELENA).code == "not_the_advisor"
    assert deal.submit(MARIA).ok
    assert deal.approve_proven(ROBERT).ok
    assert deal.release().code == "not_approved"
    assert deal.approve_proven(NGOZI).ok
    assert deal.release().ok


def test_nobody_but_operations_drafts_one(firm: Firm) -> None:
    wrong = out(firm)
    for login in (MARIA, ROBERT, NGOZI):
        assert draft(wrong, login=login)[1].code == "not_operations"
    thread = firm.thread_ticket(MARIA, firm.thread(MARIA))
    assert draft(wrong, role=AGENT, ticket=thread)[1].code == "no_right"
    assert draft(wrong, role=APPROVER)[1].code == "no_right"


def test_it_is_about_an_order_that_was_let_out(firm: Firm) -> None:
    wrong = out(firm)
    inside = Deal(firm).submitted(leg(wrong.account, "sell", "AAPL", "1"))
    assert draft(wrong, corrects="gh-nowhere")[1].code == "nothing_to_correct"
    assert draft(wrong, corrects=inside.order(0))[1].code == "nothing_to_correct"
    assert draft(wrong, asks={"symbol": "KO"})[1].code == "nothing_to_correct"


def test_an_error_is_put_right_where_it_was_made_and_an_allocation_may_move(firm: Firm) -> None:
    wrong = out(firm)
    other = str(
        firm.value(
            "superuser", "select max(account) from gatehouse.account where household = %s", wrong.household
        )
    )
    assert other != wrong.account
    moved = {"accounts": [other]}
    assert draft(wrong, asks=moved)[1].code == "nothing_to_correct"
    assert draft(wrong, asks=moved, exception="allocation_exception")[1].ok


@pytest.mark.parametrize(
    "changed",
    [
        {"exception": "gift"},
        {"agent": "proposal"},
        {"supersedes": "prp-1"},
        {"cause": {**WORDS, "subject": "hh-102"}},
        {"asks": {"kind": "rebalance"}},
        {"asks": {"accounts": []}},
        {"asks": {"quantity": "-1"}},
    ],
)
def test_what_is_no_correction_is_refused(firm: Firm, changed: dict[str, Any]) -> None:
    assert draft(out(firm), **changed)[1].code == "malformed_payload"


def test_the_front_assesses_none_of_them(firm: Firm) -> None:
    deal, said = draft(out(firm))
    assert said.ok
    denied = {"proposal": deal.proposal, "at": "draft", "findings": [], "differences": []}
    item = firm.item("ProposalDenied", deal.stream, denied, login=ELENA)
    assert firm.append(INTAKE, item)[0].code == "not_yours_to_assess"
