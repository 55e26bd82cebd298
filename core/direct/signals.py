"""Signals at the intake: proven, read, and drafted like any direct order. They reach no further than a draft.

Rule 1: a strategy's two secrets are derived from the key store and kept nowhere: one that its sender signs
    with, shown once, and one that `front` presents to draft. No log and no payload holds either.
Rule 2: the oldest version of the store's key is used: new keys for people's words change no strategy's.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Final

from core.clock import Clock
from core.direct.askers import KEY_BEGINS
from core.direct.orders import Asked, DirectOrders, Placed
from core.errors import BadInput
from core.ids import AccountId, SubjectId, Symbol
from core.orders.events import OrderType, Side
from core.people.keystore import KeyStore
from core.signals.tradingview import SignalBody, Signed, proven, purpose_of, too_late

STORE: Final = SubjectId("signals")
OLDEST: Final = 1_000_000  # versions back, and no further than there are


def signing_secret(keys: KeyStore, machine: str) -> str:
    """What the strategy's sender signs with."""
    return _derived(keys, f"sign/{machine}")


def drafting_key(keys: KeyStore, machine: str) -> str:
    """What `front` presents to the database for the strategy."""
    return KEY_BEGINS + _derived(keys, f"draft/{machine}")


def _derived(keys: KeyStore, what: str) -> str:
    sealed = keys.seal(STORE, "secret", what, back=OLDEST)  # the same words, the same text, and nobody else's
    return sha256(sealed.sealed.encode()).hexdigest()


class Signals:
    """One for each process that takes orders."""

    def __init__(self, orders: DirectOrders, keys: KeyStore, clock: Clock) -> None:
        self._orders = orders
        self._keys = keys
        self._clock = clock

    async def receive(self, body: bytes, read: SignalBody, signed: Signed) -> Placed:
        """The draft of a signal. A copy gets the first answer for ever, whenever it comes.

        Raises:
            SignInRequired: it does not come from that strategy, or the strategy is not let in any more.
            BadInput: a field cannot be used, or it came outside its window.
            Refused: signals are off for that account.
            Conflict: another signal has that nonce.
        """
        proof = proven(body, read, signed, signing_secret(self._keys, read.strategy), now=self._clock.now())
        key, name = drafting_key(self._keys, read.strategy), f"signal:{proof.nonce}"
        if not proof.in_time and not await self._orders.known(key, name):
            raise too_late()
        asker = await self._orders.askers.of(key)
        quantity = Decimal(read.quantity)
        limit = None if read.limit_price is None else Decimal(read.limit_price)
        if not quantity:
            raise BadInput("quantity is zero", fix="ask for at least one share", field="quantity")
        if limit is not None and not limit:
            raise BadInput("limit_price is zero", fix="leave it out, or give a price", field="limit_price")
        asked = Asked(
            client_order=name,
            account=AccountId(read.account_id),
            advisor=asker.advisor,
            symbol=Symbol(read.symbol),
            side=Side(read.side),
            quantity=quantity,
            order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
            limit_price=limit,
        )
        return await self._orders.place(key, asked, purpose=purpose_of(read))
