"""Settings: each process gets its own, bad values name themselves, secrets do not show."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from core import model_settings, settings
from core.errors import BadInput
from core.settings import Environment

KEY = "ab" * 32
FULL = {
    "GATEHOUSE_HOME": "/srv/gatehouse",
    "GATEHOUSE_AGENT_DSN": "host=h password=secret-agent",
    "GATEHOUSE_INTAKE_DSN": "host=h password=secret-intake",
    "GATEHOUSE_APPROVER_DSN": "host=h password=secret-approver",
    "GATEHOUSE_GATE_DSN": "host=h password=secret-gate",
    "GATEHOUSE_WITNESS_DSN": "host=h password=secret-witness",
    "GATEHOUSE_LOOPBACK_SECRET": "secret-loopback",
    "GATEHOUSE_CHECKPOINT_KEY": KEY,
    "GATEHOUSE_HALT_KEY": KEY,
    "GATEHOUSE_SIGNING_KEY": KEY,
    "GATEHOUSE_VENUES": "north=http://127.0.0.1:9001, dark-pool=https://example.test/v1",
    "GATEHOUSE_VENUE_KEY_DARK_POOL": "secret-venue",
    "OPENAI_API_KEY": "secret-model",
}


@pytest.mark.parametrize(
    "load", [settings.front, settings.copilot, settings.worker, settings.witness, settings.model]
)
def test_no_secret_shows_in_a_repr(load: Callable[[Environment], object]) -> None:
    shown = repr(load(FULL))
    assert "secret-" not in shown
    assert KEY not in shown


def test_the_copilot_holds_its_login_its_key_and_the_models_and_nothing_else() -> None:
    needed = {"GATEHOUSE_AGENT_DSN", "GATEHOUSE_LOOPBACK_SECRET", "GATEHOUSE_CHECKPOINT_KEY"}
    loaded = settings.copilot({name: FULL[name] for name in needed})
    assert loaded.agent.reveal() == FULL["GATEHOUSE_AGENT_DSN"]
    assert not {"intake", "approver", "gate", "witness", "keystore", "signing"} & set(loaded.__slots__)


@pytest.mark.parametrize(
    ("load", "name"),
    [
        (settings.front, "GATEHOUSE_APPROVER_DSN"),
        (settings.copilot, "GATEHOUSE_AGENT_DSN"),
        (settings.worker, "GATEHOUSE_GATE_DSN"),
        (settings.witness, "GATEHOUSE_SIGNING_KEY"),
    ],
)
def test_a_missing_setting_is_named(load: Callable[[Environment], object], name: str) -> None:
    with pytest.raises(BadInput, match=f"{name} is not set") as no:
        load({key: value for key, value in FULL.items() if key != name})
    assert no.value.field == name


@pytest.mark.parametrize(
    ("load", "name", "value"),
    [
        (settings.port, "GATEHOUSE_PORT", "0"),
        (settings.port, "GATEHOUSE_PORT", "65536"),
        (settings.port, "GATEHOUSE_PORT", "eighty"),
        (settings.port, "GATEHOUSE_PORT", "-1"),
        (settings.port, "GATEHOUSE_PORT", "٨٠"),
        (settings.database_url, "DATABASE_URL", "mysql://h/d"),
        (settings.database_url, "DATABASE_URL", "postgresql://h"),
        (settings.database_url, "DATABASE_URL", "postgresql://[::1/d"),
        (settings.copilot, "GATEHOUSE_COPILOT_URL", "http://example.test:8081"),
        (settings.front, "GATEHOUSE_HALT_KEY", "abcd"),
        (settings.worker, "GATEHOUSE_HALT_KEY", "zz" * 32),
        *((settings.worker, "GATEHOUSE_ALERT_SECONDS", text) for text in ("0", "-1", "soon", "86401", "1.5")),
        (settings.copilot, "GATEHOUSE_CHECKPOINT_KEY", "abcd"),
        (settings.copilot, "GATEHOUSE_CHECKPOINT_KEY", "zz" * 32),
        (settings.model, "OPENAI_BASE_URL", "ftp://h"),
        (settings.model, "GATEHOUSE_EMBEDDINGS", "huge"),
        (settings.prices, "GATEHOUSE_MODEL_PRICES", "3.00 and 15"),
        (settings.prices, "GATEHOUSE_MODEL_PRICES", "٣,15"),
        (settings.model, "GATEHOUSE_MODEL_MODE", "native"),
        (settings.model, "GATEHOUSE_MODEL", "a model\nof ours"),
        (settings.model, "GATEHOUSE_MODEL_STEPS", "approver=small"),
        (settings.model, "GATEHOUSE_MODEL_STEPS", "orchestrator=small"),
        (settings.model, "GATEHOUSE_MODEL_WAITS", "15,3,90"),
        (settings.model, "GATEHOUSE_MODEL_WAITS", "3,15,900"),
        (settings.model, "GATEHOUSE_MODEL_SECOND_URL", "h/v1"),
        (settings.model, "GATEHOUSE_MODEL_LAST", "nobody"),
        (settings.budgets, "GATEHOUSE_MODEL_BUDGETS", "run=20/200000/600"),
        (settings.budgets, "GATEHOUSE_MODEL_BUDGETS", "week=1/1/1/1"),
        (settings.budgets, "GATEHOUSE_MODEL_BUDGETS", "day=1/-1/1/1"),
        (settings.anchor, "GATEHOUSE_ANCHOR", "mnt/anchor"),
        (settings.venues, "GATEHOUSE_VENUES", "north"),
        (settings.venues, "GATEHOUSE_VENUES", "north=http://a,north=http://b"),
        (settings.custodians, "GATEHOUSE_CUSTODIANS", "cus-north"),
        (settings.custodians, "GATEHOUSE_CUSTODIANS", "cus-north=http://a,cus-north=http://b"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(
    load: Callable[[Environment], object], name: str, value: str
) -> None:
    with pytest.raises(BadInput, match=name) as no:
        load({**FULL, name: value})
    assert no.value.field == name
    assert "set it like" in no.value.fix


def test_a_bad_key_is_not_shown_in_its_refusal() -> None:
    with pytest.raises(BadInput) as no:
        settings.witness({**FULL, "GATEHOUSE_SIGNING_KEY": "nearly-a-key"})
    assert "nearly-a-key" not in str(no.value)


def test_a_venue_takes_its_own_key() -> None:
    north, dark = settings.venues(FULL)
    assert (north.name, north.url, north.key.reveal()) == ("north", "http://127.0.0.1:9001", "")
    assert (dark.name, dark.key.reveal()) == ("dark-pool", "secret-venue")


def test_the_keystore_stands_in_the_home_unless_it_is_put_elsewhere() -> None:
    assert settings.keystore(FULL) == Path("/srv/gatehouse/keys")
    assert settings.keystore({**FULL, "GATEHOUSE_KEYSTORE": "/mnt/keys"}) == Path("/mnt/keys")


def test_every_setting_that_is_read_is_in_the_table() -> None:
    table = {row.name.partition("<")[0] for row in settings.SETTINGS}
    texts = {
        node.value
        for module in (settings, model_settings)
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    names = {text for text in texts if isinstance(text, str) and re.fullmatch(r"[A-Z]+(_[A-Z]+)+_?", text)}
    assert {name for name in names if name.startswith(("GATEHOUSE_", "OPENAI_", "DATABASE_"))} == table


def test_a_chain_of_models_has_a_place_of_its_own_for_each() -> None:
    env = {
        **FULL,
        "GATEHOUSE_MODEL": "large",
        "GATEHOUSE_MODEL_STEPS": "orchestrator=small",
        "GATEHOUSE_MODEL_SECOND": "other",
        "GATEHOUSE_MODEL_SECOND_URL": "http://127.0.0.1:11434/v1",
        "GATEHOUSE_MODEL_SECOND_MODE": "json",
        "GATEHOUSE_MODEL_PRICES": "3.00,15.00; small=0.10,0.40",
    }
    found = settings.model(env)
    assert found.first is not None
    assert found.second is not None
    assert found.steps["orchestrator"].prices == (Decimal("0.10"), Decimal("0.40"))
    assert found.first.prices == found.second.prices == (Decimal("3.00"), Decimal("15.00"))
    assert (found.first.base_url, found.first.mode) == ("https://api.openai.com/v1", "tools")
    assert (found.second.base_url, found.second.mode) == ("http://127.0.0.1:11434/v1", "json")
    assert found.first.api_key.reveal() == "secret-model"
    assert found.second.api_key.reveal() == "", "one endpoint's key is never sent to another"


def test_a_scope_without_a_budget_of_its_own_keeps_the_default() -> None:
    found = settings.budgets({"GATEHOUSE_MODEL_BUDGETS": "run=5/1000/60/0.25"})
    assert found["run"] == model_settings.Caps(5, 1000, 60, Decimal("0.25"))
    assert set(found) == {"run", "advisor", "day"}
