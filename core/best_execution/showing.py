"""How well orders were executed, from the record, as the person who asks and no further than her book.

Rule 1: everything is derived from what was written down when the venue was chosen, and from the executions.
Rule 2: a period is read page by page; an order that was never routed is not in it.
Rule 3: an order that went with others is measured by its block: that is what was routed and executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from psycopg.rows import DictRow

from core.best_execution.events import RouteRecorded
from core.best_execution.reading import SQL, evidence_of
from core.database.pools import AsyncPool
from core.database.rows import rows
from core.errors import BadInput, NotFound
from core.ids import OrderId
from core.ledger.envelope import Stored, stored
from core.orders.order import Fill
from core.people.asker import asking
from core.routing.evidence import Evidence
from core.routing.over_time import Whole, over_time
from core.routing.quality import Filled, Measured, measured
from core.routing.review import Review, Routed, review

PAGE: Final = 500
PERIOD: Final = re.compile(r"(\d{4})-(?:(0[1-9]|1[0-2])|Q([1-4]))", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a venue, by the entry that records it."""

    seq: int
    recorded_at: datetime
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Quality:
    """`choices` oldest first; the last is where it went. `fills` are the entries of its executions. `whole`:
    the order over time that it is a part of."""

    choices: tuple[Choice, ...]
    measured: Measured
    fills: tuple[int, ...]
    whole: Whole | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a quarter, of the firm's business days."""

    name: str
    first: date
    last: date


class ExecutionQuality:
    """For whoever presents a session."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def of(self, session: str, order: OrderId) -> Quality:
        """One order's.

        Raises:
            NotFound: no such order in the asker's book, or no venue was chosen for it with evidence.
        """
        async with asking(self._pool, session) as connection:
            found = [stored(row) for row in await rows(connection, SQL["of_order"], {"order": order})]
            parts = await rows(connection, SQL["parts_beside"], {"order": order})
            names = [row["order_id"] for row in parts]
            beside = await rows(connection, SQL["of_orders"], {"orders": names}) if names else []
        quality = _quality(found)
        if quality is None:
            raise NotFound(
                f"no venue was chosen for an order {order!r} in your book",
                fix="look again when it was let out",
                field="order_id",
            )
        return replace(quality, whole=_whole(quality, parts, beside)) if parts else quality

    async def over(self, session: str, period: Period) -> Review:
        """Every order of a period in the asker's book, together."""
        orders: list[Routed] = []
        after = 0
        async with asking(self._pool, session) as connection:
            asked = {"first": period.first, "last": period.last, "page": PAGE}
            while page := await rows(connection, SQL["released_between"], {**asked, "after": after}):
                after = page[-1]["released_seq"]
                names = [row["routed"] for row in page]
                entries = await rows(connection, SQL["of_orders"], {"orders": names})
                orders += _routed(page, entries)
        return review(orders)


def period_of(name: str) -> Period:
    """Raises BadInput: it is neither a month, as 2022-12, nor a quarter, as 2022-Q4."""
    found = PERIOD.fullmatch(name)
    if found is None or found[1] == "0000":
        raise BadInput(
            f"period {name!r} is no month and no quarter", fix="say 2022-12 or 2022-Q4", field="period"
        )
    year = int(found[1])
    begins, months = (int(found[2]), 1) if found[2] else (3 * int(found[3]) - 2, 3)
    ends = begins + months
    last = date(year + (ends > 12), (ends - 1) % 12 + 1, 1) - timedelta(days=1) if year < 9999 else date.max
    return Period(name, date(year, begins, 1), last)


def _whole(quality: Quality, parts: Sequence[DictRow], entries: Iterable[DictRow]) -> Whole:
    by_stream = _by_stream(entries)
    found = [_quality(by_stream.get(f"order/{row['order_id']}", ())) for row in parts]
    return over_time(
        quality.choices[-1].evidence.asked.side,
        parts[0]["quantity"],
        parts[0]["parts"],
        [one.measured for one in found if one is not None],
    )


def _by_stream(entries: Iterable[DictRow]) -> dict[str, list[Stored]]:
    found: dict[str, list[Stored]] = {}
    for row in entries:
        found.setdefault(row["stream"], []).append(stored(row))
    return found


def _routed(page: Sequence[DictRow], entries: Iterable[DictRow]) -> list[Routed]:
    by_stream = _by_stream(entries)
    found = []
    for row in page:
        quality = _quality(by_stream.pop(f"order/{row['routed']}", ()))  # a block is one order, once
        if quality is not None:
            found.append(Routed(quality.choices[-1].evidence, quality.measured, row["session"]))
    return found


def _quality(entries: Iterable[Stored]) -> Quality | None:
    """An execution that appears twice counts once."""
    choices: list[Choice] = []
    fills: dict[str, tuple[int, Filled]] = {}
    for entry in entries:
        if isinstance(entry.fact, RouteRecorded):
            choices.append(Choice(entry.seq, entry.recorded_at, evidence_of(entry.fact)))
        elif isinstance(entry.fact, Fill):
            fills.setdefault(entry.fact.execution, (entry.seq, Filled(entry.fact, entry.recorded_at)))
    if not choices:
        return None
    found = measured(
        choices[0].evidence,
        choices[-1].evidence,
        choices[0].recorded_at,
        [one for _, one in fills.values()],
    )
    return Quality(tuple(choices), found, tuple(seq for seq, _ in fills.values()))
