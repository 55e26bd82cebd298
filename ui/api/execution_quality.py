"""How well orders were executed: one order's evidence, and a month or a quarter by venue and symbol.

Rule 1: figures are the core's, from the record; one sees those of one's own book.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from core.best_execution.showing import Choice as Chosen
from core.best_execution.showing import Quality, period_of
from core.ids import OrderId
from core.routing.evidence import Beside, Candidate, Ranked
from core.routing.quality import Loser
from core.routing.review import IS_NOT, Line, Shadow
from core.routing.score import Cost, Score
from ui.api.doors import At, Ticket
from ui.api.fields import Amount, PathId, Told

router = APIRouter(tags=["execution quality"])


class VenueQuote(Told):
    """What a venue showed when it was asked. `synthetic`: it is simulated."""

    bid: Amount
    ask: Amount
    bid_size: Amount
    ask_size: Amount
    taken_at: datetime
    synthetic: bool


class VenueWeighed(Told):
    """A venue as it was weighed: `cost` in dollars by part, `score` by part from 0 to 1 and `whole` to 100.
    Empty where it was filtered; `says` has the reason. `over_chosen` is dollars more than at the chosen."""

    venue: str
    quote: VenueQuote | None
    expected_cost: Amount | None
    total_cost: Amount | None
    over_chosen: Amount | None
    cost: dict[str, Amount]
    score: dict[str, Amount]
    says: str


class DecidedBeside(Told):
    """What decided beside the live rules. `saves` is dollars of expected cost by the live rules' measure."""

    what: str
    rules: str
    venue: str | None
    differs: bool
    saves: Amount | None


class Choice(Told):
    """One choice of a venue, by the version of the rules that made it."""

    seq: int
    recorded_at: datetime
    venue: str
    version: int
    rules: str
    bid: Amount
    ask: Amount
    venues: tuple[VenueWeighed, ...]
    beside: tuple[DecidedBeside, ...]


class LoserTold(Told):
    """A venue that was not chosen, and what the order would have cost there, in dollars."""

    venue: str
    says: str
    expected_cost: Amount | None
    over_chosen: Amount | None
    over_actual: Amount | None


class OverTime(Told):
    """The order over time that it is a part of. `benchmark`: the mean of the arrival prices of the parts that
    are `out`; `over_bps`: by how much the average price is worse, in basis points."""

    parts: int
    out: int
    quantity: Amount
    executed: Amount
    benchmark: Amount
    average_price: Amount | None
    over_bps: Amount | None


class OrderExecution(Told):
    """One order against its arrival price: the middle of the best quotes when it was first routed.

    Dollars, and dollars per share. `shortfall` is the implementation shortfall of the executed shares, fees
    included; positive costs the client. What is not executed is not measured.
    """

    order_id: str
    symbol: str
    side: str
    arrival_price: Amount
    quoted_spread: Amount
    marketable: bool
    quantity: Amount
    executed: Amount
    average_price: Amount | None
    fees: Amount
    price_cost: Amount | None
    shortfall: Amount | None
    shortfall_bps: Amount | None
    effective_spread: Amount | None
    price_improvement: Amount | None
    shares_improved: Amount
    shares_at_quote: Amount
    shares_outside: Amount
    waited_ms: int | None
    over_time: OverTime | None
    losers: tuple[LoserTold, ...]
    choices: tuple[Choice, ...]
    seqs: tuple[int, ...]


class ReviewLine(Told):
    """One venue, symbol and kind of order of one month. Means are by executed shares."""

    month: str
    venue: str
    symbol: str
    kind: str
    orders: int
    orders_of_month: Amount
    ordered: Amount
    executed: Amount
    shares_improved: Amount
    shares_at_quote: Amount
    shares_outside: Amount
    improvement: Amount
    fees: Amount
    shortfall: Amount
    shortfall_bps: Amount | None
    quoted_spread: Amount | None
    effective_spread: Amount | None
    waited_ms: int | None
    over_next: Amount


class ShadowLine(Told):
    """What decided beside the live rules in the period."""

    what: str
    rules: str
    asked: int
    differed: int
    saves: Amount


class Reviewed(Told):
    """`is_not` says what these figures are not."""

    period: str
    first: date
    last: date
    lines: tuple[ReviewLine, ...]
    shadows: tuple[ShadowLine, ...]
    is_not: str


@router.get(
    "/v1/orders/{order_id}/execution-quality",
    response_model=OrderExecution,
    summary="How well one order was executed, and what the others would have cost",
)
async def of_order(order_id: PathId, at: At, ticket: Ticket) -> OrderExecution:
    """The best-execution record: quotes seen, every score, each loser's cost, slippage against arrival."""
    return _told(order_id, await at.intake.quality.of(ticket, OrderId(order_id)))


@router.get(
    "/v1/execution-quality", response_model=Reviewed, summary="A month or a quarter, by venue and symbol"
)
async def reviewed(
    at: At, ticket: Ticket, period: Annotated[str, Query(max_length=10, description="2022-12 or 2022-Q4")]
) -> Reviewed:
    """For the firm's own review of its venues. What it is not, it says."""
    asked = period_of(period)
    found = await at.intake.quality.over(ticket, asked)
    return Reviewed(
        period=asked.name,
        first=asked.first,
        last=asked.last,
        lines=tuple(_line(one) for one in found.lines),
        shadows=tuple(_shadow(one) for one in found.shadows),
        is_not=IS_NOT,
    )


def _told(order: str, found: Quality) -> OrderExecution:
    asked, of = found.choices[-1].evidence.asked, found.measured
    return OrderExecution(
        order_id=order,
        symbol=asked.symbol,
        side=asked.side,
        arrival_price=of.arrival,
        quoted_spread=of.quoted_spread,
        marketable=of.marketable,
        quantity=of.quantity,
        executed=of.executed,
        average_price=of.average_price,
        fees=of.fees,
        price_cost=of.price_cost,
        shortfall=of.shortfall,
        shortfall_bps=of.shortfall_bps,
        effective_spread=of.effective_spread,
        price_improvement=of.improvement,
        shares_improved=of.shares_improved,
        shares_at_quote=of.shares_at_quote,
        shares_outside=of.shares_outside,
        waited_ms=of.waited_ms,
        over_time=None if found.whole is None else OverTime(**asdict(found.whole)),
        losers=tuple(_loser(one) for one in of.losers),
        choices=tuple(_choice(one) for one in found.choices),
        seqs=(*(one.seq for one in found.choices), *found.fills),
    )


def _loser(one: Loser) -> LoserTold:
    return LoserTold(
        venue=one.venue,
        says=one.says,
        expected_cost=one.expected,
        over_chosen=one.over_chosen,
        over_actual=one.over_actual,
    )


def _choice(one: Chosen) -> Choice:
    evidence = one.evidence
    seen = {candidate.venue: candidate for candidate in evidence.candidates}
    return Choice(
        seq=one.seq,
        recorded_at=one.recorded_at,
        venue=evidence.venue,
        version=evidence.version,
        rules=evidence.rules,
        bid=evidence.bid,
        ask=evidence.ask,
        venues=tuple(_weighed(each, seen[each.venue]) for each in evidence.ranked),
        beside=tuple(_beside(each) for each in evidence.beside),
    )


def _weighed(each: Ranked, seen: Candidate) -> VenueWeighed:
    quote = seen.quote
    return VenueWeighed(
        venue=each.venue,
        quote=None
        if quote is None
        else VenueQuote(
            bid=quote.bid,
            ask=quote.ask,
            bid_size=quote.bid_size,
            ask_size=quote.ask_size,
            taken_at=quote.taken_at,
            synthetic=quote.synthetic,
        ),
        expected_cost=each.expected,
        total_cost=each.total,
        over_chosen=each.over_chosen,
        cost=dict(zip(Cost._fields, each.cost, strict=False)),
        score=dict(zip(Score._fields, each.score, strict=False)),
        says=each.says,
    )


def _beside(one: Beside) -> DecidedBeside:
    return DecidedBeside(
        what=one.what, rules=one.digest, venue=one.venue, differs=one.differs, saves=one.saves
    )


def _line(one: Line) -> ReviewLine:
    return ReviewLine(**{name: getattr(one, name) for name in ReviewLine.model_fields})


def _shadow(one: Shadow) -> ShadowLine:
    return ShadowLine(what=one.what, rules=one.rules, asked=one.asked, differed=one.differed, saves=one.saves)
