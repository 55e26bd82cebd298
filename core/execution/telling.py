"""Telling people how this worker sees the venues: overwritten every few seconds, and no part of the record.

Rule 1: figures and words of the line and of the venue itself; nothing of any client.
Rule 2: what a venue does not answer is absent: nothing older stands in for it.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.database.pools import AsyncPool, lend
from core.database.statements import statements
from core.execution.board import Board, View

SQL: Final = statements(Path(__file__).parents[1] / "projections" / "statements.sql")
WORKER: Final = f"worker-{os.getpid()}"
MILLISECOND: Final = timedelta(milliseconds=1)


async def keep_venues(pool: AsyncPool, board: Board) -> None:
    """Ask every venue how it is, and keep that with how the line to it stands."""
    told = {view.line.venue.name: told_of(view) for view in await board.lines()}
    async with lend(pool) as connection, connection.transaction():
        await connection.execute(SQL["drop_old_venue_states"])
        for venue, says in told.items():
            asked = {"venue": venue, "worker": WORKER, "told": Jsonb(says)}
            await connection.execute(SQL["put_venue_state"], asked)


def told_of(view: View) -> dict[str, Any]:
    """One venue, as JSON."""
    line, can, health = view.line, view.capabilities, view.health
    seen, last = line.seen, line.last_report
    return {
        "open": None if health is None else health.open,
        "session": None if health is None else health.session.isoformat(),
        "breaker": line.breaker,
        "per_second": line.per_second,
        "waiting": line.waiting,
        "sends": seen.sends,
        "answered": seen.answered,
        "open_orders": seen.open_orders,
        "last_report": last,
        "capabilities": None
        if can is None
        else {
            "symbols": len(can.symbols),
            "order_types": sorted(can.order_types),
            "times_in_force": sorted(can.times_in_force),
            "fractional_shares": can.fractional_shares,
            "cancels": can.cancels,
            "replaces": can.replaces,
            "per_second": can.per_second,
            "weights": asdict(can.weights),
            "latency_ms": can.latency // MILLISECOND,
            "simulated": can.simulated,
        },
    }
