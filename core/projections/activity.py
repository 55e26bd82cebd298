"""Reading what was asked and done lately: orders of this business day, executions of twelve months.

Rule 1: the connection decides what is seen: an asker's shows a book, the worker's everything.
Rule 2: a trade settles on the day that the calendar says, whether or not the custodian's word has come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.activity import Activity, Asked, Executed, Sold, Traded
from core.book.lots import lot_id_for
from core.database.rows import Statement, rows, together
from core.database.statements import statements
from core.ids import AccountId, HouseholdId, LotId, OrderId, PersonId, ProposalId, Symbol
from core.market.settlement import settles_on
from core.orders.events import Side

SQL: Final = statements(Path(__file__).with_name("activity.sql"))

Connection = AsyncConnection[DictRow]


@dataclass(frozen=True, slots=True)
class Lately:
    """What one reading found, before it is told apart by household."""

    taken_at: datetime
    agent: str | None
    asked: Mapping[HouseholdId, list[Asked]]
    executed: Mapping[HouseholdId, list[Executed]]
    times: Mapping[PersonId, list[datetime]]
    totals: Sequence[DictRow]
    agent_traded: tuple[Traded, ...]
    strategy: PersonId | None
    strategy_traded: tuple[Traded, ...]

    def of(self, household: HouseholdId, advisor: PersonId) -> Activity:
        """That household's part, with its advisor's and the firm's."""
        mine = [row for row in self.totals if row["advisor"] == advisor]
        drafted = [row["drafted"] for row in self.totals if row["agent"] == self.agent]
        return Activity(
            taken_at=self.taken_at,
            asked=tuple(self.asked.get(household, ())),
            executed=tuple(self.executed.get(household, ())),
            advisor_orders=tuple(self.times.get(advisor, ())),
            advisor_dollars=sum((row["submitted"] for row in mine), Decimal(0)),
            firm_dollars=sum((row["submitted"] for row in self.totals), Decimal(0)),
            agent=self.agent,
            agent_dollars=sum(drafted, Decimal(0)) if self.agent is not None else Decimal(0),
            agent_traded=self.agent_traded,
            strategy=self.strategy,
            strategy_traded=self.strategy_traded,
        )


async def read_lately(
    connection: Connection, households: Sequence[HouseholdId] | None, *, without: ProposalId | None
) -> Lately:
    """Of those households, or with None of all that this connection is shown. `without` is left out."""
    found = await together(connection, lately_asks(households, without))
    return await lately_of(connection, found)


def lately_asks(households: Sequence[HouseholdId] | None, without: ProposalId | None) -> dict[str, Statement]:
    """The statements that `lately_of` is made of."""
    wanted = {"households": None if households is None else list(households), "without": without}
    return {
        name: (SQL[name], wanted) for name in ("asking", "asked", "executed", "order_times", "day_totals")
    }


async def lately_of(connection: Connection, found: Mapping[str, Sequence[DictRow]]) -> Lately:
    """The same, of what those statements found."""
    [asking] = found["asking"]
    agent, strategy = asking["agent"], asking["strategy"]
    return lately_in(
        found,
        agent_traded=await _traded(connection, agent=agent) if agent else (),
        strategy_traded=await _traded(connection, strategy=strategy) if strategy else (),
    )


def lately_in(
    found: Mapping[str, Sequence[DictRow]],
    *,
    agent_traded: tuple[Traded, ...] = (),
    strategy_traded: tuple[Traded, ...] = (),
) -> Lately:
    """The same, where it is about no proposal: then nobody drafted it."""
    [asking] = found["asking"]
    asked: dict[HouseholdId, list[Asked]] = defaultdict(list)
    for row in found["asked"]:
        asked[HouseholdId(row["household"])].append(_asked(row))
    executed: dict[HouseholdId, list[Executed]] = defaultdict(list)
    for row in found["executed"]:
        executed[HouseholdId(row["household"])].append(_executed(row))
    times: dict[PersonId, list[datetime]] = defaultdict(list)
    for row in found["order_times"]:
        times[PersonId(row["advisor"])].append(row["decided_at"])
    return Lately(
        taken_at=asking["taken_at"],
        agent=asking["agent"],
        asked=asked,
        executed=executed,
        times=times,
        totals=found["day_totals"],
        agent_traded=agent_traded,
        strategy=asking["strategy"],
        strategy_traded=strategy_traded,
    )


async def _traded(
    connection: Connection, *, agent: str | None = None, strategy: str | None = None
) -> tuple[Traded, ...]:
    found = await rows(connection, SQL["traded"], {"agent": agent, "strategy": strategy})
    return tuple(Traded(Symbol(row["symbol"]), row["shares"], row["dollars"]) for row in found)


def _asked(row: DictRow) -> Asked:
    return Asked(
        order=OrderId(row["order_id"]),
        account=AccountId(row["account"]),
        symbol=Symbol(row["symbol"]),
        side=Side(row["side"]),
        quantity=row["quantity"],
        limit_price=row["limit_price"],
        dollars=row["dollars"],
        remaining=row["remaining"],
        asked_at=row["asked_at"],
    )


def _executed(row: DictRow) -> Executed:
    order, side = OrderId(row["order_id"]), Side(row["side"])
    state: Mapping[str, Any] = row["state"] or {}
    return Executed(
        order=order,
        account=AccountId(row["account"]),
        symbol=Symbol(row["symbol"]),
        side=side,
        dollars=row["dollars"],
        fees=Decimal(state.get("fees", "0")),
        traded_on=row["traded_on"],
        settles_on=settles_on(row["traded_on"]),
        opened=_opened(order, state) if side is Side.BUY else (),
        sold=tuple(
            Sold(
                Decimal(part["quantity"]),
                Decimal(part["proceeds"]),
                Decimal(part["cost"]),
                date.fromisoformat(part["acquired_on"]) if "acquired_on" in part else None,
            )
            for part in state.get("sold", ())
        ),
    )


def _opened(order: OrderId, state: Mapping[str, Any]) -> tuple[LotId, ...]:
    return tuple(lot_id_for(order, execution) for execution in state.get("executions", ()))
