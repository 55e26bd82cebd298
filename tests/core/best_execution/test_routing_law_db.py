"""The law of routing rules, by trying: who sets them, since when they decide, what a choice may rest on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from core.best_execution.events import digest_of
from core.best_execution.versions import BUILT_IN, BUILT_IN_DIGEST, rules_in, rules_of, weight_set
from core.ids import Digest, OrderId, VenueName
from core.routing import rules
from tests.core.best_execution.setting import changed, decide, in_force, propose, reason, session, set_routing
from tests.core.gate.deal import ELENA, GATE, MARIA, ROBERT, SUSAN, Deal, close_day, open_day, telling
from tests.core.routing.cases import order, routing, view
from tests.fixtures.firm import Answer, Firm

NEXT: Final = "2022-12-30"
QUICKER: Final = reason("latency_bps")


# Versions --------------------------------------------------------------------------------------------------


def test_version_0_is_what_the_router_brings(firm: Firm) -> None:
    (row,) = firm.ask(GATE, "select version, digest, routing::text as text from gatehouse.routing_in_force()")
    assert json.loads(row["text"]) == BUILT_IN.model_dump(mode="json")
    assert (row["version"], row["digest"]) == (0, BUILT_IN_DIGEST)
    assert rules.BUILT_IN.digest == BUILT_IN_DIGEST
    assert rules_of(0, BUILT_IN_DIGEST, row["text"]) == rules.BUILT_IN


def test_a_set_of_the_journal_and_the_numbers_of_the_router_are_one_thing() -> None:
    told = changed(
        latency_bps="7",
        half_life_hours=5,
        tables={
            "fees": [
                {
                    "venue": "A",
                    "taker_per_share": "1",
                    "maker_per_share": "2",
                    "taker_bps": "3",
                    "maker_bps": "4",
                }
            ],
            "trade_away": [{"custodian": "c", "venue": "A", "dollars": "9.95"}],
            "beside": ["B"],
        },
    )
    found = rules_in(told, version=3, digest=Digest("d"))
    assert weight_set(found.weights) == told.weights
    assert [str(one) for one in found.trade_away.values()] == ["9.95"]
    assert [(name, one.maker_bps) for name, one in found.fees.items()] == [(VenueName("A"), Decimal(4))]
    assert found.beside == {"B"}


def test_two_people_make_a_version_and_it_decides_at_once(firm: Firm) -> None:
    digest, said = propose(firm, changed(latency_bps="3"), QUICKER)
    assert said.ok, said
    assert in_force(firm) == 0
    assert decide(firm, digest).ok
    (row,) = firm.ask(GATE, "select * from gatehouse.routing_in_force()")
    assert (row["version"], row["routing"]["weights"]["latency_bps"]) == (1, "3")
    assert (row["proposed_by"], row["confirmed_by"]) == ("pri-1", "com-1")
    assert firm.verified().ok


def test_a_version_for_a_later_day_waits_for_it(firm: Firm) -> None:
    set_routing(firm, changed(latency_bps="3"), QUICKER, day=NEXT)
    assert in_force(firm) == 0
    close_day(firm)
    open_day(firm, NEXT)
    assert in_force(firm) == 1


def test_what_is_withdrawn_never_decides_and_makes_room(firm: Firm) -> None:
    digest, _ = propose(firm, changed(latency_bps="3"), QUICKER)
    assert decide(firm, digest, kind="RoutingWithdrawn", login=ROBERT).ok
    assert decide(firm, digest).code == "routing_not_open"
    set_routing(firm, changed(latency_bps="3"), QUICKER)
    assert in_force(firm) == 1


# Refusals --------------------------------------------------------------------------------------------------


def _second(firm: Firm) -> Answer:
    assert propose(firm, BUILT_IN)[1].ok
    return propose(firm, BUILT_IN, login=SUSAN)[1]


def _elses_digest(firm: Firm) -> Answer:
    propose(firm, BUILT_IN)
    return decide(firm, digest_of(changed(load_bps="9"), (), session(firm)))


def _tables(**tables: Any) -> Callable[[Firm], Answer]:
    return lambda firm: propose(firm, changed(tables=tables))[1]


def _said(**said: Any) -> Callable[[Firm], Answer]:
    return lambda firm: propose(firm, BUILT_IN, said=said)[1]


def _with(**fields: Any) -> dict[str, Any]:
    return {**BUILT_IN.model_dump(mode="json"), **fields}


TABLE: Final = {
    "venue": "A",
    "taker_per_share": "0",
    "maker_per_share": "0",
    "taker_bps": "0",
    "maker_bps": "0",
}
AWAY: Final = {"custodian": "c", "venue": "A", "dollars": "1"}
NO_SCORE: Final[dict[str, Any]] = {
    name: 0 for name in BUILT_IN.weights.model_dump() if name.startswith("score_")
}
NOT_TAKEN: Final[dict[str, tuple[str, Callable[[Firm], Answer]]]] = {
    "an advisor proposes": ("may_not_set_routing", lambda f: propose(f, BUILT_IN, login=MARIA)[1]),
    "operations proposes": ("may_not_set_routing", lambda f: propose(f, BUILT_IN, login=ELENA)[1]),
    "an advisor confirms": ("may_not_set_routing", lambda f: decide(f, propose(f, BUILT_IN)[0], login=MARIA)),
    "an advisor withdraws": (
        "may_not_set_routing",
        lambda f: decide(f, propose(f, BUILT_IN)[0], login=MARIA, kind="RoutingWithdrawn"),
    ),
    "the same person confirms": ("same_person", lambda f: decide(f, propose(f, BUILT_IN)[0], login=ROBERT)),
    "another set than the one read": ("digest_mismatch", _elses_digest),
    "a digest of something else": ("digest_mismatch", _said(digest="0" * 64)),
    "a reason put in after the digest": ("digest_mismatch", _said(reasons=[QUICKER])),
    "a day that is over": ("routing_in_past", lambda f: propose(f, BUILT_IN, day="2022-12-28")[1]),
    "a second set": ("routing_open", _second),
    "nothing waits": ("routing_not_open", lambda f: decide(f, "0" * 64)),
    "a weight without a reason": (
        "routing_reason_missing",
        lambda f: propose(f, changed(latency_bps="3"))[1],
    ),
    "a reason of another weight": (
        "routing_reason_missing",
        lambda f: propose(f, changed(latency_bps="3"), reason("load_bps"))[1],
    ),
    "a reason where nothing moves": ("routing_reason_missing", lambda f: propose(f, BUILT_IN, QUICKER)[1]),
    "somebody else's reason": (
        "routing_reason_missing",
        lambda f: propose(f, changed(latency_bps="3"), reason("latency_bps", "com-1"))[1],
    ),
    "two fee tables of a venue": ("routing_malformed", _tables(fees=[TABLE, TABLE])),
    "two fees of one way": ("routing_malformed", _tables(trade_away=[AWAY, AWAY])),
    "a venue beside twice": ("routing_malformed", _tables(beside=["A", "A"])),
    "no part of the score": (
        "routing_malformed",
        lambda f: propose(f, changed(**NO_SCORE), *(reason(name) for name in sorted(NO_SCORE)))[1],
    ),
    "no day": ("malformed_payload", _said(effective_on="tomorrow")),
    "a payment for orders": (
        "malformed_payload",
        _said(routing=_with(weights={**BUILT_IN.weights.model_dump(mode="json"), "payment_bps": "5"})),
    ),
    "a negative fee": ("malformed_payload", _said(routing=_with(fees=[{**TABLE, "taker_bps": "-1"}]))),
    "words in clear": (
        "malformed_payload",
        _said(reasons=[{"weight": "latency_bps", "text": "because"}]),
    ),
}


@pytest.mark.parametrize("what", NOT_TAKEN)
def test_what_is_not_taken_says_why_and_changes_no_rule(shared_firm: Firm, what: str) -> None:
    firm = shared_firm
    code, attempt = NOT_TAKEN[what]
    said = attempt(firm)
    assert (said.answer, said.code) == ("refused", code)
    assert in_force(firm) == 0
    for row in firm.ask(GATE, "select digest from gatehouse.routing_proposal"):
        assert decide(firm, row["digest"], kind="RoutingWithdrawn").ok


def test_a_set_whose_day_is_over_is_not_confirmed(firm: Firm) -> None:
    digest, _ = propose(firm, BUILT_IN)
    close_day(firm)
    open_day(firm, NEXT)
    assert decide(firm, digest).code == "routing_in_past"


@pytest.mark.parametrize("role", ["gh_agent", "gh_intake", "gh_gate"])
def test_no_other_login_touches_a_rule(shared_firm: Firm, role: str) -> None:
    firm = shared_firm
    ticket = firm.thread_ticket(MARIA, firm.thread(MARIA)) if role == "gh_agent" else None
    login = ROBERT if role == "gh_intake" else None
    payload = {
        "routing": BUILT_IN.model_dump(mode="json"),
        "reasons": [],
        "effective_on": session(firm),
        "digest": digest_of(BUILT_IN, (), session(firm)),
    }
    item = firm.item("RoutingProposed", "routing", payload, login=login, ticket=ticket)
    assert firm.append(role, item)[0].code == "no_right"


# What a choice rested on -----------------------------------------------------------------------------------


def out(firm: Firm) -> Deal:
    """One order that has been let out."""
    deal = Deal(firm).approved()
    assert deal.release().ok
    return deal


def evidence(deal: Deal, *, by: rules.Rules = rules.BUILT_IN, **said: Any) -> dict[str, Any]:
    of = replace(order(), id=OrderId(deal.order(0)))
    found = routing([view("ARCADIA"), view("BOREAL")], of, rules=replace(by, beside=frozenset())).evidence
    assert found is not None
    return {
        "order": found.asked.order,
        "venue": found.venue,
        "choice": 1,
        "version": found.version,
        "routing": found.rules,
        "evidence": found.text(),
        **said,
    }


def recorded(firm: Firm, *, by: rules.Rules = rules.BUILT_IN, **said: Any) -> Answer:
    """What the append says to the record of a choice and the choice, of an order that is out."""
    deal = out(firm)
    return telling(deal.route(evidence=evidence(deal, by=by, **said)))


def test_a_choice_by_the_version_in_force_is_taken(firm: Firm) -> None:
    assert recorded(firm).ok
    told = changed(latency_bps="3")
    digest = set_routing(firm, told, QUICKER)
    assert recorded(firm, by=rules_in(told, version=1, digest=digest)).ok


def test_a_choice_by_rules_that_wait_or_come_later_or_never_were_is_not_taken(firm: Firm) -> None:
    told = changed(latency_bps="3")
    digest, _ = propose(firm, told, QUICKER, day=NEXT)
    waiting = rules_in(told, version=1, digest=digest)
    assert recorded(firm, by=waiting).code == "routing_not_in_force"
    assert decide(firm, digest).ok
    assert recorded(firm, by=waiting).code == "routing_not_in_force"
    assert recorded(firm, by=replace(rules.BUILT_IN, digest=digest)).code == "routing_not_in_force"


def test_a_venue_that_only_decides_beside_is_never_chosen(firm: Firm) -> None:
    told = changed(tables={"beside": ["ARCADIA"]})
    by = rules_in(told, version=1, digest=set_routing(firm, told))
    assert recorded(firm, by=by).code == "venue_beside"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"venue": "BOREAL"}, "content_mismatch"),
        ({"version": 1}, "content_mismatch"),
        ({"routing": "0" * 64}, "content_mismatch"),
        ({"evidence": "{}"}, "content_mismatch"),
        ({"evidence": "none"}, "malformed_payload"),
        ({"choice": 0}, "malformed_payload"),
        ({"choice": 2}, "content_mismatch"),
        ({"order": "gh-another"}, "wrong_stream"),
    ],
)
def test_evidence_of_something_else_is_not_taken(shared_firm: Firm, said: dict[str, Any], code: str) -> None:
    assert recorded(shared_firm, **said).code == code


@pytest.mark.parametrize("role", ["gh_agent", "gh_intake", "gh_approver"])
def test_nobody_but_the_worker_records_a_choice(shared_firm: Firm, role: str) -> None:
    firm, deal = shared_firm, out(shared_firm)
    ticket = firm.thread_ticket(MARIA, firm.thread(MARIA)) if role == "gh_agent" else None
    login = ROBERT if role in ("gh_intake", "gh_approver") else None
    stream = f"order/{deal.order(0)}"
    item = firm.item("RouteRecorded", stream, evidence(deal), login=login, ticket=ticket)
    assert firm.append(role, item)[0].code == "no_right"


# The choice itself -----------------------------------------------------------------------------------------


def both(deal: Deal, *, group: str | None = "g", venue: str = "ARCADIA", **said: Any) -> list[dict[str, Any]]:
    """The record of a choice and the choice, as the append takes them."""
    firm, stream = deal.firm, f"order/{deal.order(0)}"
    firm.claim(deal.order(0))
    after = firm.version(stream) + 2
    routed = {"order": deal.order(0), "venue": venue, "scores": []}
    return [
        firm.item("RouteRecorded", stream, evidence(deal, **said), group=group),
        firm.item("OrderRouted", stream, routed, group=group, stream_version=after),
    ]


def codes(answers: list[Answer]) -> list[str | None]:
    return [one.code for one in answers]


def test_no_order_is_routed_without_the_record_of_that_choice(shared_firm: Firm) -> None:
    """Every way around it that the worker's own login has: nothing is left of any."""
    firm, deal = shared_firm, out(shared_firm)
    stream = f"order/{deal.order(0)}"

    def tries(*items: dict[str, Any]) -> list[str | None]:
        return codes(firm.append(GATE, *items))

    routed = {"order": deal.order(0), "venue": "ARCADIA", "scores": []}
    firm.claim(deal.order(0))
    assert tries(firm.item("OrderRouted", stream, routed)) == ["route_unproven"]
    assert tries(both(deal)[0]) == ["stands_alone"]
    assert tries(both(deal)[0], firm.item("OrderRouted", stream, routed)) == [
        "stands_alone",
        "route_unproven",
    ]
    assert tries(*both(deal, group=None)) == ["stands_alone", "version"]
    assert tries(*both(deal, venue="BOREAL")) == ["group", "route_unproven"]
    swapped = [{**one, "group": "g"} for one in reversed(both(deal))]
    assert set(tries(*swapped)) & {"version", "route_unproven"}
    other = out(firm)
    assert tries(both(deal)[0], both(other)[1]) == ["stands_alone", "group"]
    assert firm.version(stream) == 1  # its release
    assert tries(*both(deal)) == [None, None]
    assert tries(firm.item("OrderRouted", stream, routed)) == ["route_unproven"]  # that record is used up
    assert tries(*both(deal)) == ["content_mismatch", "group"]
    assert tries(*both(deal, choice=2)) == [None, None]


def test_a_choice_is_recorded_by_the_worker_that_has_the_order(shared_firm: Firm) -> None:
    firm, deal = shared_firm, out(shared_firm)
    items = both(deal)
    firm.claim(deal.order(0), "wrk-another")
    assert codes(firm.append(GATE, *items)) == ["lease_passed", "group"]
    waits = Deal(firm).approved()
    assert codes(firm.append(GATE, *both(waits))) == ["not_released", "group"]
