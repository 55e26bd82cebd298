"""What the HTTP client says to the firm's library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Any


class LibraryCalls:
    """A part of `ui.screens.client.Client`."""

    _ask: Callable[..., Json]

    def store_document(self, document: Mapping[str, Json]) -> Json:
        """The same document again is the same document: it may be sent again after a silence."""
        return self._ask("POST", "/v1/documents", json=dict(document))

    def library(self) -> Json:
        """How much of it this person may read, and how many passages the copilot has not looked at."""
        return self._ask("GET", "/v1/library")
