"""Where the market clock stood when an entry was recorded: in the demo, and in a firm that works today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.ids import TraceId
from core.ledger.envelope import Stored
from core.projections.account_index import market_time
from tests.core import facts

OPENED = datetime(2026, 11, 20, 15, tzinfo=UTC)  # 10:00 in New York
HOUR = timedelta(hours=1)


def entry(occurred_at: datetime, recorded_at: datetime) -> Stored:
    fact = facts.received("lot-1", 1)
    return Stored(1, recorded_at, "gh_gate", "gh_gate", "account/a", TraceId("0" * 32), occurred_at, fact)


@pytest.mark.parametrize(
    ("clock", "occurred_at", "recorded_at", "stood"),
    [
        (OPENED, OPENED + HOUR, OPENED + HOUR, OPENED + HOUR),  # the day on the wall is the business day
        (OPENED, OPENED - HOUR, OPENED + HOUR, OPENED),  # never before the clock was put there
        (OPENED, OPENED + 2 * HOUR, OPENED + HOUR, OPENED + HOUR),  # a sender's clock may run ahead
        (OPENED, OPENED + 24 * HOUR, OPENED + 24 * HOUR, OPENED),  # nobody opened the next day
        (OPENED - 9_000 * HOUR, OPENED, OPENED, OPENED - 9_000 * HOUR),  # the demo stands in its own year
    ],
)
def test_the_market_clock_is_the_walls_only_on_the_business_day(
    clock: datetime, occurred_at: datetime, recorded_at: datetime, stood: datetime
) -> None:
    assert market_time(clock, entry(occurred_at, recorded_at)) == stood
