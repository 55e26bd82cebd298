"""The worker as a process, with venues as processes: from draft to settlement, and over its own death."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from core.worker.duties import AT_WORK
from tests.core.gate.deal import APPROVER, ELENA, MARIA, Deal
from tests.fixtures.custodians import custodians
from tests.fixtures.firm import Firm, FirmTemplate
from tests.fixtures.halts import KEY_HEX
from tests.fixtures.processes import process
from tests.fixtures.venues import KEY, VenueProcess, one_venue

NAMES: Final = ("ARCADIA", "BOREAL", "CORTLAND")
PATIENCE: Final = 60.0  # seconds; a slow machine under load


@dataclass
class Floor:
    """A firm, its venues, and workers that can be started and killed."""

    firm: Firm
    venues: list[VenueProcess]
    folder: Path
    stack: ExitStack
    env: dict[str, str] = field(default_factory=dict)  # of its workers, beside the usual

    def worker(self, name: str, *, module: str = "ui.cli") -> subprocess.Popen[bytes]:
        env = {
            "GATEHOUSE_HOME": str(self.folder / "home"),
            "GATEHOUSE_KEYSTORE": str(self.firm.keys_folder),
            "GATEHOUSE_GATE_DSN": self.firm.database.gate,
            "GATEHOUSE_HALT_KEY": KEY_HEX,
            "GATEHOUSE_VENUES": ",".join(f"{venue.name}={venue.url}" for venue in self.venues),
            **{f"GATEHOUSE_VENUE_KEY_{name}": KEY for name in NAMES},
            **self.env,
        }
        return self.stack.enter_context(process(["worker"], env, self.folder / f"{name}.log", module=module))

    def until(self, holds: Callable[[], bool], what: str) -> None:
        ends = time.monotonic() + PATIENCE
        while not holds():
            logs = "\n".join(log.read_text()[-1500:] for log in sorted(self.folder.glob("*.log")))
            assert time.monotonic() < ends, f"not {what} in time\n{logs}"
            time.sleep(0.05)

    def at_work(self) -> int | None:
        """The backend of the worker that has the duties."""
        rows = self.firm.ask(
            "superuser",
            "select l.pid from pg_locks l join pg_database d on d.oid = l.database"
            " where l.locktype = 'advisory' and l.granted and d.datname = current_database()"
            f" and l.objsubid = 1 and l.objid = {AT_WORK}",
        )
        return int(rows[0]["pid"]) if rows else None

    def facts(self, kind: str) -> list[dict[str, Any]]:
        of_kind = "select text from gatehouse.journal where event_type = %s order by seq"
        rows = self.firm.ask("superuser", of_kind, kind)
        return [json.loads(row["text"])["payload"] for row in rows]

    def lines(self) -> list[Any]:
        return [line for venue in self.venues for line in venue.ledger()]

    def drafted(self, household: str, advisor: str = MARIA) -> Deal:
        """By a person; the worker assesses it in a moment."""
        deal = Deal(self.firm, household=household, advisor=advisor)
        assert deal.draft().ok
        return deal

    def rebalanced(self, household: str, advisor: str = MARIA) -> Deal:
        """Drafted by a person, assessed by the worker, submitted and approved."""
        deal = self.drafted(household, advisor)
        self.until(lambda: deal.status == "ASSESSED", f"{household} assessed")
        row = self.firm.ask(
            "superuser", "select digest, content from gatehouse.proposal where proposal = %s", deal.proposal
        )[0]
        deal.digest, deal.legs = row["digest"], json.loads(row["content"])["legs"]
        assert deal.submit().ok
        assert deal.approve().ok
        return deal

    def over(self, deal: Deal) -> bool:
        rows = "select bool_and(ended) and count(*) > 0 as over from gatehouse.leg where proposal = %s"
        return bool(self.firm.value("superuser", rows, deal.proposal))

    def progress(self) -> int:
        return len(self.facts("OrderFilled")) + len(self.facts("OrderSent"))

    def moved_on(self, before: int, deals: list[Deal]) -> bool:
        return self.progress() > before or all(self.over(deal) for deal in deals)

    def move_day(self, kind: str, session: str, state: str) -> None:
        item = self.firm.item(kind, "market", {"session": session}, login=ELENA)
        assert self.firm.append(APPROVER, item)[0].ok
        rows = "select state || session::text as day from gatehouse.market_day"
        self.until(lambda: self.firm.value("superuser", rows) == f"{state}{session}", f"{state} {session}")

    def nothing_is_lost_or_doubled(self, *, copies: int = 1) -> None:
        """Each release has one order at one venue; what it executed there is what the journal has, once.

        `copies`: how often its message may have come, under its one id.
        """
        released = {one["order"]: one for one in self.facts("OrderReleased")}
        sent = Counter(line["order"] for line in self.lines() if line.get("verb") == "send")
        assert set(sent) <= set(released)
        assert max(sent.values(), default=0) <= copies
        theirs = sorted(
            (line["order"], line["execution"], Decimal(line["quantity"]), Decimal(line["price"]))
            for line in self.lines()
            if line["kind"] == "execution"
        )
        ours = sorted(
            (one["order"], one["execution"], Decimal(one["quantity"]), Decimal(one["price"]))
            for one in self.facts("OrderFilled")
        )
        assert ours == theirs
        for order, one in released.items():
            filled = sum(quantity for name, _, quantity, _ in ours if name == order)
            assert filled <= Decimal(one["quantity"])


@contextmanager
def opened(firm_template: FirmTemplate, folder: Path) -> Iterator[Floor]:
    with ExitStack() as stack:
        firm = stack.enter_context(firm_template.cloned(folder / "keys"))
        venues = [stack.enter_context(contextmanager(one_venue)(name, folder)) for name in NAMES]
        yield Floor(firm, venues, folder, stack)


@pytest.fixture
def floor(firm_template: FirmTemplate, tmp_path: Path) -> Iterator[Floor]:
    with opened(firm_template, tmp_path) as one:
        yield one


def test_a_proposal_goes_from_draft_to_settlement(floor: Floor) -> None:
    """Custodians of their own hear the venues; what is due settles by their word."""
    addresses = {venue.name: venue.url for venue in floor.venues}
    floor.env |= floor.stack.enter_context(custodians(floor.folder, addresses)).env
    floor.worker("worker")
    deal = floor.rebalanced("hh-101")
    floor.until(lambda: floor.over(deal), "filled")
    assert len(floor.facts("OrderFilled")) > len(deal.legs) > 1  # in parts
    floor.nothing_is_lost_or_doubled()

    waiting = Deal(floor.firm, household="hh-103")
    assert waiting.draft().ok
    floor.move_day("BusinessDayCloseRequested", "2022-12-29", "closed")
    floor.until(lambda: waiting.status == "LAPSED", "lapsed")
    floor.until(lambda: len(floor.facts("TradeConfirmed")) == len(deal.legs), "confirmed")
    assert floor.facts("TradeSettled") == []
    floor.until(lambda: bool(closes(floor)), "compared at the close")
    # T+2 over a weekend and New Year's Day as observed: Thursday's trades settle on Tuesday.
    floor.move_day("BusinessDayOpenRequested", "2022-12-30", "open")
    floor.move_day("BusinessDayCloseRequested", "2022-12-30", "closed")
    assert floor.facts("TradeSettled") == []
    floor.move_day("BusinessDayOpenRequested", "2023-01-03", "open")
    floor.until(lambda: len(floor.facts("TradeSettled")) == len(deal.legs), "settled")
    floor.until(
        lambda: (
            floor.firm.value("superuser", "select as_of_seq from gatehouse.follower where name = 'book'")
            == floor.firm.value("superuser", "select seq from gatehouse.head")
        ),
        "folded",
    )
    unsettled = "select unsettled from gatehouse.cash where account = any(%s)"
    rows = floor.firm.ask("superuser", unsettled, [leg["account"] for leg in deal.legs])
    assert {row["unsettled"] for row in rows} == {Decimal(0)}
    assert floor.facts("DifferenceFound") == []
    for run in closes(floor):
        assert run["unread"] == []
        items = {one["kind"]: one["items"] for one in run["compared"] if one["items"]}
        assert {"position", "cash", "settled_cash"} <= items.keys()
    executions = [one["items"] for one in closes(floor)[0]["compared"] if one["kind"] == "execution"]
    assert sum(executions) == len(floor.facts("OrderFilled"))
    assert floor.firm.verified().ok


def closes(floor: Floor) -> list[dict[str, Any]]:
    return [one for one in floor.facts("ReconciliationFinished") if one["why"] == "close"]


def test_killed_again_and_again_it_still_does_everything_once(floor: Floor) -> None:
    worker = floor.worker("worker-0")
    deals = [floor.rebalanced(household) for household in ("hh-101", "hh-105", "hh-106")]
    deaths = 0
    while not all(floor.over(deal) for deal in deals):
        before = floor.progress()
        floor.until(partial(floor.moved_on, before, deals), "any progress")
        if deaths < 4:
            worker.kill()
            worker.wait()
            deaths += 1
            worker = floor.worker(f"worker-{deaths}")
    assert deaths >= 1
    floor.nothing_is_lost_or_doubled()
    assert floor.firm.verified().ok


def test_what_a_venue_took_back_while_no_worker_lived_is_booked_by_the_next_one(floor: Floor) -> None:
    """Its order has ended, so no start looks it up; the comparison finds it, and the venue is asked."""
    worker = floor.worker("worker-0")
    deal = floor.rebalanced("hh-101")
    floor.until(lambda: floor.over(deal), "filled")
    worker.kill()
    worker.wait()
    taken = floor.facts("OrderFilled")[0]
    venue = next(one for one in floor.venues if one.name == taken["venue"])
    venue.tell(bust=[taken["execution"]])
    floor.worker("worker-1")
    floor.until(lambda: bool(floor.facts("TradeBusted")), "the bust booked")
    assert [one["execution"] for one in floor.facts("TradeBusted")] == [taken["execution"]]
    assert floor.firm.verified().ok
