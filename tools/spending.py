"""What a thought of a model costs, asked for before it is made and settled after.

Rule 1: the database counts, by the ticket of the person who asks. Nothing here can give more than it holds.
Rule 2: where a settlement cannot be told, the reservation stands: too much is counted, never too little.
"""

from __future__ import annotations

from datetime import timedelta

from core.budget.spending import Reserved, Spent
from core.errors import RuleBroken, WorldFailed
from core.ids import MessageId
from tools.contract import Turn

__all__ = ["Reserved", "Spent", "reserved", "settled"]


async def reserved(
    turn: Turn, message: MessageId, *, model: str, tokens: tuple[int, int], within: timedelta
) -> Reserved | Spent:
    """One call of that many tokens read and written, or which budget has ended.

    Raises:
        SignInRequired: the session has ended.
        WorldFailed: the database did not answer.
    """
    return await turn.desk.reserve(message, model=model, tokens=tokens, within=within)


async def settled(turn: Turn, reservation: Reserved, tokens: tuple[int, int] | None) -> None:
    """What it came to; None: nobody counted."""
    try:
        await turn.desk.settle(reservation, tokens)
    except (RuleBroken, WorldFailed):
        return
