"""Fixtures for every test: the network guard, the server and its clones, and the choice of long tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from tests.fixtures import counts
from tests.fixtures.firm import firm, firm_template, shared_firm
from tests.fixtures.network import loopback_only
from tests.fixtures.servers import database, server

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # no test of ours asserts wall-clock time
# Folders and files with tests of a quarter of a minute and more each, in three parts that take as long.
BEGIN_WITH: Final = (
    ("tests/core/worker/", "tests/ui/processes/test_up.py", "tests/evals/demo/", "tests/evals/test_world.py"),
    ("tests/core/ledger/faults/", "tests/evals/test_attack_copilot.py"),
    ("tests/browser/",),
)

__all__ = ["database", "firm", "firm_template", "loopback_only", "server", "shared_firm"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the full counts that the issues name")
    parser.addoption("--few", action="store_true", help="few random cases: mutation testing")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # read when langgraph is imported
    os.environ["LANGSMITH_TRACING"] = "false"
    counts.choose(long=config.getoption("--long"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, object, object]:
    mark(config, items)  # before `-m database` chooses
    said = yield
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = [items[n] for n in long_ones_first([item.nodeid for item in items], workers)]
    return said


def mark(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Which run on which server, and which are left to `--long`."""
    for item in items:
        if {"database", "server"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.database)
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="a full count: run with --long")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


def long_ones_first(names: Sequence[str], workers: int) -> list[int]:
    """In which order: each worker's share, as xdist cuts it, begins with its part of the long tests.

    At the end of a run nobody is then busy with a minute's test while the others have nothing to take over.
    """
    parts = [[n for n, name in enumerate(names) if name.startswith(part)] for part in BEGIN_WITH]
    long = {n for part in parts for n in part}
    rest = [n for n in range(len(names)) if n not in long]
    found: list[int] = []
    for worker in range(workers):
        share = (len(names) - len(found)) // (workers - worker)
        own = [n for part in parts[worker::workers] for n in part]
        room = max(0, share - len(own))
        found += [*own, *rest[:room]]
        rest = rest[room:]
    return [*found, *rest]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Everything here runs on asyncio."""
    return "asyncio"
