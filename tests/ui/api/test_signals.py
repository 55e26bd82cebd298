"""Signals over real HTTP: proven, typed, once for ever, off until an advisor switches them on."""

from __future__ import annotations

import hmac
import json
import os
import tarfile
from collections.abc import Mapping
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

import httpx
import pytest

from core.clock import WallClock
from core.plain_http import NOBODY
from tests.core.ledger.test_append_db import VECTORS
from tests.fixtures.office import Office
from tests.ui.api.test_placing import ELENA, MARIA, entries, order, post, ticket, value

URL: Final = "/v1/signals/tradingview"


class Strategy(NamedTuple):
    machine: str
    secret: str
    account: str


@pytest.fixture(scope="module")
def strategy(office: Office) -> Strategy:
    """One of Maria's book, switched on for one account."""
    machine = f"mch-{os.urandom(4).hex()}"
    body = {"machine": machine, "advisor_id": "adv-1", "days": 30, "signals": True}
    said = post(office, ticket(office, ELENA), body, "/v1/programs")
    assert said.status_code == 201, said.text
    account = str(order(office)["account_id"])
    on = post(
        office, ticket(office, MARIA), {"account_id": account, "on": True}, f"/v1/programs/{machine}/signals"
    )
    assert on.status_code == 200, on.text
    return Strategy(machine, said.json()["key"], account)


def signal(of: Strategy, **changed: Any) -> dict[str, Any]:
    return {
        "strategy": of.machine,
        "purpose": "entry",
        "account_id": of.account,
        "symbol": "AAPL",
        "side": "buy",
        "quantity": "1",
        **changed,
    }


def now(late: timedelta = timedelta(0)) -> str:
    return (WallClock().now() - late).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(
    strategy: Strategy, body: bytes, *, at: str = "", nonce: str = "", secret: str = ""
) -> Mapping[str, str]:
    at, nonce = at or now(), nonce or os.urandom(8).hex()
    mac = hmac.new((secret or strategy.secret).encode(), f"{at}.{nonce}.".encode() + body, sha256)
    return {
        "X-Gatehouse-Timestamp": at,
        "X-Gatehouse-Nonce": nonce,
        "X-Gatehouse-Signature": mac.hexdigest(),
    }


def send(office: Office, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.post(
        f"{office.url}{URL}",
        content=body,
        headers=dict(headers or {}),
        timeout=30,
        trust_env=False,
        verify=NOBODY,
    )


def bytes_of(asked: Any) -> bytes:
    return json.dumps(asked).encode()


def test_a_signed_signal_drafts_and_waits_for_the_advisor(office: Office, strategy: Strategy) -> None:
    body = bytes_of(signal(strategy))
    said = send(office, body, signed(strategy, body))
    assert said.status_code == 201, said.text
    placed = said.json()
    assert (placed["status"], placed["waits_for"]) == ("HELD", "advisor")
    assert office.of(MARIA).proposal(placed["proposal_id"])["status"] == "ASSESSED"
    kinds = "select string_agg(event_type, ' ' order by seq) from gatehouse.journal where trace_id = %s"
    said_of = value(office, kinds, placed["trace_id"])
    assert said_of == "SignalReceived ProposalDrafted ProposalAssessed"


def test_a_copy_gets_the_first_answer_for_ever_and_another_signal_none(
    office: Office, strategy: Strategy
) -> None:
    nonce = os.urandom(8).hex()
    body = bytes_of(signal(strategy, quantity="2"))
    first = send(office, body, signed(strategy, body, nonce=nonce))
    again = send(office, body, signed(strategy, body, nonce=nonce))
    late = send(office, body, signed(strategy, body, nonce=nonce, at=now(timedelta(days=3))))
    assert first.json() == again.json() == late.json(), late.text
    for changed in ({"quantity": "3"}, {"purpose": "exit"}):
        other = bytes_of(signal(strategy, **{"quantity": "2", **changed}))
        assert send(office, other, signed(strategy, other, nonce=nonce)).status_code == 409


def test_the_bodys_secret_serves_where_headers_cannot_be_set(office: Office, strategy: Strategy) -> None:
    asked = signal(strategy, quantity="4", secret=strategy.secret, sent_at=now(), nonce=os.urandom(8).hex())
    first, again = send(office, bytes_of(asked)), send(office, bytes_of(asked))
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    assert strategy.secret not in first.text
    held = "select count(*) from gatehouse.journal where text like %s"
    assert value(office, held, f"%{strategy.secret}%") == 0


@pytest.mark.parametrize(
    "case", ["another secret", "no proof", "a changed body", "an old time", "a time to come", "no nonce"]
)
def test_what_does_not_prove_itself_in_time_drafts_nothing(
    office: Office, strategy: Strategy, case: str
) -> None:
    body = bytes_of(signal(strategy, quantity="5"))
    before = entries(office)
    headers: Mapping[str, str] = {
        "another secret": signed(strategy, body, secret="0" * 64),
        "no proof": {},
        "a changed body": signed(strategy, body + b" "),
        "an old time": signed(strategy, body, at=now(timedelta(minutes=6))),
        "a time to come": signed(strategy, body, at=now(-timedelta(minutes=6))),
        "no nonce": {**signed(strategy, body), "X-Gatehouse-Nonce": ""},
    }[case]
    said = send(office, body, headers)
    assert said.status_code in (401, 422), said.text
    assert entries(office) == before


@pytest.mark.parametrize(
    ("changed", "policy"),
    [
        ({"purpose": "entry", "side": "sell"}, "signal_direction"),
        ({"purpose": "exit", "side": "buy"}, "signal_direction"),
        ({"purpose": "stop_loss", "side": "buy"}, "signal_direction"),
        ({"purpose": "profit_take", "side": "sell", "quantity": "99999"}, "signal_direction"),
        ({"purpose": "exit", "side": "sell", "quantity": "99999"}, "short_sale"),
    ],
    ids=str,
)
def test_a_signal_that_turns_a_position_the_wrong_way_is_denied_by_policy(
    office: Office, strategy: Strategy, changed: Mapping[str, str], policy: str
) -> None:
    body = bytes_of(signal(strategy, **changed))
    placed = send(office, body, signed(strategy, body)).json()
    assert placed["status"] == "BLOCKED"
    denied = {one["policy"] for one in placed["risk_decisions"] if one["result"] == "breach"}
    assert policy in denied


def test_signals_are_off_until_the_accounts_advisor_says_so(office: Office, strategy: Strategy) -> None:
    others = office.of(MARIA).household("hh-101")["accounts"]
    body = bytes_of(signal(strategy, account_id=others[0]["account"]))
    said = send(office, body, signed(strategy, body))
    assert (said.status_code, said.json()["code"]) == (403, "signals_off")
    for login in (ELENA, "david.nakamura"):
        switched = post(
            office,
            ticket(office, login),
            {"account_id": strategy.account, "on": True},
            f"/v1/programs/{strategy.machine}/signals",
        )
        assert switched.status_code == 403


WRONG: Final[Mapping[str, tuple[Any, str]]] = {
    "an unknown purpose": ({"purpose": "double_down"}, "purpose"),
    "a number": ({"quantity": 1}, "quantity"),
    "a zero": ({"quantity": "0"}, "quantity"),
    "a lower-case symbol": ({"symbol": "aapl"}, "symbol"),
    "an unknown field": ({"approve": True}, "approve"),
    "a strategy with a slash": ({"strategy": "mch-a/b"}, "strategy"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_refusal_names_the_field(office: Office, strategy: Strategy, name: str) -> None:
    changed, field = WRONG[name]
    body, before = bytes_of(signal(strategy, **changed)), entries(office)
    said = send(office, body, signed(strategy, body))
    assert (said.status_code, said.json()["field"]) == (422, field), said.text
    assert entries(office) == before


def hostile_bodies() -> list[bytes]:
    """Other people's collections of what breaks parsers."""
    found = [json.dumps(text).encode() for text in json.loads((VECTORS / "naughty_strings.json").read_text())]
    with tarfile.open(VECTORS / "json_parsing.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() and member.name.endswith(".json") else None
            if file is not None:
                found.append(file.read())
    return found


def test_hostile_bodies_get_a_clean_no_at_both_doors_and_record_nothing(
    office: Office, strategy: Strategy
) -> None:
    if not VECTORS.exists():
        pytest.skip("the collections of hostile bodies are not on this machine")
    bearer, before = ticket(office, MARIA), entries(office)
    bodies = hostile_bodies()
    assert len(bodies) > 600
    with httpx.Client(base_url=office.url, trust_env=False, verify=NOBODY, timeout=30) as client:
        for body in bodies:
            for path in ("/v1/orders", "/v1/orders/batch", URL):
                said = client.post(path, content=body, headers={"Authorization": f"Bearer {bearer}"})
                assert 400 <= said.status_code < 500, (path, body[:80], said.text)
                assert said.headers["content-type"] == "application/problem+json"
                json.loads(said.text)
    assert entries(office) == before


def test_hostile_strings_in_each_field_get_a_clean_no(office: Office, strategy: Strategy) -> None:
    if not VECTORS.exists():
        pytest.skip("the collections of hostile bodies are not on this machine")
    bearer, before = ticket(office, MARIA), entries(office)
    strings = json.loads((VECTORS / "naughty_strings.json").read_text())[::7]
    asked = order(office)
    with httpx.Client(base_url=office.url, trust_env=False, verify=NOBODY, timeout=30) as client:
        for text in strings:
            for field in ("symbol", "quantity", "client_order_id", "account_id"):
                body = json.dumps({**asked, field: text, "side": "neither"}).encode()
                said = client.post("/v1/orders", content=body, headers={"Authorization": f"Bearer {bearer}"})
                assert 400 <= said.status_code < 500, said.text
    assert entries(office) == before
