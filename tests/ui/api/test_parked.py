"""A conversation that waits for people, over HTTP alone: real copilot, front, worker and venues."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from core.database.pools import connect_async
from core.ids import HouseholdId
from core.projections.reader import read_picture
from tests.fixtures.office import Office, open_office
from tests.fixtures.processes import until
from tests.fixtures.servers import TestServer
from ui.screens.client import Client

MARIA, ROBERT = "maria.alvarez", "robert.hensley"
pytestmark = [pytest.mark.database, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def whole_office(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The demo firm at work with the copilot that thinks."""
    folder = tmp_path_factory.mktemp("whole-office")
    with open_office(server, folder, screens=False, copilot="real") as opened:
        yield opened


@pytest.fixture
def maria(whole_office: Office) -> Client:
    """Her client; the copilot is up, whatever the test before did to it."""
    if not whole_office.thinker.healthy():
        whole_office.thinker.start()
        until(whole_office.thinker.healthy, bool, within=60)
    return whole_office.of(MARIA)


def discretionary(maria: Client, *, skip: int) -> tuple[str, str]:
    """The ids of a household of hers and of an account with cash that she decides over; another by `skip`."""
    found = [
        (one["household"], one["account"])
        for row in maria.households()
        for one in maria.household(row["household"])["accounts"]
        if one["discretionary"] and one["status"] == "open" and float(one["cash"]["available"]) > 20_000
    ]
    return found[skip]


def answers(maria: Client, thread: str) -> list[Any]:
    return [m for m in maria.messages(thread) if m["role"] == "copilot"]


def parked(maria: Client, thread: str, text: str) -> str:
    """The proposal that the copilot parked on after this message."""
    events = list(maria.say(thread, text, key=uuid4().hex))
    assert [e.name for e in events][-1] == "parked", events
    return str(events[-1].data["proposal"])


def approved(office: Office, proposal: str) -> None:
    maria, robert = office.of(MARIA), office.of(ROBERT)
    found = maria.proposal(proposal)
    soft = dict.fromkeys(
        (x["policy"] for x in found["findings"] if x["result"] == "finding"), "Known, wanted."
    )
    maria.decide(proposal, "submit", {"digest": found["digest"], "reasons": soft})
    robert.decide(proposal, "approve", {"digest": found["digest"], "reasons": soft})
    until(lambda: maria.proposal(proposal)["waits_for"], lambda now: now == "nobody", within=60)


def test_reading_the_messages_is_enough_to_be_told_of_the_fills(whole_office: Office, maria: Client) -> None:
    household, account = discretionary(maria, skip=0)
    thread = maria.open_thread(household)
    proposal = parked(maria, thread, f"Buy 3 KO in {account}")
    approved(whole_office, proposal)
    first, then = until(lambda: answers(maria, thread), lambda said: len(said) == 2)
    assert first["message"] == then["message"]
    assert f"buy 3 KO in {account}: filled, 3 at an average of $" in then["text"]
    looked_up = next(s for s in then["sources"] if s["tool"] == "proposal_status")
    assert (looked_up["number"], looked_up["of"][:17]) == (1, "proposal at entry")
    record = {entry["seq"]: entry for entry in maria.trace(maria.proposal(proposal)["trace"])}
    assert record[looked_up["entry"]]["payload"]["call"] == looked_up["source"].removeprefix("tool/")


def test_a_copilot_killed_while_it_waited_tells_of_the_fills_when_it_is_back(
    whole_office: Office, maria: Client
) -> None:
    household, account = discretionary(maria, skip=1)
    thread = maria.open_thread(household)
    proposal = parked(maria, thread, f"Buy 2 PG in {account}")
    whole_office.thinker.kill()
    approved(whole_office, proposal)
    assert maria.nudge(thread) == {"moved": True, "answered": False}  # it is down: nothing is lost by that
    assert len(answers(maria, thread)) == 1
    whole_office.thinker.start()
    until(whole_office.thinker.healthy, bool, within=60)
    told = until(lambda: maria.nudge(thread)["answered"] or answers(maria, thread)[1:], bool)
    assert told
    assert [f"buy 2 PG in {account}: filled" in one["text"] for one in answers(maria, thread)] == [
        False,
        True,
    ]
    assert maria.nudge(thread)["answered"] is False
    assert len(answers(maria, thread)) == 2


def test_an_answer_that_was_cut_off_is_said_at_the_next_nudge(whole_office: Office, maria: Client) -> None:
    household, account = discretionary(maria, skip=2)
    thread, key, text = maria.open_thread(household), uuid4().hex, f"Buy 4 MRK in {account}"
    for event in maria.say(thread, text, key=key):
        if event.name == "step" and event.data["agent"] == "proposal":
            whole_office.thinker.kill()
    assert (event.name, answers(maria, thread)) == ("error", [])
    whole_office.thinker.start()
    until(whole_office.thinker.healthy, bool, within=60)
    (answer,) = until(lambda: answers(maria, thread), bool)
    assert f"buy 4 MRK in {account}" in answer["text"]
    assert [p["thread"] for p in maria.proposals(household=household)].count(thread) == 1
    again = [event.data["text"] for event in maria.say(thread, text, key=key) if event.name == "answer"]
    assert again == [answer["text"]]


def test_a_plan_that_she_asks_for_in_plain_english_is_parked_with_what_stands_beside_it(
    whole_office: Office, maria: Client
) -> None:
    """Drafted by the copilot, worked out again by the worker, decided by people, filled by venues."""
    household, account = discretionary(maria, skip=1)
    thread = maria.open_thread(household)
    cash = next(a for a in maria.household(household)["accounts"] if a["account"] == account)["cash"]
    wanted = int(float(cash["available"])) + 15_000
    found = maria.proposal(parked(maria, thread, f"Raise ${wanted:,} in {account}"))
    assert (found["kind"], found["request"]["planning"]["dollars"]) == ("raise_cash", str(wanted))
    assert found["status"] == "ASSESSED", found["findings"]
    assert {leg["side"] for leg in found["legs"]} == {"sell"}
    beside = found["preview"]["alternatives"]
    assert [one["name"] for one in beside[:2]] == ["this plan", "do nothing"]
    assert beside[0]["orders"] == len(found["legs"])
    approved(whole_office, found["proposal"])
    after = next(a for a in maria.household(household)["accounts"] if a["account"] == account)["cash"]
    assert float(after["settled"]) + float(after["unsettled"]) >= wanted


def test_a_question_about_risk_and_taxes_is_answered_with_its_source(maria: Client) -> None:
    household, account = discretionary(maria, skip=2)
    thread = maria.open_thread(household)
    for text, says in (
        (f"How risky is {account}?", "value at risk at 95 %"),
        (f"Performance of {account}", "time-weighted"),
        (f"What is the tax position of {account}?", "unrealised: short-term"),
        (f"What if I sold 1 AAPL in {account}?", "AAPL"),
    ):
        events = list(maria.say(thread, text, key=uuid4().hex))
        assert [e.name for e in events][-1] == "answer", (text, events[-1])
        told = answers(maria, thread)[-1]
        assert says in told["text"], told["text"]
        assert "(no source)" not in told["text"]


def test_what_a_harvest_bought_stands_in_for_what_it_sold(whole_office: Office, maria: Client) -> None:
    household = next(need["household"] for need in maria.worklist() if need["reason"] == "harvestable_loss")
    thread = maria.open_thread(household)
    found = maria.proposal(parked(maria, thread, "Harvest losses in this household"))
    assert found["status"] == "ASSESSED", found["findings"]
    legs = {leg["leg"]: leg for leg in found["legs"]}
    pairs = {
        leg["symbol"]: legs[leg["funded_by"][0]]["symbol"] for leg in legs.values() if leg["side"] == "buy"
    }
    assert len(pairs) == len([leg for leg in legs.values() if leg["side"] == "sell"])
    assert found["preview"]["notes"][0].endswith("would be lost for good")
    approved(whole_office, found["proposal"])

    async def standing() -> dict[str, str]:
        async with await connect_async(whole_office.database.gate, name="test") as connection:
            picture = await read_picture(connection, HouseholdId(household))
        stands = (one for account in picture.household.accounts for one in account.stands_for.items())
        return {symbol: stand_in.original for symbol, stand_in in stands}

    assert until(lambda: asyncio.run(standing()), bool, within=30) == pairs
