"""Orders that come in directly: one, many, and how they stand.

Rule 1: a person's own order is drafted and assessed in one append and submitted in the next; a program's
    waits for its advisor. The answer is given when it is durable.
Rule 2: the same `client_order_id` with the same order gets the first answer for ever. Where a process died
    between the two appends, the repeat makes the second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter
from msgspec import Meta

from core.direct.askers import KEY_BEGINS
from core.direct.orders import BLOCKED, Asked, Placed
from core.errors import BadInput, GatehouseError, NotFound, RuleBroken
from core.ids import AccountId, OrderId, PersonId, Symbol
from core.ledger.envelope import written
from core.orders.events import Finding, OrderType, Side
from core.orders.rationale import Said, Solicitation
from ui.api.bare import Bare, Called, decoded, documented
from ui.api.doors import Doors
from ui.api.problems import problem_of

router = APIRouter(tags=["orders"], route_class=Bare)

END: Final = r"$(?!\n)"
Id = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._:/-]{{0,79}}{END}")]
Amount = Annotated[
    str, Meta(pattern=rf"^[0-9]{{1,12}}(\.[0-9]{{1,6}})?{END}", description="written as '12.50'")
]
OrderName = Annotated[str, Meta(pattern=rf"^gh-[0-9a-f]{{24}}{END}", description="an order's id")]
Ticker = Annotated[str, Meta(pattern=rf"^[A-Z0-9.]{{1,24}}{END}")]
ClientOrder = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9][A-Za-z0-9._:-]{{0,63}}{END}",
        description="the caller's own, one for each order; the same one gets the first answer",
    ),
]


class PlaceOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` is shares, `limit_price` dollars a share, which a limit order has and no other. `solicited`
    is what whoever submits it says of it: a program's is said by its advisor, later.

    `replaces` is a live order of the same account, symbol and side: this one takes its place once people have
    decided, with `quantity` shares beyond what that one has executed now. `session` is next for an order that
    is for the next session: it lapses at that session's close.
    """

    account_id: Id
    symbol: Ticker
    side: Literal["buy", "sell"]
    quantity: Amount
    order_type: Literal["market", "limit"]
    time_in_force: Literal["day"]
    advisor_id: Id
    client_order_id: ClientOrder
    limit_price: Amount | None = None
    solicited: Solicitation | None = None
    replaces: OrderName | None = None
    session: Literal["this", "next"] = "this"


class PlaceOrders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each is an order of its own, and gets an answer of its own."""

    orders: Annotated[tuple[PlaceOrder, ...], Meta(min_length=1, max_length=100)]


class RiskDecision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One policy's answer; figures where it does not simply pass."""

    policy: str
    result: str
    says: str = ""
    observed: str | None = None
    limit: str | None = None
    headroom: str | None = None
    unit: str = ""


class PlacedOrder(msgspec.Struct, frozen=True):
    """`status` is HELD, for people decide next, or BLOCKED, where a policy denies it.

    `waits_for` is advisor, principal or nobody. An advisor submits `digest`, with a written reason for each
    policy of `needs_reasons`. `says` is why it was not submitted at once, where it was not.
    """

    order_id: str
    status: str
    accepted_at: str
    trace_id: str
    risk_decisions: tuple[RiskDecision, ...]
    client_order_id: str
    proposal_id: str
    digest: str | None
    waits_for: str
    needs_reasons: tuple[str, ...]
    says: str


class OneOfMany(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to one order of a batch: `placed`, or the problem that it met."""

    client_order_id: str
    placed: PlacedOrder | None = None
    problem: dict[str, Any] | None = None


class PlacedOrders(msgspec.Struct, frozen=True):
    """In the order of the request."""

    orders: tuple[OneOfMany, ...]


_one: Final = msgspec.json.Decoder(PlaceOrder)
_many: Final = msgspec.json.Decoder(PlaceOrders)
_encode: Final = msgspec.json.Encoder().encode


@router.post("/v1/orders", summary="Place an order", **documented(PlaceOrder, PlacedOrder, status=201))
async def place(called: Called) -> tuple[int, bytes]:
    """Every policy is asked, and the answer is durable. The same client_order_id gets the first answer."""
    ticket, asked = called.ticket, decoded(_one, called.body)
    return 201, _encode(await _placed(called.doors, ticket, asked))


@router.post(
    "/v1/orders/batch", summary="Place many orders", **documented(PlaceOrders, PlacedOrders, status=200)
)
async def place_many(called: Called) -> tuple[int, bytes]:
    """Up to a hundred, each as if it had come alone: one that is refused stops no other."""
    ticket, asked = called.ticket, decoded(_many, called.body)
    await called.doors.intake.direct.askers.of(ticket)  # one refusal, where nobody may place anything
    said = await asyncio.gather(*(_one_of_many(called.doors, ticket, one) for one in asked.orders))
    return 200, _encode(PlacedOrders(tuple(said)))


async def _one_of_many(doors: Doors, ticket: str, asked: PlaceOrder) -> OneOfMany:
    try:
        return OneOfMany(asked.client_order_id, placed=await _placed(doors, ticket, asked))
    except GatehouseError as no:
        problem = problem_of(no, instance="/v1/orders/batch")
        return OneOfMany(asked.client_order_id, problem=problem.model_dump(mode="json", exclude_none=True))


async def _placed(doors: Doors, ticket: str, ask: PlaceOrder) -> PlacedOrder:
    placed = await doors.intake.direct.place(ticket, asked_of(ask))
    says = ""
    submitted = placed.submitted
    if placed.status != BLOCKED and not submitted and not ticket.startswith(KEY_BEGINS):
        submitted, says = await _submitted(doors, ticket, placed, Said(ask.solicited))
    return told(ask.client_order_id, placed, submitted=submitted, says=says)


async def _submitted(doors: Doors, ticket: str, placed: Placed, said: Said) -> tuple[bool, str]:
    """Her own order is hers at once, unless it needs her reasons or is not allowed any more."""
    if placed.needs_reasons or placed.digest is None:
        return False, "write a reason for each finding, and submit it"
    try:
        await doors.approval.submit(ticket, placed.proposal, placed.digest, {}, said)
    except NotFound:
        raise
    except RuleBroken as no:
        return False, f"it was not submitted: {no.says}"
    return True, ""


def asked_of(ask: PlaceOrder) -> Asked:
    """The order in core's words.

    Raises:
        BadInput: no shares, or a limit order without its price, or another with one.
    """
    quantity = Decimal(ask.quantity)
    limit = None if ask.limit_price is None else Decimal(ask.limit_price)
    if not quantity:
        raise BadInput("quantity is zero", fix="ask for at least one share", field="quantity")
    if (ask.order_type == "limit") != bool(limit):
        raise BadInput(
            "a limit order, and no other, has a limit price above zero",
            fix="add or remove limit_price",
            field="limit_price",
        )
    if ask.replaces is not None and ask.session == "next":
        raise BadInput(
            "a live order ends with this session",
            fix="replace it in this session, or place an order of its own for the next one",
            field="session",
        )
    return Asked(
        client_order=ask.client_order_id,
        account=AccountId(ask.account_id),
        advisor=PersonId(ask.advisor_id),
        symbol=Symbol(ask.symbol),
        side=Side(ask.side),
        quantity=quantity,
        order_type=OrderType(ask.order_type),
        limit_price=limit,
        replaces=None if ask.replaces is None else OrderId(ask.replaces),
        next_session=ask.session == "next",
    )


def told(client_order: str, placed: Placed, *, submitted: bool, says: str) -> PlacedOrder:
    waits_for = "nobody" if placed.status == BLOCKED else "principal" if submitted else "advisor"
    return PlacedOrder(
        order_id=placed.order,
        status=placed.status,
        accepted_at=written(placed.accepted_at),
        trace_id=placed.trace,
        risk_decisions=decisions(placed.told),
        client_order_id=client_order,
        proposal_id=placed.proposal,
        digest=placed.digest,
        waits_for=waits_for,
        needs_reasons=() if submitted else placed.needs_reasons,
        says=says,
    )


def decisions(told: Sequence[Finding]) -> tuple[RiskDecision, ...]:
    """Every policy's answer: a pass in one word, anything else in numbers. Passes may stand in one line."""
    if len(told) == 1 and told[0].result == "pass":
        return _passes(told[0].policy)  # the same tuple for all of whom the same is said
    found: list[RiskDecision] = []
    for f in told:
        if f.result == "pass":
            found += _passes(f.policy)
        else:
            numbers = _plain(f.observed), _plain(f.limit), _plain(f.headroom)
            found.append(RiskDecision(f.policy, f.result, f.says, *numbers, f.unit))
    return tuple(found)


@lru_cache(maxsize=256)
def _passes(policies: str) -> tuple[RiskDecision, ...]:
    return tuple(RiskDecision(policy, "pass") for policy in policies.split(" "))


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


SHORTCUTS: Final = {route.path: route for route in router.routes if isinstance(route, Bare)}
