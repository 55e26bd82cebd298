"""What the API answers to what it cannot use: a problem document with field and fix; nothing is done."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from core import errors
from core.errors import GatehouseError, Refused
from core.ledger.refusals import WORDS
from core.plain_http import NOBODY
from tests.fixtures.office import Office
from ui.api.problems import REFUSED_STATUS, STATUS, problem_of, status_of


def every(family: type[GatehouseError]) -> Iterator[type[GatehouseError]]:
    yield family
    for child in family.__subclasses__():
        yield from every(child)


def test_every_error_of_the_tree_has_a_status_of_its_own_or_its_familys() -> None:
    without = [
        kind
        for kind in every(GatehouseError)
        if kind is not GatehouseError and not set(kind.__mro__) & set(STATUS)
    ]
    assert without == []
    assert {kind for kind in every(GatehouseError) if kind.__module__ == errors.__name__} - {
        GatehouseError,
        errors.CurrencyMismatch,
    } <= set(STATUS)


def test_every_refusal_with_a_status_is_one_that_the_record_gives() -> None:
    assert set(REFUSED_STATUS) - set(WORDS) - {"too_many"} == set()


def test_an_unknown_outcome_is_accepted_and_not_to_be_sent_again() -> None:
    assert status_of(errors.OutcomeUnknown("x", fix="y")) == 202


def test_a_refusals_code_is_in_its_document() -> None:
    document = problem_of(
        Refused("self_approval", "you submitted it", fix="another principal"), instance="/v1/x"
    )
    assert (document.status, document.code, document.fix) == (403, "self_approval", "another principal")


@pytest.fixture(scope="module")
def http(office: Office) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {office.of('maria.alvarez').ticket}"}
    with httpx.Client(
        base_url=office.url, headers=headers, trust_env=False, verify=NOBODY, timeout=20
    ) as client:
        yield client


KEY = {"Idempotency-Key": "a" * 12, "Content-Type": "application/json"}
ORDER = {
    "kind": "order", "household": "hh-101", "accounts": ["acc-1001"], "symbol": "AAPL", "side": "buy",
    "quantity": "5", "order_type": "limit", "limit_price": "100",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 5}, "quantity"),
        ({"quantity": 5.5}, "quantity"),
        ({"quantity": "-5"}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": "1e5"}, "quantity"),
        ({"quantity": "٣"}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"limit_price": None}, "limit_price"),
        ({"accounts": []}, "accounts"),
        ({"accounts": ["a\u0000b"]}, "accounts.0"),
        ({"household": "'; drop table journal; --"}, "household"),
        ({"side": "short"}, "side"),
        ({"approve": True}, "approve"),
        ({"kind": "wire"}, "kind"),
        ({"symbol": "\ud800"}, "symbol"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(
    http: httpx.Client, change: dict[str, object], field: str
) -> None:

    answer = http.post("/v1/proposals", content=json.dumps({**ORDER, **change}), headers=KEY)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["field"] == field
    assert document["fix"]
    assert document["instance"] == "/v1/proposals"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 30_000, b'{"a":1}x']
)
def test_a_body_that_is_no_json_object_is_a_problem(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/v1/proposals", content=body, headers=KEY)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_over_the_limit_is_refused_by_size(http: httpx.Client) -> None:
    assert http.post("/v1/threads", content=b" " * 70_000).status_code == 413


def test_a_body_over_the_limit_is_refused_when_its_length_is_not_told(http: httpx.Client) -> None:
    answer = http.post("/v1/threads", content=(b" " * 1_000 for _ in range(80)))
    assert answer.status_code == 413


def test_a_draft_without_an_idempotency_key_is_refused(http: httpx.Client) -> None:
    answer = http.post("/v1/proposals", json=ORDER)
    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")


def test_without_a_ticket_nothing_is_told(office: Office) -> None:
    for path in ("/v1/me", "/v1/worklist", "/v1/households", "/v1/proposals", "/v1/day", "/v1/audit/entries"):
        answer = httpx.get(f"{office.url}{path}", trust_env=False, verify=NOBODY)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required"), path
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_path_that_is_not_there_is_a_problem_too(http: httpx.Client) -> None:
    assert http.get("/v1/nothing").headers["content-type"] == "application/problem+json"
    assert http.put("/v1/proposals").status_code == 405


def test_the_copilots_routes_are_not_there_for_others(http: httpx.Client) -> None:
    body = {"ticket": "x", "field": "name", "sealed": []}
    assert http.post("/internal/clear", json=body).status_code == 404
    assert (
        http.post("/internal/clear", json=body, headers={"X-Gatehouse-Loopback": "guess"}).status_code == 404
    )


def test_every_answer_carries_the_security_headers(http: httpx.Client) -> None:
    for path in ("/v1/me", "/healthz", "/v1/nothing", "/sign-in"):
        headers = http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "deny"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_the_description_is_openapi_3_1_and_keeps_the_inner_routes_out(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert not [path for path in document["paths"] if path.startswith("/internal")]
    assert "/v1/proposals/{proposal}/approve" in document["paths"]
