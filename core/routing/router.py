"""Which venue gets the order: filter first, then rank by total cost, and say why the others lost. Pure.

Rule 1: a venue that fails a filter is never ranked, however cheap it is.
Rule 2: same inputs, same answer: equal totals go to the higher score, then to the quicker venue, then to the
    first name.
Rule 3: no venue left is an answer. The order then waits; it never goes to a venue that was filtered.
Rule 4: `rank` reads nothing but candidates and rules, so a recorded routing is made again from its evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from operator import attrgetter
from typing import Final, NamedTuple

from core.ids import VenueName
from core.money import to_cents
from core.orders.events import RouteScore, Side
from core.orders.released import ReleasedOrder
from core.routing.evidence import Asked, Beside, Candidate, Evidence, QuoteSeen, Ranked
from core.routing.rules import InForce, Rules
from core.routing.score import Cost, Score, cost, score, standing
from core.routing.tally import NOTHING, STEP, Quality, Seen
from core.shapes import worked_out
from core.venues.venue import Capabilities, Quote

HUNDREDTH: Final = Decimal("0.01")
BESIDE: Final = "it decides beside the others until two people let it take part"
WORDS: Final = {
    "price": "price",
    "slippage": "slippage",
    "fees": "fees",
    "custodian": "custodian's fees",
    "improvement": "price improvement",
    "unfilled": "likelihood of execution",
    "latency": "speed",
    "failures": "failures",
    "load": "load",
}
"""Of the parts of a cost, in their order."""


_SCORE: Final = worked_out(RouteScore)


@dataclass(frozen=True, slots=True)
class VenueView:
    """One venue as it stands at the moment of routing. `answering`: we may send to it now. `wait`: how long
    an order would stand in line there."""

    name: VenueName
    capabilities: Capabilities
    quote: Quote | None
    open: bool
    answering: bool
    seen: Seen
    wait: timedelta = timedelta(0)
    here: Quality = NOTHING
    overall: Quality = NOTHING


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the account's custodian allows and charges, and where trading is stopped now."""

    permitted: Collection[VenueName]
    stopped: Collection[VenueName]
    ticket_fee: Decimal


@dataclass(frozen=True, slots=True)
class Routing:
    """`venue` None: no venue may have it now, and there is no evidence. `ranked` has every venue, the best
    first."""

    venue: VenueName | None
    ranked: tuple[Ranked, ...]
    evidence: Evidence | None

    @property
    def quote(self) -> QuoteSeen | None:
        """What the chosen venue showed."""
        seen = self.evidence.candidates if self.evidence is not None else ()
        return next((one.quote for one in seen if one.venue == self.venue), None)

    @property
    def scores(self) -> tuple[RouteScore, ...]:
        """What is shown of it to everybody."""
        return tuple(
            _SCORE(
                venue=one.venue,
                score=one.score[-1].quantize(HUNDREDTH, ROUND_HALF_EVEN) if one.score else None,
                expected_cost=None if one.expected is None else to_cents(one.expected),
                says=one.says,
            )
            for one in self.ranked
        )


class _Weighed(NamedTuple):
    one: Candidate
    cost: Cost
    score: Score
    expected: Decimal
    total: Decimal

    @property
    def key(self) -> tuple[object, ...]:
        return self.total, -self.score.whole, self.one.latency, self.one.venue


def route(order: ReleasedOrder, views: Sequence[VenueView], grounds: Grounds, in_force: InForce) -> Routing:
    """Choose a venue by the version in force; what decides beside it is asked too, and changes nothing."""
    asked = Asked(
        order=order.id,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        order_type=order.order_type,
        limit_price=order.limit_price,
        time_in_force=order.time_in_force,
        custodian=order.custodian,
        ticket_fee=grounds.ticket_fee,
    )
    candidates = tuple(
        sorted((_candidate(asked, view, grounds) for view in views), key=lambda one: one.venue)
    )
    ranked = rank(asked, candidates, in_force.rules)
    venue = chosen(ranked)
    if venue is None:
        return Routing(None, ranked, None)
    quotes = [one.quote for one in candidates if one.quote is not None]
    evidence = Evidence(
        asked=asked,
        bid=max(quote.bid for quote in quotes),
        ask=min(quote.ask for quote in quotes),
        venue=venue,
        version=in_force.rules.version,
        rules=in_force.rules.digest,
        candidates=candidates,
        ranked=ranked,
        beside=tuple(_beside(asked, candidates, ranked, in_force)),
    )
    return Routing(venue, ranked, evidence)


def rank(asked: Asked, candidates: Sequence[Candidate], rules: Rules) -> tuple[Ranked, ...]:
    """Every venue by these rules, the best first, the filtered ones last."""
    weighed, out = _weighed(asked, candidates, rules)
    filtered = (_filtered(name, out[name]) for name in sorted(out))
    return (*(_told(each, weighed[0]) for each in weighed), *filtered)


def _weighed(
    asked: Asked, candidates: Sequence[Candidate], rules: Rules, *, also_beside: bool = False
) -> tuple[list[_Weighed], dict[VenueName, str]]:
    """Those that may have it, the best first, and why each other may not. `also_beside` lets those take part
    that only decide beside."""
    quotes = [one.quote for one in candidates if one.quote is not None]
    out: dict[VenueName, str] = {}
    weighed: list[_Weighed] = []
    fair = middle(quotes) if quotes else Decimal(0)
    for one in candidates:
        why = one.out or _why_not_by(asked, one, rules, also_beside=also_beside)
        if why is not None or one.quote is None:
            out[one.venue] = why or f"it quotes no price for {asked.symbol}"
            continue
        known = standing(asked, one, one.quote, rules.weights)
        found = cost(asked, one, one.quote, known, fair=fair, rules=rules)
        of_score = score(asked, one, one.quote, known, fair=fair, found=found, rules=rules)
        weighed.append(_Weighed(one, found, of_score, found.expected, found.total))
    weighed.sort(key=_KEY)
    return weighed, out


_KEY: Final = attrgetter("key")


def chosen(ranked: Sequence[Ranked]) -> VenueName | None:
    """The best, where any was not filtered."""
    return ranked[0].venue if ranked and ranked[0].total is not None else None


def middle(quotes: Sequence[QuoteSeen]) -> Decimal:
    """Between the best bid and the best offer of all venues, in dollars per share. `quotes` is not empty."""
    return (max(quote.bid for quote in quotes) + min(quote.ask for quote in quotes)) / 2


def why_not(asked: Asked, view: VenueView, grounds: Grounds) -> str | None:
    """Why the venue may not have the order, whatever the rules weigh; None where it may."""
    can = view.capabilities
    if view.name in grounds.stopped:
        return "trading is stopped at it"
    if view.name not in grounds.permitted:
        return f"the custodian {asked.custodian} does not settle with it"
    if asked.symbol not in can.symbols:
        return f"it does not list {asked.symbol}"
    if asked.order_type not in can.order_types:
        return f"it takes no {asked.order_type} orders"
    if asked.time_in_force not in can.times_in_force:
        return f"it does not take time in force {asked.time_in_force}"
    if asked.quantity % 1 and not can.fractional_shares:
        return "it takes no fractional shares"
    if not view.answering:
        return "it is not answering"
    if not view.open:
        return "it is closed"
    if view.quote is None:
        return f"it quotes no price for {asked.symbol}"
    if not sound(view.quote):
        return f"what it quotes for {asked.symbol} cannot be right"
    return None


def sound(quote: Quote) -> bool:
    """Whether it can be a quote at all: what is crossed or below nothing measures no other venue."""
    return 0 < quote.bid <= quote.ask and quote.bid_size > 0 and quote.ask_size > 0


def _candidate(asked: Asked, view: VenueView, grounds: Grounds) -> Candidate:
    quote = view.quote if view.open and view.quote is not None and sound(view.quote) else None
    return Candidate(
        venue=view.name,
        out=why_not(asked, view, grounds),
        quote=None
        if quote is None
        else QuoteSeen(
            bid=quote.bid,
            ask=quote.ask,
            bid_size=quote.bid_size,
            ask_size=quote.ask_size,
            session=quote.session,
            taken_at=quote.taken_at,
            synthetic=quote.synthetic,
        ),
        fees=view.capabilities.fees,
        latency=view.capabilities.latency + view.wait,
        seen=view.seen,
        here=view.here,
        overall=view.overall,
    )


def _why_not_by(asked: Asked, one: Candidate, rules: Rules, *, also_beside: bool) -> str | None:
    """Why these rules keep the order from it: it only decides beside, or shows too little for the size."""
    if one.venue in rules.beside and not also_beside:
        return BESIDE
    if one.quote is None:
        return None
    shown = one.quote.ask_size if asked.side is Side.BUY else one.quote.bid_size
    if asked.quantity > shown * rules.weights.most_of_size:
        return f"it shows {shown} shares, too few for {asked.quantity}"
    return None


def _beside(
    asked: Asked, candidates: Sequence[Candidate], live: Sequence[Ranked], in_force: InForce
) -> list[Beside]:
    """What else would have been done, of whatever decides beside the live rules."""
    found: list[Beside] = []
    rules, waiting, now = in_force.rules, in_force.waiting, live[0]
    if any(one.venue in rules.beside for one in candidates):
        weighed, _ = _weighed(asked, candidates, rules, also_beside=True)
        found.append(_compared("venues", rules, weighed, now, _step(weighed[0].expected)))
    if waiting is not None:
        weighed, _ = _weighed(asked, candidates, waiting)
        venue = weighed[0].one.venue if weighed else None
        there = next((one.expected for one in live if one.venue == venue), None)
        found.append(_compared("rules", waiting, weighed, now, there))
    return found


def _compared(
    what: str, rules: Rules, weighed: Sequence[_Weighed], now: Ranked, there: Decimal | None
) -> Beside:
    """`there` is the expected cost at the venue that it would choose, by the live rules' measure."""
    venue = weighed[0].one.venue if weighed else None
    saves = None if there is None or now.expected is None else now.expected - there
    return Beside(what, rules.digest, venue, venue != now.venue, saves)


def _filtered(venue: VenueName, says: str) -> Ranked:
    return Ranked(venue, says, expected=None, total=None, over_chosen=None, cost=(), score=())


def _told(each: _Weighed, best: _Weighed) -> Ranked:
    return Ranked(
        venue=each.one.venue,
        says=_won(each) if each is best else _lost(each, best),
        expected=_step(each.expected),
        total=_step(each.total),
        over_chosen=_step(each.expected - best.expected),
        cost=tuple([_step(part) for part in each.cost]),
        score=tuple([_step(part) for part in each.score]),
    )


def _step(number: Decimal) -> Decimal:
    return number.quantize(STEP, ROUND_HALF_EVEN)


def _won(best: _Weighed) -> str:
    return f"lowest total cost: ${to_cents(best.expected)} expected"


def _lost(each: _Weighed, best: _Weighed) -> str:
    """By how much it lost, and the parts that made the difference, the largest first."""
    total = each.total - best.total
    if not total:
        return "equal in total cost, and lower in score, slower or later by name"
    pairs = zip(WORDS, each.cost, best.cost, strict=True)
    more = [(to_cents(here - there), name) for name, here, there in pairs if here > there]
    worse = sorted((-cents, name) for cents, name in more if cents > 0)
    parts = ", ".join(f"{WORDS[name]} ${-cents} more" for cents, name in worse)
    return f"${to_cents(total)} worse in total" + (f": {parts}" if parts else "")
