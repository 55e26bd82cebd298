"""Signals of strategies, as webhooks send them.

Rule 1: a signal drafts, and waits for the account's advisor like any other draft.
"""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import APIRouter

from core.signals.tradingview import SignalBody, Signed
from ui.api.bare import Bare, Called, decoded, documented
from ui.api.placing import PlacedOrder, told

router = APIRouter(tags=["signals"], route_class=Bare)

_signal: Final = msgspec.json.Decoder(SignalBody)
_encode: Final = msgspec.json.Encoder().encode


@router.post(
    "/v1/signals/tradingview",
    summary="A strategy's signal",
    **documented(SignalBody, PlacedOrder, status=201, by_ticket=False),
)
async def tradingview(called: Called) -> tuple[int, bytes]:
    """Signed: X-Gatehouse-Timestamp, X-Gatehouse-Nonce, and X-Gatehouse-Signature, the hex of HMAC-SHA-256 of
    `timestamp.nonce.body`. Where headers cannot be set, the body carries secret, sent_at and nonce."""
    signed = Signed(
        at=called.header(b"x-gatehouse-timestamp"),
        nonce=called.header(b"x-gatehouse-nonce"),
        signature=called.header(b"x-gatehouse-signature"),
    )
    read = decoded(_signal, called.body)
    placed = await called.doors.intake.signals.receive(called.body, read, signed)
    return 201, _encode(told("", placed, submitted=placed.submitted, says=""))


SHORTCUTS: Final = {route.path: route for route in router.routes if isinstance(route, Bare)}
