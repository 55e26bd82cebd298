"""Running the graph in a test: the simulated desk, the offline model, everything that it said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agents.model import Thinker, offline
from agents.run import Copilot, Event, start
from agents.state import Patience
from core.ids import MessageId
from tests.tools.book import Axes, SimulatedDesk, turn
from tools.contract import Preference

QUICK = Patience(assessment=timedelta(milliseconds=40), looks_every=timedelta(milliseconds=10))


def memory() -> InMemorySaver:
    return InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=None))


def copilot(saver: BaseCheckpointSaver[Any] | None = None, thinker: Thinker | None = None) -> Copilot:
    return start(saver or memory(), thinker or offline(), QUICK)


async def ask(
    at: Copilot,
    desk: SimulatedDesk,
    text: str,
    *,
    message: str = "msg-1",
    household: str | None = None,
    preferences: tuple[Preference, ...] = (),
) -> list[Event]:
    asking = replace(turn(desk, household=household, embedder=Axes()), preferences=preferences)
    return [event async for event in at.asked(asking, MessageId(message), text)]


async def nudge(at: Copilot, desk: SimulatedDesk, *, unanswered: str | None = None) -> list[Event]:
    lost = MessageId(unanswered) if unanswered else None
    return [event async for event in at.nudged(turn(desk, embedder=Axes()), unanswered=lost)]


def answer(events: list[Event]) -> str:
    """The text of the one answer."""
    [text] = [event["text"] for event in events if event["event"] == "answer"]
    return str(text)


def kinds(events: list[Event]) -> set[str]:
    return {event["event"] for event in events}
