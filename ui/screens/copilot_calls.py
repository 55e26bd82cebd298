"""What the HTTP client asks about the copilot itself: preferences, held e-mails, agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Any


class CopilotCalls:
    """A part of `ui.screens.client.Client`."""

    _ask: Callable[..., Json]

    def preferences(self) -> Json:
        return self._ask("GET", "/v1/preferences")

    def erase_preference(self, preference: str) -> None:
        self._ask("DELETE", f"/v1/preferences/{preference}")

    def governance(self) -> Json:
        """Every agent, who governs it, and whether a person has stopped it."""
        return self._ask("GET", "/v1/governance")

    def emails(self, **filters: str) -> Json:
        """Held e-mails, what waits for a principal first."""
        return self._ask("GET", "/v1/emails", params=filters)

    def email(self, email: str) -> Json:
        return self._ask("GET", f"/v1/emails/{email}")

    def act_on_email(self, email: str, step: str, body: Mapping[str, Any]) -> Json:
        """`step` is adopt, review, return or withdraw. Twice is once."""
        return self._ask("POST", f"/v1/emails/{email}/{step}", json=dict(body))
