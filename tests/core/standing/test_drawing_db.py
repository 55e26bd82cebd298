"""Draws that race, revocations that race the release, and a worker that dies between the two."""

from __future__ import annotations

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from core.database.pools import async_pool, conninfo
from core.gate.deciding import Deciding
from core.ledger.envelope import stored
from core.projections.law import Law
from tests.core.gate.deal import GATE, Deal, leg
from tests.core.gate.racing import race
from tests.core.standing.giving import Standing, routine
from tests.core.worker.test_worker_db import NAMES, Floor
from tests.fixtures.firm import Firm, FirmTemplate
from tests.fixtures.venues import one_venue

RACING: Final = 64
COVERED: Final = 20
REBALANCES: Final = {
    "symbols": [],
    "dollars_each": "50000",
    "dollars_a_day": "60000",
    "dollars_in_all": "60000",
}


@dataclass(frozen=True)
class Try:
    """One append of one process."""

    dsn: str
    item: dict[str, Any]


def tried(each: Try) -> str:
    with psycopg.connect(each.dsn, autocommit=True) as connection:
        row = connection.execute(
            "select answer, code from gatehouse.append(%s::jsonb)", [json.dumps([each.item])]
        ).fetchone()
    assert row is not None
    return str(row[1] or row[0])


def all_at_once(tries: list[Try]) -> list[str]:
    """In this process, three at a time: the login has that many connections."""
    with ThreadPoolExecutor(3) as threads:
        return list(threads.map(tried, tries))


@pytest.mark.parametrize(
    "terms",
    [
        {"dollars_a_day": f"{COVERED * 100}", "dollars_in_all": "50000"},
        {"dollars_a_day": f"{COVERED * 100 + 99}.99", "dollars_in_all": f"{COVERED * 100 + 99}.99"},
        {"proposals_a_day": COVERED},
    ],
    ids=["dollars of the day", "dollars in all, a cent short of one more", "proposals of the day"],
)
def test_racing_draws_of_several_processes_never_overshoot(firm: Firm, terms: dict[str, Any]) -> None:
    """64 submitted proposals of a hundred dollars each, and room for 20."""
    standing = Standing(firm).adopted(**{"dollars_each": "100", "proposals_a_day": 1000, **terms})
    account = Deal(firm).account
    deals = [routine(firm, leg(account, "sell", "AAPL", "1")) for _ in range(RACING)]
    dsn = conninfo(firm.database.gate, name="test")
    answers = race(dsn, [firm.item(**standing.drawing(deal)) for deal in deals])
    assert sorted(answers) == ["bounds_reached"] * (RACING - COVERED) + ["ok"] * COVERED
    assert standing.used == (COVERED, str(COVERED * 100))
    assert sum(1 for deal in deals if deal.status == "APPROVED") == COVERED
    assert firm.verified().ok


def test_two_draws_of_one_proposal_are_one(firm: Firm) -> None:
    """The same version of its stream, the same key or another: one is taken."""
    standing, deal = Standing(firm).adopted(), routine(firm)
    dsn = conninfo(firm.database.gate, name="test")
    tries = [Try(dsn, firm.item(**standing.drawing(deal))) for _ in range(8)]
    assert sorted(all_at_once(tries)).count("ok") == 1
    assert standing.used == (1, "1000")


def test_a_revocation_and_a_release_that_race_have_one_order(firm: Firm) -> None:
    """Whichever is first in the record: nothing is released after the revocation."""
    for _ in range(12):
        standing, deal = Standing(firm).adopted(), routine(firm)
        assert standing.draw(deal).ok
        begin = threading.Barrier(2)
        item = firm.item("OrderReleased", f"order/{deal.order(0)}", deal.releasing())
        revoked = firm.item(
            "StandingApprovalRevoked", standing.stream, {"standing": standing.standing}, login="susan.feldman"
        )

        def go(each: Try) -> str:
            begin.wait()  # noqa: B023
            return tried(each)

        approver, gate = (conninfo(dsn, name="test") for dsn in (firm.database.approver, firm.database.gate))
        with ThreadPoolExecutor(2) as threads:
            said = list(threads.map(go, [Try(gate, item), Try(approver, revoked)]))
        assert said[1] == "ok"
        assert said[0] in {"ok", "approval_missing"}
        seqs = {
            row["event_type"]: row["seq"]
            for row in firm.ask(
                "superuser",
                "select event_type, seq from gatehouse.journal where stream in (%s, %s)",
                f"order/{deal.order(0)}",
                standing.stream,
            )
        }
        if said[0] == "ok":
            assert seqs["OrderReleased"] < seqs["StandingApprovalRevoked"]


async def no_quotes_needed() -> None:
    """The book's own prices are enough here."""


def submitted(firm: Firm, deal: Deal) -> Deal:
    row = firm.ask(GATE, "select digest, content from gatehouse.proposal where proposal = %s", deal.proposal)[
        0
    ]
    deal.digest, deal.legs = row["digest"], json.loads(row["content"])["legs"]
    said = deal.submit()
    assert said.ok, said
    return deal


def found(firm: Firm, deal: Deal) -> dict[str, Any]:
    rows = "select findings from gatehouse.proposal where proposal = %s"
    (told,) = [f for f in firm.value(GATE, rows, deal.proposal) if f["policy"] == "standing_bounds"]
    return dict(told)


@pytest.mark.anyio
async def test_the_worker_tells_draws_gives_back_and_denies_what_is_left(firm: Firm) -> None:
    standing = Standing(firm).adopted(**REBALANCES)
    first, second = Deal(firm, household="hh-107"), Deal(firm, household="hh-111")
    assert first.draft().ok
    assert second.draft().ok
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        deciding = Deciding(pool, journal, firm.keys, no_quotes_needed)
        assert await deciding.assess()
        assert (found(firm, first)["observed"], found(firm, first)["limit"]) == ("48396.12", "50000")
        submitted(firm, first)
        assert await deciding.draw()
        assert first.status == "APPROVED"
        submitted(firm, second)  # 32,553.82 more than the 60,000 of the day leave
        assert not await deciding.draw()
        assert second.status == "SUBMITTED"
        assert standing.revoke().ok
        assert await deciding.draw()
        assert not await deciding.draw()
        assert first.status == "SUBMITTED"
        assert first.approve().ok
        refused = "select count(*) from gatehouse.journal where event_type = 'AttemptRefused'"
        assert firm.value(GATE, refused) == 0


@pytest.mark.anyio
async def test_what_is_left_of_a_proposal_that_is_partly_out_ends_with_the_revocation(firm: Firm) -> None:
    standing = Standing(firm).adopted(**REBALANCES)
    deal = Deal(firm, household="hh-107")
    assert deal.draft().ok
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        deciding = Deciding(pool, journal, firm.keys, no_quotes_needed)
        assert await deciding.assess()
        submitted(firm, deal)
        assert await deciding.draw()
        assert deal.release(0).ok
        assert standing.revoke().ok
        assert await deciding.draw()
        assert not await deciding.draw()
    rows = "select leg, ended, reserved from gatehouse.leg where proposal = %s order by leg"
    legs = firm.ask(GATE, rows, deal.proposal)
    assert [row["ended"] for row in legs] == [False] + [True] * (len(legs) - 1)
    assert {row["reserved"] for row in legs[1:]} == {0}


@contextmanager
def closed_floor(firm_template: FirmTemplate, folder: Path) -> Any:
    """A firm with workers and venues that do not listen yet."""
    with ExitStack() as stack:
        firm = stack.enter_context(firm_template.cloned(folder / "keys"))
        yield Floor(firm, [], folder, stack), stack


def test_a_worker_that_is_killed_between_draw_and_release_draws_once_and_releases_once(
    firm_template: FirmTemplate, tmp_path: Path
) -> None:
    with closed_floor(firm_template, tmp_path) as (floor, stack):
        firm: Firm = floor.firm
        standing = Standing(firm).adopted(**REBALANCES)
        worker = floor.worker("first")  # without venues there are no quotes: nothing is let out
        deal = Deal(firm, household="hh-107")
        assert deal.draft().ok
        floor.until(lambda: deal.status == "ASSESSED", "assessed")
        submitted(firm, deal)
        floor.until(lambda: deal.status == "APPROVED", "drawn")
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=10)
        floor.venues += [stack.enter_context(contextmanager(one_venue)(name, tmp_path)) for name in NAMES]
        floor.worker("second")
        floor.until(lambda: floor.over(deal), "filled")
        assert len(floor.facts("StandingApprovalDrawn")) == 1
        assert len(floor.facts("OrderReleased")) == len(deal.legs)
        assert standing.used[0] == 1
        floor.nothing_is_lost_or_doubled()
        assert firm.verified().ok


def test_the_fold_of_the_record_says_what_the_append_says(firm: Firm) -> None:
    """Draws, one given back and approved by a principal, one released, one still waiting."""
    standing = Standing(firm).adopted()
    back, out, waits = routine(firm), routine(firm), routine(firm)
    assert standing.draw(out).ok
    assert out.release().ok
    assert standing.draw(back).ok
    assert standing.revoke().ok
    assert standing.void(back).ok
    law = Law()
    columns = "seq, recorded_at, role, actor, text"
    for row in firm.ask("superuser", f"select {columns} from gatehouse.journal order by seq"):
        entry = stored(row)
        law.apply(entry.seq, entry.fact)
    folded = {row["proposal"]: row["status"] for row in law.proposal_rows()}
    for deal in (back, out, waits):
        assert folded[deal.proposal] == deal.status
    assert (back.status, out.status, waits.status) == ("SUBMITTED", "RELEASED", "SUBMITTED")
