"""Small journals whose facts may come in any order that their causes allow, for property tests.

Rule 1: what a fact needs before it is written down with it: an order is sent before it is filled, a lot is
    received before it is sold, a trade is allocated when its last execution is in. Nothing else is ordered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from core.fact import Fact
from core.ids import (
    AccountId,
    HouseholdId,
    LotId,
    OrderId,
    PersonId,
    ProposalId,
    Symbol,
    TraceId,
    order_id_for,
)
from core.market.events import BusinessDayOpened
from core.orders import trade
from core.orders.content import Content, Leg, LotChoice
from core.orders.events import OrderFilled, OrderType, ProposalAssessed, Side, TimeInForce
from core.orders.order import Order, orders_of
from core.projections.folded import Changed, Folded
from tests.core.facts import (
    DIGEST,
    accepted,
    cancelled,
    deposited,
    filled,
    received,
    released,
    routed,
    sent,
)

ACCOUNTS = (AccountId("acc-1"), AccountId("acc-2"))
DAYS = ("2022-12-29", "2022-12-30")


class Told(NamedTuple):
    trace: TraceId
    fact: Fact


@dataclass
class Story:
    """Facts in one order that is possible, and what each needs before it, by place."""

    facts: list[Fact] = field(default_factory=list)
    needs: list[set[int]] = field(default_factory=list)

    def add(self, fact: Fact, *, after: Iterable[int] = ()) -> int:
        self.facts.append(fact)
        self.needs.append(set(after))
        return len(self.facts) - 1

    def arriving(self, wish: Sequence[int]) -> list[Fact]:
        """All of them, each as early as its causes and its place in `wish` allow."""
        order: list[int] = []
        left = sorted(range(len(self.facts)), key=wish.index)
        while left:
            ready = next(place for place in left if self.needs[place] <= set(order))
            left.remove(ready)
            order.append(ready)
        return [self.facts[place] for place in order]


def folded(facts: Iterable[Fact], start: Folded | None = None) -> Folded:
    """The whole book after these facts, in this order."""
    book = start or Folded()
    for fact in facts:
        book.apply(Told(TraceId("0" * 32), fact), Changed())
    return book


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A few orders in two accounts: lots, deposits, fills in parts over two days, some cut short, settled."""
    story = Story()
    opened = [story.add(_opened(DAYS[0]))]
    opened.append(story.add(_opened(DAYS[1]), after=opened))
    for n, account in enumerate(ACCOUNTS):
        until = draw(st.sampled_from([None, DAYS[1], "2023-02-01"]))
        story.add(deposited(f"d{n}", "5000", until).model_copy(update={"account": account}))
    for number in range(draw(st.integers(1, 3))):
        draw(_orders(story, number))
    return story


@st.composite
def _orders(draw: st.DrawFn, story: Story, number: int) -> None:
    account = draw(st.sampled_from(ACCOUNTS))
    side = draw(st.sampled_from(Side))
    shares = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    never_filled = draw(st.integers(0, 3))
    quantity = sum(shares) + never_filled
    chosen = _lots(story, number, account, quantity) if side is Side.SELL else {}
    assessed = _assessed(number, account, side, quantity, tuple(chosen))
    at = story.add(assessed, after=chosen.values())
    (order,) = orders_of(Content.model_validate_json(assessed.content))
    for step in (released, routed, sent):
        at = story.add(step(order), after=[at])
    story.add(accepted(order), after=[at])
    fills = [draw(_fills(order, n, part)) for n, part in enumerate(shares)]
    places = [story.add(fill, after=[at]) for fill in fills]
    if never_filled:
        story.add(cancelled(order), after=[at])
    for done in trade.fold(fills).values():
        of_it = [p for p, fill in zip(places, fills, strict=True) if fill.trade_date == done.trade_date]
        last = story.add(trade.allocated(done), after=of_it)
        last = story.add(trade.confirmed(done), after=[last])
        story.add(trade.settled(done), after=[last])


@st.composite
def _fills(draw: st.DrawFn, order: Order, number: int, shares: int) -> OrderFilled:
    return filled(
        shares,
        execution=f"e{number}",
        order=order.id,
        side=order.side,
        price=str(draw(st.decimals("1", "300", places=4))),
        fee=str(draw(st.decimals("0", "2", places=2))),
        account=order.account,
        symbol=order.symbol,
        trade_date=draw(st.sampled_from(DAYS)),
    )


def _opened(session: str) -> BusinessDayOpened:
    return BusinessDayOpened.model_validate({"session": session, "at": f"{session}T15:00:00Z"})


def _lots(story: Story, number: int, account: AccountId, quantity: int) -> dict[LotChoice, int]:
    """Two lots that the order will sell, and the places of their arrival."""
    parts = [part for part in (quantity - quantity // 2, quantity // 2) if part]
    found = {}
    for n, part in enumerate(parts):
        name = f"lot-{number}-{n}"
        arrived = received(name, part + 1, symbol=f"S{number}").model_copy(update={"account": account})
        found[LotChoice(lot=LotId(name), quantity=Decimal(part))] = story.add(arrived)
    return found


def _assessed(
    number: int, account: AccountId, side: Side, quantity: int, chosen: tuple[LotChoice, ...]
) -> ProposalAssessed:
    proposal = ProposalId(f"prp-{number}")
    leg = Leg(
        leg=0,
        order=OrderId(order_id_for(proposal, 0)),
        account=account,
        symbol=Symbol(f"S{number}"),
        side=side,
        quantity=Decimal(quantity),
        order_type=OrderType.LIMIT,
        limit_price=Decimal(100),
        time_in_force=TimeInForce.DAY,
        lots=chosen,
        reference_price=Decimal(100),
        band_low=Decimal(95),
        band_high=Decimal(105),
        funded_by=(),
        may_release_less=False,
    )
    content = Content(
        proposal=proposal,
        household=HouseholdId("hh-1"),
        advisor=PersonId("adv-1"),
        kind="rebalance",
        legs=(leg,),
        needs_consent=False,
        tier=1,
        valid_for=DAYS[0],
        portfolio_seq=1,
        policy_set=DIGEST,
        model_versions=(),
        findings=(),
    )
    return ProposalAssessed(
        proposal=proposal,
        content=content.text(),
        digest=content.digest(),
        tier=1,
        needs_consent=False,
        findings=(),
        preview='{"accounts":[],"rows":[]}',
    )
