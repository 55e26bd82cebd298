"""Several workers, as processes: they share the orders; what befalls one loses and repeats nothing."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from core.execution.lease import LASTS, VERSION
from tests.core.worker.test_worker_db import Floor, opened
from tests.fixtures.firm import FirmTemplate

LOADED: Final = 5
"""How much slower than an idle one the machine of a test may be."""
NEWER: Final = "tests.core.worker.newer_worker"


@pytest.fixture
def floor(firm_template: FirmTemplate, tmp_path: Path) -> Iterator[Floor]:
    with opened(firm_template, tmp_path) as one:
        yield one


def leases(floor: Floor) -> list[int]:
    """Those that last, oldest first."""
    rows = "select lease from gatehouse.worker_lease where ended_at is null order by lease"
    return [row["lease"] for row in floor.firm.ask("superuser", rows)]


def unended(floor: Floor, lease: int) -> list[str]:
    """Orders that have not ended and are that one's."""
    rows = (
        "select c.order_id from gatehouse.claim c join gatehouse.leg l using (order_id)"
        " where c.lease = %s and not l.ended"
    )
    return [row["order_id"] for row in floor.firm.ask("superuser", rows, lease)]


def refusals(floor: Floor) -> Counter[str]:
    return Counter(one["code"] for one in floor.facts("AttemptRefused"))


def sent_once_each(floor: Floor) -> None:
    """No order has two intents, though another went on with it: the venue's word came first."""
    sent = Counter(one["order"] for one in floor.facts("OrderSent"))
    assert set(sent.values()) <= {1}, sent


def test_two_share_the_orders_and_when_one_is_killed_the_other_goes_on(floor: Floor) -> None:
    first = floor.worker("first")
    floor.until(lambda: floor.at_work() is not None, "at work")
    place = floor.at_work()
    floor.worker("second")
    floor.until(lambda: len(leases(floor)) == 2, "two at work")
    mine, others = leases(floor)
    for venue in floor.venues:
        venue.tell(faults={"paused": True})
    deals = [floor.rebalanced("hh-101"), floor.rebalanced("hh-103"), floor.rebalanced("hh-104")]
    floor.until(lambda: len(floor.facts("OrderAccepted")) >= 4, "several at the venues")
    first.send_signal(signal.SIGKILL)
    begun = time.monotonic()
    floor.until(lambda: leases(floor) == [others] and not unended(floor, mine), "taken over")
    assert time.monotonic() - begun < 5 * LOADED
    floor.until(lambda: floor.at_work() not in (place, None), "the duties taken over")
    for venue in floor.venues:
        venue.tell(faults={"paused": False})
    floor.until(lambda: all(floor.over(deal) for deal in deals), "all over")
    assert {deal.status for deal in deals} <= {"RELEASED", "DENIED"}
    floor.nothing_is_lost_or_doubled()
    sent_once_each(floor)
    assert floor.firm.verified().ok


def test_one_that_was_stopped_writes_nothing_more_and_a_newer_version_takes_over_under_load(
    floor: Floor,
) -> None:
    """SIGSTOP with orders in hand, SIGCONT after another has them; then a rolling restart.

    A message that was on its way for as long as the heir asks the venue comes twice, and is one order there.
    """
    stopped = floor.worker("stopped")
    floor.until(lambda: floor.at_work() is not None, "at work")
    for venue in floor.venues:
        venue.tell(faults={"delay_ms": 300})
    deals = [floor.rebalanced("hh-101"), floor.rebalanced("hh-105")]
    floor.until(lambda: len(floor.facts("OrderSent")) >= 2, "sent something")
    stopped.send_signal(signal.SIGSTOP)
    (its,) = leases(floor)
    in_hand = unended(floor, its)
    assert in_hand
    heir = floor.worker("heir")
    begun = time.monotonic()
    floor.until(lambda: not unended(floor, its), "taken over")
    assert time.monotonic() - begun >= LASTS.total_seconds() / 2
    for venue in floor.venues:
        venue.tell(faults={"delay_ms": 0})
    floor.until(lambda: all(floor.over(deal) for deal in deals), "all over")
    before = floor.firm.value("superuser", "select seq from gatehouse.head")
    stopped.send_signal(signal.SIGCONT)
    floor.until(lambda: stopped.poll() not in (None, 0), "stopped by itself")
    assert set(refusals(floor)) <= {"lease_passed"}, refusals(floor)
    late = (
        "select count(*) from gatehouse.journal"
        " where seq > %s and event_type = 'OrderSent' and stream = any(%s)"
    )
    streams = [f"order/{order}" for order in in_hand]
    assert floor.firm.value("superuser", late, before, streams) == 0
    floor.nothing_is_lost_or_doubled(copies=2)

    place = floor.at_work()
    more = [floor.drafted("hh-103"), floor.drafted("hh-104")]
    floor.worker("newer", module=NEWER)
    floor.until(lambda: floor.at_work() not in (place, None), "the duties given to the newer one")
    more += [floor.rebalanced("hh-106")]
    heir.send_signal(signal.SIGTERM)
    floor.until(lambda: heir.poll() == 0, "ended in peace")
    floor.until(lambda: floor.over(more[-1]), "the newer one goes on")
    version = "select version from gatehouse.claim where order_id = %s"
    assert floor.firm.value("superuser", version, more[-1].order(0)) == VERSION + 1
    floor.nothing_is_lost_or_doubled(copies=2)
    sent_once_each(floor)
    assert floor.firm.verified().ok
