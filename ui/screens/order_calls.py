"""What the HTTP client asks about orders, and about the programs that place them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Any


class OrderCalls:
    """A part of `ui.screens.client.Client`."""

    _ask: Callable[..., Json]

    def blocks(self) -> Json:
        """Blocks of one's book, newest first."""
        return self._ask("GET", "/v1/blocks")

    def orders(self) -> Json:
        return self._ask("GET", "/v1/orders")

    def order(self, order: str) -> Json:
        return self._ask("GET", f"/v1/orders/{order}")

    def place_order(self, body: Mapping[str, Any]) -> Json:
        """The same client_order_id gets the first answer."""
        return self._ask("POST", "/v1/orders", json=dict(body))

    def cancel_order(self, order: str) -> Json:
        return self._ask("POST", f"/v1/orders/{order}/cancel", json={})

    def cancel_drafts(self) -> Json:
        """What the copilot drafted and nobody has asked for yet."""
        return self._ask("GET", "/v1/cancel-drafts")

    def redrive_order(self, order: str) -> Json:
        return self._ask("POST", f"/v1/orders/{order}/redrive", json={})

    def admit_program(self, body: Mapping[str, Any]) -> Json:
        """The key is in this answer and nowhere else."""
        return self._ask("POST", "/v1/programs", json=dict(body))

    def dismiss_program(self, program: str) -> Json:
        return self._ask("DELETE", f"/v1/programs/{program}")

    def switch_signals(self, program: str, account: str, *, on: bool) -> Json:
        return self._ask("POST", f"/v1/programs/{program}/signals", json={"account_id": account, "on": on})
