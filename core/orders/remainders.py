"""What is left of a plan whose sales brought too little to fund its buys: the same asked once more.

Rule 1: the worker chooses nothing: the request is that of the plan, narrowed to the one account. What an
    agent drafted stays that agent's: its dollars count for it.
Rule 2: it is a draft. It reserves nothing and reaches no principal before the advisor submits it.
Rule 3: once for each plan and account, and only on the plan's own day, when nothing of it is open any more.
"""

from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

from core.fact import Entry
from core.ids import AccountId, ProposalId, ThreadId, TraceId
from core.orders.events import ProposalDrafted, Request


class RemainderDrafted(ProposalDrafted):
    """What a plan's sales did not fund, asked once more for its account. Reserves nothing."""

    VERSION: ClassVar[int] = 1


def remainder(
    of: ProposalId,
    account: AccountId,
    request: Request,
    *,
    agent: str | None,
    thread: ThreadId | None,
    trace: TraceId,
) -> Entry:
    """The draft, as much that agent's as the plan was. Made again, it is the same."""
    proposal = ProposalId("prp-" + sha256(f"remainder/{of}/{account}".encode()).hexdigest()[:32])
    asked = request.model_copy(update={"accounts": (account,), "for_session": None})
    fact = RemainderDrafted(proposal=proposal, request=asked, thread=thread, agent=agent, supersedes=of)
    return Entry(f"proposal/{proposal}", fact, trace, key=f"draft/{proposal}")
