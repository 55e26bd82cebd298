"""What a tool can reach: no import, and no call, leads to a venue, an approval or a limit.

The import graph is drawn anew from the files. The calls are followed from each tool's own function, through
every function that a name resolves to and every method of that name in what the tools import: more than
really happens.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, Final

import grimp
import pytest

from core.fact import Fact
from core.ledger.events import KINDS
from tools.catalog import HELD
from tools.contract import AnyTool, Effect
from ui.reference import rights

ROOMS: Final = ("core", "tools", "agents")
SOURCES: Final = ("tools", "agents", "core.desk")
BEYOND: Final = (
    *("core.venues", "core.execution", "core.routing", "core.gate", "core.worker", "core.witness"),
    *("core.intake", "core.forgetting.door", "core.people.keystore", "core.settings"),
)
NETWORK: Final = frozenset(
    {"httpx", "requests", "urllib", "socket", "smtplib", "http", "subprocess", "ctypes"}
)
TOOLS: Final = sorted({tool.name: tool for tools in HELD.values() for tool in tools}.items())


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ROOMS, include_external_packages=True)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("beyond", BEYOND)
def test_no_import_leads_from_a_tool_to_what_moves_money(
    graph: grimp.ImportGraph, source: str, beyond: str
) -> None:
    assert graph.find_shortest_chains(importer=source, imported=beyond, as_packages=True) == set()


def test_the_search_for_paths_finds_one(graph: grimp.ImportGraph) -> None:
    assert graph.find_shortest_chains(importer="core.worker", imported="core.venues", as_packages=True)
    assert graph.find_shortest_chains(importer="tools", imported="core.desk", as_packages=True)


def test_every_door_and_every_room_behind_it_is_beyond() -> None:
    """What is put into these rooms later is beyond a tool's reach by its place alone."""
    writers = {role for roles in rights()[1].values() for role in roles.split(", ")}
    assert {"gh_agent", "gh_approver", "gh_gate", "gh_intake"} <= writers
    assert all(import_module(name) for name in BEYOND)


@dataclass
class Reach:
    """Everything that is called from one function on, as far as names can tell."""

    modules: frozenset[str]
    seen: dict[int, FunctionType] = field(default_factory=dict)
    makes: set[type[Fact]] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)

    def follow(self, first: FunctionType) -> None:
        waiting = [first]
        while waiting:
            function = inspect.unwrap(waiting.pop())
            if id(function) in self.seen:
                continue
            self.seen[id(function)] = function
            waiting.extend(self._called(function))

    def _called(self, function: FunctionType) -> Iterator[FunctionType]:
        for node in ast.walk(_tree(function)):
            if isinstance(node, ast.Name):
                yield from self._named(function.__globals__.get(node.id))
            elif isinstance(node, ast.Attribute):
                yield from self._methods(node.attr)
                if isinstance(node.value, ast.Name):
                    owner = function.__globals__.get(node.value.id)
                    if isinstance(owner, ModuleType):
                        yield from self._named(getattr(owner, node.attr, None))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                made = function.__globals__.get(node.func.id)
                if isinstance(made, type) and issubclass(made, Fact):
                    self.makes.add(made)

    def _named(self, found: Any) -> Iterator[FunctionType]:
        module = getattr(found, "__module__", None) or getattr(found, "__name__", "")
        self.outside.add(str(module).partition(".")[0])
        if not str(module).startswith(ROOMS):
            return
        if isinstance(found, FunctionType):
            yield found
        elif isinstance(found, type):
            yield from (one for one in vars(found).values() if isinstance(one, FunctionType))

    def _methods(self, name: str) -> Iterator[FunctionType]:
        yield from methods_of(self.modules).get(name, ())


@cache
def methods_of(modules: frozenset[str]) -> dict[str, list[FunctionType]]:
    """By name, every method of ours in these modules."""
    found: dict[str, dict[int, FunctionType]] = {}
    for module in modules:
        for kind in vars(import_module(module)).values():
            for name, method in vars(kind).items() if isinstance(kind, type) else ():
                if isinstance(method, FunctionType) and str(method.__module__).startswith(ROOMS):
                    found.setdefault(name, {})[id(method)] = method
    return {name: list(methods.values()) for name, methods in found.items()}


@cache
def _tree(function: FunctionType) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # made by a dataclass or an enum: nothing of ours
        return ast.Module(body=[], type_ignores=[])


@pytest.fixture(scope="module")
def imported(graph: grimp.ImportGraph) -> frozenset[str]:
    """Every module of ours that some tool imports, over however many others."""
    found: set[str] = set()
    for module in {"tools", *graph.find_descendants("tools")}:
        found |= {module, *graph.find_upstream_modules(module)}
    return frozenset(name for name in found if name.startswith(ROOMS))


@cache
def reach_of(tool: AnyTool, imported: frozenset[str]) -> Reach:
    reach = Reach(imported)
    assert isinstance(tool.run, FunctionType)
    reach.follow(tool.run)
    return reach


@pytest.mark.parametrize(("name", "tool"), TOOLS, ids=[name for name, _ in TOOLS])
def test_no_call_of_a_tool_makes_a_fact_that_an_agent_may_not_write(
    name: str, tool: AnyTool, imported: frozenset[str]
) -> None:
    _, writers = rights()
    may = {kind for kind, roles in writers.items() if "gh_agent" in roles.split(", ")}
    reach = reach_of(tool, imported)
    assert {kind.event_type() for kind in reach.makes} <= may
    assert len(reach.seen) > 10, "the calls were not followed"
    beyond = {f.__module__ for f in reach.seen.values() if f.__module__.startswith(BEYOND)}
    assert beyond == set()
    assert reach.outside & NETWORK == set()


OTHER_FACTS: Final = {
    "draft_email": {"EmailDrafted"},
    "propose_cancel": {"CancelDrafted"},
    "keep_preference": {"PreferenceKept"},
    "erase_preference": {"PreferenceErased"},
}


def test_the_calls_of_what_proposes_lead_to_the_draft_and_those_of_what_reads_are_seen_too(
    imported: frozenset[str],
) -> None:
    """The test above can fail: the worker's own way is followed to a release by the same steps."""
    proposing = [tool for _, tool in TOOLS if tool.effect is Effect.PROPOSE]
    assert proposing
    for tool in proposing:
        drafted = OTHER_FACTS.get(tool.name, {"ProposalDrafted"})
        assert drafted <= {kind.event_type() for kind in reach_of(tool, imported).makes}
    gate = import_module("core.gate.release")
    reach = Reach(imported | {"core.gate.release"})
    reach.follow(gate.offer)
    assert {"OrderReleased", "OrderDenied"} <= {kind.event_type() for kind in reach.makes}
    assert KINDS["OrderReleased"] in reach.makes
