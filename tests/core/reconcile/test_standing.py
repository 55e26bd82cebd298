"""What a venue executed of an order, as it stands: without what it took back, as it corrected the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.ids import OrderId
from core.reconcile.running import standing
from core.venues.fees import Liquidity
from core.venues.venue import Accepted, Busted, Change, Corrected, Execution, Found

ORDER, AT, DAY = OrderId("gh-1"), datetime(2022, 12, 29, 15, tzinfo=UTC), date(2022, 12, 29)


def execution(name: str, quantity: str, price: str) -> Execution:
    figures = (Decimal(quantity), Decimal(price), Decimal("0.01"))
    return Execution(name, ORDER, *figures, Liquidity.TAKER, AT, DAY)


BUST = Busted("a", ORDER, AT, DAY)
MENDED = Corrected("b", ORDER, Decimal(2), Decimal(9), Decimal(0), AT, DAY)


@pytest.mark.parametrize(
    ("changes", "stands"),
    [
        ((), [("a", 3, 10), ("b", 4, 10)]),
        ((BUST,), [("b", 4, 10)]),
        ((MENDED,), [("a", 3, 10), ("b", 2, 9)]),
        ((MENDED, BUST, Busted("b", ORDER, AT, DAY)), []),
        ((Busted("unknown", ORDER, AT, DAY),), [("a", 3, 10), ("b", 4, 10)]),
    ],
)
def test_a_look_up_is_read_with_its_changes(
    changes: Sequence[Change], stands: list[tuple[str, int, int]]
) -> None:
    found = Found(
        Accepted("v-1"), (execution("a", "3", "10"), execution("b", "4", "10")), None, tuple(changes)
    )
    assert [(one.id, int(one.quantity), int(one.price)) for one in standing(found)] == stands
