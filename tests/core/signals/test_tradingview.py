"""Reading and proving signals: whatever comes in is a typed signal or a named refusal."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, SignInRequired
from core.signals.tradingview import WINDOW, SignalBody, Signed, proven

NOW = datetime(2022, 12, 29, 15, 0, tzinfo=UTC)
SECRET = "s" * 64
READ = SignalBody("mch-a", "entry", "acc-1", "AAPL", "buy", "1")
BODY = msgspec.json.encode(READ)


def signed(body: bytes, at: str, nonce: str, secret: str = SECRET) -> Signed:
    mac = hmac.new(secret.encode(), f"{at}.{nonce}.".encode() + body, sha256).hexdigest()
    return Signed(at, nonce, mac)


@pytest.mark.parametrize("away", [WINDOW, -WINDOW])
def test_the_window_is_five_minutes_either_side(away: timedelta) -> None:
    inside = f"{(NOW + away).timestamp():.0f}"
    outside = f"{(NOW + away * 1.01).timestamp():.0f}"
    assert proven(BODY, READ, signed(BODY, inside, "nonce-12"), SECRET, now=NOW).in_time
    assert not proven(BODY, READ, signed(BODY, outside, "nonce-12"), SECRET, now=NOW).in_time


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=200), at=st.text(max_size=30), nonce=st.text(max_size=30), secret=st.text())
def test_nothing_proves_itself_without_the_secret(body: bytes, at: str, nonce: str, secret: str) -> None:
    try:
        made = signed(body, at, nonce, secret)
    except UnicodeEncodeError:
        return
    if secret != SECRET:
        with pytest.raises((SignInRequired, BadInput)):
            proven(body, READ, made, SECRET, now=NOW)


@settings(max_examples=300, deadline=None)
@given(at=st.text(max_size=40), nonce=st.text(max_size=90))
def test_a_signed_time_and_nonce_are_read_or_refused_by_name(at: str, nonce: str) -> None:
    try:
        made = signed(BODY, at, nonce)
    except UnicodeEncodeError:
        return
    fault = ""
    try:
        proof = proven(BODY, READ, made, SECRET, now=NOW)
    except BadInput as no:
        fault = str(no.field)
    assert fault in ("nonce", "sent_at") if fault else proof.nonce == nonce


def test_a_signed_signal_with_a_secret_in_its_body_is_refused() -> None:
    read = msgspec.structs.replace(READ, secret=SECRET)
    with pytest.raises(BadInput):
        proven(BODY, read, signed(BODY, NOW.isoformat(), "nonce-12"), SECRET, now=NOW)


def test_the_bodys_secret_needs_its_time_and_nonce() -> None:
    read = msgspec.structs.replace(READ, secret=SECRET, sent_at=NOW.isoformat(), nonce="nonce-12")
    assert proven(b"", read, Signed(None, None, None), SECRET, now=NOW).in_time
    for missing in ("sent_at", "nonce"):
        with pytest.raises(BadInput) as no:
            proven(
                b"",
                msgspec.structs.replace(read, **{missing: None}),
                Signed(None, None, None),
                SECRET,
                now=NOW,
            )
        assert no.value.field == missing
