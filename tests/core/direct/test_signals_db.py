"""The law of signals, whatever a front that has been taken over sends."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Any

import pytest

from core.direct.askers import KEY_BEGINS
from tests.core.gate.deal import APPROVER, ELENA, INTAKE, MARIA, Deal
from tests.fixtures.firm import Answer, Firm

MACHINE = "mch-strategy"


@pytest.fixture
def key(firm: Firm) -> str:
    """A strategy's in Maria's book, with no account switched on."""
    key = KEY_BEGINS + secrets.token_urlsafe(32)
    payload = {
        "machine": MACHINE,
        "advisor": "adv-1",
        "key_hash": sha256(key.encode()).hexdigest(),
        "days": 30,
    }
    (said,) = firm.append(APPROVER, firm.item("StrategyAdmitted", f"machine/{MACHINE}", payload, login=ELENA))
    assert said.ok, said
    return key


def switch(firm: Firm, account: str, login: str = MARIA, *, on: bool = True) -> Answer:
    payload = {"machine": MACHINE, "account": account, "on": on}
    return firm.append(APPROVER, firm.item("SignalsSwitched", f"machine/{MACHINE}", payload, login=login))[0]


def received(deal: Deal, key: str, **changed: Any) -> dict[str, Any]:
    payload = {
        "machine": MACHINE,
        "proposal": deal.proposal,
        "purpose": "entry",
        "account": deal.account,
        "symbol": "AAPL",
        "side": "buy",
        "quantity": "1",
        "limit_price": None,
        **changed,
    }
    return deal.firm.item("SignalReceived", f"signal/{deal.proposal}", payload, ticket=key)


def draft(deal: Deal, key: str, **changed: Any) -> dict[str, Any]:
    request = {"kind": "order", "household": deal.household, "accounts": [deal.account], **changed}
    payload = {"proposal": deal.proposal, "request": request, "provenance": list[str]()}
    return deal.firm.item("ProposalDrafted", deal.stream, payload, ticket=key)


def test_a_strategy_drafts_nothing_without_a_signal_or_where_it_is_off(firm: Firm, key: str) -> None:
    deal = Deal(firm)
    assert firm.append(INTAKE, draft(deal, key))[0].code == "no_signal"
    assert firm.append(INTAKE, received(deal, key))[0].code == "signals_off"
    assert switch(firm, deal.account).ok
    assert [one.ok for one in firm.append(INTAKE, received(deal, key), draft(deal, key))] == [True, True]


def test_switching_off_holds_from_then_on(firm: Firm, key: str) -> None:
    deal = Deal(firm)
    assert switch(firm, deal.account).ok
    assert switch(firm, deal.account, on=False).ok
    assert firm.append(INTAKE, received(deal, key))[0].code == "signals_off"


def test_a_signal_for_one_account_drafts_in_no_other(firm: Firm, key: str) -> None:
    deal, other = Deal(firm), Deal(firm, household="hh-103")
    assert switch(firm, deal.account).ok
    assert switch(firm, other.account).ok
    moved = {**draft(deal, key), **draft(Deal(firm, household="hh-103", proposal=deal.proposal), key)}
    said = firm.append(INTAKE, received(deal, key), moved)
    assert (said[0].ok, said[1].code) == (True, "no_signal")


def test_only_the_advisor_of_both_switches(firm: Firm, key: str) -> None:
    deal = Deal(firm)
    assert switch(firm, deal.account, "david.nakamura").code == "not_the_advisor"
    assert switch(firm, deal.account, ELENA).code == "not_the_advisor"
    david = "select account from gatehouse.account where advisor = 'adv-2' order by account limit 1"
    assert switch(firm, str(firm.value("superuser", david))).code == "outside_book"


def test_a_person_and_another_program_send_no_signals(firm: Firm, key: str) -> None:
    deal = Deal(firm)
    assert switch(firm, deal.account).ok
    as_maria = {**received(deal, key), "ticket": firm.ticket(MARIA)}
    assert firm.append(INTAKE, as_maria)[0].code == "not_a_strategy"
    assert firm.append(INTAKE, received(deal, key, machine="mch-other"))[0].code == "not_a_strategy"
