"""Who has approved, who is missing and what changed, on a screen; nothing of a person's is markup."""

from __future__ import annotations

from typing import Any

import pytest

from ui.screens import cards, deciding
from ui.screens import figures as f

WHEN = "2026-11-30T15:00:00Z"


def proposal(**changed: Any) -> dict[str, Any]:
    return {
        "status": "SUBMITTED",
        "waits_for": "principal",
        "tier": 3,
        "needs": ["principal", "compliance"],
        "approvals": [],
        "people": {"pri-1": "Robert <b>Hensley</b>"},
        **changed,
    }


def approval(**changed: Any) -> dict[str, Any]:
    return {"person": "pri-1", "role": "principal", "step_up": "totp", "at": WHEN, "counts": True, **changed}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, "needs a principal and compliance"),
        ({"needs": ["compliance"]}, "needs one more: compliance"),
        ({"needs": ["principal"]}, "needs one more: a principal"),
        ({"needs": []}, ""),
        ({"tier": 2, "needs": ["principal"]}, ""),
    ],
)
def test_who_is_missing_is_said_of_tier_3_alone(changed: dict[str, Any], says: str) -> None:
    assert deciding.missing(proposal(**changed)) == says


def test_a_half_approved_one_says_so_in_every_list() -> None:
    assert f.state(proposal(needs=["compliance"])) == "Submitted, needs one more: compliance"
    assert f.state(proposal()) == f.status("SUBMITTED")


def test_both_approvals_stand_there_given_or_missing_and_names_are_text() -> None:
    html = deciding.approvals(proposal(needs=["compliance"], approvals=[approval()]))
    assert "proven with a code" in html
    assert "missing" in html
    assert "<b>Hensley" not in html
    assert "counts no more" in deciding.approvals(proposal(approvals=[approval(counts=False)]))


def test_a_change_says_before_and_now_and_its_comment_is_text() -> None:
    row = {
        "account": "acc-1",
        "symbol": "KO",
        "side": "buy",
        "what": "changed",
        "before": {"quantity": "1500", "limit_price": "63.50"},
        "after": {"quantity": "700", "limit_price": None},
        "comment": "<img src=x>",
    }
    html = deciding.changes([row, {**row, "what": "dropped", "after": None, "comment": None}], {})
    assert "1,500" in html
    assert "700" in html
    assert "gone" in html
    assert "<img" not in html


def test_a_comment_stands_beside_its_own_order_ticket() -> None:
    leg = {
        "leg": 0,
        "account": "acc-1",
        "symbol": "KO",
        "side": "sell",
        "quantity": "10",
        "order_type": "market",
        "limit_price": None,
        "time_in_force": "day",
        "reference_price": "10",
        "band_low": "9",
        "band_high": "11",
        "funded_by": [],
    }
    legs = [leg, {**leg, "leg": 1, "symbol": "PG"}]
    html = cards.tickets(legs, {}, [{"leg": 1, "text": "Half <i>of</i> it"}])
    assert html.index("PG") < html.index("Half &lt;i&gt;of")
    assert "Comment" in html
    assert "Comment" not in cards.tickets(legs, {})
