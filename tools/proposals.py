"""What became of a proposal: the assessed figures, who decides next, and the fills.

Rule 1: everything here is the desk's. A draft that waits for assessment has no figures, and none are made up.
Rule 2: a status is a word of the proposal's life, never a guess about what will happen.
"""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field

from core.book.views import OrderView, ProposalView
from core.errors import NotFound
from core.fact import Amount
from core.ids import AccountId, HouseholdId, OrderId, ProposalId, Symbol
from core.money import to_cents
from core.orders.content import AccountSummary, Alternative
from core.orders.events import Finding
from core.orders.order import ENDED, NEVER_OUT
from tools.clients import book, by_name
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool, Turn

OVER: Final = frozenset(status.value for status in ENDED | NEVER_OUT)
_ID: Final = re.compile(r"prp-[0-9a-f]{32}")


class StatusAsk(Ask):
    proposal: str | None = Field(default=None, max_length=60, description="its id; empty: the newest one")
    household: str | None = Field(default=None, max_length=120, description="whose, where no id is known")
    account: str | None = Field(default=None, max_length=80, description="or of which account, by its id")


class LegLine(Ask):
    leg: int
    account: AccountId
    side: str
    quantity: Amount
    symbol: Symbol
    order_type: str
    limit_price: Amount | None
    reference_price: Amount
    replaces: OrderId | None = None  # a live order whose place it takes


class WeightLine(Ask):
    """What a leg does to the weight of what it trades: per cent of the account."""

    account: AccountId
    symbol: str
    weight_before: Amount
    weight_after: Amount
    target: Amount | None  # per cent; None: the model does not hold it


class OrderLine(Ask):
    order: OrderId
    account: AccountId
    side: str
    quantity: Amount
    symbol: Symbol
    status: str
    venue: str | None
    filled: Amount
    average_price: Amount | None
    fees: Amount


class Proposal(Sourced):
    """`waits_for`: assessment, advisor, consent, principal, compliance, release, fills or nobody."""

    proposal: ProposalId
    household: HouseholdId
    name: str
    kind: str
    status: str
    waits_for: str
    tier: int | None
    needs_consent: bool
    consented: bool
    denied_at: str | None
    remainder_of: ProposalId | None  # the plan whose sales brought too little for all of it
    rows: tuple[WeightLine, ...] = ()
    accounts: tuple[AccountSummary, ...]
    alternatives: tuple[Alternative, ...]
    notes: tuple[str, ...]
    legs: tuple[LegLine, ...]
    findings: tuple[Finding, ...]
    differences: tuple[str, ...]
    orders: tuple[OrderLine, ...]

    @property
    def ended(self) -> bool:
        return self.waits_for == "nobody"


async def proposal_status(ask: StatusAsk, call: Call) -> Proposal:
    """What became of one proposal: its status, whom it waits for, the assessed figures, orders and fills.

    Give its id, or nothing for the newest. Reads only: it decides nothing and hurries nobody.
    """
    turn = call.turn
    if ask.proposal:
        if _ID.fullmatch(ask.proposal) is None:
            raise Refusal("that is not a proposal's id; leave it empty for the newest", code="invalid")
        return await read(turn, ProposalId(ask.proposal))
    views = _of_thread(await turn.desk.proposals(), turn)
    if ask.household:
        named = by_name(ask.household, await book(turn))
        views = [view for view in views if view.household == named.household]
    elif ask.account:
        views = [view for view in views if _is_of(view, ask.account)]
    if not views:
        raise Refusal("there is no such proposal yet", code="not_found")
    return await shown(turn, max(views, key=lambda view: view.seq))


def _is_of(view: ProposalView, account: str) -> bool:
    wanted = account.strip().casefold()
    legs = view.content.legs if view.content else ()
    return any(wanted == one.casefold() for one in (*view.request.accounts, *(leg.account for leg in legs)))


async def read(turn: Turn, proposal: ProposalId) -> Proposal:
    """The desk's own word on one proposal.

    Raises:
        NotFound: none that this ticket may see.
    """
    return await shown(turn, await turn.desk.proposal(proposal))


async def waits_for(turn: Turn, proposal: ProposalId) -> str:
    """Whom it waits for now; `nobody` when it has ended or is not to be seen any more."""
    try:
        return (await turn.desk.proposal(proposal)).waits_for
    except NotFound:
        return "nobody"


async def shown(turn: Turn, view: ProposalView) -> Proposal:
    names = {named.household: named.name for named in await book(turn)}
    return Proposal(
        source=f"proposal at entry {view.seq}",
        as_of=view.drafted_at,
        proposal=view.proposal,
        household=view.household,
        name=names.get(view.household, str(view.household)),
        kind=view.kind,
        status=view.status,
        waits_for=view.waits_for,
        tier=view.tier,
        needs_consent=view.needs_consent,
        consented=view.consented,
        denied_at=view.denied_at,
        remainder_of=view.remainder_of,
        rows=_weights(view),
        accounts=view.preview.accounts if view.preview else (),
        alternatives=view.preview.alternatives if view.preview else (),
        notes=view.preview.notes if view.preview else (),
        legs=_legs(view),
        findings=tuple(f for f in view.findings if f.result != "pass"),
        differences=view.differences,
        orders=tuple(_order(order) for order in view.orders),
    )


def _weights(view: ProposalView) -> tuple[WeightLine, ...]:
    """Of what is traded alone."""
    traded = {(leg.account, str(leg.symbol)) for leg in (view.content.legs if view.content else ())}
    return tuple(
        WeightLine(
            account=row.account,
            symbol=row.symbol,
            weight_before=to_cents(row.weight_before * 100),
            weight_after=to_cents(row.weight_after * 100),
            target=None if row.target is None else to_cents(row.target * 100),
        )
        for row in (view.preview.rows if view.preview else ())
        if (row.account, row.symbol) in traded
    )


def _legs(view: ProposalView) -> tuple[LegLine, ...]:
    return tuple(
        LegLine(
            leg=leg.leg,
            account=leg.account,
            side=leg.side,
            quantity=leg.quantity,
            symbol=leg.symbol,
            order_type=leg.order_type,
            limit_price=leg.limit_price,
            reference_price=leg.reference_price,
            replaces=leg.replaces,
        )
        for leg in (view.content.legs if view.content else ())
    )


def _order(order: OrderView) -> OrderLine:
    return OrderLine(
        order=order.order,
        account=order.account,
        side=order.side,
        quantity=order.quantity,
        symbol=order.symbol,
        status=order.status,
        venue=order.venue,
        filled=order.filled,
        average_price=order.average_price,
        fees=order.fees,
    )


class ListAsk(Ask):
    open_only: bool = Field(default=True, description="only those that still wait for somebody")


class ProposalLine(Ask):
    proposal: ProposalId
    name: str
    kind: str
    remainder_of: ProposalId | None
    status: str
    waits_for: str


class ProposalLines(Sourced):
    proposals: tuple[ProposalLine, ...]


async def list_proposals(ask: ListAsk, call: Call) -> ProposalLines:
    """The proposals of the advisor's book, newest first, each with its status and whom it waits for."""
    turn = call.turn
    names = {named.household: named.name for named in await book(turn)}
    views = sorted(_of_thread(await turn.desk.proposals(), turn), key=lambda view: -view.seq)
    return ProposalLines(
        source="proposals of the book",
        as_of=turn.clock.now(),
        proposals=tuple(
            ProposalLine(
                proposal=view.proposal,
                name=names.get(view.household, str(view.household)),
                kind=view.kind,
                remainder_of=view.remainder_of,
                status=view.status,
                waits_for=view.waits_for,
            )
            for view in views
            if view.waits_for != "nobody" or not ask.open_only
        )[:40],
    )


def _of_thread(views: tuple[ProposalView, ...], turn: Turn) -> list[ProposalView]:
    """Only the thread's own household, where it is pinned to one."""
    return [view for view in views if turn.household in (None, view.household)]


class OpenAsk(Ask):
    household: str | None = Field(default=None, max_length=120, description="whose; empty: all of the book")


class OpenOrder(Ask):
    """`limit_price` None: at market. `left`: shares that are not executed."""

    order: OrderId
    proposal: ProposalId
    name: str
    account: AccountId
    side: str
    quantity: Amount
    symbol: Symbol
    limit_price: Amount | None
    status: str
    venue: str | None
    filled: Amount
    left: Amount


class OpenOrders(Sourced):
    orders: tuple[OpenOrder, ...]


async def open_orders(ask: OpenAsk, call: Call) -> OpenOrders:
    """The orders of the advisor's book that are released and not over: what each is, where, what is filled.

    A trade proposal that nobody has approved yet has none. Reads only: it cancels and hurries nothing.
    """
    turn = call.turn
    households = await book(turn)
    names = {named.household: named.name for named in households}
    only = by_name(ask.household, households).household if ask.household else None
    views = _of_thread(await turn.desk.proposals(), turn)
    return OpenOrders(
        source="orders of the book",
        as_of=turn.clock.now(),
        orders=tuple(
            _open(order, names.get(view.household, str(view.household)))
            for view in views
            if only in (None, view.household)
            for order in view.orders
            if order.status not in OVER
        )[:40],
    )


def _open(order: OrderView, name: str) -> OpenOrder:
    return OpenOrder(
        order=order.order,
        proposal=order.proposal,
        name=name,
        account=order.account,
        side=order.side,
        quantity=order.quantity,
        symbol=order.symbol,
        limit_price=order.limit_price,
        status=order.status,
        venue=order.venue,
        filled=order.filled,
        left=order.quantity - order.filled,
    )


OPEN_ORDERS: Final = Tool("open_orders", OpenAsk, Effect.READ, open_orders)
PROPOSAL_STATUS: Final = Tool("proposal_status", StatusAsk, Effect.READ, proposal_status)
LIST_PROPOSALS: Final = Tool("list_proposals", ListAsk, Effect.READ, list_proposals)
