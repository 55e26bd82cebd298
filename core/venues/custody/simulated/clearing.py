"""What venues report to whoever clears there, written down once for all custodians of this process.

Rule 1: what is passed on is on the disk first; what was heard before changes nothing.
Rule 2: a venue that gives no answer is named: nobody may say then what accounts have.
Rule 3: executions for an account that no custodian here keeps are a block's, until its parts are named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from core.errors import WorldFailed
from core.money import to_cents
from core.venues.custody.custodian import Shared
from core.venues.simulated.ledger import Ledger, Line

Block = tuple[str, str]
"""A block's order id at its venue, and the trade date."""


class Hears(Protocol):
    """One venue, as it reports to those who clear there."""

    @property
    def name(self) -> str: ...

    async def since(self, cursor: str) -> tuple[Sequence[Mapping[str, Any]], str]:
        """The reports after that cursor, and the next. Raises WorldFailed where it gives no answer."""
        ...


@dataclass(slots=True)
class _Execution:
    block: Block
    quantity: Decimal
    price: Decimal
    fee: Decimal


class Clearing:
    """`passed_on` takes each line once it is on the disk; `kept`: whether an account is some custodian's."""

    def __init__(
        self,
        ledger: Ledger,
        venues: Sequence[Hears],
        *,
        kept: Callable[[str], bool],
        passed_on: Callable[[Line], None],
    ) -> None:
        self._ledger = ledger
        self._venues = venues
        self._kept = kept
        self._passed_on = passed_on
        self._cursors: dict[str, str] = {}
        self._seen: set[str] = set()
        self._executions: dict[str, _Execution] = {}  # of blocks
        self.blocks: dict[Block, tuple[str, str]] = {}  # what is bought or sold, and which of both
        self._one_at_a_time = asyncio.Lock()

    def apply(self, line: Line) -> None:
        """Take one line of its own ledger, and pass it on."""
        if line["kind"] != "report":
            return
        report, venue = line["report"], line["venue"]
        if line["cursor"] is not None:
            self._cursors[venue] = line["cursor"]
        self._seen.add(_identity(venue, report))
        name = f"{venue}/{report.get('execution')}"
        match report["report"]:
            case "execution" if not self._kept(report["account"]):
                block = (report["order"], report["trade_date"])
                figures = [Decimal(report[field]) for field in ("quantity", "price", "fee")]
                self._executions[name] = _Execution(block, *figures)
                self.blocks[block] = (report["symbol"], report["side"])
            case "busted" if name in self._executions:
                self._executions[name].quantity = self._executions[name].fee = Decimal(0)
            case "corrected" if name in self._executions:
                one = self._executions[name]
                one.quantity, one.price, one.fee = (
                    Decimal(report[field]) for field in ("quantity", "price", "fee")
                )
        self._passed_on(line)

    async def hear(self) -> None:
        """Take in what venues have reported by now.

        Raises:
            WorldFailed: one gives no answer; what others reported is taken in.
        """
        async with self._one_at_a_time:
            away = [venue.name for venue in self._venues if not await self._heard(venue)]
        if away:
            raise WorldFailed(f"{', '.join(away)} told it nothing", fix="it is asked again")

    def reported(self, block: Block) -> Shared:
        """What venues executed of that block on that day, as it stands."""
        mine = [one for one in self._executions.values() if one.block == block]
        return Shared(
            sum((one.quantity for one in mine), Decimal(0)),
            sum((to_cents(one.quantity * one.price) for one in mine), Decimal(0)),
            sum((one.fee for one in mine), Decimal(0)),
        )

    async def _heard(self, venue: Hears) -> bool:
        """Whether it answered to the end."""
        while True:
            try:
                reports, cursor = await venue.since(self._cursors.get(venue.name, "0"))
            except WorldFailed:
                return False
            if not reports:
                return True
            lines = []
            for place, report in enumerate(reports, start=1):
                if place == len(reports) or _identity(venue.name, report) not in self._seen:
                    last = cursor if place == len(reports) else None
                    lines.append(
                        self._ledger.add("report", venue=venue.name, cursor=last, report=dict(report))
                    )
            await self._ledger.settle()
            for line in lines:
                self.apply(line)


def _identity(venue: str, report: Mapping[str, Any]) -> str:
    return f"{venue}/{report['report']}/{report.get('execution')}/{report.get('at', '')}"
