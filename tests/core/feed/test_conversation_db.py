"""A conversation as it is run again: whole, in order, in clear for whose book it is, and for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from core.database.pools import async_pool
from core.feed.steps import StepRead, Steps
from core.ids import SubjectId, TraceId
from tests.core.gate.deal import AGENT, DAVID, INTAKE, MARIA
from tests.core.people.test_preferences_law_db import TEXT, Talk
from tests.fixtures.firm import Firm


def read(firm: Firm, login: str, trace: str) -> Sequence[StepRead]:
    async def run() -> Sequence[StepRead]:
        async with async_pool(firm.database.intake, name="test", most=1) as pool:
            return await Steps(pool, firm.keys).conversation(firm.ticket(login), TraceId(trace))

    return asyncio.run(run())


def test_it_is_told_up_to_the_last_entry_of_the_trace_and_no_further(shared_firm: Firm) -> None:
    talk = Talk(shared_firm)
    stream = f"thread/{talk.thread}"
    traces = ("1" * 32, "2" * 32)
    for trace in traces:
        begun = {"thread": talk.thread, "message": talk.message, "manifest": "a" * 64, "model": "offline"}
        item = shared_firm.item(
            "RunBegun",
            stream,
            {**begun, "preferences": [], "words": None},
            ticket=talk.ticket,
            trace_id=trace,
        )
        assert shared_firm.append(AGENT, item)[0].ok
        sealed = shared_firm.keys.seal(SubjectId("adv-1"), "answer", f"Answer {trace[:1]}.").model_dump()
        told = {
            "thread": talk.thread,
            "message": talk.message,
            "text": sealed,
            "cited": [],
            "model": "offline",
        }
        answer = shared_firm.item("AnswerGiven", stream, told, login=MARIA, trace_id=trace)
        assert shared_firm.append(INTAKE, answer)[0].ok
    found = read(shared_firm, MARIA, traces[0])
    assert [one.event_type for one in found] == ["ThreadOpened", "MessageReceived", "RunBegun", "AnswerGiven"]
    assert (found[1].told["text"], found[3].told["text"]) == (TEXT, "Answer 1.")
    assert len(read(shared_firm, MARIA, traces[1])) == 6
    assert read(shared_firm, DAVID, traces[0]) == ()
