"""The demo's own check of the venues' messages: every decision that is missing is noticed, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from evals.demo.ledgers import Fact, executed, record_of, self_approvals, without_release

LEG = {
    "order": "gh-1", "leg": 0, "account": "acc-1", "symbol": "AAPL", "side": "sell", "quantity": "10",
    "order_type": "limit", "limit_price": "120.00", "time_in_force": "day", "may_release_less": False,
}  # fmt: skip
CONTENT = json.dumps({"legs": [LEG]})
DIGEST = sha256(CONTENT.encode()).hexdigest()
NAMES = ("order", "account", "symbol", "side", "order_type", "limit_price")
BODY = json.dumps({"quantity": "10", **{name: LEG[name] for name in NAMES}})
SENT = {"kind": "message", "verb": "send", "order": "gh-1", "body": BODY}


def facts() -> dict[str, Fact]:
    """One sale of a non-discretionary account as it must be: drafted, decided, released, sent."""
    released = {name: LEG[name] for name in LEG if name not in ("leg", "may_release_less")}
    told: list[tuple[str, str, Mapping[str, Any]]] = [
        ("HouseholdOpened", "gh_owner", {"household": "hh-1", "advisor": "adv-1"}),
        ("AccountOpened", "gh_owner", {"account": "acc-1", "discretionary": False, "owners": ["cli-1"]}),
        ("ProposalDrafted", "adv-1", {"proposal": "prp-1", "request": {"household": "hh-1"}}),
        ("ProposalAssessed", "gh_gate", {"proposal": "prp-1", "content": CONTENT}),
        ("ProposalSubmitted", "adv-1", {"proposal": "prp-1", "digest": DIGEST}),
        ("ConsentRecorded", "ops-1", {"proposal": "prp-1", "digest": DIGEST, "client": "cli-1"}),
        ("ProposalApproved", "pri-1", {"proposal": "prp-1", "digest": DIGEST}),
        ("OrderReleased", "gh_gate", {"proposal": "prp-1", "digest": DIGEST, **released}),
        ("OrderSent", "gh_gate", {"order": "gh-1", "body_digest": sha256(BODY.encode()).hexdigest()}),
    ]
    return {kind: Fact(seq, actor, kind, payload) for seq, (kind, actor, payload) in enumerate(told, start=1)}


def stray(changed: Mapping[str, Fact], message: Mapping[str, Any] = SENT) -> list[str]:
    return without_release([message], record_of(sorted(changed.values(), key=lambda fact: fact.seq)))


def test_a_message_with_every_decision_in_place_is_not_counted() -> None:
    assert stray(facts()) == []


DECISIONS = ("ProposalSubmitted", "ConsentRecorded", "ProposalApproved")


@pytest.mark.parametrize("missing", [*DECISIONS, "ProposalAssessed", "OrderReleased", "OrderSent"])
def test_a_message_is_counted_when_one_thing_is_missing(missing: str) -> None:
    changed = facts()
    del changed[missing]
    assert len(stray(changed)) == 1


@pytest.mark.parametrize(
    "kind", ["ProposalSubmitted", "ConsentRecorded", "ProposalApproved", "OrderReleased"]
)
def test_a_decision_of_another_digest_does_not_count(kind: str) -> None:
    changed = facts()
    changed[kind] = replace(changed[kind], payload={**changed[kind].payload, "digest": "0" * 64})
    assert len(stray(changed)) == 1


@pytest.mark.parametrize("kind", DECISIONS)
def test_a_decision_that_came_after_the_release_does_not_count(kind: str) -> None:
    changed = facts()
    changed[kind] = replace(changed[kind], seq=99)
    assert len(stray(changed)) == 1


@pytest.mark.parametrize("actor", ["adv-1", "ops-1"])
def test_an_approval_by_somebody_who_is_not_independent_does_not_count(actor: str) -> None:
    changed = facts()
    changed["ProposalApproved"] = replace(changed["ProposalApproved"], actor=actor)
    assert "nobody independent" in stray(changed)[0]
    assert self_approvals(record_of(changed.values())) == [f"prp-1 by {actor}"]


def test_consent_of_somebody_who_does_not_own_the_account_does_not_count() -> None:
    changed = facts()
    consent = changed["ConsentRecorded"]
    changed["ConsentRecorded"] = replace(consent, payload={**consent.payload, "client": "cli-2"})
    assert "no owner" in stray(changed)[0]


def test_a_discretionary_account_needs_no_consent() -> None:
    changed = facts()
    account = changed["AccountOpened"]
    changed["AccountOpened"] = replace(account, payload={**account.payload, "discretionary": True})
    del changed["ConsentRecorded"]
    assert stray(changed) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda sent: {**sent, "quantity": "11"},
        lambda sent: {**sent, "symbol": "MSFT"},
        lambda sent: {**sent, "account": "acc-2"},
        lambda sent: {**sent, "side": "buy"},
        lambda sent: {**sent, "limit_price": "119.00"},
    ],
)
def test_bytes_that_are_not_those_of_the_release_are_counted(
    change: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    body = json.dumps(change(json.loads(BODY)))
    changed = facts()
    intent = {"order": "gh-1", "body_digest": sha256(body.encode()).hexdigest()}
    changed["OrderSent"] = replace(changed["OrderSent"], payload=intent)
    assert len(stray(changed, {**SENT, "body": body})) == 1


@pytest.mark.parametrize("order", ["gh-2", None])
def test_a_message_about_an_order_that_nobody_released_is_counted(order: str | None) -> None:
    assert len(stray(facts(), {"kind": "message", "verb": "lookup", "order": order})) == 1


def test_of_a_message_about_several_orders_each_that_nobody_released_is_counted() -> None:
    asked = {"kind": "message", "verb": "lookups", "order": None, "orders": ["gh-1", "gh-2", "gh-3"]}
    assert [line.split(":")[0] for line in stray(facts(), asked)] == ["lookups gh-2", "lookups gh-3"]


def test_executions_add_up_by_account_and_symbol() -> None:
    line = {"kind": "execution", "account": "acc-1", "symbol": "AAPL"}
    lines = [
        {**line, "side": "buy", "quantity": "10"},
        {**line, "side": "sell", "quantity": "4"},
        {**line, "kind": "rested"},
    ]
    assert executed(lines) == {("acc-1", "AAPL"): Decimal(6)}
