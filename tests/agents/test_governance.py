"""No agent without a row, a halt and a fallback; a stopped agent asks no model."""

from __future__ import annotations

import dataclasses

import pytest

from agents import governance
from agents.governance import ORCHESTRATOR, TABLE, Autonomy, row
from agents.graph import build
from core.errors import IntegrityLost
from core.halts.scope import scope
from core.people.events import DecisionTaken, StepTaken, ToolCalled
from tests.agents.running import answer, ask, copilot, memory
from tests.tools.book import SimulatedDesk
from tools.catalog import HELD
from tools.contract import Agent, Effect
from ui.api.front import create_app

AGENTS = [ORCHESTRATOR, *(agent.value for agent in Agent)]


def test_every_agent_of_the_graph_has_a_row_and_no_other_has() -> None:
    nodes = {*build(memory()).nodes}
    assert {agent.value for agent in Agent} <= nodes
    assert {*TABLE} == {*AGENTS}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_row_says_everything(agent: str) -> None:
    found = row(agent)
    assert all(str(value).strip() for value in dataclasses.astuple(found))
    assert found.fallback.says
    assert found.agent == agent


@pytest.mark.parametrize("agent", AGENTS)
def test_what_stops_an_agent_is_a_scope_of_its_own(agent: str) -> None:
    assert scope(row(agent).halt) == f"agent:{agent}"


def test_what_serves_people_without_each_agent_is_in_the_api() -> None:
    paths = create_app().openapi()["paths"]
    assert {row(agent).fallback.path for agent in AGENTS} <= {*paths}


@pytest.mark.parametrize("agent", [*Agent])
def test_only_an_agent_that_drafts_holds_tools_that_propose(agent: Agent) -> None:
    proposes = any(tool.effect is Effect.PROPOSE for tool in HELD[agent])
    assert proposes == (row(agent).autonomy is Autonomy.DRAFTS)


def test_an_agent_that_nobody_governs_is_refused() -> None:
    with pytest.raises(IntegrityLost, match="nobody governs"):
        row("trader")


def test_a_changed_row_is_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = governance.digest()
    looser = dataclasses.replace(row("proposal"), gate="nobody")
    monkeypatch.setattr(governance, "TABLE", {**TABLE, "proposal": looser})
    assert governance.digest() != before


@pytest.mark.anyio
@pytest.mark.parametrize("agent", [ORCHESTRATOR, "portfolio"])
async def test_a_stopped_agent_thinks_nothing_and_says_what_serves_instead(agent: str) -> None:
    desk = SimulatedDesk(halted={f"agent:{agent}"})
    told = answer(await ask(copilot(), desk, "Who needs me today?"))
    assert row(agent).fallback.says in told
    assert agent not in [f.agent for f in desk.recorded if isinstance(f, StepTaken) and f.thought]
    assert not [fact for fact in desk.recorded if isinstance(fact, ToolCalled)]
    assert ("stop", "people_decided") in [
        (f.decision, f.because) for f in desk.recorded if isinstance(f, DecisionTaken)
    ]
