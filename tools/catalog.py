"""Which agent holds which tool.

Rule 1: what is not in `HELD` is refused, whatever a model writes.
Rule 2: only the proposal agent holds tools that propose trades. Research drafts e-mails, which people
    hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tools.analytics import RISK, TAXES, WHAT_IF
from tools.briefing import MEETING_BRIEF
from tools.cancelling import PROPOSE_CANCEL
from tools.clients import FIND_HOUSEHOLD, OVERVIEW
from tools.concentration import CONCENTRATION
from tools.contract import Agent, AnyTool, Refusal
from tools.correspondence import DRAFT_EMAIL
from tools.facts import COMPARE, FIND_FIGURE
from tools.performance import PERFORMANCE
from tools.planning import PROPOSE_PLAN, PROPOSE_SET
from tools.portfolio import CASH, DRIFT, HOLDINGS, WORKLIST
from tools.preferences import ERASE_PREFERENCE, KEEP_PREFERENCE, PREFERENCES
from tools.proposals import LIST_PROPOSALS, OPEN_ORDERS, PROPOSAL_STATUS
from tools.replacing import PROPOSE_REMAINDER, PROPOSE_REPLACE
from tools.research import SEARCH_LIBRARY
from tools.trading import PROPOSE_ORDER, PROPOSE_REBALANCE
from tools.whole_book import BOOK_SUMMARY, COMING_UP, WHO_HOLDS

HELD: Final[Mapping[Agent, tuple[AnyTool, ...]]] = MappingProxyType(
    {
        Agent.PORTFOLIO: (
            WORKLIST,
            FIND_HOUSEHOLD,
            OVERVIEW,
            DRIFT,
            HOLDINGS,
            CONCENTRATION,
            CASH,
            PERFORMANCE,
            RISK,
            TAXES,
            WHAT_IF,
            BOOK_SUMMARY,
            WHO_HOLDS,
            COMING_UP,
        ),
        Agent.RESEARCH: (SEARCH_LIBRARY, FIND_FIGURE, COMPARE, MEETING_BRIEF, DRAFT_EMAIL),
        Agent.PROPOSAL: (
            FIND_HOUSEHOLD,
            PROPOSE_REBALANCE,
            PROPOSE_ORDER,
            PROPOSE_PLAN,
            PROPOSE_SET,
            PROPOSE_CANCEL,
            PROPOSE_REPLACE,
            PROPOSE_REMAINDER,
            PROPOSAL_STATUS,
            LIST_PROPOSALS,
            OPEN_ORDERS,
            KEEP_PREFERENCE,
            PREFERENCES,
            ERASE_PREFERENCE,
        ),
    }
)


def held(agent: Agent, name: str) -> AnyTool:
    """The tool of that name that this agent holds.

    Raises:
        Refusal: it holds none of that name.
    """
    for tool in HELD[agent]:
        if tool.name == name:
            return tool
    has = ", ".join(tool.name for tool in HELD[agent])
    raise Refusal(f"the {agent} agent has no tool {name[:60]!r}; it has {has}", code="not_held")
