"""Fixtures for every test: the network guard, the server and its clones, and the choice of long tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.fixtures.firm import firm, firm_template, shared_firm
from tests.fixtures.network import loopback_only
from tests.fixtures.servers import database, server

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # no test of ours asserts wall-clock time

__all__ = ["database", "firm", "firm_template", "loopback_only", "server", "shared_firm"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the full counts that the issues name")
    parser.addoption("--few", action="store_true", help="few random cases: mutation testing")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # read when langgraph is imported
    os.environ["LANGSMITH_TRACING"] = "false"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if {"database", "server"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.database)  # before `-m database` chooses
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="a full count: run with --long")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Everything here runs on asyncio."""
    return "asyncio"
