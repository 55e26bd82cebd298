"""Who governs each agent of the copilot, and which of them a person has stopped.

Rule 1: the rows are the table's own (`agents/governance.py`); nothing here gives anybody a right.
Rule 2: it asks no model: it answers with every agent stopped.
"""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from agents.governance import TABLE
from core.halts.scope import in_words
from tools.catalog import HELD
from tools.contract import Agent
from ui.api.doors import At, Ticket
from ui.api.fields import Told

router = APIRouter(tags=["governance"])


class StoppedBy(Told):
    """`by_name`: nobody where no person stopped it, or where the asker is not shown who."""

    scope: str
    by: str | None
    by_name: str | None
    reason: str | None
    since: datetime


class AgentTold(Told):
    """`between` is the person between what it says and anything that happens; `scope` what a halt of it
    names. `stopped`: the first halt of it that holds; trading that is stopped for everything stops no agent.
    """

    agent: str
    autonomy: str
    may: str
    between: str
    risk: str
    scope: str
    scope_says: str
    fallback: str
    fallback_path: str
    owner: str
    tools: tuple[str, ...]
    stopped: StoppedBy | None


@router.get("/v1/governance", response_model=tuple[AgentTold, ...], summary="Who governs each agent")
async def governance(at: At, ticket: Ticket) -> tuple[AgentTold, ...]:
    """Every agent there is, in the order in which a question meets them."""
    names = await at.intake.colleagues(ticket)
    standing = {one.scope: one for one in reversed(await at.halting.standing(ticket))}
    told: list[AgentTold] = []
    for one in TABLE.values():
        halt = standing.get(one.halt)
        stopped = (
            StoppedBy(
                scope=halt.scope,
                by=halt.person,
                by_name=names.get(halt.person) if halt.person else None,
                reason=halt.reason,
                since=halt.halted_at,
            )
            if halt
            else None
        )
        held = HELD[Agent(one.agent)] if one.agent in {*Agent} else ()
        told.append(
            AgentTold(
                agent=one.agent,
                autonomy=one.autonomy.value,
                may=one.may,
                between=one.gate,
                risk=one.risk.value,
                scope=one.halt,
                scope_says=in_words(one.halt),
                fallback=one.fallback.says,
                fallback_path=one.fallback.path,
                owner=one.owner,
                tools=tuple(tool.name for tool in held),
                stopped=stopped,
            )
        )
    return tuple(told)
