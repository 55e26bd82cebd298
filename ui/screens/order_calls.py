"""What the HTTP client asks about orders, and about the programs that place them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Any


class OrderCalls:
    """A part of `ui.screens.client.Client`."""

    _ask: Callable[..., Json]

    def blocks(self, proposal: str | None = None) -> Json:
        """Blocks of one's book, newest first; or those that orders of that proposal were put in."""
        return self._ask("GET", "/v1/blocks", params={"proposal_id": proposal} if proposal else {})

    def block(self, order: str) -> Json:
        return self._ask("GET", f"/v1/blocks/{order}")

    def draft_allocation(self, order: str, body: Mapping[str, Any]) -> Json:
        """Other shares of one day; compliance confirms."""
        return self._ask("POST", f"/v1/blocks/{order}/changes", json=dict(body))

    def confirm_allocation(self, order: str, change: str) -> Json:
        return self._ask("POST", f"/v1/blocks/{order}/changes/{change}/confirm", json={})

    def review_allocation(self, order: str, change: str, reason: str) -> Json:
        body = {"reason": reason}
        return self._ask("POST", f"/v1/blocks/{order}/changes/{change}/review", json=body)

    def allocation_rules(self) -> Json:
        return self._ask("GET", "/v1/allocation-rule")

    def propose_allocation_rule(self, method: str, reason: str) -> Json:
        return self._ask("POST", "/v1/allocation-rule", json={"method": method, "reason": reason})

    def confirm_allocation_rule(self, version: int, method: str) -> Json:
        said = {"version": version, "method": method}
        return self._ask("POST", "/v1/allocation-rule/confirm", json=said)

    def pass_on(self, order: str, trade_date: str, way: str, body: Mapping[str, Any]) -> Json:
        """`step-out` or `give-up` of a confirmed trade."""
        return self._ask("POST", f"/v1/orders/{order}/trades/{trade_date}/{way}", json=dict(body))

    def trades(self, order: str) -> Json:
        """An order's trades, or those of a block's orders."""
        return self._ask("GET", f"/v1/orders/{order}/trades")

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
