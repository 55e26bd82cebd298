"""`gatehouse copilot`: the agents and their model, in the foreground, for the front alone."""

from __future__ import annotations

from core import settings


def copilot() -> None:
    """Serve the copilot on the loopback until interrupted."""
    loaded = settings.copilot(settings.environment())
    settings.harden_agents()
    from ui.api.copilot import serve  # loads the graph: not for `--help`

    serve(loaded)
