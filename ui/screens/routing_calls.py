"""What the HTTP client asks about how venues are chosen, and how well orders were executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Any


class RoutingCalls:
    """A part of `ui.screens.client.Client`."""

    _ask: Callable[..., Json]

    def routing(self) -> Json:
        return self._ask("GET", "/v1/routing")

    def try_routing(self, routing: Json, orders: int) -> Json:
        return self._ask("POST", "/v1/routing/try", json={"routing": routing, "orders": orders})

    def propose_routing(self, routing: Json, reasons: Mapping[str, str], effective_on: str | None) -> Json:
        body = {"routing": routing, "reasons": dict(reasons), "effective_on": effective_on}
        return self._ask("POST", "/v1/routing", json=body)

    def decide_routing(self, digest: str, step: str) -> Json:
        return self._ask("POST", f"/v1/routing/{step}", json={"digest": digest})

    def execution_quality(self, order: str) -> Json:
        """What one order came to, against what was known when its venue was chosen."""
        return self._ask("GET", f"/v1/orders/{order}/execution-quality")

    def execution_review(self, period: str) -> Json:
        """A month, as 2022-12, or a quarter, as 2022-Q4."""
        return self._ask("GET", "/v1/execution-quality", params={"period": period})
