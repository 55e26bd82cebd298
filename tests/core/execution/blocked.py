"""A batch whose orders are out, its block, and what a venue says of it: by the bare append, the duties by the
product's own `Blocking`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from core.clock import WallClock
from core.database.pools import async_pool
from core.execution.lease import SETTING
from core.fact import Entry
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.worker.blocks import Blocking
from tests.core.gate.deal import GATE, Deal, leg, telling
from tests.core.gate.test_batches_db import Batch
from tests.core.routing.cases import record_of_choice
from tests.fixtures.firm import WORKER, Answer, Firm

HOMES: Final = ("hh-101", "hh-103", "hh-104", "hh-105")
DAY: Final = "2022-12-29"
PRICED: Final[dict[str, Any]] = {"price": "10", "limit": "10"}


class Killed(BaseException):
    """What a worker that is killed does not get to catch."""


class Mortal:
    """A journal whose worker is killed after the first entry, before it hears of it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.wrote = False

    async def record(self, entry: Entry) -> tuple[Recorded, ...]:
        if self.wrote:
            raise Killed
        self.wrote = True
        await self._journal.record(entry)
        raise Killed


@dataclass
class Blocked:
    """Buys of one security for the first accounts of these households, let out, of one batch."""

    firm: Firm
    deals: list[Deal] = field(default_factory=list)
    order: str = ""

    def released(self, *shares: str, **more: Any) -> Blocked:
        self.out(*shares, **more)
        self.lease()
        return self

    def out(self, *shares: str, symbol: str = "AAPL", **terms: Any) -> Blocked:
        """Nobody is at work."""
        for home, quantity in zip(HOMES, shares, strict=False):
            deal = Deal(self.firm, household=home)
            assert deal.draft().ok
            said = deal.assess(leg(deal.account, "buy", symbol, quantity, **PRICED | terms))
            assert said.ok, said
            self.deals.append(deal)
        self.batch = Batch(self.firm, self.deals).submitted()
        said = self.batch.approve()
        assert said.ok, said
        for deal in self.deals:
            said = deal.release()
            assert said.ok, said
        return self

    def lease(self) -> None:
        """The test's worker lives."""
        self.firm.ask(
            "superuser",
            "insert into gatehouse.worker_lease (worker, version) values (%s, 1) on conflict do nothing",
            WORKER,
        )

    def formed(self, *shares: str, **more: Any) -> Blocked:
        self.released(*shares, **more)
        self.duties()
        rows = self.firm.ask(
            "superuser",
            "select block_order from gatehouse.block_part where order_id = %s and parted_seq is null",
            self.deals[0].order(0),
        )
        self.order = str(rows[0]["block_order"])
        return self

    def sent(self, *shares: str, **more: Any) -> Blocked:
        self.formed(*shares, **more)
        for said in (self.routed(), self.of("OrderSent", body_digest="a" * 64)):
            assert said.ok, said
        return self

    def duties(self) -> None:
        """What the worker that has the duties does of blocks, until nothing is left."""

        async def turns() -> None:
            async with (
                async_pool(self.firm.database.gate, name="test", most=2, says={SETTING: WORKER}) as pool,
                Journal(pool, WallClock()) as journal,
            ):
                blocking = Blocking(pool, journal)
                while await blocking.turn():
                    pass

        asyncio.run(turns())

    def duties_that_die(self) -> int:
        """The same, by one that dies after each entry and another that goes on. How many entries that was."""

        async def lives() -> int:
            async with (
                async_pool(self.firm.database.gate, name="test", most=2, says={SETTING: WORKER}) as pool,
                Journal(pool, WallClock()) as journal,
            ):
                deaths = 0
                while True:
                    mortal = Mortal(journal)
                    with suppress(Killed):
                        while await Blocking(pool, mortal).turn():  # type: ignore[arg-type] # it records
                            pass
                    if not mortal.wrote:
                        return deaths
                    deaths += 1

        return asyncio.run(lives())

    def routed(self, venue: str = "ARCADIA") -> Answer:
        self.firm.claim(self.order)
        stream = f"order/{self.order}"
        first = self.firm.version(stream) + 1
        said = record_of_choice(self.order, "AAPL", venue)
        routed = {"order": self.order, "venue": venue, "scores": []}
        return telling(
            self.firm.append(
                GATE,
                self.firm.item("RouteRecorded", stream, said, group="route"),
                self.firm.item("OrderRouted", stream, routed, group="route", stream_version=first + 1),
            )
        )

    def of(self, kind: str, order: str | None = None, **said: Any) -> Answer:
        """Something of the block, or of another order."""
        named = order or self.order
        told = {"venue": "ARCADIA", **said} if kind not in ("OrderExpired", "BlockFormed") else said
        item = self.firm.item(kind, f"order/{named}", {"order": named, **told})
        return self.firm.append(GATE, item)[0]

    def fill(self, quantity: str, price: str, **changed: Any) -> Answer:
        said = {
            "symbol": "AAPL",
            "side": "buy",
            "execution": secrets.token_hex(8),
            "quantity": quantity,
            "price": price,
            "fee": "0.07",
            "executed_at": "2022-12-29T15:01:00Z",
            "trade_date": DAY,
            "settles_on": "2023-01-03",
            **changed,
        }
        return self.of("BlockFilled", **said)

    def cancelled(self) -> Answer:
        return self.of("OrderCancelled", reason="cancelled at the venue")

    def rows(self, statement: str, *words: Any) -> Sequence[dict[str, Any]]:
        return self.firm.ask("superuser", statement, *words)

    def booked(self) -> list[Decimal]:
        """Shares that stand of each order, by deal."""
        legs = "select filled from gatehouse.leg where order_id = %s"
        return [Decimal(self.firm.value("superuser", legs, deal.order(0))) for deal in self.deals]

    def standing(self) -> list[dict[str, Any]]:
        """What each part has booked of it, as it stands."""
        return list(
            self.rows(
                "select order_id, quantity, price, dollars, fee from gatehouse.execution"
                " where block_order = %s and not busted order by order_id",
                self.order,
            )
        )

    def executed(self) -> dict[str, Any]:
        """What the venue executed, as it stands."""
        return self.rows(
            "select sum(quantity) as quantity, sum(gatehouse.to_cents(quantity * price)) as dollars,"
            " sum(fee) as fee from gatehouse.block_execution where block_order = %s and not busted",
            self.order,
        )[0]

    def adds_up(self) -> bool:
        """Shares, cents and fees of all parts are what was executed, at one price."""
        mine, whole = self.standing(), self.executed()
        sums = {name: sum((one[name] for one in mine), Decimal(0)) for name in ("quantity", "dollars", "fee")}
        return sums == whole and len({one["price"] for one in mine}) <= 1

    def ended(self) -> set[bool]:
        legs = "select ended from gatehouse.leg where order_id = any(%s)"
        return {row["ended"] for row in self.rows(legs, [deal.order(0) for deal in self.deals])}
