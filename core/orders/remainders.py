"""What is left of a plan whose sales brought too little to fund its buys, or of an order whose time was over:
the same asked once more.

Rule 1: the worker chooses nothing: the request is that of the plan, narrowed to the one account. What an
    agent drafted stays that agent's: its dollars count for it.
Rule 2: it is a draft. It reserves nothing and reaches no principal before the advisor submits it.
Rule 3: once for each plan and account, when nothing of it is open any more: on the plan's own day, or on the
    next that is opened, where nobody came to it before the close.
Rule 4: of an order over time it is the shares that are left, at once: another time is hers to ask for.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import ClassVar

from core.fact import Entry
from core.ids import AccountId, ProposalId, ThreadId, TraceId
from core.money import tidy
from core.orders.events import ProposalDrafted, Request


class RemainderDrafted(ProposalDrafted):
    """What a plan's sales did not fund, asked once more for its account. Reserves nothing."""

    VERSION: ClassVar[int] = 2


def remainder(
    of: ProposalId,
    account: AccountId,
    request: Request,
    *,
    agent: str | None,
    thread: ThreadId | None,
    trace: TraceId,
    shares: Decimal | None = None,
) -> Entry:
    """The draft, as much that agent's as the plan was. Made again, it is the same. `shares`: left of an order
    over time."""
    proposal = ProposalId("prp-" + sha256(f"remainder/{of}/{account}".encode()).hexdigest()[:32])
    asked = request.model_copy(update={"accounts": (account,), "for_session": None})
    if shares is not None and request.planning is not None:
        how = request.planning.model_copy(update={"minutes": None, "parts": None})
        asked = asked.model_copy(update={"quantity": tidy(shares), "planning": how})
    fact = RemainderDrafted(proposal=proposal, request=asked, thread=thread, agent=agent, supersedes=of)
    return Entry(f"proposal/{proposal}", fact, trace, key=f"draft/{proposal}")
