"""The one block of settings for models: which one thinks, who thinks when it cannot, and what that may cost.

Rule 1: this file is given the environment by `core/settings.py` and reads nothing else.
Rule 2: a model is one place: an address, its key, a name and a mode. The second has all four of its own.
Rule 3: the budgets are written into the database by the owner's login when it migrates. The copilot, which
    spends them, can read no setting of theirs and change no row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final, Literal

from core.setting import Environment, Secret, Setting, is_http, refused

Mode = Literal["tools", "json"]
Scope = Literal["run", "advisor", "day"]

MODEL_ROWS: Final[tuple[Setting, ...]] = (
    Setting("GATEHOUSE_MODEL", "name of the model; unset means the offline model", ""),
    Setting("OPENAI_BASE_URL", "an OpenAI-compatible endpoint", "https://api.openai.com/v1"),
    Setting("OPENAI_API_KEY", "its key", ""),
    Setting(
        "GATEHOUSE_MODEL_MODE",
        "tools (native calls) or json (calls as constrained JSON); `doctor --model` says which",
        "tools",
    ),
    Setting(
        "GATEHOUSE_MODEL_STEPS",
        "another model of that endpoint for an agent's thoughts, as `orchestrator=small,research=large`",
        "",
    ),
    Setting(
        "GATEHOUSE_MODEL_WAITS",
        "seconds to connect, to the first word, and to the whole of a thought",
        "3,15,90",
    ),
    Setting("GATEHOUSE_MODEL_SECOND", "name of the model that thinks where the first cannot", ""),
    Setting("GATEHOUSE_MODEL_SECOND_URL", "its endpoint", "the first one's"),
    Setting("GATEHOUSE_MODEL_SECOND_KEY", "its key", ""),
    Setting("GATEHOUSE_MODEL_SECOND_MODE", "its mode", "tools"),
    Setting(
        "GATEHOUSE_MODEL_LAST",
        "who answers where no model can: offline (the one by rule), or none",
        "offline",
    ),
    Setting(
        "GATEHOUSE_MODEL_PRICES",
        "dollars per million tokens read and written, as `3.00,15.00`, or by name `small=0.10,0.40;"
        "large=3,15`; each step's cost is recorded",
        "",
    ),
    Setting(
        "GATEHOUSE_MODEL_BUDGETS",
        "calls/tokens/seconds/dollars for a run, an advisor's day and everybody's, as "
        "`run=20/200000/600/2.00;advisor=...;day=...`; read by `up` and `migrate`",
        "run=20/400000/600/2;advisor=2000/10000000/36000/50;day=20000/100000000/360000/500",
    ),
    Setting("GATEHOUSE_EMBEDDINGS", "minilm (in the package), or none for words alone", "minilm"),
)

EMBEDDINGS: Final = ("minilm", "none")
MODES: Final[Mapping[str, Mode]] = {"tools": "tools", "json": "json"}
LASTS: Final = ("offline", "none")
AGENTS: Final = ("orchestrator", "portfolio", "research", "proposal")
SCOPES: Final[Mapping[str, Scope]] = {"run": "run", "advisor": "advisor", "day": "day"}
PAIR: Final = re.compile(r"\d{1,6}(\.\d{1,6})?,\d{1,6}(\.\d{1,6})?", re.ASCII)
WAITS: Final = re.compile(r"[1-9]\d{0,2},[1-9]\d{0,2},[1-9]\d{0,2}", re.ASCII)
CAPS: Final = re.compile(r"\d{1,12}/\d{1,12}/\d{1,9}/\d{1,9}(\.\d{1,6})?", re.ASCII)
NAME: Final = re.compile(r"[\w.:/@+-]{1,100}", re.ASCII)

Prices = tuple[Decimal, Decimal]
"""Dollars per million tokens: read, written."""


@dataclass(frozen=True, slots=True)
class Place:
    """One model: where it is, with which key, what it is called there, and how it is told of tools."""

    name: str
    base_url: str
    api_key: Secret
    mode: Mode
    prices: Prices | None


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a thought may take: to be connected, to its first word, and in all."""

    connect: timedelta
    first: timedelta
    whole: timedelta


@dataclass(frozen=True, slots=True)
class Caps:
    """What may be spent in one scope."""

    calls: int
    tokens: int
    seconds: int
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class Model:
    """Which model the copilot thinks with. No `first`: the offline one, and the others do not count."""

    first: Place | None
    second: Place | None
    steps: Mapping[str, Place]  # by agent: another of the first one's endpoint
    last: str
    waits: Waits
    embeddings: str

    @property
    def name(self) -> str | None:
        return self.first.name if self.first else None


def model(env: Environment) -> Model:
    """The chosen model and embeddings.

    Raises:
        BadInput: an address, a name, a mode, a time or a price that is none, or unknown embeddings.
    """
    prices(env)  # refused where there is no model yet, too
    first = _place(
        env,
        name="GATEHOUSE_MODEL",
        url="OPENAI_BASE_URL",
        otherwise="https://api.openai.com/v1",
        key="OPENAI_API_KEY",
        mode="GATEHOUSE_MODEL_MODE",
    )
    second = _place(
        env,
        name="GATEHOUSE_MODEL_SECOND",
        url="GATEHOUSE_MODEL_SECOND_URL",
        otherwise=env.get("OPENAI_BASE_URL") or "https://api.openai.com/v1",
        key="GATEHOUSE_MODEL_SECOND_KEY",
        mode="GATEHOUSE_MODEL_SECOND_MODE",
    )
    return Model(
        first=first,
        second=second,
        steps=_steps(env, first),
        last=_one_of(env, "GATEHOUSE_MODEL_LAST", LASTS, "offline"),
        waits=_waits(env),
        embeddings=_one_of(env, "GATEHOUSE_EMBEDDINGS", EMBEDDINGS, "minilm"),
    )


def budgets(env: Environment) -> Mapping[Scope, Caps]:
    """What may be spent, by scope; a scope that is not set has its default.

    Raises:
        BadInput: a scope that we do not know, or caps that are none.
    """
    setting = next(row for row in MODEL_ROWS if row.name == "GATEHOUSE_MODEL_BUDGETS")
    found: dict[Scope, Caps] = {}
    for text in (setting.default or "", env.get(setting.name) or ""):
        for part in filter(None, (one.strip() for one in text.split(";"))):
            scope, _, caps = part.partition("=")
            if scope not in SCOPES or not CAPS.fullmatch(caps):
                raise refused(setting.name, f"{part!r} is no scope with four figures", "run=20/200000/600/2")
            calls, tokens, seconds, dollars = caps.split("/")
            found[SCOPES[scope]] = Caps(int(calls), int(tokens), int(seconds), Decimal(dollars))
    return found


def prices(env: Environment) -> Mapping[str, Prices]:
    """Dollars per million tokens by the model's name; under the empty name, those of every other model.

    Raises:
        BadInput: a pair that is none.
    """
    found: dict[str, Prices] = {}
    for part in filter(None, (one.strip() for one in env.get("GATEHOUSE_MODEL_PRICES", "").split(";"))):
        name, _, pair = part.rpartition("=")
        if not PAIR.fullmatch(pair) or (name and not NAME.fullmatch(name)):
            raise refused(
                "GATEHOUSE_MODEL_PRICES", f"{part!r} is no pair of prices", "read,written as 3.00,15.00"
            )
        read, _, written = pair.partition(",")
        found[name] = (Decimal(read), Decimal(written))
    return found


def _place(env: Environment, *, name: str, url: str, otherwise: str, key: str, mode: str) -> Place | None:
    base_url = env.get(url) or otherwise
    if not is_http(base_url):
        raise refused(url, f"{base_url!r} is not an HTTP address", "https://host/v1")
    chosen = _one_of(env, mode, tuple(MODES), "tools")
    called = env.get(name) or None
    if called is None:
        return None
    return _named(env, name, called, base_url, Secret(env.get(key, "")), MODES[chosen])


def _named(env: Environment, setting: str, called: str, base_url: str, key: Secret, mode: Mode) -> Place:
    if not NAME.fullmatch(called):
        raise refused(setting, f"{called[:100]!r} is no model's name", "gpt-5-mini or org/model:tag")
    known = prices(env)
    return Place(called, base_url, key, mode, known.get(called) or known.get(""))


def _steps(env: Environment, first: Place | None) -> Mapping[str, Place]:
    found: dict[str, Place] = {}
    for part in filter(None, (one.strip() for one in env.get("GATEHOUSE_MODEL_STEPS", "").split(","))):
        agent, _, called = part.partition("=")
        if agent not in AGENTS:
            raise refused(
                "GATEHOUSE_MODEL_STEPS", f"{part!r} names none of {', '.join(AGENTS)}", "orchestrator=small"
            )
        if first is None:
            raise refused("GATEHOUSE_MODEL_STEPS", "GATEHOUSE_MODEL is not set", "GATEHOUSE_MODEL=large too")
        found[agent] = _named(env, "GATEHOUSE_MODEL_STEPS", called, first.base_url, first.api_key, first.mode)
    return found


def _waits(env: Environment) -> Waits:
    text = env.get("GATEHOUSE_MODEL_WAITS") or "3,15,90"
    if not WAITS.fullmatch(text):
        raise refused("GATEHOUSE_MODEL_WAITS", f"{text!r} is no three times in seconds", "3,15,90")
    connect, first, whole = (timedelta(seconds=int(part)) for part in text.split(","))
    if not connect <= first <= whole <= timedelta(seconds=200):
        raise refused("GATEHOUSE_MODEL_WAITS", f"{text!r} does not rise to at most 200", "3,15,90")
    return Waits(connect, first, whole)


def _one_of(env: Environment, name: str, known: tuple[str, ...], otherwise: str) -> str:
    chosen = env.get(name) or otherwise
    if chosen not in known:
        raise refused(name, f"{chosen!r} is not known", " or ".join(known))
    return chosen
