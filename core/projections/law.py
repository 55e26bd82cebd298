"""What the append's own tables must say of proposals and legs, folded from the journal by the pure lives.

Rule 1: the append decides in SQL, this fold in Python: two programs, and `audit rebuild --compare` holds them
    to one answer.
Rule 2: here drafts are read, too. The append has let in none that cannot be.
Rule 3: what is reserved is not followed as it comes and goes: it is worked out from where each order stands,
    so that a fault in the coming and going shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from core.book.lots import choices_left
from core.fact import Fact
from core.ids import AccountId, LotId, OrderId, ProposalId, Symbol
from core.orders.content import Content, Leg, content_read
from core.orders.corrections import Correction
from core.orders.cost import cash_moved
from core.orders.events import (
    OrderFilled,
    OrderReleased,
    ProposalAssessed,
    ProposalDrafted,
    ProposalSubmitted,
    Side,
)
from core.orders.order import ENDED
from core.orders.proposal import PROPOSAL_FACTS, STEPS, Proposal, Status, evolve
from core.orders.trade import change_of
from core.projections.folded import FOLDED, Folded
from core.projections.projected import Row
from core.projections.shares import SHARING, Shares

LAW: Final = FOLDED | {kind.event_type() for kind in (*PROPOSAL_FACTS, *SHARING)}
"""The kinds of event that a comparison reads."""

HOLDS: Final = frozenset({Status.SUBMITTED, Status.APPROVED, Status.RELEASED})
"""Where a proposal stands while its open orders hold what they were promised."""


@dataclass(slots=True)
class Law:
    """Beside the fold of the book: proposals, and of each order when it was let out and what it brought."""

    proposals: dict[ProposalId, Proposal] = field(default_factory=dict)
    released: dict[OrderId, tuple[int, Decimal]] = field(default_factory=dict)  # sequence and shares
    proceeds: dict[OrderId, dict[str, Decimal]] = field(default_factory=dict)  # dollars, by what moved them
    agents: dict[ProposalId, str] = field(default_factory=dict)  # that drafted it, where one did
    assessed: dict[ProposalId, Content] = field(default_factory=dict)
    submitted: dict[ProposalId, Content] = field(default_factory=dict)
    shares: Shares = field(default_factory=Shares)

    def apply(self, seq: int, fact: Fact) -> None:
        """Take one fact in.

        Raises:
            IllegalTransition: a proposal went a way that there is not.
        """
        self.shares.apply(fact)
        if isinstance(fact, PROPOSAL_FACTS):
            self.proposals[fact.proposal] = evolve(self.proposals.get(fact.proposal), fact)
        if isinstance(fact, ProposalDrafted) and fact.supersedes in self.proposals:
            earlier = self.proposals[fact.supersedes]
            if (earlier.status, fact.event_type()) in STEPS:  # one that was decided on is not superseded
                self.proposals[earlier.id] = evolve(earlier, fact)
        if isinstance(fact, ProposalDrafted) and fact.agent is not None:
            self.agents[fact.proposal] = fact.agent
        elif isinstance(fact, ProposalAssessed):
            self.assessed[fact.proposal] = content_read(fact.content)
        elif isinstance(fact, ProposalSubmitted):
            self.submitted[fact.proposal] = self.assessed[fact.proposal]
        elif isinstance(fact, OrderReleased):
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

    def lot_rows(self, folded: Folded) -> Iterator[Row]:
        """Every lot that is there, and how much of it submitted sales are promised."""
        promised: dict[tuple[AccountId, LotId, Symbol], Decimal] = defaultdict(Decimal)
        for content in self.submitted.values():
            for leg in self._open(content, folded):
                if leg.side is Side.SELL:
                    for left in choices_left(leg.lots, folded.orders[leg.order].filled):
                        promised[leg.account, left.lot, leg.symbol] += left.quantity
        held = {
            (account, lot.id, lot.symbol): lot.quantity
            for account, book in folded.lots.items()
            for lot in book.open
        }
        for account, lot, symbol in held.keys() | promised.keys():
            found = account, lot, symbol
            reserved = promised.get(found, Decimal(0))
            yield {
                "account": account,
                "lot": lot,
                "symbol": symbol,
                "held": held.get(found, Decimal(0)),
                "reserved": reserved,
            }

    def day_rows(self, folded: Folded) -> Iterator[Row]:
        """Dollars of the business day by whom they count for: an open order at the worst price that people
        decided on, an ended one with what it came to."""
        used: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for content in self.submitted.values():
            if folded.session is None or content.valid_for != folded.session.isoformat():
                continue
            still_open = {leg.leg for leg in self._open(content, folded)}
            for leg in content.legs:
                came_to = abs(sum(self.proceeds.get(leg.order, {}).values(), Decimal(0)))
                for counted_in in self._scopes(content, leg):
                    used[counted_in] += _at_worst(leg) if leg.leg in still_open else came_to
        for (scope, named), dollars in used.items():
            yield {"scope": scope, "named": named, "dollars": dollars}

    def _open(self, content: Content, folded: Folded) -> Iterator[Leg]:
        if self.proposals[content.proposal].status in HOLDS:
            yield from (leg for leg in content.legs if folded.orders[leg.order].status not in ENDED)

    def _scopes(self, content: Content, leg: Leg) -> Iterator[tuple[str, str]]:
        yield "account", leg.account
        yield "household", content.household
        yield "advisor", content.advisor
        yield "firm", "firm"
        if content.proposal in self.agents:
            yield "agent", self.agents[content.proposal]


def _at_worst(leg: Leg) -> Decimal:
    band = leg.band_high if leg.side is Side.BUY else leg.band_low
    return leg.quantity * max(leg.reference_price, band if leg.limit_price is None else leg.limit_price)
