"""What was known at one moment and true at another: accounts, households, proposals and orders.

Rule 1: `known_at` is the wall's clock (what a screen could have shown), `true_at` the market's (what held,
    with all that was known). Each answer says which it used, and the sequence that it stands at.
Rule 2: core folds; nothing is computed here but the naming of fields. Nothing that is sealed is opened.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from core.errors import BadInput
from core.ids import AccountId, HouseholdId, OrderId, ProposalId
from core.orders import order as order_life
from core.orders import trade as trade_life
from core.projections.as_of import AccountThen, ProposalThen
from core.projections.history import Moment, When
from ui.api.doors import At, Ticket
from ui.api.fields import Amount, PathId, Told

router = APIRouter(tags=["as of"])

SAYS = "RFC 3339 with its zone, as 2026-11-21T15:00:00Z"


class AsOf(Told):
    """`says` tells where a time that was asked for had not come, and the newest was answered instead."""

    known_at: datetime
    true_at: datetime | None
    as_of_seq: int
    entries: int
    says: tuple[str, ...]


class LotThen(Told):
    lot: str
    symbol: str
    quantity: Amount
    cost_per_share: Amount
    acquired_on: date


class HeldThen(Told):
    symbol: str
    quantity: Amount


class MoneyThen(Told):
    """Dollars."""

    settled: Amount
    unsettled: Amount
    held: Amount


class LimitsThen(Told):
    """Dollars and fractions. `policy_set` is the fingerprint of the policies of the newest assessment."""

    cash_floor: Amount | None
    max_issuer_weight: Amount | None
    do_not_trade: tuple[str, ...]
    restricted: tuple[str, ...]
    model: str | None
    tolerance: Amount | None
    relative_tolerance: Amount | None
    policy_set: str | None


class OrderLine(Told):
    """Shares; the price is dollars per share, fees are dollars."""

    order: str
    proposal: str
    leg: int
    account: str
    symbol: str
    side: str
    quantity: Amount
    status: str
    venue: str | None
    filled: Amount
    average_price: Amount | None
    fees: Amount


class ProposalLine(Told):
    """`digest` is the fingerprint that was decided on; `successor` the proposal that names this one."""

    proposal: str
    household: str
    kind: str
    status: str
    digest: str | None
    tier: int | None
    needs_consent: bool
    consented: bool
    successor: str | None
    policy_set: str | None
    orders: tuple[OrderLine, ...]


class TradeLine(Told):
    trade_date: str
    settles_on: str
    status: str
    quantity: Amount
    average_price: Amount
    fees: Amount
    net_amount: Amount


class AccountLine(Told):
    """`session` is the firm's business day that stood. Proposals and orders are those still open."""

    account: str
    household: str
    advisor: str
    status: str
    session: date | None
    positions: tuple[HeldThen, ...]
    lots: tuple[LotThen, ...]
    cash: MoneyThen
    limits: LimitsThen
    proposals: tuple[ProposalLine, ...]
    orders: tuple[OrderLine, ...]


class AccountAsOf(AccountLine):
    as_of: AsOf


class HouseholdAsOf(Told):
    household: str
    advisor: str
    objective: str | None
    accounts: tuple[AccountLine, ...]
    proposals: tuple[ProposalLine, ...]
    as_of: AsOf


class ProposalAsOf(ProposalLine):
    as_of: AsOf


class OrderAsOf(OrderLine):
    """`says` is the venue's or the desk's word on how it ended."""

    trades: tuple[TradeLine, ...]
    says: str
    as_of: AsOf


def moments(
    known_at: Annotated[str | None, Query(description=f"{SAYS}; without it, now")] = None,
    true_at: Annotated[str | None, Query(description=f"{SAYS}; without it, all that was known")] = None,
) -> When:
    """The two clocks of the query."""
    return When(known_at=_moment(known_at, "known_at"), true_at=_moment(true_at, "true_at"))


Moments = Annotated[When, Depends(moments)]


@router.get("/v1/accounts/{account}/as-of", response_model=AccountAsOf, summary="An account as it was")
async def account(account: PathId, at: At, ticket: Ticket, when: Moments) -> AccountAsOf:
    then, moment = await at.intake.history.account(ticket, AccountId(account), when)
    return AccountAsOf(**dict(_account(then)), as_of=_as_of(moment))


@router.get("/v1/households/{household}/as-of", response_model=HouseholdAsOf, summary="A household as it was")
async def household(household: PathId, at: At, ticket: Ticket, when: Moments) -> HouseholdAsOf:
    then, moment = await at.intake.history.household(ticket, HouseholdId(household), when)
    return HouseholdAsOf(
        household=then.household,
        advisor=then.advisor,
        objective=then.objective,
        accounts=tuple(_account(one) for one in then.accounts),
        proposals=tuple(_proposal(one) for one in then.proposals),
        as_of=_as_of(moment),
    )


@router.get("/v1/proposals/{proposal}/as-of", response_model=ProposalAsOf, summary="A proposal as it was")
async def proposal(proposal: PathId, at: At, ticket: Ticket, when: Moments) -> ProposalAsOf:
    then, moment = await at.intake.history.proposal(ticket, ProposalId(proposal), when)
    return ProposalAsOf(**dict(_proposal(then)), as_of=_as_of(moment))


@router.get(
    "/v1/orders/{order}/as-of", response_model=OrderAsOf, summary="An order and its trades as they were"
)
async def order(order: PathId, at: At, ticket: Ticket, when: Moments) -> OrderAsOf:
    then, moment = await at.intake.history.order(ticket, OrderId(order), when)
    return OrderAsOf(
        **dict(_order(then.order)),
        trades=tuple(_trade(one) for one in then.trades),
        says=then.says,
        as_of=_as_of(moment),
    )


def _moment(text: str | None, field: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("that is no time", fix=f"write {SAYS}", field=field) from None
    if moment.tzinfo is None:
        raise BadInput("that time has no zone", fix=f"write {SAYS}", field=field)
    return moment


def _as_of(moment: Moment) -> AsOf:
    return AsOf(
        known_at=moment.known_at,
        true_at=moment.true_at,
        as_of_seq=moment.as_of_seq,
        entries=moment.entries,
        says=moment.says,
    )


def _account(then: AccountThen) -> AccountLine:
    limits, dollars = then.limits, then.cash
    return AccountLine(
        account=then.account,
        household=then.household,
        advisor=then.advisor,
        status=then.status,
        session=then.session,
        positions=tuple(HeldThen(symbol=s, quantity=q) for s, q in sorted(then.positions.items())),
        lots=tuple(
            LotThen(
                lot=lot.id,
                symbol=lot.symbol,
                quantity=lot.quantity,
                cost_per_share=lot.cost_per_share,
                acquired_on=lot.acquired_on,
            )
            for lot in sorted(then.lots, key=lambda lot: (lot.symbol, lot.acquired_on, lot.id))
        ),
        cash=MoneyThen(settled=dollars.settled, unsettled=dollars.unsettled, held=dollars.held),
        limits=LimitsThen(
            cash_floor=limits.cash_floor,
            max_issuer_weight=limits.max_issuer_weight,
            do_not_trade=limits.do_not_trade,
            restricted=limits.restricted,
            model=limits.model,
            tolerance=limits.tolerance,
            relative_tolerance=limits.relative_tolerance,
            policy_set=limits.policy_set,
        ),
        proposals=tuple(_proposal(one) for one in then.proposals),
        orders=tuple(_order(one) for one in then.orders),
    )


def _proposal(then: ProposalThen) -> ProposalLine:
    one = then.proposal
    return ProposalLine(
        proposal=one.id,
        household=one.household,
        kind=then.kind,
        status=one.status.value,
        digest=one.digest,
        tier=one.tier,
        needs_consent=one.needs_consent,
        consented=one.consented,
        successor=one.successor,
        policy_set=then.policy_set,
        orders=tuple(_order(order) for order in then.orders),
    )


def _order(one: order_life.Order) -> OrderLine:
    return OrderLine(
        order=one.id,
        proposal=one.proposal,
        leg=one.leg,
        account=one.account,
        symbol=one.symbol,
        side=one.side.value,
        quantity=one.quantity,
        status=one.status.value,
        venue=one.venue,
        filled=one.filled,
        average_price=one.average_price,
        fees=one.fees,
    )


def _trade(one: trade_life.Trade) -> TradeLine:
    return TradeLine(
        trade_date=one.trade_date,
        settles_on=one.settles_on,
        status=one.status.value,
        quantity=one.quantity,
        average_price=one.average_price,
        fees=one.fees,
        net_amount=one.net_amount,
    )
