"""What is submitted for the next session survives one close and no more; consent is good for its day."""

from __future__ import annotations

from typing import Any, Final

from tests.core.gate.deal import GATE, NEEDS_CONSENT, Deal, close_day, leg, open_day
from tests.fixtures.firm import Firm

TODAY: Final = "2022-12-29"
NEXT: Final = "2022-12-30"
AFTER: Final = "2023-01-03"


def asked(deal: Deal, session: str | None) -> dict[str, Any]:
    return {
        "kind": "order",
        "household": deal.household,
        "accounts": [deal.account],
        "symbol": "KO",
        "side": "buy",
        "quantity": "10",
        "order_type": "limit",
        "limit_price": "100",
        "replaces": None,
        "for_session": session,
    }


def assessed(firm: Firm, session: str | None = NEXT, *, household: str = "hh-101") -> Deal:
    deal = Deal(firm, household=household).own("100000", "cash")
    said = deal.draft(request=asked(deal, session))
    assert said.ok, said
    said = deal.assess(leg(deal.account, "buy", "KO", "10"), kind="order", valid_for=session or TODAY)
    assert said.ok, said
    return deal


def used(deal: Deal) -> tuple[str, Any]:
    rows = "select session::text, dollars from gatehouse.day_use where scope = 'account' and named = %s"
    (row,) = deal.firm.ask(GATE, rows, deal.account)
    return row["session"], row["dollars"]


def test_it_is_decided_on_today_and_let_out_in_its_session(firm: Firm) -> None:
    deal = assessed(firm)
    assert deal.submit().ok
    assert deal.approve().ok
    assert deal.release().code == "not_yet"
    close_day(firm)
    assert deal.lapse().code == "not_yet"
    assert deal.release().code == "lapsed"
    open_day(firm, NEXT)
    assert deal.lapse().code == "not_yet"
    assert used(deal) == (NEXT, 1000)
    assert deal.release().ok
    assert deal.held("cash")[1] > 1000


def test_it_lapses_at_the_close_of_its_session(firm: Firm) -> None:
    deal = assessed(firm)
    assert deal.submit().ok
    close_day(firm)
    open_day(firm, NEXT)
    assert deal.approve().ok
    close_day(firm)
    assert deal.lapse().ok
    assert deal.held("cash")[1] == 0


def test_what_nobody_submitted_lapses_today(firm: Firm) -> None:
    deal, drafted = assessed(firm), Deal(firm)
    assert drafted.draft(request=asked(drafted, NEXT)).ok
    assert deal.lapse().code == "not_yet"
    close_day(firm)
    assert deal.lapse().ok
    assert drafted.lapse().ok


def test_what_is_for_today_lapses_today_though_it_was_submitted(firm: Firm) -> None:
    deal = assessed(firm, None)
    assert deal.submit().ok
    close_day(firm)
    assert deal.lapse().ok


def test_a_day_that_is_not_the_next_session_lapses_when_that_one_opens(firm: Firm) -> None:
    deal = assessed(firm, AFTER)
    assert deal.submit().ok
    close_day(firm)
    assert deal.lapse().code == "not_yet"
    open_day(firm, NEXT)
    assert deal.approve().code == "lapsed"
    assert deal.lapse().ok


def test_a_clients_consent_is_good_for_its_business_day(firm: Firm) -> None:
    deal = assessed(firm, household=NEEDS_CONSENT)
    for said in (deal.submit(), deal.consent(), deal.approve()):
        assert said.ok, said
    close_day(firm)
    open_day(firm, NEXT)
    assert deal.release().code == "consent_missing"
    assert deal.consent().ok
    assert deal.release().ok


def test_no_other_day_can_be_asked_for(firm: Firm) -> None:
    deal = Deal(firm)
    for session in (TODAY, "2022-12-28", "2023-01-09"):
        assert deal.draft(request=asked(deal, session)).code == "not_next_session"


def test_the_text_is_valid_for_the_day_that_was_asked_for(firm: Firm) -> None:
    deal = Deal(firm).own("100000", "cash")
    assert deal.draft(request=asked(deal, NEXT)).ok
    one = leg(deal.account, "buy", "KO", "10")
    assert deal.assess(one, kind="order", valid_for=TODAY).code == "content_mismatch"
    assert deal.assess(one, kind="order", valid_for=NEXT).ok
