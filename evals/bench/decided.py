"""What a journal would hold of an order that people decided on, for a bench or a test without a database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.execution.last_check import Chained
from core.fact import Entry, Fact
from core.ids import Digest, HouseholdId, PersonId
from core.ledger.chain import GENESIS, Sealing, leaf, link
from core.ledger.envelope import payload_of, text_of, written
from core.orders.content import Content, Leg
from core.orders.events import (
    OrderReleased,
    ProposalApproved,
    ProposalAssessed,
    ProposalDrafted,
    ProposalSubmitted,
    Request,
)
from core.orders.released import ReleasedOrder

AT: Final = datetime(2022, 12, 29, 15, tzinfo=UTC)
HOME: Final = HouseholdId("hh-1")
Who = tuple[str, str]
INTAKE: Final[Who] = ("gh_intake", "adv-1")
ADVISOR: Final[Who] = ("gh_approver", "adv-1")
PRINCIPAL: Final[Who] = ("gh_approver", "prn-1")
GATE: Final[Who] = ("gh_gate", "worker")


def content(order: ReleasedOrder) -> Content:
    """A text that people could have decided on, with that order as its only leg."""
    price = order.limit_price or Decimal(100)
    leg = Leg(
        leg=order.leg,
        order=order.id,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        order_type=order.order_type,
        limit_price=order.limit_price,
        time_in_force=order.time_in_force,
        lots=(),
        reference_price=price,
        band_low=price,
        band_high=price,
        funded_by=(),
        may_release_less=False,
        replaces=order.replaces,
        executed_before=order.executed_before,
    )
    return Content(
        proposal=order.proposal,
        household=HOME,
        advisor=PersonId("adv-1"),
        kind="order",
        legs=(leg,),
        needs_consent=False,
        tier=1,
        valid_for="2022-12-29",
        portfolio_seq=1,
        policy_set=Digest("0" * 64),
        model_versions=(),
        findings=(),
    )


def decisions(order: ReleasedOrder, decided: Content | None = None) -> list[tuple[Who, Fact]]:
    """From the draft to the release, each by who may."""
    text = decided or content(order)
    digest = text.digest()
    assessed = ProposalAssessed(
        proposal=order.proposal,
        content=text.text(),
        digest=digest,
        tier=1,
        needs_consent=text.needs_consent,
        findings=(),
        preview="{}",
    )
    released = OrderReleased(
        order=order.id,
        proposal=order.proposal,
        leg=order.leg,
        digest=digest,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        order_type=order.order_type,
        limit_price=order.limit_price,
        time_in_force=order.time_in_force,
        replaces=order.replaces,
        executed_before=order.executed_before,
    )
    drafted = ProposalDrafted(proposal=order.proposal, request=Request(kind="order", household=HOME))
    return [
        (INTAKE, drafted),
        (GATE, assessed),
        (ADVISOR, ProposalSubmitted(proposal=order.proposal, digest=digest)),
        (PRINCIPAL, ProposalApproved(proposal=order.proposal, digest=digest)),
        (GATE, released),
    ]


def chained(order: ReleasedOrder, told: Iterable[tuple[Who, Fact]]) -> tuple[Chained, ...]:
    """Those facts as entries of a journal that holds nothing else."""
    found: list[Chained] = []
    versions: dict[str, int] = {}
    before = GENESIS
    for seq, ((role, actor), fact) in enumerate(told, start=1):
        of_order = hasattr(fact, "order")
        stream = f"order/{order.id}" if of_order else f"proposal/{order.proposal}"
        versions[stream] = versions.get(stream, 0) + 1
        entry = Entry(stream, fact, order.trace)
        text = text_of(
            entry,
            payload_of(entry),
            event_id=UUID(int=seq),
            stream_version=versions[stream],
            occurred_at=written(AT),
            mono_ns=seq,
        )
        digest = link(before, leaf(Sealing(seq, AT, role, actor, text)))
        found.append(Chained(seq, AT, role, actor, text, digest, before))
        before = digest
    return tuple(found)


def recorded(order: ReleasedOrder, later: Iterable[Fact] = ()) -> tuple[Chained, ...]:
    """The decisions on that order, and what the worker wrote of it since."""
    return chained(order, [*decisions(order), *((GATE, fact) for fact in later)])
