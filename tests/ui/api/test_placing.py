"""Orders over real HTTP: by a person, by a program, once for ever, and nothing half."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from core.database.pools import connect
from core.plain_http import NOBODY
from tests.fixtures.office import Office
from tests.fixtures.processes import process, until
from tests.fixtures.servers import free_port
from ui.screens import live_orders

ELENA, MARIA, ROBERT = "elena.petrova", "maria.alvarez", "robert.hensley"
HOUSEHOLD: Final = "hh-103"


def ticket(office: Office, login: str) -> str:
    """Of the session that she has in this office already: each proof of a password is a fifth of a second."""
    return str(office.of(login).ticket)


def post(office: Office, bearer: str, body: Any, path: str = "/v1/orders") -> httpx.Response:
    content = body if isinstance(body, bytes) else None
    return httpx.post(
        f"{office.url}{path}",
        headers={"Authorization": f"Bearer {bearer}"},
        json=None if content is not None else body,
        content=content,
        timeout=30,
        trust_env=False,
        verify=NOBODY,
    )


def order(office: Office, **changed: Any) -> dict[str, Any]:
    accounts = office.of(MARIA).household(HOUSEHOLD)["accounts"]
    account = next(one for one in accounts if one["discretionary"])
    return {
        "account_id": account["account"],
        "symbol": "AAPL",
        "side": "buy",
        "quantity": "2",
        "order_type": "market",
        "time_in_force": "day",
        "advisor_id": "adv-1",
        "client_order_id": f"c-{os.urandom(6).hex()}",
        **changed,
    }


@pytest.fixture(scope="module")
def key(office: Office) -> str:
    """A program's, for Maria's book."""
    body = {"machine": f"mch-{os.urandom(4).hex()}", "advisor_id": "adv-1", "days": 30}
    said = post(office, ticket(office, ELENA), body, "/v1/programs")
    assert said.status_code == 201, said.text
    return str(said.json()["key"])


def value(office: Office, statement: str, *words: str) -> Any:
    with connect(office.database.superuser, name="test") as superuser:
        row = superuser.execute(statement.encode(), words or None).fetchone()
        assert row is not None
        return next(iter(row.values()))


def entries(office: Office) -> int:
    """Of orders and proposals: the worker goes on with its own meanwhile."""
    return int(value(office, "select count(*) from gatehouse.journal where starts_with(stream, 'proposal/')"))


def test_a_persons_order_waits_for_a_principal(office: Office) -> None:
    body = order(office)
    said = post(office, ticket(office, MARIA), body)
    assert said.status_code == 201, said.text
    placed = said.json()
    assert (placed["status"], placed["waits_for"], placed["says"]) == ("HELD", "principal", ""), placed
    assert len(placed["risk_decisions"]) >= 37
    found = office.of(MARIA).proposal(placed["proposal_id"])
    assert found["status"] == "SUBMITTED"
    assert len(found["findings"]) >= 37


def test_a_programs_order_waits_for_the_advisor(office: Office, key: str) -> None:
    placed = post(office, key, order(office, quantity="3")).json()
    assert placed["status"] == "HELD", [one for one in placed["risk_decisions"] if one["result"] != "pass"]
    assert placed["waits_for"] == "advisor"
    assert office.of(MARIA).proposal(placed["proposal_id"])["status"] == "ASSESSED"


def test_an_order_that_a_policy_denies_is_blocked_with_its_figures(office: Office, key: str) -> None:
    placed = post(office, key, order(office, quantity="90000")).json()
    assert (placed["status"], placed["waits_for"], placed["digest"]) == ("BLOCKED", "nobody", None)
    breach = next(one for one in placed["risk_decisions"] if one["result"] == "breach")
    assert {"observed", "limit", "headroom"} <= set(breach)


def test_the_same_order_is_answered_the_same_for_ever(office: Office, key: str) -> None:
    for bearer in (key, ticket(office, MARIA)):
        body = order(office, quantity="4")
        first, again = post(office, bearer, body), post(office, bearer, body)
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        other = post(office, bearer, {**body, "quantity": "5"})
        assert (other.status_code, other.json()["field"]) == (409, "client_order_id")


def test_64_posts_of_one_order_are_one_order(office: Office, key: str) -> None:
    body = order(office, quantity="6")
    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda _: post(office, key, body).text, range(64)))
    assert len(set(said)) == 1
    stream = "select count(*) from gatehouse.journal where stream = %s"
    (placed,) = {httpx.Response(200, text=one).json()["proposal_id"] for one in said[:1]}
    assert value(office, stream, f"proposal/{placed}") == 2


def test_many_orders_are_answered_one_by_one(office: Office, key: str) -> None:
    bodies = [
        order(office, quantity="7"),
        order(office, quantity="0"),
        order(office, account_id="acc-nobody"),
        order(office, quantity="8"),
    ]
    said = post(office, key, {"orders": bodies}, "/v1/orders/batch")
    assert said.status_code == 200, said.text
    told = said.json()["orders"]
    assert [one["client_order_id"] for one in told] == [one["client_order_id"] for one in bodies]
    assert [("placed" in one, one.get("problem", {}).get("status")) for one in told] == [
        (True, None),
        (False, 422),
        (False, 404),
        (True, None),
    ]


def test_in_a_batch_each_order_says_whose_idea_it_was(office: Office) -> None:
    maria, mine = office.of(MARIA), ticket(office, MARIA)
    bodies = [order(office, quantity="11", solicited="solicited"), order(office, quantity="12")]
    told = post(office, mine, {"orders": bodies}, "/v1/orders/batch").json()["orders"]
    proposals = [one["placed"]["proposal_id"] for one in told]
    assert [maria.proposal(one)["solicited"] for one in proposals] == ["solicited", None]
    for one in proposals:
        maria.decide(one, "withdraw", {})


def test_a_live_order_is_replaced_by_one_that_people_decide_on(office: Office) -> None:
    maria, robert = office.of(MARIA), office.of(ROBERT)
    ask = value(office, "select min(ask) from gatehouse.quote where symbol = 'AAPL'")
    rests = f"{float(ask) * 0.99:.2f}"
    first = post(office, ticket(office, MARIA), order(office, order_type="limit", limit_price=rests)).json()
    robert.decide(first["proposal_id"], "approve", {"digest": first["digest"]})
    until(lambda: maria.order(first["order_id"])["status"], lambda status: status == "ACCEPTED")
    (placed,) = live_orders.live(maria.proposal(first["proposal_id"]), maria.me())
    named = {"advisor": maria.me()["person"], "client_order_id": f"c-{os.urandom(6).hex()}"}
    body = live_orders.asked(placed, quantity="3", limit=rests, **named)  # what the page sends
    assert body["replaces"] == first["order_id"]
    said = post(office, ticket(office, MARIA), body)
    assert (said.status_code, said.json()["status"]) == (201, "HELD"), said.text
    told = "select content::jsonb->'legs'->0->>'replaces' from gatehouse.proposal where proposal = %s"
    assert value(office, told, said.json()["proposal_id"]) == first["order_id"]
    other = post(office, ticket(office, MARIA), {**body, "client_order_id": "c-other", "side": "sell"})
    assert other.json()["status"] in (422, "BLOCKED"), other.text
    assert maria.cancel_drafts() == []
    maria.decide(said.json()["proposal_id"], "withdraw", {})
    maria.cancel_order(first["order_id"])
    until(lambda: maria.order(first["order_id"])["status"], lambda status: status == "CANCELLED")
    late = post(office, ticket(office, MARIA), {**body, "client_order_id": f"c-{os.urandom(6).hex()}"})
    assert late.status_code in (409, 422), late.text


def test_an_order_for_the_next_session_is_decided_on_today_and_stays(office: Office) -> None:
    said = post(office, ticket(office, MARIA), order(office, session="next", quantity="9")).json()
    assert (said["status"], said["waits_for"]) == ("HELD", "principal"), said
    office.of(ROBERT).decide(said["proposal_id"], "approve", {"digest": said["digest"]})
    assert office.of(MARIA).proposal(said["proposal_id"])["status"] == "APPROVED"
    told = "select content::jsonb->>'valid_for' from gatehouse.proposal where proposal = %s"
    assert value(office, told, said["proposal_id"]) == "2022-12-30"
    office.of(MARIA).decide(said["proposal_id"], "withdraw", {})


WRONG: Final[Mapping[str, tuple[Any, str]]] = {
    "a number for an amount": ({"quantity": 2}, "quantity"),
    "a negative quantity": ({"quantity": "-2"}, "quantity"),
    "digits of another script": ({"quantity": "٣"}, "quantity"),
    "a line end after the amount": ({"quantity": "2\n"}, "quantity"),
    "an exponent": ({"quantity": "1e3"}, "quantity"),
    "an unknown side": ({"side": "short"}, "side"),
    "an unknown field": ({"confirm": True}, "confirm"),
    "a limit order without a price": ({"order_type": "limit"}, "limit_price"),
    "a market order with a price": ({"limit_price": "10"}, "limit_price"),
    "a time in force that is not offered": ({"time_in_force": "gtc"}, "time_in_force"),
    "a lower-case symbol": ({"symbol": "aapl"}, "symbol"),
    "an id with a space": ({"client_order_id": "a b"}, "client_order_id"),
    "null": ({"symbol": None}, "symbol"),
    "a replaced order that is no order's id": ({"replaces": "gh-1"}, "replaces"),
    "a session that is neither": ({"session": "tomorrow"}, "session"),
    "a live order in another session": ({"replaces": f"gh-{'0' * 24}", "session": "next"}, "session"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused_by_its_field_and_records_nothing(
    office: Office, key: str, name: str
) -> None:
    changed, field = WRONG[name]
    body, before = order(office, **changed), entries(office)
    said = post(office, key, body)
    assert said.status_code == 422, said.text
    assert said.headers["content-type"] == "application/problem+json"
    assert said.json()["field"] == field
    assert entries(office) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[1,]", b'{"a":1e999}', b"\xff\xfe", b'"\\ud800"', b"[" * 5000])
def test_what_is_no_order_at_all_is_refused(office: Office, key: str, body: bytes) -> None:
    before = entries(office)
    said = post(office, key, body)
    assert said.status_code in (400, 422), said.text
    assert said.json()["code"] in ("malformed", "bad_input")
    assert entries(office) == before


def test_nobody_places_without_a_ticket_or_in_another_book(office: Office, key: str) -> None:
    body = order(office)
    none = httpx.post(f"{office.url}/v1/orders", json=body, trust_env=False, verify=NOBODY)
    assert (none.status_code, none.headers["www-authenticate"]) == (401, "Bearer")
    assert post(office, "ghk.nobody", body).status_code == 401
    assert post(office, "nobody", body).status_code == 401
    assert post(office, ticket(office, "david.nakamura"), body).status_code == 403
    as_david = {**body, "advisor_id": "adv-2"}
    assert post(office, ticket(office, "david.nakamura"), as_david).status_code == 404
    assert post(office, key, as_david).status_code == 403


def test_a_programs_key_opens_no_other_door(office: Office, key: str) -> None:
    placed = post(office, key, order(office, quantity="9")).json()
    said = post(
        office,
        key,
        {"digest": placed["digest"], "reasons": {}},
        f"/v1/proposals/{placed['proposal_id']}/submit",
    )
    assert said.status_code == 401
    for path in ("/v1/me", "/v1/worklist", "/v1/proposals"):
        got = httpx.get(
            f"{office.url}{path}", headers={"Authorization": f"Bearer {key}"}, trust_env=False, verify=NOBODY
        )
        assert got.status_code == 401, path


def test_only_operations_gives_keys(office: Office) -> None:
    body = {"machine": "mch-x", "advisor_id": "adv-1", "days": 30}
    assert post(office, ticket(office, MARIA), body, "/v1/programs").status_code == 403


def test_the_routes_stand_in_the_document_with_their_schemas(office: Office) -> None:
    document = httpx.get(f"{office.url}/openapi.json", trust_env=False, verify=NOBODY).json()
    body = document["paths"]["/v1/orders"]["post"]
    schema = body["requestBody"]["content"]["application/json"]["schema"]
    named = schema["$defs"]["PlaceOrder"]
    assert named["additionalProperties"] is False
    assert set(named["required"]) == set(named["properties"]) - {
        *("limit_price", "solicited", "session", "replaces")
    }
    assert body["security"]
    assert "/v1/orders/batch" in document["paths"]


def test_answers_carry_the_security_headers_and_are_counted(office: Office, key: str) -> None:
    said = post(office, key, order(office, quantity="11"))
    assert said.headers["cache-control"] == "no-store"
    assert said.headers["x-content-type-options"] == "nosniff"
    assert "server" not in said.headers
    counted = httpx.get(f"{office.url}/metrics", trust_env=False, verify=NOBODY).text
    assert 'gatehouse_requests_total{method="POST",route="/v1/orders",status="201"}' in counted


def test_an_approved_order_goes_the_way_of_every_other(office: Office) -> None:
    placed = post(office, ticket(office, MARIA), order(office, quantity="12")).json()
    robert = office.of(ROBERT)
    robert.decide(placed["proposal_id"], "approve", {"digest": placed["digest"], "reasons": {}})
    found = until(lambda: robert.proposal(placed["proposal_id"]), lambda p: p["status"] == "RELEASED")
    assert found["orders"][0]["order"] == placed["order_id"]


def test_an_order_is_read_by_whoever_placed_it_and_by_nobody_elses_book(office: Office, key: str) -> None:
    placed = post(office, key, order(office, quantity="13")).json()
    path = f"{office.url}/v1/orders/{placed['order_id']}"
    for bearer, status in ((key, 200), (ticket(office, MARIA), 200), (ticket(office, "david.nakamura"), 404)):
        got = httpx.get(path, headers={"Authorization": f"Bearer {bearer}"}, trust_env=False, verify=NOBODY)
        assert got.status_code == status, got.text
    got = httpx.get(path, headers={"Authorization": f"Bearer {key}"}, trust_env=False, verify=NOBODY).json()
    assert (got["status"], got["trace_id"]) == ("HELD", placed["trace_id"])
    assert got["accepted_at"][:23] == placed["accepted_at"][:23]
    every = httpx.get(
        f"{office.url}/v1/orders", headers={"Authorization": f"Bearer {key}"}, trust_env=False, verify=NOBODY
    )
    assert placed["order_id"] in {one["order_id"] for one in every.json()}


def test_an_order_that_is_out_is_cancelled_at_its_venue(office: Office) -> None:
    maria, robert = ticket(office, MARIA), office.of(ROBERT)
    body = order(office, quantity="14", order_type="limit", limit_price=resting(office))
    placed = post(office, maria, body).json()
    path = f"/v1/orders/{placed['order_id']}/cancel"
    assert post(office, maria, {}, path).json()["code"] == "not_released"
    robert.decide(placed["proposal_id"], "approve", {"digest": placed["digest"], "reasons": {}})
    until(lambda: robert.proposal(placed["proposal_id"]), lambda p: p["status"] == "RELEASED")
    asked = post(office, maria, {}, path)
    assert asked.status_code == 200, asked.text
    url = f"{office.url}/v1/orders/{placed['order_id']}"
    bearer = {"Authorization": f"Bearer {maria}"}
    over = until(
        lambda: httpx.get(url, headers=bearer, trust_env=False, verify=NOBODY).json(),
        lambda o: o["status"] in ("CANCELLED", "FILLED"),
    )
    assert over["status"] == "CANCELLED", over
    again = post(office, maria, {}, path)
    assert (again.status_code, again.json()["repeated"]) == (200, True)


def resting(office: Office) -> str:
    """A limit inside the firm's band that no seller takes soon."""
    bid = value(office, "select min(bid) from gatehouse.quote where symbol = 'AAPL'")
    return str(round(bid * 982 / 1000, 2))


@pytest.mark.parametrize("after", [0.0, 0.15])
def test_a_front_killed_on_the_way_leaves_one_order_and_the_repeat_is_answered(
    office: Office, tmp_path: Path, after: float
) -> None:
    """Wherever it died: before the first append, between the two, or after both."""
    maria, port = ticket(office, MARIA), free_port()
    body = order(office, quantity="15" if after else "16")
    with process(
        ["front", "--intake"], {**office.env, "GATEHOUSE_PORT": str(port)}, tmp_path / "log"
    ) as front:
        until(lambda: answers(port), bool, within=60)
        with ThreadPoolExecutor(1) as pool:
            dying = replace(office, url=f"http://127.0.0.1:{port}")
            lost = pool.submit(post, dying, maria, body)
            threading.Event().wait(after)
            front.kill()
            wait([lost])
    first, again = post(office, maria, body), post(office, maria, body)
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    assert first.json()["waits_for"] == "principal"
    stream = f"proposal/{first.json()['proposal_id']}"
    kinds = "select string_agg(event_type, ' ' order by seq) from gatehouse.journal where stream = %s"
    assert value(office, kinds, stream) == "ProposalDrafted ProposalAssessed ProposalSubmitted"


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, verify=NOBODY).is_success
    except httpx.HTTPError:
        return False
