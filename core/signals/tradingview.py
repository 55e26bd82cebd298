"""A webhook of TradingView's kind: bytes in, a typed signal out, or a refusal that names the field.

Rule 1: pure. Untrusted bytes choose nothing but what a strategy may choose: its own accounts, and a draft.
Rule 2: it is signed over the raw body with time and nonce; where the sender cannot set headers, the body
    carries the secret instead, with `sent_at` and `nonce`. A comparison takes the same time whatever differs.
Rule 3: the nonce is the signal's name: the same one with the same signal is the same signal.
Source: RFC 2104 (HMAC); TradingView's webhooks cannot set headers, hence the second way.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.errors import BadInput, SignInRequired
from core.signals.events import Purpose

WINDOW: Final = timedelta(minutes=5)
_END: Final = r"$(?!\n)"
Machine = Annotated[str, Meta(pattern=rf"^mch-[a-z0-9-]{{1,40}}{_END}")]
Nonce = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9._:-]{{8,80}}{_END}")]
Amount = Annotated[str, Meta(pattern=rf"^[0-9]{{1,12}}(\.[0-9]{{1,6}})?{_END}")]


class SignalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a strategy posts. `secret`, `sent_at` and `nonce` stand here only where headers cannot be set."""

    strategy: Machine
    purpose: Literal["entry", "exit", "profit_take", "stop_loss"]
    account_id: Annotated[str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._:-]{{0,79}}{_END}")]
    symbol: Annotated[str, Meta(pattern=rf"^[A-Z0-9.]{{1,24}}{_END}")]
    side: Literal["buy", "sell"]
    quantity: Amount
    limit_price: Amount | None = None
    secret: Annotated[str, Meta(max_length=100)] | None = None
    sent_at: Annotated[str, Meta(max_length=40)] | None = None
    nonce: Nonce | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """The headers that came, or None each."""

    at: str | None
    nonce: str | None
    signature: str | None


@dataclass(frozen=True, slots=True)
class Proven:
    """A signal from its own strategy: its name, and whether it came in time."""

    nonce: str
    in_time: bool


def proven(body: bytes, read: SignalBody, signed: Signed, secret: str, *, now: datetime) -> Proven:
    """Whether these bytes come from the holder of the secret.

    Raises:
        SignInRequired: they do not, or nothing says so.
        BadInput: time or nonce are missing, double or cannot be read.
    """
    if signed.signature is not None:
        if read.secret is not None or read.nonce is not None or read.sent_at is not None:
            raise BadInput(
                "a signed signal carries no secret, nonce or sent_at", fix="leave it out", field="secret"
            )
        at, nonce = signed.at or "", signed.nonce or ""
        due = hmac.new(secret.encode(), f"{at}.{nonce}.".encode() + body, sha256).hexdigest()
        if not hmac.compare_digest(due.encode(), signed.signature.encode()):
            raise _not_proven()
    elif read.secret is not None:
        if not hmac.compare_digest(secret.encode(), read.secret.encode()):
            raise _not_proven()
        at, nonce = read.sent_at or "", read.nonce or ""
    else:
        raise _not_proven()
    if not nonce:
        raise BadInput("the signal has no nonce", fix="name each signal once", field="nonce")
    return Proven(_name(nonce), abs(now - _moment(at)) <= WINDOW)


def too_late() -> BadInput:
    """What to say of a signal that is out of its window and is not known."""
    minutes = WINDOW // timedelta(minutes=1)
    return BadInput(
        f"the signal was not sent within {minutes} minutes of now",
        fix="set the sender's clock",
        field="sent_at",
    )


def purpose_of(read: SignalBody) -> Purpose:
    return Purpose(read.purpose)


def _not_proven() -> SignInRequired:
    return SignInRequired(
        "the signal does not prove its strategy", fix="sign it with the strategy's own secret"
    )


def _name(nonce: str) -> str:
    try:
        return msgspec.convert(nonce, Nonce)
    except msgspec.ValidationError:
        raise BadInput(
            "nonce is not of its form", fix="use 8 to 80 letters, digits or dashes", field="nonce"
        ) from None


def _moment(at: str) -> datetime:
    """RFC 3339, or whole seconds since 1970."""
    try:
        if at.isascii() and at.isdigit() and len(at) <= 12:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(at))
        moment = datetime.fromisoformat(at)
    except (ValueError, OverflowError):
        raise BadInput(
            "the signal's time cannot be read", fix="write it as RFC 3339", field="sent_at"
        ) from None
    if moment.tzinfo is None:
        raise BadInput("the signal's time has no zone", fix="end it with Z", field="sent_at")
    return moment
