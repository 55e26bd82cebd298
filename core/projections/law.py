"""What the append's own tables must say of proposals and legs, folded from the journal by the pure lives.

Rule 1: the append decides in SQL, this fold in Python: two programs, and `audit rebuild --compare` holds them
    to one answer.
Rule 2: here drafts are read, too. The append has let in none that cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from core.fact import Fact
from core.ids import OrderId, ProposalId
from core.orders.corrections import Correction
from core.orders.cost import cash_moved
from core.orders.events import OrderFilled, OrderReleased, ProposalDrafted
from core.orders.order import ENDED
from core.orders.proposal import PROPOSAL_FACTS, STEPS, Proposal, evolve
from core.orders.trade import change_of
from core.projections.folded import FOLDED, Folded
from core.projections.projected import Row

LAW: Final = FOLDED | {kind.event_type() for kind in PROPOSAL_FACTS}
"""The kinds of event that a comparison reads."""


@dataclass(slots=True)
class Law:
    """Beside the fold of the book: proposals, and of each order when it was let out and what it brought."""

    proposals: dict[ProposalId, Proposal] = field(default_factory=dict)
    released: dict[OrderId, tuple[int, Decimal]] = field(default_factory=dict)  # sequence and shares
    proceeds: dict[OrderId, dict[str, Decimal]] = field(default_factory=dict)  # dollars, by what moved them

    def apply(self, seq: int, fact: Fact) -> None:
        """Take one fact in.

        Raises:
            IllegalTransition: a proposal went a way that there is not.
        """
        if isinstance(fact, PROPOSAL_FACTS):
            self.proposals[fact.proposal] = evolve(self.proposals.get(fact.proposal), fact)
        if isinstance(fact, ProposalDrafted) and fact.supersedes in self.proposals:
            earlier = self.proposals[fact.supersedes]
            if (earlier.status, fact.event_type()) in STEPS:  # one that was decided on is not superseded
                self.proposals[earlier.id] = evolve(earlier, fact)
        if isinstance(fact, OrderReleased):
            self.released[fact.order] = seq, fact.quantity
        elif isinstance(fact, OrderFilled):
            self.proceeds.setdefault(fact.order, {})[fact.execution] = cash_moved(fact)
        elif isinstance(fact, Correction):
            change = change_of(fact)
            self.proceeds.setdefault(fact.order, {})[change.name] = change.moved

    def proposal_rows(self) -> Iterator[Row]:
        for proposal in self.proposals.values():
            yield {"proposal": proposal.id, "status": proposal.status.value, "digest": proposal.digest}

    def leg_rows(self, folded: Folded) -> Iterator[Row]:
        """The legs of every assessed proposal, as far as a fold can say them: not what they reserve."""
        for order in folded.orders.values():
            released = self.released.get(order.id)
            yield {
                "order_id": order.id,
                "proposal": order.proposal,
                "leg": order.leg,
                "released_seq": released[0] if released else None,
                "released_quantity": released[1] if released else None,
                "filled": order.filled,
                "proceeds": sum(self.proceeds.get(order.id, {}).values(), Decimal(0)),
                "ended": order.status in ENDED,
            }
