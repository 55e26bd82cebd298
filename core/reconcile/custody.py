"""What the firm's custodians say: statements and what settled; and what they are told of blocks.

Rule 1: a custodian that gives no answer has said nothing: no trade settles by its silence, and no statement
    of an earlier day stands in for it.
Rule 2: a trade that is due settles by the word of the custodian that keeps the account. It fails where that
    one says so, and where every custodian has answered and none knows of it.
Rule 3: a block is nobody's at the custodian until the firm says whose: it is told what the record says, and
    takes it only where it is what venues reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import structlog

from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.errors import WorldFailed
from core.ids import AccountId, OrderId
from core.reconcile.reading import SQL
from core.venues.custody.custodian import Custodian, Instruction, Part, Shared, Statement, Word

TIMEOUT: Final = timedelta(seconds=5)
ASKS_AGAIN: Final = timedelta(seconds=15)  # about trades that failed
NOBODY_KNOWS: Final = "no custodian knows of it"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Settlement:
    """Whether trades that are due have settled: each by its custodian's word, or all by the calendar."""

    by_the_calendar: bool
    words: Mapping[str, Word] = field(default_factory=dict)

    def of(self, trade: str) -> Word | None:
        """None: nobody has said yet."""
        return Word("settled") if self.by_the_calendar else self.words.get(trade)


BY_THE_CALENDAR: Final = Settlement(by_the_calendar=True)


class Custody:
    """All custodians that have an address."""

    def __init__(self, pool: AsyncPool, custodians: Sequence[Custodian]) -> None:
        self._pool = pool
        self._custodians = custodians
        self._session: date | None = None
        self._due: frozenset[str] = frozenset()
        self._words: dict[str, Word] = {}
        self._rests = timedelta(0)

    def settlement(self, due: Sequence[str], session: date) -> Settlement:
        """What was said of these by that business day; what was not is asked at the next turn."""
        if session != self._session:
            self._session, self._words, self._rests = session, {}, timedelta(0)
        self._due = frozenset(due)
        return Settlement(by_the_calendar=False, words=self._words)

    async def ask_what_settled(self) -> None:
        """Ask about what is due and was not said to have settled. Called about once a second."""
        session, rested = self._session, self._rests <= timedelta(0)
        open_ = sorted(
            trade
            for trade in self._due
            if trade not in self._words or (rested and _failed(self._words[trade]))
        )
        self._rests = ASKS_AGAIN if rested else self._rests - timedelta(seconds=1)
        if session is None or not open_:
            return
        answers = await asyncio.gather(*(self._words_of(one, open_, session) for one in self._custodians))
        if session == self._session:  # else the day has moved on meanwhile
            self._words.update(_together(open_, answers))

    async def statements(self, session: date) -> Sequence[Statement]:
        """Of those that answer, with blocks told first. What failed to settle is asked about anew then."""
        self._rests = timedelta(0)
        found = await asyncio.gather(*(self._statement(one, session) for one in self._custodians))
        return [one for one in found if one is not None]

    async def _words_of(
        self, custodian: Custodian, trades: Sequence[str], session: date
    ) -> Mapping[str, Word] | None:
        try:
            return await custodian.settlements(trades, session, timeout=TIMEOUT)
        except WorldFailed as away:
            log.info("party_away", party=custodian.name, says=away.says)
            return None

    async def _statement(self, custodian: Custodian, session: date) -> Statement | None:
        try:
            said = await custodian.statement(session, timeout=TIMEOUT)
            if await self._instruct(custodian, said):
                said = await custodian.statement(session, timeout=TIMEOUT)
        except WorldFailed as away:
            log.info("party_away", party=custodian.name, says=away.says)
            return None
        return said

    async def _instruct(self, custodian: Custodian, said: Statement) -> bool:
        """Tell it whose a block is, where it has heard something else. Whether it took anything in."""
        if not said.blocks:
            return False
        ours = await self._shares(custodian, sorted({one.block for one in said.blocks}))
        taken = False
        for held in said.blocks:
            parts = ours.get((held.block, held.trade_date), ())
            if parts and held.parts != {p.order: Shared(p.quantity, p.dollars, p.fee) for p in parts}:
                told = Instruction(held.block, held.trade_date, tuple(parts))
                affirmed = await custodian.allocate(told, timeout=TIMEOUT)
                if not affirmed:
                    log.warning("allocation_not_affirmed", party=custodian.name, block=held.block)
                taken = affirmed or taken
        return taken

    async def _shares(
        self, custodian: Custodian, blocks: Sequence[OrderId]
    ) -> Mapping[tuple[OrderId, str], Sequence[Part]]:
        found: dict[tuple[OrderId, str], list[Part]] = {}
        asked = {"blocks": list(blocks), "custodian": custodian.name}
        async with lend(self._pool) as connection:
            for row in await rows(connection, SQL["shares"], asked):
                figures = (row["quantity"], row["dollars"], row["fee"])
                part = Part(OrderId(row["order_id"]), AccountId(row["account"]), *figures)
                found.setdefault((OrderId(row["block_order"]), row["trade_date"]), []).append(part)
        return found


def _failed(word: Word) -> bool:
    return word.state != "settled"


def _together(trades: Sequence[str], answers: Sequence[Mapping[str, Word] | None]) -> Mapping[str, Word]:
    """One word for each trade on which there is one."""
    heard = [one for one in answers if one is not None]
    found: dict[str, Word] = {}
    for trade in trades:
        known = [one[trade] for one in heard if one[trade].state != "unknown"]
        if known:
            found[trade] = next((word for word in known if word.state == "failed"), known[0])
        elif len(heard) == len(answers):
            found[trade] = Word("failed", NOBODY_KNOWS)
    return found
