"""Signing in and out over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.clock import SetClock
from core.plain_http import NOBODY
from tests.fixtures.office import Office
from ui.api.problems import TooManyTries
from ui.api.sign_in import COOKIE
from ui.api.tries import MOST, WITHIN, Tries
from ui.screens.client import Client, Problem


def test_a_wrong_login_and_a_wrong_password_are_not_told_apart(office: Office) -> None:
    said = []
    for login, password in (("maria.alvarez", "wrong"), ("nobody.here", "wrong")):
        with pytest.raises(Problem) as no:
            Client(office.url).sign_in(login, password)
        said.append((no.value.status, no.value.code, no.value.says))
    assert said[0] == said[1] == (401, "sign_in_required", "login or password is wrong")


def test_after_ten_wrong_passwords_the_next_is_not_looked_at(office: Office) -> None:
    office.of("susan.feldman")  # signed in before: other tests of this office need her
    client = Client(office.url)
    for _ in range(10):
        with pytest.raises(Problem):
            client.sign_in("susan.feldman", "wrong")
    answer = httpx.post(
        f"{office.url}/v1/sessions",
        json={"login": "susan.feldman", "password": office.passwords["susan.feldman"]},
        trust_env=False,
        verify=NOBODY,
        timeout=20,
    )
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_one_address_has_its_share_of_wrong_passwords_and_no_more() -> None:
    clock = SetClock(datetime(2026, 1, 5, 15, tzinfo=UTC))
    tries = Tries(clock)
    for _ in range(MOST):
        tries.look("10.0.0.1")
        tries.was_wrong("10.0.0.1")
    with pytest.raises(TooManyTries) as no:
        tries.look("10.0.0.1")
    assert no.value.wait_seconds == WITHIN // timedelta(seconds=1) + 1
    tries.look("10.0.0.2")
    clock.advance(WITHIN + timedelta(seconds=1))
    tries.look("10.0.0.1")


def test_a_ticket_ends_with_its_session(office: Office) -> None:
    client = Client(office.url)
    client.sign_in("robert.hensley", office.passwords["robert.hensley"])
    ticket = client.ticket
    client.sign_out()
    with pytest.raises(Problem) as no:
        Client(office.url, ticket).me()
    assert no.value.status == 401


def test_the_sign_in_form_gives_a_cookie_that_no_script_reads(office: Office) -> None:
    form = {"login": "maria.alvarez", "password": office.passwords["maria.alvarez"]}
    answer = httpx.post(
        f"{office.url}/sign-in",
        data=form,
        headers={"Origin": office.url},
        trust_env=False,
        verify=NOBODY,
        timeout=20,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE)
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_from_another_page_does_not_sign_in(office: Office, headers: dict[str, str]) -> None:
    form = {"login": "maria.alvarez", "password": office.passwords["maria.alvarez"]}
    answer = httpx.post(
        f"{office.url}/sign-in", data=form, headers=headers, trust_env=False, verify=NOBODY, timeout=20
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_api_does_not_read_the_cookie(office: Office) -> None:
    ticket = office.of("maria.alvarez").ticket
    assert (
        httpx.get(
            f"{office.url}/v1/me", cookies={COOKIE: str(ticket)}, trust_env=False, verify=NOBODY
        ).status_code
        == 401
    )


def test_what_was_typed_is_escaped_on_the_page(office: Office) -> None:
    form = {"login": '"><script>alert(1)</script>', "password": "x"}
    answer = httpx.post(
        f"{office.url}/sign-in", data=form, headers={"Origin": office.url}, trust_env=False, verify=NOBODY
    )
    assert "<script>" not in answer.text
