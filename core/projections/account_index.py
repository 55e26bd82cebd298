"""Which entries of the journal are about which account, household and proposal: a follower of its own.

Rule 1: it keeps ids and times, never text. Rows and the place reached change in one transaction.
Rule 2: nothing is remembered beside the rows: with rows and place deleted it makes the same rows again.
Rule 3: an entry is indexed under the household where its life is decided on (a proposal, the release of an
    order), under the account where it moves something, and under its proposal. So whoever asks about an
    account reads that account and its household.
Rule 4: `market_at` is where the market clock stood. In a firm whose business day is the day on the wall that
    is the entry's own time; where it is another (the demo, a world) it is the clock that operations set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.database.statements import statements
from core.fact import Fact
from core.firm import events as firm
from core.ledger.envelope import Stored, stored
from core.ledger.journal import SQL as JOURNAL
from core.market.calendar import CLOSES, NEW_YORK, new_york
from core.market.events import BusinessDayClosed, BusinessDayOpened
from core.orders.corrections import TradeFailedToSettle
from core.orders.events import (
    OrderDenied,
    OrderReleased,
    ProposalDrafted,
    TradeAllocated,
    TradeConfirmed,
    TradeSettled,
)
from core.orders.order import OrderOwn
from core.orders.proposal import PROPOSAL_FACTS

SQL: Final = statements(Path(__file__).with_name("as_of.sql"))
PAGE: Final = 1_000

Connection = AsyncConnection[DictRow]
OfAnAccount = (
    firm.AccountOpened
    | firm.IpsAdopted
    | firm.DoNotTradePlaced
    | firm.LotReceived
    | firm.CashDeposited
    | firm.WithdrawalScheduled
    | firm.FeeScheduled
)
OfAHousehold = firm.HouseholdOpened | firm.RiskProfileRecorded
OfTheFirm = firm.ModelPublished | firm.RestrictionPlaced
OfTheDay = firm.FirmFounded | BusinessDayOpened | BusinessDayClosed
OfATrade = TradeAllocated | TradeConfirmed | TradeFailedToSettle | TradeSettled

INDEXED: Final = frozenset(
    kind.event_type()
    for kind in (
        *OfAnAccount.__args__,
        *OfAHousehold.__args__,
        *OfTheFirm.__args__,
        *OfTheDay.__args__,
        *OfATrade.__args__,
        *OrderOwn.__args__,
        *PROPOSAL_FACTS,
    )
)


@dataclass(frozen=True, slots=True)
class Home:
    """Where a step of a proposal or of an order belongs, and in whose book that is."""

    proposal: str
    other: str  # the household of a proposal, the account of an order
    advisor: str


@dataclass(frozen=True, slots=True)
class Kin:
    """What an entry's own fields do not say: where proposals and orders belong, and whose book that is."""

    proposals: Mapping[str, Home]
    orders: Mapping[str, Home]
    advisors: Mapping[str, str]  # by `account/<id>` and `household/<id>`


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the index."""

    about: str
    seq: int
    advisor: str | None
    market_at: datetime


class IndexFollower:
    """One for each worker; the only writer of the index."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def step(self) -> bool:
        """Index the next page. False: there was none."""
        async with lend(self._pool) as connection, connection.transaction():
            place = await one(connection, SQL["place"])
            asked = {"after": place["as_of_seq"], "page": PAGE}
            page = await rows(connection, JOURNAL["entries_after"], asked)
            if not page:
                return False
            entries = [stored(row) for row in page if row["event_type"] in INDEXED]
            kin = await _kin(connection, [entry.fact for entry in entries])
            lines = tuple(_lines(entries, kin, place["market_at"]))
            if lines:
                await connection.execute(SQL["put"], _columns(lines))
            await connection.execute(SQL["follow"], {"seq": page[-1]["seq"]})
        return True

    async def catch_up(self) -> None:
        """Index to the end."""
        while await self.step():
            pass


def market_time(clock: datetime, entry: Stored) -> datetime:
    """Where the market clock stood when the entry was recorded; `clock` is where operations last put it."""
    moment = min(entry.occurred_at, entry.recorded_at)
    same_day = moment.astimezone(NEW_YORK).date() == clock.astimezone(NEW_YORK).date()
    return max(clock, moment) if same_day else clock


def _lines(entries: Sequence[Stored], kin: Kin, clock: datetime | None) -> Iterator[Line]:
    for entry in entries:
        fact = entry.fact
        if isinstance(fact, firm.FirmFounded):
            clock = new_york(date.fromisoformat(fact.last_close), CLOSES)
        elif isinstance(fact, BusinessDayOpened | BusinessDayClosed):
            clock = fact.at
        stood = entry.recorded_at if clock is None else market_time(clock, entry)
        if isinstance(fact, OfTheDay):
            yield Line("market", entry.seq, None, clock or stood)
        for about, advisor in dict(_abouts(fact, kin)).items():
            yield Line(about, entry.seq, advisor, stood)


def _abouts(fact: Fact, kin: Kin) -> Iterator[tuple[str, str | None]]:
    """What this fact is about, and in whose book that is."""
    if isinstance(fact, OfTheFirm):
        yield "firm", None
    elif isinstance(fact, OfAnAccount | OfAHousehold):
        about = f"account/{fact.account}" if isinstance(fact, OfAnAccount) else f"household/{fact.household}"
        if about in kin.advisors:
            yield about, kin.advisors[about]
    elif isinstance(fact, PROPOSAL_FACTS):
        yield from _at([kin.proposals.get(proposal) for proposal in _proposals_of(fact)])
    elif isinstance(fact, OrderOwn | OfATrade):
        yield from _at([kin.orders.get(fact.order)])


def _at(homes: Sequence[Home | None]) -> Iterator[tuple[str, str]]:
    for home in homes:
        if home is not None:
            yield home.proposal, home.advisor
            yield home.other, home.advisor


def _proposals_of(fact: Fact) -> tuple[str, ...]:
    """The proposal that the fact is a step of, and the one that it supersedes."""
    earlier = fact.supersedes if isinstance(fact, ProposalDrafted) else None
    own = fact.proposal if isinstance(fact, PROPOSAL_FACTS) else None
    return tuple(proposal for proposal in (own, earlier) if proposal is not None)


async def _kin(connection: Connection, facts: Sequence[Fact]) -> Kin:
    proposals = {proposal for fact in facts for proposal in _proposals_of(fact)}
    orders = {
        fact.order
        for fact in facts
        if isinstance(fact, OrderOwn | OfATrade) and not isinstance(fact, OrderReleased | OrderDenied)
    }
    asked = {
        "accounts": sorted({fact.account for fact in facts if isinstance(fact, OfAnAccount)}),
        "households": sorted({fact.household for fact in facts if isinstance(fact, OfAHousehold)}),
    }
    of_proposals = await rows(connection, SQL["homes_of_proposals"], {"proposals": sorted(proposals)})
    of_orders = await rows(connection, SQL["homes_of_orders"], {"orders": sorted(orders)})
    return Kin(
        proposals={row["proposal"]: Home(row["about"], row["other"], row["advisor"]) for row in of_proposals},
        orders={row["order_id"]: Home(row["about"], row["other"], row["advisor"]) for row in of_orders},
        advisors={row["about"]: row["advisor"] for row in await rows(connection, SQL["advisors"], asked)},
    )


def _columns(lines: Sequence[Line]) -> dict[str, list[object]]:
    return {
        "abouts": [line.about for line in lines],
        "seqs": [line.seq for line in lines],
        "advisors": [line.advisor for line in lines],
        "market_ats": [line.market_at for line in lines],
    }
