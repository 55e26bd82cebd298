"""The caps and prices of the settings, written into the database by the owner's login.

Rule 1: they are written whenever the owner migrates, whole: what no setting names any more is gone.
Rule 2: nobody else can: the copilot, which spends, has no right to these rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from core.database.pools import connect
from core.database.statements import statements
from core.model_settings import Caps, Prices, Scope

SQL: Final = statements(Path(__file__).with_name("model_caps.sql"))


def write_caps(owner: str, caps: Mapping[Scope, Caps], prices: Mapping[str, Prices]) -> None:
    """As the owner's login `owner`: these caps and these prices hold from the next call on.

    Raises:
        WorldFailed: the server does not answer.
    """
    with connect(owner, name="budgets") as connection, connection.transaction():
        for scope, cap in caps.items():
            connection.execute(
                SQL["cap"],
                {
                    "scope": scope,
                    "calls": cap.calls,
                    "tokens": cap.tokens,
                    "seconds": cap.seconds,
                    "dollars": cap.dollars,
                },
            )
        connection.execute(SQL["no_prices"])
        for model, (read, written) in prices.items():
            connection.execute(SQL["price"], {"model": model, "read": read, "written": written})
