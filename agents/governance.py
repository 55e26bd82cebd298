"""Who governs each agent: what it may do alone, which people stand behind it, how it is stopped, what serves
people without it.

Rule 1: an agent without a row does not exist: `row` refuses its name, and so nothing is asked of a model for
    it.
Rule 2: each row names the scope that stops that agent, and what people use while it is stopped. That needs no
    model and no agent.
Rule 3: this table gives nobody a right. What an agent may do stands in the catalogue, in Cedar and in the
    database.
Source: SR 11-7, section VI (governance: an inventory of models with owner, use and limits); NIST AI RMF 1.0,
    GOVERN 1.6 (inventory) and MANAGE 2.4 (means to supersede, disengage or deactivate).
`docs/governance.md` is drawn from this table: `python -m ui.reference governance > docs/governance.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from core.errors import IntegrityLost
from core.halts.scope import Scope, in_words, of
from core.ids import Digest
from tools.contract import Agent, Turn

ORCHESTRATOR: Final = "orchestrator"


class Autonomy(StrEnum):
    """How far an agent goes by itself. There is no step beyond DRAFTS: nothing here executes."""

    ROUTES = "routes"
    READS = "reads and recommends"
    DRAFTS = "drafts"


class Risk(StrEnum):
    """What a wrong answer of it can cost before a person looks: time, advice, or a draft that misleads."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Fallback:
    """What people use without the agent. `path` is the API's own; it asks no model."""

    says: str
    path: str


@dataclass(frozen=True, slots=True)
class Governed:
    """One agent. `gate` is whose act stands between what it says and anything that happens."""

    agent: str
    autonomy: Autonomy
    may: str
    gate: str
    risk: Risk
    halt: Scope
    fallback: Fallback
    owner: str


TABLE: Final[Mapping[str, Governed]] = MappingProxyType(
    {
        one.agent: one
        for one in (
            Governed(
                agent=ORCHESTRATOR,
                autonomy=Autonomy.ROUTES,
                may="hands the advisor's message to one specialist, or says what it cannot do",
                gate="none needed: it has no tools and puts nothing on record but its own steps",
                risk=Risk.LOW,
                halt=of("agent", ORCHESTRATOR),
                fallback=Fallback("the worklist and the other pages", "/v1/worklist"),
                owner="head of advisory",
            ),
            Governed(
                agent=Agent.PORTFOLIO.value,
                autonomy=Autonomy.READS,
                may="reads the advisor's own book and explains figures that the core computed",
                gate="the advisor, who decides what to make of it",
                risk=Risk.MEDIUM,
                halt=of("agent", Agent.PORTFOLIO.value),
                fallback=Fallback(
                    "the household's page, with the same figures", "/v1/households/{household}"
                ),
                owner="head of portfolio management",
            ),
            Governed(
                agent=Agent.RESEARCH.value,
                autonomy=Autonomy.DRAFTS,
                may="quotes passages that the advisor may read; drafts e-mails that are held",
                gate="the advisor reads the passages, adopts a draft; a principal reviews it; none is sent",
                risk=Risk.MEDIUM,
                halt=of("agent", Agent.RESEARCH.value),
                fallback=Fallback("the stored passages themselves", "/v1/passages/{passage}"),
                owner="head of research",
            ),
            Governed(
                agent=Agent.PROPOSAL.value,
                autonomy=Autonomy.DRAFTS,
                may="drafts trade proposals and requests to cancel, notes preferences, from her own words",
                gate="the advisor submits; a principal approves, and compliance too in tier 3",
                risk=Risk.HIGH,
                halt=of("agent", Agent.PROPOSAL.value),
                fallback=Fallback("her own order entry", "/v1/orders"),
                owner="head of trading supervision",
            ),
        )
    }
)


def row(agent: str) -> Governed:
    """Who governs that agent.

    Raises:
        IntegrityLost: nobody does.
    """
    found = TABLE.get(agent)
    if found is None:
        raise IntegrityLost(
            f"nobody governs the agent {agent!r}", fix="give it a row in agents/governance.py"
        )
    return found


async def stopped(turn: Turn, agent: str) -> str | None:
    """What the advisor is told where a person has stopped that agent; None: nobody has.

    Asked before a model is: a stopped agent reads nothing and thinks nothing.
    """
    governed = row(agent)
    why = await turn.desk.stopped(agent=agent, tool="")
    if why is None:
        return None
    return f"I stop here: {why}. Until then use {governed.fallback.says}; nothing else is affected."


def digest() -> Digest:
    """Of the whole table, as it is drawn."""
    return Digest(sha256(repr(sorted(drawn())).encode()).hexdigest())


def drawn() -> tuple[tuple[str, ...], ...]:
    """The table in words, one row an agent."""
    return tuple(
        (
            f"`{one.agent}`",
            one.autonomy.value,
            one.may,
            one.gate,
            one.risk.value,
            f"`{one.halt}` ({in_words(one.halt)})",
            f"{one.fallback.says} (`{one.fallback.path}`)",
            one.owner,
        )
        for one in TABLE.values()
    )


HEAD: Final = (
    "agent",
    "autonomy",
    "what it may do",
    "human gate",
    "risk tier",
    "what stops it",
    "what serves people without it",
    "owner",
)
