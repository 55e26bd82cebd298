"""Policies narrow: no decision is a denial, one that does not fit stops everything, each is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from core.errors import IntegrityLost
from core.people.permits import (
    POLICIES,
    SCHEMA,
    Allowed,
    Ask,
    Denied,
    Permits,
    entity,
    permits,
    reference,
    uid,
)
from tools.catalog import HELD
from tools.contract import Agent, Effect

SCHEMA_TEXT: Final = (POLICIES / SCHEMA).read_text()
PEOPLE_TEXT: Final = (POLICIES / "people.cedar").read_text()
PERMIT_ALL: Final = '@id("all") permit (principal, action, resource);'


def person(name: str = "pri-1", **changed: Any) -> Mapping[str, Any]:
    said = {"role": "principal", "registered": True, "related": [], **changed}
    return entity("Person", name, **said)


def proposal(**changed: Any) -> Mapping[str, Any]:
    said = {
        "household": reference("Household", "hh-1"),
        "advisor": reference("Person", "adv-1"),
        "submitters": [reference("Person", "adv-1")],
        "drafted_by": reference("Person", "adv-1"),
        "submitted_by": reference("Person", "adv-1"),
        "consented_by": [],
        "approved_by": [],
        "tier": 1,
        **changed,
    }
    return entity("Proposal", "prp-1", **said)


def ask(
    action: str, who: Mapping[str, Any], what: Mapping[str, Any], by: Permits | None = None
) -> Allowed | Denied:
    return (by or permits()).ask(Ask(who["uid"], action, what["uid"], (who, what)))


def test_an_independent_principal_approves_and_the_policy_is_named_with_the_sets_fingerprint() -> None:
    said = ask("approve", person(), proposal())
    assert isinstance(said, Allowed)
    assert [one.policy for one in said.decisions] == [f"a-principal-approves@{permits().digest[:12]}"]


@pytest.mark.parametrize(
    ("who", "what", "code"),
    [
        (person("adv-1"), proposal(), "self_approval"),
        (person("adv-1", role="advisor"), proposal(), "self_approval"),
        (person(), proposal(drafted_by=reference("Person", "pri-1")), "self_approval"),
        (person(), proposal(consented_by=[reference("Person", "pri-1")]), "not_independent"),
        (person(reports_to=reference("Person", "adv-1")), proposal(), "not_independent"),
        (person(related=[reference("Household", "hh-1")]), proposal(), "not_independent"),
        (person(registered=False), proposal(), "not_registered"),
        (person(role="operations"), proposal(), None),
        (person(role="compliance"), proposal(), None),
    ],
)
def test_who_is_not_independent_or_not_registered_does_not_approve(
    who: Mapping[str, Any], what: Mapping[str, Any], code: str | None
) -> None:
    said = ask("approve", who, what)
    assert isinstance(said, Denied)
    assert said.code == code
    assert bool(said.policies) is (code is not None)


BROKEN: Final[dict[str, Mapping[str, Any]]] = {
    "without its role": entity("Person", "pri-1", registered=True, related=[]),
    "a role that is a number": person(role=7),
    "registered in words": person(registered="yes"),
    "with a field more": person(admin=True),
}


@pytest.mark.parametrize("what", BROKEN)
def test_who_is_not_known_as_the_schema_has_it_is_denied(what: str) -> None:
    assert isinstance(ask("approve", BROKEN[what], proposal()), Denied)
    everything = Permits(PERMIT_ALL, SCHEMA_TEXT)
    assert isinstance(ask("approve", BROKEN[what], proposal(), everything), Denied)


def test_an_action_or_a_thing_that_the_schema_does_not_know_is_denied() -> None:
    everything = Permits(PERMIT_ALL, SCHEMA_TEXT)
    assert isinstance(ask("approve", person(), proposal(), everything), Allowed)
    assert isinstance(ask("release", person(), proposal(), everything), Denied)
    assert isinstance(ask("draft", person(), proposal(), everything), Denied)
    assert isinstance(ask("approve", person(), entity("Venue", "ARCADIA"), everything), Denied)


def test_without_any_policy_nobody_may_ask_for_anything() -> None:
    assert isinstance(ask("approve", person(), proposal(), Permits("", SCHEMA_TEXT)), Denied)


@pytest.mark.parametrize(
    "policies",
    [
        "permit (principal, action, resource)",
        'permit (principal is Person, action == Action::"approve", resource) when { principal.rule == "x" };',
        "permit (principal is Robot, action, resource);",
        'permit (principal, action == Action::"execute", resource);',
        "nonsense",
    ],
)
def test_a_policy_that_does_not_fit_its_schema_stops_everything(policies: str) -> None:
    with pytest.raises(IntegrityLost):
        Permits(policies, SCHEMA_TEXT)


def test_every_policy_has_a_name_and_the_digest_moves_with_any_letter() -> None:
    both = "\n".join(file.read_text() for file in sorted(POLICIES.glob("*.cedar")))
    opens = [line for line in both.splitlines() if line.startswith(("permit", "forbid"))]
    names = [line for line in both.splitlines() if line.startswith('@id("')]
    assert len(opens) == len(names) == len(set(names))
    changed = Permits(PEOPLE_TEXT.replace("tier == 3", "tier == 2"), SCHEMA_TEXT)
    assert changed.digest != Permits(PEOPLE_TEXT, SCHEMA_TEXT).digest


@pytest.mark.parametrize("agent", Agent)
def test_an_agent_may_call_exactly_what_it_holds(agent: Agent) -> None:
    tools = {tool.name: tool for tools in HELD.values() for tool in tools}
    mine = {tool.name for tool in HELD[agent]}
    for name, tool in tools.items():
        known = (entity("Agent", agent), entity("Tool", name, effect=tool.effect))
        said = permits().ask(Ask(uid("Agent", agent), "call", uid("Tool", name), known))
        if name in mine:
            assert isinstance(said, Allowed), name
        if tool.effect is Effect.PROPOSE and name not in mine and agent is not Agent.PROPOSAL:
            assert isinstance(said, Denied), name


def test_no_agent_may_call_a_tool_with_an_effect_beyond_proposing() -> None:
    for agent in Agent:
        known = (entity("Agent", agent), entity("Tool", "send_order", effect="execute"))
        assert isinstance(
            permits().ask(Ask(uid("Agent", agent), "call", uid("Tool", "send_order"), known)), Denied
        )
