"""What must hold after a run, asked of the venues' own ledgers and of the record, and of nothing that a
worker believed.

Rule 1: lost is what a venue did or people released and the record has no end of; a duplicate is what a venue
    did twice, or the record counts twice. Everything else that does not hold is a break.
Rule 2: the books begin where the run began; what they come to is worked out from the venues' ledgers alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import DictRow

from core.ids import OrderId
from core.money import to_cents
from core.orders.events import Side
from core.orders.released import ReleasedOrder
from core.orders.status import ENDED
from core.venues.simulated.ledger import Line
from evals.simulate.places import Place

Ledgers = Mapping[str, Sequence[Line]]
Figures = tuple[Decimal, Decimal, Decimal]  # shares, price, fee
NAMED_AT_MOST: Final = 5
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Said:
    breaks: tuple[str, ...]
    lost: tuple[str, ...]
    duplicates: tuple[str, ...]
    counted: dict[str, int]


@dataclass(slots=True)
class Watched:
    """What is seen while a run goes on."""

    before: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)
    against: list[str] = field(default_factory=list)
    begun_at: int = 0  # the entry before the run's first

    def begin(self, superuser: Connection[DictRow]) -> None:
        self.before = _books(superuser)
        self.begun_at = superuser.execute("select seq from gatehouse.head").fetchall()[0]["seq"]

    def halted(self, scope: str) -> None:
        self.standing.add(scope)

    def resumed(self, scope: str) -> None:
        self.standing.discard(scope)

    def begins(self, venue: str, order: str | None) -> None:
        """A worker takes the first step of a send, now."""
        for scope in sorted(self.standing & {"all", f"venue:{venue}"}):
            self.against.append(f"order {order} was sent to {venue} while {scope} was halted")

    def is_over(self, superuser: Connection[DictRow], places: Sequence[Place], orders: int) -> bool:
        """Whether every order was released and has ended, the day is closed, and the books have come as far
        as the venues' own. What never comes that far is what the checks find."""
        row = superuser.execute(_OVER).fetchone()
        if row is None or not row["closed"] or not row["ended"] == row["released"] == orders:
            return False
        booked = row["executions"] + row["changes"]
        return bool(booked == sum(place.done for place in places) and row["folded"] >= row["last"])


_OVER: Final = """
select count(*) as released, count(*) filter (where l.ended) as ended,
       (select m.state = 'closed' from gatehouse.market_day m) as closed,
       (select count(*) from gatehouse.execution) as executions,
       (select count(*) from gatehouse.execution x where x.revision > 0) as changes,
       (select max(j.seq) from gatehouse.journal j where j.stream like 'order/%') as last,
       (select f.as_of_seq from gatehouse.follower f where f.name = 'book') as folded
from gatehouse.leg l where l.released_seq is not null
"""
_BOOKS: Final = """
select 'law' as book, account, symbol, held as amount from gatehouse.holding
union all select 'law lots', account, symbol, sum(held) from gatehouse.lot_holding group by 2, 3
union all select 'positions', account, symbol, quantity from gatehouse.position
union all select 'cash', account, 'cash', settled + unsettled + held from gatehouse.cash
"""
_FILLS: Final = "select order_id, execution, quantity, price, fee, busted from gatehouse.execution"
_FACTS: Final = """
select event_type, text::jsonb->'payload' as said from gatehouse.journal
where event_type in ('OrderReleased', 'OrderSent', 'OrderFilled') order by seq
"""
_STATES: Final = "select order_id, status from gatehouse.order_state"
_KINDS: Final = """
select event_type || coalesce(' ' || (text::jsonb->'payload'->>'code'), '') as kind, count(*) as times
from gatehouse.journal where seq > %(after)s group by 1 order by 1
"""


def checked(
    superuser: Connection[DictRow], watched: Watched, ledgers: Ledgers, orders: Sequence[ReleasedOrder]
) -> Said:
    """Everything that did not hold, in sentences."""
    ours = {order.id: order for order in orders}
    facts = superuser.execute(_FACTS).fetchall()
    theirs = executions(ledgers)
    booked = _booked(superuser)
    lost = [*_unended(superuser, ours), *_unbooked(theirs, booked)]
    duplicates = [*_at_two_venues(ledgers), *_more_than_asked(theirs, ours), *_counted_twice(facts)]
    groups = (
        watched.against,
        _unasked(ledgers, facts),
        _not_theirs(theirs, booked),
        _wrong_books(watched.before, _books(superuser), theirs, ours),
    )
    breaks = tuple(says for group in groups for says in _few(group))
    kinds = superuser.execute(_KINDS, {"after": watched.begun_at}).fetchall()
    counted = {"executions": len(theirs), **{row["kind"]: row["times"] for row in kinds}}
    return Said(breaks, _few(lost), _few(duplicates), counted)


def executions(ledgers: Ledgers) -> dict[tuple[OrderId, str], Figures]:
    """What each execution stands at by its venue's own ledger; one that was taken back stands at nothing."""
    found: dict[tuple[OrderId, str], Figures] = {}
    for lines in ledgers.values():
        for line in lines:
            if line["kind"] in ("execution", "corrected"):
                found[OrderId(line["order"]), line["execution"]] = (
                    Decimal(line["quantity"]),
                    Decimal(line["price"]),
                    Decimal(line["fee"]),
                )
            elif line["kind"] == "busted":
                found[OrderId(line["order"]), line["execution"]] = (ZERO, ZERO, ZERO)
    return found


def _booked(superuser: Connection[DictRow]) -> dict[tuple[OrderId, str], Figures]:
    return {
        (OrderId(row["order_id"]), row["execution"]): (ZERO, ZERO, ZERO)
        if row["busted"]
        else (row["quantity"], row["price"], row["fee"])
        for row in superuser.execute(_FILLS).fetchall()
    }


def _unended(superuser: Connection[DictRow], ours: Mapping[OrderId, ReleasedOrder]) -> Iterable[str]:
    states = {row["order_id"]: row["status"] for row in superuser.execute(_STATES).fetchall()}
    for order in ours:
        status = states.get(order, "not released")
        if status not in ENDED:
            yield f"order {order} has no end: {status}"


def _unbooked(theirs: Mapping[Any, Figures], booked: Mapping[Any, Figures]) -> Iterable[str]:
    for order, execution in theirs.keys() - booked.keys():
        yield f"execution {execution} of order {order} is not in the record"


def _not_theirs(theirs: Mapping[Any, Figures], booked: Mapping[Any, Figures]) -> Iterable[str]:
    for named, figures in booked.items():
        if named not in theirs:
            yield f"the record has an execution {named[1]} of order {named[0]} that no venue has"
        elif figures != theirs[named]:
            yield f"execution {named[1]} stands at {_told(figures)}, at its venue at {_told(theirs[named])}"


def _at_two_venues(ledgers: Ledgers) -> Iterable[str]:
    places: dict[str, set[str]] = defaultdict(set)
    for venue, lines in ledgers.items():
        for line in lines:
            if line.get("verb") in ("send", "replace") and line["answer"]["answer"] == "accepted":
                places[line["order"]].add(venue)
            if line.get("verb") in ("send", "replace") and line["answer"]["answer"] == "id_taken":
                yield f"order {line['order']} came to {venue} with two bodies"
    for order, venues in places.items():
        if len(venues) > 1:
            yield f"order {order} is at {', '.join(sorted(venues))}"


def _more_than_asked(
    theirs: Mapping[tuple[OrderId, str], Figures], ours: Mapping[OrderId, ReleasedOrder]
) -> Iterable[str]:
    done: dict[OrderId, Decimal] = defaultdict(lambda: ZERO)
    for (order, _), (shares, _, _) in theirs.items():
        done[order] += shares
    for order, shares in done.items():
        if order in ours and shares > ours[order].quantity:
            yield f"order {order} was executed for {shares:f} shares, released for {ours[order].quantity:f}"


def _counted_twice(facts: Sequence[DictRow]) -> Iterable[str]:
    fills = Counter(
        (row["said"]["order"], row["said"]["execution"])
        for row in facts
        if row["event_type"] == "OrderFilled"
    )
    for (order, execution), times in fills.items():
        if times > 1:
            yield f"execution {execution} of order {order} is in the record {times} times"


def _unasked(ledgers: Ledgers, facts: Sequence[DictRow]) -> Iterable[str]:
    """What reached a venue without a release, or in other bytes than the intent says."""
    released = {row["said"]["order"] for row in facts if row["event_type"] == "OrderReleased"}
    intents = {
        (row["said"]["order"], row["said"]["venue"], row["said"]["body_digest"])
        for row in facts
        if row["event_type"] == "OrderSent"
    }
    for venue, lines in ledgers.items():
        for line in lines:
            if line.get("verb") not in ("send", "replace"):
                continue
            if line["order"] not in released:
                yield f"order {line['order']} reached {venue} without a release"
            elif (line["order"], venue, line["body_digest"]) not in intents:
                yield f"order {line['order']} reached {venue} without an intent for these bytes"


def _wrong_books(
    before: Mapping[tuple[str, str, str], Decimal],
    now: Mapping[tuple[str, str, str], Decimal],
    theirs: Mapping[tuple[OrderId, str], Figures],
    ours: Mapping[OrderId, ReleasedOrder],
) -> Iterable[str]:
    moved: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for (order, _), (shares, price, fee) in theirs.items():
        one, gross = ours.get(order), to_cents(shares * price)
        if one is not None:
            buys = one.side is Side.BUY
            moved[one.account, one.symbol] += shares if buys else -shares
            moved[one.account, "cash"] += -gross - fee if buys else gross - fee
    for book in ("law", "law lots", "positions", "cash"):
        for (account, symbol), change in moved.items():
            if (symbol == "cash") != (book == "cash") and book != "law":
                continue
            must = before.get((book, account, symbol), ZERO) + change
            has = now.get((book, account, symbol), ZERO)
            if has != must:
                yield f"{book}: {account} has {has:f} {symbol}, by the venues' executions {must:f}"


def _books(superuser: Connection[DictRow]) -> dict[tuple[str, str, str], Decimal]:
    return {
        (row["book"], row["account"], row["symbol"]): row["amount"]
        for row in superuser.execute(_BOOKS).fetchall()
    }


def _few(found: Iterable[str]) -> tuple[str, ...]:
    """The first few in words, and how many more there are."""
    words = sorted(found)
    more = len(words) - NAMED_AT_MOST
    return (*words[:NAMED_AT_MOST], f"and {more} more") if more > 0 else tuple(words)


def _told(figures: Figures) -> str:
    shares, price, fee = figures
    return f"{shares:f} at {price:f}, fee {fee:f}"
