"""Blocks: orders of one batch that went to a venue as one, how they were shared, and changes of that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from core.direct.blocks import AllocationLine, BlockLine, ChangeLine
from core.ids import OrderId, PersonId
from ui.api.doors import At, Ticket
from ui.api.fields import ID_PATTERN, Amount, Ask, AskedAmount, Id, PathId, Text, Told

router = APIRouter(tags=["blocks"])
FOR_COMPLIANCE = frozenset({"WAITS", "OVERTAKEN"})
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
Version = Annotated[int, Field(ge=1, le=1_000_000)]


class PartTold(Told):
    """One order of the block. `parted`: it was taken out before any venue had the block."""

    order_id: str
    account_id: str
    quantity: Amount
    filled: Amount
    parted: bool


class ShareTold(Told):
    order_id: str
    quantity: Amount
    dollars: Amount
    fee: Amount


class AllocationTold(Told):
    """One trade date as it is shared now. `dollars` and `fees` are of all shares, in cents."""

    trade_date: str
    revision: int
    quantity: Amount
    average_price: Amount
    dollars: Amount
    fees: Amount
    shares: tuple[ShareTold, ...]


class ChangeTold(Told):
    """A change of one day's shares. `confirmed_by` is empty while it waits for compliance.

    `state` is WAITS, IN_FORCE, REPLACED, OVERTAKEN (a bust or a correction came after it: the day is shared
    by the rule, and compliance has to look at it) or REVIEWED.
    """

    change_id: str
    trade_date: str
    revision: int
    shares: dict[str, Amount]
    reason: str
    drafted_by: str
    confirmed_by: str | None
    state: str
    review: str | None
    reviewed_by: str | None


class BlockTold(Told):
    """`status` is OPEN, ENDED (over, not all shared yet) or SHARED. `order_id` is what its venue has.

    `needs_compliance`: a change of shares waits for its word, or was overtaken and not looked at yet.
    """

    order_id: str
    block_id: str
    batch_id: str
    method: str
    custodian: str
    symbol: str
    side: str
    limit_price: Amount | None
    quantity: Amount
    filled: Amount
    status: str
    orders: tuple[PartTold, ...]
    allocations: tuple[AllocationTold, ...]
    changes: tuple[ChangeTold, ...]
    needs_compliance: bool
    people: dict[str, str]


class RuleTold(Told):
    """A version of the rule of sharing. `confirmed_by` is empty while it waits for another person."""

    version: int
    method: str
    reason: str
    proposed_by: str
    confirmed_by: str | None


class TradeTold(Told):
    """`status` as the trade's life has it. `passed_to`: the broker that settles it in our stead."""

    order_id: str
    trade_date: str
    account_id: str
    symbol: str
    side: str
    quantity: Amount
    settles_on: str
    status: str
    custodian: str
    passed_to: str | None


class RuleAsk(Ask):
    method: Literal["pro_rata", "rotational"]
    reason: Text


class RuleConfirm(Ask):
    version: Version
    method: Literal["pro_rata", "rotational"]


class ChangeAsk(Ask):
    """`shares` names every order of the block; `revision` is of the allocation that was seen."""

    trade_date: str = Field(pattern=DAY)
    revision: Version
    shares: dict[Id, AskedAmount] = Field(min_length=1, max_length=2_000)
    reason: Text


class PassOn(Ask):
    """`broker` is the other broker's market participant or clearing number."""

    broker: str = Field(pattern="^[A-Z0-9]{4,11}$")
    custodian: Id


class ReviewAsk(Ask):
    """What compliance makes of a day whose confirmed shares no longer add up."""

    reason: Text


class NothingMore(Ask):
    pass


class Written(Told):
    """`seq` is the entry in the record."""

    seq: int


class ChangeDrafted(Written):
    change_id: str


class RuleProposed(Written):
    version: int


@router.get("/v1/blocks", response_model=tuple[BlockTold, ...], summary="Blocks of one's book")
async def listed(
    at: At,
    ticket: Ticket,
    proposal_id: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="those that an order of it was in")
    ] = None,
) -> tuple[BlockTold, ...]:
    """The newest 200, newest first."""
    people = await at.intake.colleagues(ticket)
    return tuple(_told(line, people) for line in await at.approval.blocks.newest(ticket, proposal_id))


@router.get("/v1/blocks/{order_id}", response_model=BlockTold, summary="One block, and how it was shared")
async def one_block(order_id: PathId, at: At, ticket: Ticket) -> BlockTold:
    people = await at.intake.colleagues(ticket)
    return _told(await at.approval.blocks.one(ticket, OrderId(order_id)), people)


@router.post(
    "/v1/blocks/{order_id}/changes",
    response_model=ChangeDrafted,
    status_code=201,
    summary="Draft a change of one day's shares",
)
async def draft(order_id: PathId, ask: ChangeAsk, at: At, ticket: Ticket) -> ChangeDrafted:
    """Operations alone, on the trade date, in writing. Nothing moves before compliance confirms."""
    shares = {OrderId(name): quantity for name, quantity in ask.shares.items()}
    change, recorded = await at.approval.blocks.draft_change(
        ticket, OrderId(order_id), ask.trade_date, ask.revision, shares, ask.reason
    )
    return ChangeDrafted(seq=recorded.seq, change_id=change)


@router.post(
    "/v1/blocks/{order_id}/changes/{change_id}/confirm",
    response_model=Written,
    summary="Confirm a change of one day's shares",
)
async def confirm(order_id: PathId, change_id: PathId, ask: NothingMore, at: At, ticket: Ticket) -> Written:
    """Compliance alone. What is booked is corrected by the worker."""
    recorded = await at.approval.blocks.confirm_change(ticket, OrderId(order_id), change_id)
    return Written(seq=recorded.seq)


@router.post(
    "/v1/blocks/{order_id}/changes/{change_id}/review",
    response_model=Written,
    summary="Look at a change of shares that a bust or a correction has overtaken",
)
async def review(order_id: PathId, change_id: PathId, ask: ReviewAsk, at: At, ticket: Ticket) -> Written:
    """Compliance alone, in writing. The day stays shared by the rule; another change of it may be drafted."""
    recorded = await at.approval.blocks.review_change(ticket, OrderId(order_id), change_id, ask.reason)
    return Written(seq=recorded.seq)


@router.get("/v1/allocation-rule", response_model=tuple[RuleTold, ...], summary="The rule of sharing")
async def rules(at: At, ticket: Ticket) -> tuple[RuleTold, ...]:
    """Every version, newest first. Without any, shares go pro rata."""
    return tuple(
        RuleTold(
            version=one.version,
            method=one.method,
            reason=one.reason,
            proposed_by=one.proposed_by,
            confirmed_by=one.confirmed_by,
        )
        for one in await at.approval.blocks.rules(ticket)
    )


@router.post(
    "/v1/allocation-rule", response_model=RuleProposed, status_code=201, summary="Propose a rule of sharing"
)
async def propose(ask: RuleAsk, at: At, ticket: Ticket) -> RuleProposed:
    """A principal or compliance, with a written reason; another of them confirms it."""
    version, recorded = await at.approval.blocks.propose_rule(ticket, ask.method, ask.reason)
    return RuleProposed(seq=recorded.seq, version=version)


@router.post("/v1/allocation-rule/confirm", response_model=Written, summary="Confirm a rule of sharing")
async def confirm_rule(ask: RuleConfirm, at: At, ticket: Ticket) -> Written:
    """It holds for blocks that are formed from now on."""
    recorded = await at.approval.blocks.confirm_rule(ticket, ask.version, ask.method)
    return Written(seq=recorded.seq)


@router.get(
    "/v1/orders/{order_id}/trades",
    response_model=tuple[TradeTold, ...],
    summary="An order's trades, as they settle",
)
async def trades(order_id: PathId, at: At, ticket: Ticket) -> tuple[TradeTold, ...]:
    """By trade date; of a block, those of its orders."""
    return tuple(
        TradeTold(
            order_id=one.order,
            trade_date=one.trade_date,
            account_id=one.account,
            symbol=one.symbol,
            side=one.side,
            quantity=one.quantity,
            settles_on=one.settles_on,
            status=one.status,
            custodian=one.custodian,
            passed_to=one.passed_to,
        )
        for one in await at.approval.blocks.trades(ticket, OrderId(order_id))
    )


@router.post(
    "/v1/orders/{order_id}/trades/{trade_date}/{way}",
    response_model=Written,
    summary="Step a confirmed trade out, or give it up",
)
async def pass_on(
    order_id: PathId,
    trade_date: Annotated[str, Path(pattern=DAY)],
    way: Literal["step-out", "give-up"],
    ask: PassOn,
    at: At,
    ticket: Ticket,
) -> Written:
    """Operations alone: another broker settles it, at the account's own custodian."""
    recorded = await at.approval.blocks.pass_on(
        ticket, OrderId(order_id), trade_date, way, ask.broker, ask.custodian
    )
    return Written(seq=recorded.seq)


def _told(line: BlockLine, people: Mapping[PersonId, str]) -> BlockTold:
    named = {p for one in line.changes for p in (one.drafted_by, one.confirmed_by, one.reviewed_by) if p}
    return BlockTold(
        order_id=line.order,
        block_id=line.block,
        batch_id=line.batch,
        method=line.method,
        custodian=line.custodian,
        symbol=line.symbol,
        side=line.side,
        limit_price=line.limit_price,
        quantity=line.quantity,
        filled=line.filled,
        status=line.status,
        orders=tuple(
            PartTold(
                order_id=part.order,
                account_id=part.account,
                quantity=part.quantity,
                filled=part.filled,
                parted=part.parted,
            )
            for part in line.parts
        ),
        allocations=tuple(_allocation(one) for one in line.allocations),
        changes=tuple(_change(one) for one in line.changes),
        needs_compliance=any(one.state in FOR_COMPLIANCE for one in line.changes),
        people={person: people[person] for person in named if person in people},
    )


def _allocation(line: AllocationLine) -> AllocationTold:
    return AllocationTold(
        trade_date=line.trade_date,
        revision=line.revision,
        quantity=line.quantity,
        average_price=line.average_price,
        dollars=line.dollars,
        fees=line.fees,
        shares=tuple(
            ShareTold(order_id=one.order, quantity=one.quantity, dollars=one.dollars, fee=one.fee)
            for one in line.shares
        ),
    )


def _change(line: ChangeLine) -> ChangeTold:
    return ChangeTold(
        change_id=line.change,
        trade_date=line.trade_date,
        revision=line.revision,
        shares=dict(line.parts),
        reason=line.reason,
        drafted_by=line.drafted_by,
        confirmed_by=line.confirmed_by,
        state=line.state,
        review=line.review,
        reviewed_by=line.reviewed_by,
    )
