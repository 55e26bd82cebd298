"""`doctor --model` against an endpoint as real ones are, and against each fault that we have met."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import openai
import pytest
from typer.testing import CliRunner

from agents.conformance import ITEMS, Item, Trials, _tried, conform
from agents.model import Endpoint, Waits
from tests.agents.conforming import real
from ui.cli import app

KEY = "sk-never-shown"
WAITS = Waits(timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=60))
SHORT = Waits(timedelta(seconds=5), timedelta(seconds=1), timedelta(seconds=2))
FAULTS = {
    "mute": "answers",
    "at_once": "streams",
    "no_end": "streams",
    "no_usage": "usage",
    "no_tools": "tool_call",
    "other_tool": "tool_call",
    "broken_arguments": "tool_call",
    "loose": "strict_arguments",
    "one_call": "parallel_calls",
    "same_ids": "parallel_calls",
    "deaf": "tool_answer",
    "free_json": "json_mode",
    "ascii": "unicode",
    "cuts": "too_long",
    "breaks": "too_long",
    "any_model": "unknown_model",
}


def endpoint(url: str, waits: Waits = WAITS) -> Endpoint:
    return Endpoint("real", url, lambda: KEY, waits=waits)


@asynccontextmanager
async def trials(url: str, waits: Waits = WAITS) -> AsyncIterator[Trials]:
    async with openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
        yield Trials(client, endpoint(url, waits))


@pytest.mark.anyio
async def test_an_endpoint_as_real_ones_are_passes_every_item() -> None:
    heard: list[Item] = []
    with real() as url:
        found = await conform(endpoint(url), tells=heard.append)
    assert [item for item in found.items if not item.ok] == []
    assert [item.name for item in heard] == list(ITEMS)
    assert found.mode == "tools"
    assert found.modes == {"tools", "json"}


@pytest.mark.anyio
async def test_one_without_native_calls_is_served_by_json() -> None:
    with real("no_tools") as url:
        found = await conform(endpoint(url))
    assert {item.name for item in found.items if not item.ok} == {
        *("tool_call", "strict_arguments", "parallel_calls"),
    }
    assert (found.mode, found.says) == (
        "json",
        "set GATEHOUSE_MODEL_MODE=json: tool_call, strict_arguments fail",
    )


@pytest.mark.anyio
@pytest.mark.parametrize(("fault", "name"), FAULTS.items())
async def test_each_fault_fails_its_item_with_a_reason_of_ours(fault: str, name: str) -> None:
    with real(fault) as url:
        async with trials(url) as one:
            item = await _tried(one, name)
    assert not item.ok
    assert item.says
    assert "sk-" not in item.says


@pytest.mark.anyio
async def test_one_that_writes_on_for_nobody_fails_the_item_of_leaving() -> None:
    with real("goes_on_alone") as url:
        async with trials(url, Waits(timedelta(seconds=5), timedelta(milliseconds=300), WAITS.whole)) as one:
            item = await _tried(one, "cancellation")
    assert item.says.startswith("after an answer was left")


@pytest.mark.anyio
async def test_one_that_is_silent_or_not_there_is_tried_once_and_serves_in_no_mode() -> None:
    with real("silent") as url:
        found = await conform(endpoint(url, SHORT))
    assert found.items[0].says == "no answer within 2 s"
    assert {item.says for item in found.items[1:-1]} == {"it was not tried: the endpoint does not answer"}
    assert found.items[-1].ok, "our own part stands"
    assert found.mode is None
    gone = await conform(endpoint("http://127.0.0.1:9/v1"))
    assert gone.items[0].says == "it cannot be reached, or hangs up"


def test_the_command_prints_each_item_and_the_mode_and_never_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with real("no_tools") as url:
        secret = url.replace("http://", "http://user:sk-in-address@")
        for name, value in (
            ("GATEHOUSE_MODEL", "real"),
            ("OPENAI_BASE_URL", secret),
            ("OPENAI_API_KEY", KEY),
        ):
            monkeypatch.setenv(name, value)
        told = CliRunner().invoke(app(["doctor"]), ["doctor", "--model"])
        as_json = CliRunner().invoke(app(["doctor"]), ["doctor", "--model", "--json"])
    assert told.exit_code == 1, "the mode that is set is not one that it serves"
    assert "pass streams" in told.output
    assert "FAIL tool_call" in told.output
    assert "set GATEHOUSE_MODEL_MODE=json" in told.output
    assert "sk-" not in told.output + as_json.output
    [model] = json.loads(as_json.output)["models"]
    assert (model["mode"], model["serves"], len(model["items"])) == ("json", False, len(ITEMS))


def test_without_a_model_there_is_nothing_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEHOUSE_MODEL", raising=False)
    told = CliRunner().invoke(app(["doctor"]), ["doctor", "--model"])
    assert told.exit_code != 0
