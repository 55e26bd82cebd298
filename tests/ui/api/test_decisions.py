"""From a draft to fills through the HTTP API, by real people of the demo firm on real processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.fixtures.office import Office
from tests.fixtures.processes import until
from ui.screens import order_ticket
from ui.screens.client import Problem

MARIA, ROBERT = "maria.alvarez", "robert.hensley"


def households_that_drift(office: Office, login: str) -> list[str]:
    needs = office.of(login).worklist()
    return list(dict.fromkeys(need["household"] for need in needs if need["reason"] == "drift"))


@pytest.fixture
def drifting(office: Office) -> Any:
    """An assessed rebalance of a household that drifts, another one at each call."""
    kept: list[Any] = office.__dict__.setdefault("kept", [])
    taken: set[str] = office.__dict__.setdefault("taken", set())

    def another(*, needs_consent: bool = False) -> Any:
        for household in households_that_drift(office, MARIA):
            fitting = [found for found in kept if found["needs_consent"] is needs_consent]
            if fitting:
                kept.remove(fitting[0])
                return fitting[0]
            if household not in taken:
                taken.add(household)
                kept.extend(decidable(office.assessed(MARIA, household)))
        raise AssertionError("no such household is left in the demo firm")

    return another


def decidable(found: Any) -> list[Any]:
    """The proposal, where one principal may decide on it and no check found anything."""
    return [found] if found["status"] == "ASSESSED" and found["tier"] < 3 and not found["found"] else []


def refused(problem: pytest.ExceptionInfo[Problem]) -> tuple[int, str]:
    return problem.value.status, problem.value.code


def test_a_proposal_goes_from_the_worklist_to_fills(office: Office, drifting: Any) -> None:
    found = drifting()
    maria, robert = office.of(MARIA), office.of(ROBERT)
    assert found["order_count"] == len(found["legs"]) > 0
    why = "Back to her model before the withdrawal in January."
    said = {"digest": found["digest"], "solicited": "solicited", "rationale": why}
    with pytest.raises(Problem) as no:
        maria.decide(found["proposal"], "submit", {**said, "solicited": "unsolicited"})
    assert refused(no) == (422, "not_unsolicited")
    with pytest.raises(Problem) as no:
        maria.decide(found["proposal"], "submit", {**said, "rationale_drafted_in": "msg-nowhere"})
    assert refused(no) == (422, "rationale_not_drafted")
    maria.decide(found["proposal"], "submit", said)
    told = robert.proposal(found["proposal"])
    assert (told["solicited"], told["rationale"]["text"]) == ("solicited", why)
    assert (told["rationale"]["by"], told["rationale"]["drafted_in"]) == (told["submitted_by"], None)
    (considered,) = {f["account"]: f for f in told["findings"] if f["policy"] == "best_interest"}.values()
    assert "Nothing: $0.00" in considered["says"]
    assert found["proposal"] in {p["proposal"] for p in robert.proposals(waits_for="principal")}
    robert.decide(found["proposal"], "approve", {"digest": found["digest"]})
    done = until(lambda: maria.proposal(found["proposal"]), lambda p: p["waits_for"] == "nobody", within=60)
    assert done["status"] == "RELEASED"
    assert {order["status"] for order in done["orders"]} == {"FILLED"}
    assert all(Decimal(o["filled"]) == Decimal(o["quantity"]) for o in done["orders"])
    assert all(len(order["scores"]) == 3 for order in done["orders"])
    ticket = maria.order_ticket(done["orders"][0]["order"])
    assert ticket["status"] == "FILLED"
    assert (ticket["solicited"], ticket["rationale"]) == ("solicited", "in the submitter's own words")
    assert [step["what"] for step in ticket["decisions"]] == ["submitted", "approved"]
    assert ticket == robert.order_ticket(ticket["order"])
    shown = order_ticket.whole(ticket)
    assert ticket["custodian"] in shown
    assert ticket["executions"][0]["venue"] in shown
    with pytest.raises(Problem) as no:
        office.of("david.nakamura").order_ticket(ticket["order"])
    assert no.value.status == 404
    an_error_in_it_is_put_right_by_three_others(office, ticket)


def an_error_in_it_is_put_right_by_three_others(office: Office, ticket: Any) -> None:
    """Operations drafts, the advisor submits, a principal and compliance would decide: it is of tier 3."""
    terms, key = ticket["terms"], uuid4().hex
    asked = {
        "exception": "error_correction",
        "corrects": ticket["order"],
        "cause": "One share too many.",
        "household": ticket["household"],
        **{name: terms[name] for name in ("account", "symbol")},
        "side": "buy" if terms["side"] == "sell" else "sell",
        "quantity": "1",
    }
    with pytest.raises(Problem) as no:
        office.of(MARIA).correct(asked, key=key)
    assert refused(no) == (403, "not_operations")
    drafted = office.of("elena.petrova").correct(asked, key=key)
    assert office.of("elena.petrova").correct(asked, key=key) == drafted
    ended = {"ASSESSED", "DENIED"}
    found = until(lambda: office.of(MARIA).proposal(drafted["proposal"]), lambda p: p["status"] in ended)
    assert (found["kind"], found["status"], found["tier"]) == ("error_correction", "ASSESSED", 3)
    told = office.of(ROBERT).order_ticket(found["legs"][0]["order"])
    assert (told["exception"], told["corrects"]) == ("error_correction", ticket["order"])
    assert found["corrects"] == {"order": ticket["order"], "cause": asked["cause"]}
    shown = order_ticket.whole(told, cause=found["corrects"]["cause"])
    assert "Error correction of order" in shown
    assert asked["cause"] in shown
    office.of(MARIA).decide(found["proposal"], "withdraw", {})


def test_the_same_decision_twice_is_one_entry(office: Office, drifting: Any) -> None:
    found = drifting()
    body = {"digest": found["digest"]}
    with ThreadPoolExecutor(4) as four:
        first, *others = four.map(
            lambda _: office.of(MARIA).decide(found["proposal"], "submit", body), range(4)
        )
    assert {answer["seq"] for answer in others} == {first["seq"]}
    assert [a["repeated"] for a in (first, *others)].count(False) == 1
    office.of(MARIA).decide(found["proposal"], "withdraw", {})


def test_another_fingerprint_decides_nothing(office: Office, drifting: Any) -> None:
    found = drifting()
    with pytest.raises(Problem) as no:
        office.of(MARIA).decide(found["proposal"], "submit", {"digest": "0" * 64})
    assert refused(no) == (409, "digest_mismatch")
    assert office.of(MARIA).proposal(found["proposal"])["status"] == "ASSESSED"


def test_the_advisor_cannot_approve_her_own_proposal(office: Office, drifting: Any) -> None:
    found = drifting()
    office.of(MARIA).decide(found["proposal"], "submit", {"digest": found["digest"]})
    with pytest.raises(Problem) as no:
        office.of(MARIA).decide(found["proposal"], "approve", {"digest": found["digest"]})
    assert refused(no) == (403, "self_approval")
    assert office.of(MARIA).proposal(found["proposal"])["status"] == "SUBMITTED"


def test_a_principal_whose_registration_lapsed_cannot_approve(office: Office, drifting: Any) -> None:
    found = drifting()
    office.of(MARIA).decide(found["proposal"], "submit", {"digest": found["digest"]})
    with pytest.raises(Problem) as no:
        office.of("thomas.brandt").decide(found["proposal"], "approve", {"digest": found["digest"]})
    assert refused(no) == (403, "not_registered")


def test_a_declined_proposal_tells_the_advisor_why(office: Office, drifting: Any) -> None:
    found = drifting()
    office.of(MARIA).decide(found["proposal"], "submit", {"digest": found["digest"]})
    body = {"digest": found["digest"], "reason": "The January withdrawal is not covered."}
    office.of(ROBERT).decide(found["proposal"], "decline", body)
    told = office.of(MARIA).proposal(found["proposal"])
    assert (told["status"], told["closing"]) == ("DECLINED", "The January withdrawal is not covered.")


def small_order_that_needs_consent(office: Office) -> Any:
    """One share of a listed company for an account over which Maria has no discretion."""
    maria = office.of(MARIA)
    homes = [maria.household(row["household"]) for row in maria.households()]
    accounts = [one for home in homes for one in home["accounts"]]
    account = next(one for one in accounts if not one["discretionary"] and has_cash(one))
    ask = {"kind": "order", "household": account["household"], "accounts": [account["account"]]}
    order = {"symbol": "KO", "side": "buy", "quantity": "1", "order_type": "limit", "limit_price": "63.50"}
    made = maria.draft({**ask, **order}, key=f"order-{account['account']}")
    return until(lambda: maria.proposal(made["proposal"]), lambda p: p["status"] != "DRAFTED")


def has_cash(account: Any) -> bool:
    free = Decimal(account["cash"]["available"]) - Decimal(account["cash_floor"] or 0)
    return account["status"] == "open" and free > 1_000


def test_an_approved_proposal_waits_for_the_clients_consent(office: Office) -> None:
    found = small_order_that_needs_consent(office)
    maria = office.of(MARIA)
    assert (found["status"], found["needs_consent"]) == ("ASSESSED", True), found["findings"]
    maria.decide(found["proposal"], "submit", {"digest": found["digest"]})
    office.of(ROBERT).decide(found["proposal"], "approve", {"digest": found["digest"]})
    waiting = maria.proposal(found["proposal"])
    assert (waiting["status"], waiting["waits_for"]) == ("APPROVED", "consent")
    clients = [one["client"] for one in maria.household(found["household"])["clients"]]
    assert any(consented(office, found, client) for client in clients)
    until(lambda: maria.proposal(found["proposal"]), lambda p: p["status"] == "RELEASED")


def consented(office: Office, found: Any, client: str) -> bool:
    """Whether this client's consent was recorded: an owner's is, another's is refused."""
    body = {"digest": found["digest"], "client": client, "channel": "phone"}
    try:
        office.of(MARIA).decide(found["proposal"], "consent", body)
    except Problem as no:
        if (no.status, no.code) != (422, "not_an_owner"):
            raise
        return False
    return True


def test_nobody_sees_another_advisors_book(office: Office, drifting: Any) -> None:
    found = drifting()
    david = office.of(next(login for login in office.passwords if login.startswith("david")))
    with pytest.raises(Problem) as no:
        david.proposal(found["proposal"])
    assert refused(no) == (404, "not_found")
    assert found["household"] not in {row["household"] for row in david.households()}


def finding(office: Office) -> Any:
    """An order that would take one issuer above the account's limit; the account is not discretionary."""
    maria = office.of(MARIA)
    ask = {"kind": "order", "household": "hh-113", "accounts": ["acc-1030"]}
    order = {"symbol": "XOM", "side": "buy", "quantity": "108", "order_type": "limit", "limit_price": "108"}
    made = maria.draft({**ask, **order}, key=f"finding-{uuid4().hex}")
    return until(lambda: maria.proposal(made["proposal"]), lambda p: p["status"] != "DRAFTED")


def test_a_finding_needs_a_written_reason_of_the_advisor_and_of_the_principal(office: Office) -> None:
    found, maria, robert = finding(office), office.of(MARIA), office.of(ROBERT)
    soft = [check for check in found["findings"] if check["result"] != "pass"]
    limits = {check["policy"]: check["limit"] for check in soft}
    assert limits == {"concentration": "0.25", "sector_concentration": "0.5"}
    hers, his = dict.fromkeys(limits, "She asked for it."), dict.fromkeys(limits, "Suitable.")
    seen = {"digest": found["digest"]}
    with pytest.raises(Problem) as no:
        maria.decide(found["proposal"], "submit", seen)
    assert refused(no) == (422, "reasons_missing")
    maria.decide(found["proposal"], "submit", {**seen, "reasons": hers})
    with pytest.raises(Problem) as no:
        robert.decide(found["proposal"], "approve", seen)
    assert refused(no) == (422, "reasons_missing")
    robert.decide(found["proposal"], "approve", {**seen, "reasons": his})
    told = robert.proposal(found["proposal"])
    assert [(told["people"][r["person"]], r["text"]) for r in told["reasons"]] == [
        *[("Maria Alvarez", "She asked for it.")] * len(soft),
        *[("Robert Hensley", "Suitable.")] * len(soft),
    ]
    maria.decide(found["proposal"], "withdraw", {})


def two_owners(office: Office) -> Any:
    """A household whose accounts without discretion belong to different clients; its assessed rebalance."""
    for need in office.of(MARIA).worklist():
        if need["reason"] != "drift":
            continue
        found = office.assessed(MARIA, need["household"])
        owners = [frozenset(o["client"] for o in one["owners"]) for one in found["consents"]]
        if found["status"] == "ASSESSED" and found["tier"] < 3 and len(set(owners)) > 1:
            return found
        office.of(MARIA).decide(found["proposal"], "withdraw", {})
    raise AssertionError("no such household in the demo firm")


def test_each_account_needs_its_own_owner_and_what_is_missing_is_named(office: Office) -> None:
    found, maria = two_owners(office), office.of(MARIA)
    soft = {c["policy"]: "Known." for c in found["findings"] if c["result"] == "finding"}
    maria.decide(found["proposal"], "submit", {"digest": found["digest"], "reasons": soft})
    missing = found["consents"]
    assert all(one["client"] is None for one in missing)
    while missing:
        assert maria.proposal(found["proposal"])["consented"] is False
        owner = missing[0]["owners"][0]
        body = {"digest": found["digest"], "client": owner["client"], "channel": "meeting"}
        answer = maria.decide(found["proposal"], "consent", body)
        assert len(answer["missing"]) < len(missing)
        missing = answer["missing"]
    told = maria.proposal(found["proposal"])
    assert told["consented"] is True
    assert {one["recorded_by"] for one in told["consents"]} == {"Maria Alvarez"}
    assert all(one["name"] in {o["name"] for o in one["owners"]} for one in told["consents"])
    maria.decide(found["proposal"], "withdraw", {})
