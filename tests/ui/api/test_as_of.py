"""The past over HTTP, with a worker that indexes and people's own sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from core.plain_http import NOBODY
from tests.fixtures.office import Office
from tests.fixtures.processes import until
from ui.screens.client import Problem

HOUSEHOLD = "hh-108"


@pytest.fixture(scope="module")
def proposal(office: Office) -> Any:
    """A rebalance that its advisor took back; by then the index has it."""
    maria = office.of("maria.alvarez")
    drawn = office.assessed("maria.alvarez", HOUSEHOLD)
    maria.decide(drawn["proposal"], "withdraw", {})
    until(
        lambda: maria.as_of("proposals", drawn["proposal"]), lambda seen: bool(seen["status"] == "WITHDRAWN")
    )
    return drawn


def account_of(office: Office) -> str:
    return str(office.of("maria.alvarez").household(HOUSEHOLD)["accounts"][0]["account"])


def test_now_the_past_is_what_the_screens_show(office: Office, proposal: Any) -> None:
    account = account_of(office)
    seen = office.of("maria.alvarez").as_of("accounts", account)
    shown = office.of("maria.alvarez").positions(account)
    assert {p["symbol"]: Decimal(p["quantity"]) for p in shown["positions"] if Decimal(p["quantity"])} == {
        p["symbol"]: Decimal(p["quantity"]) for p in seen["positions"]
    }
    assert {lot["lot"] for p in shown["positions"] for lot in p["lots"]} == {
        lot["lot"] for lot in seen["lots"]
    }
    for part in ("settled", "unsettled", "held"):
        assert Decimal(shown["cash"][part]) == Decimal(seen["cash"][part])
    row = office.of("maria.alvarez").household(HOUSEHOLD)["accounts"][0]
    assert Decimal(row["cash_floor"]) == Decimal(seen["limits"]["cash_floor"])
    assert seen["limits"]["policy_set"] is not None
    assert seen["session"] == shown["session"] == "2022-12-29"


def test_a_withdrawn_proposal_is_what_it_was_at_each_entry_of_its_trace(
    office: Office, proposal: Any
) -> None:
    maria = office.of("maria.alvarez")
    life = [e for e in maria.trace(proposal["trace"]) if e["stream"] == f"proposal/{proposal['proposal']}"]
    statuses = {
        "ProposalDrafted": "DRAFTED",
        "ProposalAssessed": "ASSESSED",
        "ProposalWithdrawn": "WITHDRAWN",
    }
    for entry in life:
        seen = maria.as_of("proposals", proposal["proposal"], known_at=entry["recorded_at"])
        assert (seen["status"], seen["as_of"]["as_of_seq"]) == (statuses[entry["event_type"]], entry["seq"])
    order = proposal["orders"][0]["order"]
    seen = maria.as_of("orders", order, known_at=life[1]["recorded_at"])
    assert (seen["status"], seen["trades"]) == ("HELD", [])
    assert maria.as_of("orders", order)["status"] == "CANCELLED"


def test_both_times_come_back_as_they_were_used(office: Office, proposal: Any) -> None:
    seen = office.of("maria.alvarez").as_of(
        "households", HOUSEHOLD, known_at="2999-01-01T00:00:00Z", true_at="2022-12-29T10:00:00-05:00"
    )
    as_of = seen["as_of"]
    assert datetime.fromisoformat(as_of["true_at"]) == datetime(2022, 12, 29, 15, tzinfo=UTC)
    assert datetime.fromisoformat(as_of["known_at"]) < datetime(2999, 1, 1, tzinfo=UTC)
    assert as_of["says"] == ["2999-01-01T00:00:00Z has not come yet: this is what is known now"]
    assert len(seen["accounts"]) == len(office.of("maria.alvarez").household(HOUSEHOLD)["accounts"])


@pytest.mark.parametrize(
    ("field", "text", "fix"),
    [
        ("known_at", "yesterday", "RFC 3339"),
        ("known_at", "2026-11-21T15:00:00", "zone"),
        ("true_at", "", "RFC 3339"),
        ("known_at", "1999-01-01T00:00:00Z", "or later"),
        ("true_at", "1999-01-01T00:00:00Z", "or later"),
    ],
)
def test_a_time_that_cannot_be_used_is_named(office: Office, field: str, text: str, fix: str) -> None:
    answer = httpx.get(
        f"{office.url}/v1/accounts/{account_of(office)}/as-of",
        params={field: text},
        headers={"Authorization": f"Bearer {office.of('maria.alvarez').ticket}"},
        trust_env=False,
        verify=NOBODY,
        timeout=20,
    )
    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (422, field)
    assert fix in problem["fix"]


def test_another_book_is_not_found(office: Office, proposal: Any) -> None:
    david = office.of("david.nakamura")
    asked = [
        ("accounts", account_of(office)),
        ("households", HOUSEHOLD),
        ("proposals", proposal["proposal"]),
        ("orders", proposal["orders"][0]["order"]),
    ]
    for kind, named in asked:
        with pytest.raises(Problem) as no:
            david.as_of(kind, named)
        assert (no.value.status, no.value.code) == (404, "not_found")
        assert office.of("robert.hensley").as_of(kind, named)["as_of"]["as_of_seq"]


def test_no_sealed_word_leaves(office: Office, proposal: Any) -> None:
    seen = str(office.of("maria.alvarez").as_of("households", HOUSEHOLD))
    assert "sealed" not in seen
    assert office.of("maria.alvarez").household(HOUSEHOLD)["name"] not in seen
