"""`gatehouse front`: the API and the screens, in the foreground."""

from __future__ import annotations

from typing import Annotated

import typer

from core import settings


def front(
    intake: Annotated[bool, typer.Option("--intake", help="The API alone, without the screens.")] = False,
) -> None:
    """Serve the API and the screens on one port until interrupted."""
    from ui.api.server import serve  # loads the screens' framework: not for `--help`

    serve(settings.front(settings.environment()), screens=not intake)
