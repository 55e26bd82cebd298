"""The worker's way with an order over time: from her request to its parts, its end, and what is left."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from core.database.pools import AsyncPool, async_pool
from core.gate.deciding import Deciding
from core.ledger.journal import Journal
from core.orders.content import Content, content_read
from core.orders.events import Request
from tests.core.gate.deal import GATE, Deal
from tests.fixtures.firm import Firm, FirmTemplate
from tests.fixtures.servers import ROOT

PROGRAM: Final = Path(__file__).with_name("releases_and_dies.py")


@pytest.fixture(scope="module")
def firm(firm_template: FirmTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    with firm_template.cloned(tmp_path_factory.mktemp("firm") / "keys") as one:
        yield one


async def no_quotes_needed() -> None:
    """The book's own prices are of now."""


def deciding(pool: AsyncPool, journal: Journal, firm: Firm) -> Deciding:
    """A worker that has just begun, whatever another did before it."""
    return Deciding(pool, journal, firm.keys, no_quotes_needed)


def request_of(deal: Deal, **planning: Any) -> dict[str, Any]:
    held = (
        "select symbol from gatehouse.lot_holding where account = %s and held >= 40 order by symbol limit 1"
    )
    asked = {
        "kind": "order",
        "household": deal.household,
        "accounts": [deal.account],
        "symbol": deal.firm.value("superuser", held, deal.account),
        "side": "sell",
        "quantity": "21",
        "order_type": "market",
        "planning": planning,
    }
    return Request.model_validate(asked).model_dump(mode="json")


def content_of(deal: Deal) -> Content:
    row = deal.firm.ask("superuser", "select * from gatehouse.proposal where proposal = %s", deal.proposal)[0]
    assert row["status"] == "ASSESSED", row["status"]
    deal.digest = row["digest"]
    return content_read(row["content"])


def out(deal: Deal) -> list[int]:
    released = "select leg from gatehouse.leg where proposal = %s and released_seq is not null order by leg"
    return [row["leg"] for row in deal.firm.ask("superuser", released, deal.proposal)]


def pass_by(deal: Deal, minutes: int) -> None:
    earlier = (
        "update gatehouse.schedule set began_at = began_at - make_interval(mins => %s) where proposal = %s"
    )
    deal.firm.ask("superuser", f"{earlier} returning 1", minutes, deal.proposal)


async def decided(firm: Firm, worker: Deciding, household: str) -> Deal:
    """Four parts in an hour, assessed by that worker, submitted and approved."""
    deal = Deal(firm, household=household)
    assert deal.draft(request=request_of(deal, minutes=60, parts=4)).ok
    while await worker.assess():
        pass
    content_of(deal)
    assert deal.submit().ok
    assert deal.approve().ok
    return deal


def killed(firm: Firm, dies: str) -> int:
    words = [firm.database.gate, str(firm.keys_folder), dies]
    program = [sys.executable, "-m", f"tests.core.gate.{PROGRAM.stem}", *words]
    return subprocess.run(program, cwd=ROOT, timeout=120, check=False).returncode


@pytest.mark.anyio
async def test_two_workers_and_one_that_is_killed_between_parts_let_each_out_once(firm: Firm) -> None:
    async with async_pool(firm.database.gate, name="test", most=4) as pool, firm.journal(GATE) as journal:
        one, other = deciding(pool, journal, firm), deciding(pool, journal, firm)
        deal = await decided(firm, one, "hh-103")
        await asyncio.gather(one.release(), other.release())
        assert out(deal) == [0]
        pass_by(deal, 15)
        assert await asyncio.to_thread(killed, firm, "before") == -signal.SIGKILL
        assert out(deal) == [0]
        assert await asyncio.to_thread(killed, firm, "after") == -signal.SIGKILL
        assert out(deal) == [0, 1]
        assert not await deciding(pool, journal, firm).release()
        pass_by(deal, 35)  # the last part's time: two are due
        await asyncio.gather(*(deciding(pool, journal, firm).release() for _ in range(2)))
    assert out(deal) == [0, 1, 2, 3]
    released = (
        "select count(*) as n from gatehouse.journal where event_type = 'OrderReleased' and text like %s"
    )
    assert firm.ask("superuser", released, f"%{deal.proposal}%")[0]["n"] == 4


@pytest.mark.anyio
async def test_an_order_over_time_goes_out_in_parts_ends_and_comes_back(firm: Firm) -> None:
    deal = Deal(firm)
    assert deal.draft(request=request_of(deal, minutes=60, parts=4)).ok
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        worker = deciding(pool, journal, firm)
        while await worker.assess():
            pass
        content = content_of(deal)
        assert content.schedule is not None
        assert [leg.quantity for leg in content.legs] == [5, 5, 5, 6]
        assert deal.submit().ok
        assert deal.approve().ok
        assert await worker.release()
        assert not await worker.release()
        assert out(deal) == [0]
        pass_by(deal, 15)
        assert await worker.release()
        worker = deciding(pool, journal, firm)  # the one before it was killed, and its clock does not count
        assert not await worker.release()
        assert out(deal) == [0, 1]
        pass_by(deal, 45)
        assert await worker.end_schedules()
        assert not await worker.end_schedules()
        assert await worker.release()  # what its time is over for is denied
        assert not await worker.release()
        assert out(deal) == [0, 1]
        assert not await worker.give_back()
        firm.ask("superuser", "update gatehouse.leg set ended = true where proposal = %s", deal.proposal)
        assert await worker.give_back()
        assert not await worker.give_back()
    drafted = "select p.request from gatehouse.remainder r join gatehouse.proposal p on p.proposal = r.draft"
    (row,) = firm.ask("superuser", f"{drafted} where r.proposal = %s", deal.proposal)
    assert (row["request"]["quantity"], row["request"]["planning"]["parts"]) == ("21", None)
    asked = "select count(*) from gatehouse.leg where proposal = %s and cancel_seq is not null"
    assert firm.value("superuser", asked, deal.proposal) == 2


@pytest.mark.anyio
async def test_a_time_that_the_session_does_not_have_is_denied_with_its_reason(firm: Firm) -> None:
    deal = Deal(firm)
    assert deal.draft(request=request_of(deal, minutes=390, parts=4)).ok
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        worker = deciding(pool, journal, firm)
        while await worker.assess():
            pass
    assert deal.status == "DENIED"
    said = "select text from gatehouse.journal where stream = %s and event_type = 'ProposalDenied'"
    assert "longer than the session still is" in firm.value("superuser", said, deal.stream)
