"""What every part of every block has of it, folded from the journal by the written rule: the append's own
count, which `audit rebuild --compare` holds equal.

Rule 1: pure. Shares are worked out by `core.orders.block` from what venues executed and what parts asked for.
Rule 2: a change that compliance has confirmed stands until what was executed is another, and after that where
    the record says that it was upheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from core.fact import Fact
from core.ids import OrderId
from core.money import to_cents
from core.orders.allocations import AllocationChanged, AllocationChangeDrafted, AllocationChangeReexamined
from core.orders.block import BlockId, Method, Portion, portions, shared_money
from core.orders.blocks import BlockAllocated, BlockBusted, BlockCorrected, BlockFilled, BlockFormed
from core.projections.projected import Row

ZERO: Final = Decimal(0)
Figures = tuple[str, Decimal, Decimal, Decimal]
"""Trade date, shares, dollars a share and fee of one execution."""
SHARING: Final = (
    BlockFormed,
    BlockFilled,
    BlockCorrected,
    BlockBusted,
    BlockAllocated,
    AllocationChangeDrafted,
    AllocationChanged,
    AllocationChangeReexamined,
)


@dataclass(slots=True)
class _Shared:
    """One block."""

    formed: BlockFormed
    executions: dict[str, Figures] = field(default_factory=dict)
    shares: dict[str, Mapping[OrderId, Portion]] = field(default_factory=dict)  # by trade date
    drafted: dict[str, AllocationChangeDrafted] = field(default_factory=dict)
    upheld: dict[str, str] = field(default_factory=dict)  # by trade date, for the sharing that follows

    def allocate(self, date: str) -> None:
        self.shares[date] = portions(
            BlockId(self.formed.block),
            self._asked(date),
            *self._executed(date),
            Method(self.formed.method),
        )

    def change(self, date: str, change: str) -> None:
        parts = {part.order: part.quantity for part in self.drafted[change].parts}
        _, dollars, fees = self._executed(date)
        self.shares[date] = shared_money(BlockId(self.formed.block), parts, dollars, fees)

    def _asked(self, date: str) -> Mapping[OrderId, Decimal]:
        """What each part asked for and has not got on other days."""
        others = [shares for day, shares in self.shares.items() if day != date]
        return {
            part.order: part.quantity - sum((day[part.order].quantity for day in others), ZERO)
            for part in self.formed.parts
        }

    def _executed(self, date: str) -> tuple[Decimal, Decimal, Decimal]:
        mine = [one for one in self.executions.values() if one[0] == date]
        return (
            sum((shares for _, shares, _, _ in mine), ZERO),
            sum((to_cents(shares * price) for _, shares, price, _ in mine), ZERO),
            sum((fee for _, _, _, fee in mine), ZERO),
        )


class Shares:
    """All blocks."""

    def __init__(self) -> None:
        self._blocks: dict[OrderId, _Shared] = {}

    def apply(self, fact: Fact) -> None:
        """Take one fact in; others than those of sharing change nothing."""
        if isinstance(fact, BlockFormed):
            self._blocks[fact.order] = _Shared(fact)
        elif isinstance(fact, BlockFilled):
            figures = (fact.trade_date, fact.quantity, fact.price, fact.fee)
            self._blocks[fact.order].executions[fact.execution] = figures
        elif isinstance(fact, BlockCorrected):
            now = fact.now
            figures = (fact.trade_date, now.quantity, now.price, now.fee)
            self._blocks[fact.order].executions[fact.execution] = figures
        elif isinstance(fact, BlockBusted):
            self._blocks[fact.order].executions[fact.execution] = (fact.trade_date, ZERO, ZERO, ZERO)
        elif isinstance(fact, BlockAllocated):
            block = self._blocks[fact.order]
            upheld = block.upheld.pop(fact.trade_date, None)
            if upheld is None:
                block.allocate(fact.trade_date)
            else:
                block.change(fact.trade_date, upheld)
        elif isinstance(fact, AllocationChangeDrafted):
            self._blocks[fact.order].drafted[fact.change] = fact
        elif isinstance(fact, AllocationChanged):
            self._blocks[fact.order].change(fact.trade_date, fact.change)
        elif isinstance(fact, AllocationChangeReexamined):
            upheld_now = self._blocks[fact.order].upheld
            upheld_now.pop(fact.trade_date, None)
            if fact.upheld:
                upheld_now[fact.trade_date] = fact.change

    def rows(self) -> Iterator[Row]:
        for name, block in self._blocks.items():
            for date, shares in block.shares.items():
                for order, portion in shares.items():
                    yield {
                        "block_order": name,
                        "trade_date": date,
                        "order_id": order,
                        "quantity": portion.quantity,
                        "dollars": portion.dollars,
                        "fee": portion.fee,
                    }
